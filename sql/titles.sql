-- One row per title of the catalogue: the rated, non-adult titles that the recipe selects.
WITH us_releases AS (
    SELECT
        titleId AS title_id,
        MAX(CASE WHEN language = 'en' THEN 1 ELSE 0 END) AS is_english
    FROM raw_title_akas
    WHERE region = 'US'
    GROUP BY titleId
)

SELECT
    basics.tconst AS title_id, -- IMDb's id of the title
    -- the name that IMDb shows
    COALESCE(basics.primaryTitle, basics.originalTitle, basics.tconst) AS title,
    -- the name in the country of origin
    COALESCE(basics.originalTitle, basics.primaryTitle, basics.tconst) AS original_title,
    basics.titleType AS title_type, -- IMDb's: movie, tvSeries, ...
    CAST(basics.startYear AS integer) AS year, -- of the first release
    CAST(basics.endYear AS integer) AS end_year, -- of a series that has ended
    CAST(basics.runtimeMinutes AS integer) AS runtime_minutes, -- null where IMDb has none
    COALESCE(basics.genres, '') AS genres, -- three at most, by commas; empty where IMDb has none
    CAST(ratings.averageRating AS double) AS rating, -- mean of the votes, 1 to 10
    CAST(ratings.numVotes AS integer) AS votes -- number of votes
FROM raw_title_basics AS basics
INNER JOIN raw_title_ratings AS ratings ON basics.tconst = ratings.tconst
LEFT JOIN us_releases ON basics.tconst = us_releases.title_id
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
    AND CAST(ratings.numVotes AS integer) >= recipe.min_votes
    AND CASE recipe.preset
        WHEN 'world' THEN TRUE
        WHEN 'us_release' THEN us_releases.title_id IS NOT NULL
        WHEN 'english_like'
            THEN us_releases.title_id IS NOT NULL AND basics.primaryTitle = basics.originalTitle
        WHEN 'original_2020' THEN us_releases.is_english = 1
    END
