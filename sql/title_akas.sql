-- One row per title and other name, in any language: what people may type to find it.
SELECT DISTINCT
    akas.title_id, -- IMDb's id of the title
    akas.name -- another of its names
FROM eligible_akas AS akas
INNER JOIN selection ON akas.title_id = selection.title_id
WHERE
    akas.name IS NOT NULL
    AND akas.name <> selection.title
    AND akas.name <> selection.original_title
