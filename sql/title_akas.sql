-- One row per title and other name, in any language: what people may type to find it.
SELECT DISTINCT
    akas.titleId AS title_id,
    akas.title AS name
FROM raw_title_akas AS akas
INNER JOIN titles ON akas.titleId = titles.title_id
WHERE
    akas.title IS NOT NULL
    AND akas.title <> titles.title
    AND akas.title <> titles.original_title
