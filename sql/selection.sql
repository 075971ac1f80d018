-- One row per title of the catalogue: what of it no vote changes, for tables that need no more.
SELECT
    title_id, -- IMDb's id of the title
    title, -- the name that IMDb shows
    original_title -- the name in the country of origin
FROM titles
