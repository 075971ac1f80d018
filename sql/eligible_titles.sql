-- One row per title that may be in the catalogue, whatever its names and votes.
SELECT
    basics.tconst AS title_id, -- IMDb's id of the title
    basics.primaryTitle AS primary_title, -- the name that IMDb shows; null where it has none
    -- the name in the country of origin; null where IMDb has none
    basics.originalTitle AS original_title,
    basics.titleType AS title_type, -- IMDb's: movie, tvSeries, ...
    CAST(basics.startYear AS integer) AS year, -- of the first release
    CAST(basics.endYear AS integer) AS end_year, -- of a series that has ended
    CAST(basics.runtimeMinutes AS integer) AS runtime_minutes, -- null where IMDb has none
    COALESCE(basics.genres, '') AS genres -- three at most, by commas; empty where IMDb has none
FROM raw_title_basics AS basics
CROSS JOIN recipe
WHERE
    CONTAINS(SPLIT(recipe.title_types, ','), basics.titleType)
    AND basics.isAdult = '0'
    -- IMDb's flag misses a few. The 2020 original looked at the flag alone.
    AND (
        recipe.preset = 'original_2020'
        OR NOT CONTAINS(SPLIT(COALESCE(basics.genres, ''), ','), 'Adult')
    )
    AND CAST(basics.startYear AS integer) <= recipe.year_max
