-- One row per title and other name, in any language: what people may type to find it.
SELECT DISTINCT
    akas.titleId AS title_id, -- IMDb's id of the title
    akas.title AS name -- another of its names
FROM raw_title_akas AS akas
INNER JOIN selection ON akas.titleId = selection.title_id
WHERE
    akas.title IS NOT NULL
    AND akas.title <> selection.title
    AND akas.title <> selection.original_title
