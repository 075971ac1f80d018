-- One row per title of the catalogue: the rated, non-adult titles that the recipe selects.
WITH us_releases AS (
    SELECT
        title_id,
        MAX(CASE WHEN language = 'en' THEN 1 ELSE 0 END) AS is_english
    FROM eligible_akas
    WHERE region = 'US'
    GROUP BY title_id
)

SELECT
    eligible.title_id, -- IMDb's id of the title
    -- the name that IMDb shows
    COALESCE(eligible.primary_title, eligible.original_title, eligible.title_id) AS title,
    -- the name in the country of origin
    COALESCE(eligible.original_title, eligible.primary_title, eligible.title_id) AS original_title,
    eligible.title_type, -- IMDb's: movie, tvSeries, ...
    eligible.year, -- of the first release
    eligible.end_year, -- of a series that has ended
    eligible.runtime_minutes, -- null where IMDb has none
    eligible.genres, -- three at most, by commas; empty where IMDb has none
    CAST(ratings.averageRating AS double) AS rating, -- mean of the votes, 1 to 10
    CAST(ratings.numVotes AS integer) AS votes -- number of votes
FROM eligible_titles AS eligible
INNER JOIN raw_title_ratings AS ratings ON eligible.title_id = ratings.tconst
LEFT JOIN us_releases ON eligible.title_id = us_releases.title_id
CROSS JOIN recipe
WHERE
    CAST(ratings.numVotes AS integer) >= recipe.min_votes
    AND CASE recipe.preset
        WHEN 'world' THEN TRUE
        WHEN 'us_release' THEN us_releases.title_id IS NOT NULL
        WHEN 'english_like'
            THEN
                us_releases.title_id IS NOT NULL
                AND eligible.primary_title = eligible.original_title
        WHEN 'original_2020' THEN us_releases.is_english = 1
    END
