-- One row per title and character that an actor plays in it, without those who are nobody's name.
WITH roles AS (
    SELECT DISTINCT
        played.title_id,
        TRIM(role.character_name) AS character_name
    FROM selected_principals AS played
    -- A list that is no JSON is as good as none: no row of 90 million may stop the others.
    CROSS JOIN
        UNNEST(TRY(CAST(JSON_PARSE(played.characters) AS ARRAY(VARCHAR))))
            AS role (character_name)
    -- Who is seen as "self" plays nobody, and old footage is of other films.
    WHERE played.category IN ('actor', 'actress')
)

SELECT
    title_id, -- IMDb's id of the title
    character_name -- who is played in it
FROM roles
-- A trade, an age or a voice is nobody in particular: it would tie films that share nothing.
WHERE
    character_name <> ''
    AND NOT REGEXP_LIKE(
        LOWER(character_name),
        '^(self|himself|herself|themselves|various|additional|multiple|narrator|narration|voice'
        || '|host|hostess|presenter|announcer|reporter|interviewer|unknown|undetermined|extra)\b'
    )
    AND NOT REGEXP_LIKE(
        LOWER(character_name),
        '^((the|a|old|older|young|younger|little|first|second|third|head|chief|angry|drunk|dead'
        || '|police|prison|security|taxi|cab|bus|truck|train|hotel|bar|shop|store|bank|school'
        || '|night|news|tv|radio|army|airport|male|female) )*'
        || '(man|woman|boy|girl|kid|child|baby|lady|guy|mother|father|mom|mum|dad|wife|husband'
        || '|son|daughter|brother|sister|uncle|aunt|grandmother|grandfather|grandma|grandpa'
        || '|friend|neighbor|neighbour|boss|officer|policeman|policewoman|cop|detective|inspector'
        || '|sheriff|deputy|guard|soldier|captain|sergeant|lieutenant|major|colonel|general'
        || '|doctor|nurse|teacher|professor|priest|judge|lawyer|secretary|student|bartender'
        || '|barman|waiter|waitress|driver|maid|butler|singer|dancer|king|queen|prince|princess'
        || '|owner|clerk|manager|receptionist|conductor|keeper|reporter|journalist|anchor'
        || '|customer|passenger|patient|prisoner|gangster|thug|killer|villager|farmer|worker'
        || '|agent|pilot|chief|cook|chef|mayor|principal|landlord|landlady|stranger|victim)'
        || '( ?#?[0-9]+)?( \(.*\))?$'
    )
