-- One row per title of the catalogue: what of it no vote changes, for tables that need no more.
SELECT
    title_id,
    title,
    original_title
FROM titles
