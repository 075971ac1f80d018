-- One row per title, person and role without names: another name makes no series and lists again.
SELECT
    title_id, -- IMDb's id of the title
    person_id, -- IMDb's id of the person
    role, -- director, writer, or IMDb's category of cast and crew; actresses are actors
    billing -- place among those of the role, the first is the lowest
FROM title_people
