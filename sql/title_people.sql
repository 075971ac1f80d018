-- One row per title, person and role: directors, writers, then the billed cast and crew.
WITH crews AS (
    SELECT
        crew.tconst AS title_id,
        crew.directors,
        crew.writers
    FROM raw_title_crew AS crew
    INNER JOIN selection ON crew.tconst = selection.title_id
),

directors AS (
    SELECT
        crew.title_id,
        person.person_id,
        'director' AS role,
        person.billing
    FROM crews AS crew
    CROSS JOIN UNNEST(SPLIT(crew.directors, ',')) WITH ORDINALITY AS person (person_id, billing)
),

writers AS (
    SELECT
        crew.title_id,
        person.person_id,
        'writer' AS role,
        person.billing
    FROM crews AS crew
    CROSS JOIN UNNEST(SPLIT(crew.writers, ',')) WITH ORDINALITY AS person (person_id, billing)
),

principals AS (
    SELECT
        cast_and_crew.title_id,
        cast_and_crew.person_id,
        CASE cast_and_crew.category
            WHEN 'actress' THEN 'actor' ELSE cast_and_crew.category
        END AS role,
        MIN(cast_and_crew.billing) AS billing
    FROM selected_principals AS cast_and_crew
    -- Who is only seen in old footage has not worked on the title.
    WHERE
        cast_and_crew.category
        NOT IN ('director', 'writer', 'archive_footage', 'archive_sound')
    GROUP BY 1, 2, 3
),

credits AS (
    SELECT * FROM directors
    UNION ALL
    SELECT * FROM writers
    UNION ALL
    SELECT * FROM principals
)

SELECT
    credits.title_id, -- IMDb's id of the title
    credits.person_id, -- IMDb's id of the person
    names.primaryName AS name, -- the person's name
    credits.role, -- director, writer, or IMDb's category of cast and crew; actresses are actors
    credits.billing -- place among those of the role, the first is the lowest
FROM raw_name_basics AS names
INNER JOIN credits ON names.nconst = credits.person_id
