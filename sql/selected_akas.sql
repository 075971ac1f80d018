-- One row per name of a title of the catalogue, as IMDb has it: so the largest files are read once.
SELECT
    akas.titleId AS title_id, -- IMDb's id of the title
    akas.title AS name, -- one of its names; null where IMDb has none
    akas.region, -- two letters of ISO 3166 or a wider region, as XWW; null where IMDb has none
    akas.language, -- IMDb's code; null where IMDb has none
    akas.types, -- such as imdbDisplay; null where IMDb has none
    akas.attributes -- what else is said of the name; null where IMDb has none
FROM raw_title_akas AS akas
INNER JOIN selection ON akas.titleId = selection.title_id
