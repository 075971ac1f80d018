-- One row per title: the country and the language it is from, as its names tell; null where unsure.
WITH spoken (region, language, area) AS (
    -- The language of most films of a region, and the region whose area it belongs to: a German
    -- title in Austria is no sign against Germany. Belgium, India, Spain and others have several.
    VALUES
    ('AR', 'es', 'AR'), ('AT', 'de', 'DE'), ('AU', 'en', 'AU'), ('BE', NULL, 'FR'),
    ('BG', 'bg', 'BG'), ('BR', 'pt', 'BR'), ('CA', 'en', 'CA'), ('CH', NULL, 'DE'),
    ('CL', 'es', 'CL'), ('CN', 'cmn', 'CN'), ('CO', 'es', 'CO'), ('CZ', 'cs', 'CZ'),
    ('DE', 'de', 'DE'), ('DK', 'da', 'DK'), ('EC', 'es', 'EC'), ('EE', 'et', 'EE'),
    ('EG', 'ar', 'EG'), ('ES', NULL, 'ES'), ('FI', 'fi', 'FI'), ('FR', 'fr', 'FR'),
    ('GB', 'en', 'GB'), ('GR', 'el', 'GR'), ('HR', 'hr', 'HR'), ('HU', 'hu', 'HU'),
    ('ID', 'id', 'ID'), ('IE', 'en', 'IE'), ('IL', 'he', 'IL'), ('IR', 'fa', 'IR'),
    ('IS', 'is', 'IS'), ('IT', 'it', 'IT'), ('JP', 'ja', 'JP'), ('KR', 'ko', 'KR'),
    ('LT', 'lt', 'LT'), ('LU', NULL, 'FR'), ('LV', 'lv', 'LV'), ('MX', 'es', 'MX'),
    ('NL', 'nl', 'NL'), ('NO', 'no', 'NO'), ('NZ', 'en', 'NZ'), ('PE', 'es', 'PE'),
    ('PL', 'pl', 'PL'), ('PT', 'pt', 'PT'), ('RO', 'ro', 'RO'), ('RS', 'sr', 'RS'),
    ('RU', 'ru', 'RU'), ('SE', 'sv', 'SE'), ('SI', 'sl', 'SI'), ('SK', 'sk', 'SK'),
    ('TH', 'th', 'TH'), ('TR', 'tr', 'TR'), ('UA', 'uk', 'UA'), ('US', 'en', 'US'),
    ('UY', 'es', 'UY'), ('VE', 'es', 'VE'), ('VN', 'vi', 'VN')
),

letters (accented, plain) AS (
    -- Original titles come without some accents that the same title has in its region.
    VALUES
    (
        'áàâäãåāăąçćčďđéèêëēęěğíìîïīıłńñňóòôöõōőøřśšşșťțúùûüūůűýźżž',
        'aaaaaaaaacccddeeeeeeegiiiiiilnnnoooooooorssssttuuuuuuuyzzz'
    )
),

names AS (
    SELECT
        akas.title_id,
        akas.region,
        COALESCE(akas.language, spoken.language) AS language,
        CASE
            WHEN akas.region = 'CA' AND akas.language = 'fr' THEN 'FR'
            ELSE COALESCE(spoken.area, akas.region)
        END AS area,
        COALESCE(akas.language, spoken.language, '') = 'en'
        OR akas.region IN ('AU', 'GB', 'NZ', 'US') AS is_english,
        (akas.types IS NULL OR akas.types = 'imdbDisplay')
        AND akas.attributes IS NULL
        AND TRANSLATE(LOWER(akas.name), letters.accented, letters.plain)
        = TRANSLATE(LOWER(selection.original_title), letters.accented, letters.plain)
        -- Where a film has another title in English, English-speaking regions only borrow it.
        AND NOT (
            LOWER(selection.original_title) <> LOWER(selection.title)
            AND COALESCE(
                akas.language = 'en', akas.region IN ('AU', 'CA', 'GB', 'NZ', 'US')
            )
        ) AS is_original,
        -- A distributor's copy: the region does not write in these letters.
        akas.region IN ('AE', 'TW') OR COALESCE(akas.language, '') IN ('cmn', 'ja', 'yue')
            AS is_copy
    FROM eligible_akas AS akas
    INNER JOIN selection ON akas.title_id = selection.title_id
    CROSS JOIN letters
    LEFT JOIN spoken ON akas.region = spoken.region
    -- XWW, XEU and the like are no countries.
    WHERE akas.region NOT LIKE 'X%'
),

homes AS (
    -- The regions in which a title goes by its original name.
    SELECT
        title_id,
        CASE
            WHEN COUNT(DISTINCT region) = 1 THEN MIN(region)
            WHEN COUNT(DISTINCT area) = 1 AND MAX(CASE WHEN region = area THEN 1 END) = 1
                THEN MIN(area)
        END AS country,
        CASE
            WHEN COUNT(*) = COUNT(language) AND COUNT(DISTINCT language) = 1 THEN MIN(language)
        END AS language,
        COUNT(DISTINCT region) AS region_count,
        MAX(CASE WHEN is_english THEN 1 ELSE 0 END) = 1 AS is_english
    FROM names
    WHERE is_original
    GROUP BY title_id
    -- Where it was copied once, it may have been copied anywhere.
    HAVING MAX(CASE WHEN is_copy THEN 1 ELSE 0 END) = 0
),

known AS (
    SELECT
        title_id,
        COUNT(DISTINCT region) AS region_count
    FROM names
    GROUP BY title_id
),

origins AS (
    SELECT
        homes.title_id,
        homes.country,
        CASE
            WHEN homes.country IS NOT NULL OR homes.region_count > 1 THEN homes.language
        END AS language
    FROM homes
    INNER JOIN known ON homes.title_id = known.title_id
    -- Any film may be released in English-speaking regions: alone they tell nothing.
    WHERE NOT homes.is_english OR known.region_count > homes.region_count
)

SELECT
    selection.title_id, -- IMDb's id of the title
    origins.country, -- two letters of ISO 3166, as IMDb's regions; null where unsure
    origins.language -- as IMDb writes languages, `fr` or `cmn`; null where unsure
FROM selection
LEFT JOIN origins ON selection.title_id = origins.title_id
