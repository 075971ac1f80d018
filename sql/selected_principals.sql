-- One row per leading person of a title of the catalogue, as IMDb has it: so the file is read once.
SELECT
    principals.tconst AS title_id, -- IMDb's id of the title
    principals.nconst AS person_id, -- IMDb's id of the person
    principals.category, -- of the work, such as actress
    CAST(principals.ordering AS bigint) AS billing, -- place among those of the title
    principals.characters -- who is played, a list in JSON; null where IMDb has none
FROM raw_title_principals AS principals
INNER JOIN selection ON principals.tconst = selection.title_id
