-- One row per name of an eligible title, as IMDb has it: so the file is read once.
SELECT
    akas.titleId AS title_id, -- IMDb's id of the title
    akas.title AS name, -- one of its names; null where IMDb has none
    akas.region, -- two letters of ISO 3166 or a wider region, as XWW; null where IMDb has none
    akas.language, -- IMDb's code; null where IMDb has none
    akas.types, -- such as imdbDisplay; null where IMDb has none
    akas.attributes -- what else is said of the name; null where IMDb has none
FROM raw_title_akas AS akas
INNER JOIN eligible_titles AS eligible ON akas.titleId = eligible.title_id
