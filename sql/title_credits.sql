-- One row per title, person and role: what no change of a name changes, for what needs no names.
SELECT
    title_id, -- IMDb's id of the title
    person_id, -- IMDb's id of the person
    role, -- director, writer, or IMDb's category of cast and crew; actresses are actors
    billing -- place among those of the role, the first is the lowest
FROM title_people
