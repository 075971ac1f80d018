"""Emblems: what a poster shows for a genre, as SVG within 80 units of the origin.

"B" and "L" stand for the two colours, body and light. What many films share is abstract: a boat would
be wrong on most adventures, a flying saucer on most science fiction. Where an emblem is placed on a poster, how it
is turned and which colours it gets belongs in posters.py.
"""

import math

NO_GENRE = "None"

_BURST = " ".join(
    f"{radius * math.cos(turn * math.pi / 12):.0f} {radius * math.sin(turn * math.pi / 12):.0f}"
    for turn in range(24)
    for radius in (74 if turn % 2 else 44,)
)
_STAR = "M0-60 14-18 58-18 22 8 36 50 0 24-36 50-22 8-58-18-14-18z"
EMBLEMS = {
    "Action": (
        f'<path d="M{_BURST}z" fill="B"/><path d="M16-62-34 10H-6L-18 62 36-14H8z" fill="L"/>',
        '<path d="M-100 50 40-90h44L-60 54z" fill="B"/><path d="M-84 78 74-80h26L-58 78z" fill="L"/>'
        '<path d="M-20 78 100-42v30L10 78z" fill="B"/><circle cx="-30" cy="-36" r="26" fill="L"/>',
        '<path d="M-86-70h40L4 0-46 70h-40l50-70zM-6-70h40L84 0 34 70H-6L44 0z" fill="B"/>'
        '<path d="M-46-70h20L24 0-26 70h-20L4 0z" fill="L"/>',
    ),
    "Adventure": (
        '<circle cx="34" cy="-40" r="25" fill="L"/><path d="M-84 64-22-44 12 14 34-16 84 64z" '
        'fill="B"/><path d="M-22-44-2-10-16-14-28-2-44-6z" fill="L"/>',
        '<circle r="74" fill="B"/><path d="M0-64 17-17 64 0 17 17 0 64-17 17-64 0-17-17z" fill="L"/>'
        '<circle r="8" fill="B"/>',
        '<circle cy="-34" r="44" fill="L"/><path d="M-200-14H200V220H-200z" fill="B"/><path d="M4-14C-40 '
        '6 44 22 20 44-4 64-60 80-60 220H40C50 90 78 62 62 40 46 16-8 10 14-14z" fill="L"/>',
    ),
    "Animation": (
        '<path d="M-76 40C-60-80 20-80 26 34 32-34 62-40 76-10" fill="none" stroke="B" '
        'stroke-width="5" stroke-dasharray="1 11" stroke-linecap="round"/><circle cx="54" cy="-34" '
        'r="30" fill="B"/><circle cx="44" cy="-42" r="8" fill="L"/><circle cx="-74" cy="46" r="12" '
        'fill="L"/>',
        '<circle cx="-28" cy="-22" r="46" fill="B"/><path d="M-8-10h80v80H-8z" fill="L"/>'
        '<path d="M-70 76-30 6 10 76z" fill="B"/>',
    ),
    "Biography": (
        '<circle r="72" fill="L"/><path d="M-52 50A54 54 0 0 1 52 50 72 72 0 0 1-52 50z" '
        'fill="B"/><circle cy="-22" r="29" fill="B"/>',
        '<path d="M-60-78H60V78H-60z" fill="B"/><path d="M-46-64h92V64h-92z" fill="L"/>'
        '<path d="M-34 64c0-30 14-42 34-42s34 12 34 42z" fill="B"/><circle cy="-10" r="24" fill="B"/>',
    ),
    "Comedy": (
        '<circle r="70" fill="B"/><path d="M-46 2H46A46 46 0 0 1-46 2z" fill="L"/>'
        '<path d="M-34-22a10 10 0 0 1 20 0M14-22a10 10 0 0 1 20 0" fill="none" stroke="L" '
        'stroke-width="7" stroke-linecap="round"/>',
        '<path d="M-50 66-8-74 52 46z" fill="B"/><path d="M-34 10 24-6l12 20-78 22z" fill="L"/>'
        '<circle cx="-8" cy="-76" r="14" fill="L"/><path d="M50-60v16M42-52h16M-66-30v16M-74-22h16'
        'M72 4v14M65 11h14" stroke="B" stroke-width="6"/>',
        '<path d="M-80-58H80V36H4L-34 74V36h-46z" fill="B"/><path d="M-56-30v40M-36-30v40M-56-10h20'
        'M-20 10-6-30 8 10M-15-2H3M24-30v24M24 4v6M44-30v24M44 4v6" fill="none" stroke="L" '
        'stroke-width="8"/>',
    ),
    "Crime": (
        '<path d="M-60-84H60V84H-60z" fill="B"/><path d="M-50-74H50v14H-50zM-50-50H50v14H-50zM-50-26H50v14'
        'H-50zM-50-2H50v14H-50zM-50 22H50v14H-50zM-50 46H50v14H-50zM-50 70H50v6H-50z" fill="L"/>',
        '<g fill="none" stroke="B" stroke-width="7" stroke-linecap="round"><path d="M-56 50C-66-10-58-72 '
        '0-72S66-10 54 62M-36 62C-46 0-40-52 0-52s38 50 30 122M-16 70C-24 10-22-32 0-32s18 40 8 106"/>'
        '<path d="M0-12C4 20 2 50-6 76" stroke="L"/></g>',
        '<g fill="none" stroke-width="13"><circle cx="-38" cy="24" r="36" stroke="B"/><circle cx="38" '
        'cy="-24" r="36" stroke="L"/></g><path d="M-14 8 14-8" stroke="B" stroke-width="9"/>',
    ),
    "Documentary": (
        '<path d="M-86 0C-44-62 44-62 86 0 44 62-44 62-86 0z" fill="B"/>'
        '<circle r="36" fill="L"/><circle r="17" fill="B"/><circle cx="12" cy="-13" r="7" fill="B"/>',
        '<circle r="72" fill="B"/><circle r="56" fill="L"/><path d="M-22-62 6-24M52-42 24-2M60 30 '
        '16 22M22 62-6 24M-52 42-24 2M-60-30-16-22" stroke="B" stroke-width="7"/><circle r="25" '
        'fill="B"/>',
    ),
    "Drama": (
        '<path d="M-4-72a66 66 0 0 0 0 132z" fill="B"/><path d="M4-60a66 66 0 0 1 0 132z" fill="L"/>',
        '<path d="M-100-90h62c4 30 26 34 22 52-2 8-14 14-12 22 2 7 8 6 8 14 0 9-8 8-8 16 0 10 8 14 '
        '8 28 0 30-40 20-40 60h-40z" fill="B"/><path d="M100-90H38c-4 30-26 34-22 52 2 8 14 14 12 '
        '22-2 7-8 6-8 14 0 9 8 8 8 16 0 10-8 14-8 28 0 30 40 20 40 60h40z" fill="L"/>',
        '<path d="M-30-86h64v92h-64z" fill="L"/><path d="M-30 14h64l40 72h-144z" fill="L" '
        'opacity=".55"/><path d="M2-86V6M-30-40h64" stroke="B" stroke-width="6"/>'
        '<circle cx="-4" cy="20" r="10" fill="B"/><path d="M-16 86c-2-40 2-54 12-54s16 14 14 54z" '
        'fill="B"/>',
    ),
    "Family": (
        '<path d="M0-72 78-8H56v68h-112V-8h-22z" fill="B"/><path d="M0 44C-44 14-30-16-12-14-4-13 '
        '0-6 0-2c0-4 4-11 12-12 18-2 32 28-12 58z" fill="L"/>',
        '<path d="M0-82C50-82 62-14 0 32-62-14-50-82 0-82z" fill="B"/><path d="M0-82C18-82 22-14 0 '
        '32-22-14-18-82 0-82z" fill="L"/><path d="M0 32c18 18-18 28 0 54" fill="none" stroke="B" '
        'stroke-width="4"/>',
    ),
    "Fantasy": (
        '<path d="M22-70A70 70 0 1 0 66 30 56 56 0 1 1 22-70z" fill="B"/><path d="m34-40 8 26 '
        '26 8-26 8-8 26-8-26-26-8 26-8zM-8 6l5 14 14 5-14 5-5 14-5-14-14-5 14-5z" fill="L"/>',
        '<path d="M-64 74V-20l18-40 18 40v24h10v-44l18-50 18 50V4h10v-24l18-40 18 40v94z" fill="B"/>'
        '<path d="M-14 74V46a14 14 0 0 1 28 0v28zM-50-8h8v16h-8zM42-8h8v16h-8zM-4-30h8v18h-8z" '
        'fill="L"/>',
    ),
    "Film-Noir": (
        '<path d="M-58-86h26L96 90H-60z" fill="L" opacity=".85"/><path d="M-52 4h88c-6 12-82 12-88 '
        "0zM-34 2c2-40 10-42 22-36 6 3 8 3 14 0 12-6 18-2 20 36zM-46 90c0-52 16-58 38-58s38 6 38 "
        '58z" fill="B"/>',
    ),
    "History": (
        '<path d="M0-74 82-36v12h-164v-12z" fill="B"/><path d="M-66-16h22v66h-22zM-30-16h22v66h-22z'
        'M8-16h22v66H8zM44-16h22v66H44z" fill="L"/><path d="M-82 56h164v14h-164z" fill="B"/>',
        '<path d="M-56-78H56v14H-56zM-56 64H56v14H-56z" fill="B"/><path d="M-46-58h92C46-14 12-12 '
        '12 0S46 14 46 58h-92C-46 14-12 12-12 0S-46-14-46-58z" fill="B"/><path d="M-30-34h60C20-14 4-10 '
        '0 2-4-10-20-14-30-34zM-34 52C-30 28-8 22 0 12 8 22 30 28 34 52z" fill="L"/>',
    ),
    "Horror": (
        '<path d="M-100-180h200V-52L82-4 62-50 40 22 18-44 0 4-20-46-42 28-62-50-82 0-100-52z" '
        'fill="B"/><path d="M-100 180h200V62L78 34 54 66 28 26 4 64-22 22-48 66-74 30-100 62z" '
        'fill="L"/>',
        '<circle r="70" fill="L"/><path d="M-66-92C-36-30-34 30-58 92-16 40-14-30-66-92zM-16-96C14-30 '
        '12 36-10 98 34 40 38-30-16-96zM36-86C62-30 58 30 38 82 78 36 82-24 36-86z" fill="B"/>',
        '<path d="M-54 80V-10a54 58 0 0 1 108 0V80L36 60 18 80 0 60-18 80-36 60z" fill="B"/>'
        '<ellipse cx="-19" cy="-14" rx="11" ry="17" fill="L"/><ellipse cx="19" cy="-14" rx="11" '
        'ry="17" fill="L"/><ellipse cy="26" rx="9" ry="15" fill="L"/>',
    ),
    "Music": (
        '<circle r="76" fill="B"/><g fill="none" stroke="L" stroke-width="1.5" opacity=".7">'
        '<circle r="64"/><circle r="54"/><circle r="44"/></g><circle r="27" fill="L"/><circle r="6" '
        'fill="B"/>',
        '<path d="M-78 10h20v60h-20zM-46-24h20v94h-20zM-14-70h20V70h-20zM18-38h20V70H18zM50-8h20v78'
        'H50z" fill="B"/><path d="M-78-6h20v10h-20zM-46-40h20v10h-20zM-14-86h20v10h-20zM18-54h20v10'
        'H18zM50-24h20v10H50z" fill="L"/>',
    ),
    "Musical": (
        '<path d="M-14-96h28L74 62h-148z" fill="L" opacity=".8"/><ellipse cy="62" rx="74" '
        f'ry="16" fill="L"/><path d="{_STAR}" transform="translate(0 6)scale(.8)" fill="B"/>',
    ),
    "Mystery": (
        '<circle r="74" fill="B"/><path d="M0-46a25 25 0 0 1 13 46l11 44h-48l11-44a25 25 0 0 1 '
        '13-46z" fill="L"/>',
        '<path d="M-78 80v-26h32V28h32V2h32v-26h32v-26h30V80z" fill="B"/><path d="M-60-70h34v72h-34z" '
        'fill="L"/><circle cx="-34" cy="-34" r="3.5" fill="B"/>',
        '<circle cx="-12" cy="-12" r="50" fill="L"/><circle cx="-12" cy="-12" r="50" fill="none" '
        'stroke="B" stroke-width="14"/><path d="M26 26 70 70" stroke="B" stroke-width="20" '
        'stroke-linecap="round"/>',
    ),
    "News": (
        '<path d="M-64-70h128V70H-64z" fill="B"/><path d="M-50-56H50v20H-50zM-50-24H-4V22h-46zM8-24h42'
        'v8H8zM8-8h42v8H8zM8 8h42v8H8zM-50 32H50v8H-50zM-50 48h72v8h-72z" fill="L"/>',
    ),
    "Romance": (
        '<path d="M-12 66C-120-14-76-74-40-68-22-65-12-52-12-40-12-52-2-65 16-68 52-74 96-14-12 66z" '
        'fill="B"/><path d="M24 52C-16 22-10-12 12-14c10-1 16 6 16 13 0-7 6-14 16-13 22 2 24 34-20 '
        '66z" fill="L"/>',
        '<circle cx="-28" r="50" fill="B"/><circle cx="28" r="50" fill="L"/><path d="M0-41a50 50 0 0 '
        '1 0 82 50 50 0 0 1 0-82z" fill="B" opacity=".55"/>',
        '<path d="M0-10C-14 30-2 56 4 90" fill="none" stroke="B" stroke-width="7"/><path d="M2 54C20 '
        '28 44 34 50 30 46 54 24 66 2 54z" fill="B"/><circle cy="-34" r="44" fill="L"/><path d="M-30-34a30 '
        '30 0 0 1 60 0 22 22 0 0 1-44 0 14 14 0 0 1 28 0" fill="none" stroke="B" stroke-width="7"/>',
    ),
    "Sci-Fi": (
        '<circle r="50" fill="B"/><path d="M-40-30a50 50 0 0 1 70-11A62 62 0 0 0-40-30z" fill="L"/>'
        '<path d="M-48 14C-96 40-100 58-70 52-30 44 50 6 80-26 100-48 78-52 46-20" fill="none" '
        'stroke="L" stroke-width="7" stroke-linecap="round"/><circle cx="62" cy="-74" r="4" '
        'fill="L"/><circle cx="-70" cy="-62" r="6" fill="L"/>',
        '<g fill="none" stroke="B" stroke-width="6"><ellipse rx="84" ry="30"/><ellipse rx="84" ry="30" '
        'transform="rotate(60)"/><ellipse rx="84" ry="30" transform="rotate(120)"/></g>'
        '<circle r="17" fill="L"/><circle cx="84" r="9" fill="L"/><circle cx="-42" cy="-73" r="9" '
        'fill="L"/>',
        '<path d="M-64-8a64 64 0 0 1 128 0z" fill="L"/><g fill="none" stroke="B" stroke-width="5"><path '
        'd="M-100-6H100M-100 12H100M-100 38H100M-100 74H100M0-6V96M-22-6-60 96M22-6 60 96M-48-6-120 '
        '76M48-6 120 76M-78-6-120 26M78-6 120 26"/></g>',
    ),
    "Sport": (
        '<g fill="none" stroke="B" stroke-width="13"><path d="M-92 74V0a92 92 0 0 1 184 0v74"/>'
        '<path d="M-62 74V0a62 62 0 0 1 124 0v74" stroke="L"/><path d="M-32 74V0a32 32 0 0 1 64 '
        '0v74"/></g>',
        '<circle r="68" fill="B"/><path d="M-68 0H68M0-68V68M-48-48C-10-20-10 20-48 48M48-48C10-20 '
        '10 20 48 48" fill="none" stroke="L" stroke-width="6"/>',
    ),
    "Thriller": (
        '<g fill="none" stroke="B" stroke-width="9"><circle r="76"/><circle cx="4" cy="-3" r="55"/>'
        '<circle cx="-2" cy="2" r="35" stroke="L"/></g><circle cx="2" r="16" fill="L"/>',
        '<path d="M-100-60H100v34H-100z" fill="L"/><path d="M-62-43C-30-70 30-70 62-43 30-18-30-18-62-43z" '
        'fill="B"/><circle cy="-43" r="12" fill="L"/><path d="M-100 0H100v10H-100zM-100 24H100v10H-100z'
        'M-100 48H100v10H-100z" fill="B"/>',
        '<g fill="none" stroke="B" stroke-width="8"><path d="M-82-88H82V88H-82z"/><path d="M-58-64H58V72H-58z"/>'
        '<path d="M-38-44H38V58H-38z"/></g><path d="M-20-28H20V46H-20z" fill="L"/>',
    ),
    "War": (
        '<path d="M-78 10 0-46 78 10v30L0-16-78 40zM-78 58 0 2l78 56v30L0 32-78 88z" fill="B"/>'
        f'<path d="{_STAR}" transform="translate(0-56)scale(.52)" fill="L"/>',
        '<path d="M-66 16a66 62 0 0 1 132 0z" fill="B"/><path d="M-82 16H82v12H-82z" fill="L"/>'
        f'<path d="{_STAR}" transform="translate(0-10)scale(.36)" fill="L"/>',
    ),
    "Western": (
        '<circle cy="-8" r="56" fill="L"/><path d="M-10 70V8h-16C-42 8-46-2-46-14v-20c0-14 20-14 20 '
        "0v14c0 4 4 4 8 4h8v-44c0-16 24-16 24 0v62h6c6 0 8-2 8-8v-20c0-14 18-14 18 0v24c0 14-6 22-20 "
        '22H14v50zM-110 66H110V90H-110z" fill="B"/>',
        '<circle cx="30" cy="-22" r="40" fill="L"/><path d="M-110 80V10h24l8-40h44l10 40h30l8-20h40'
        'l10 30h46v60z" fill="B"/>',
    ),
    NO_GENRE: (
        '<path d="M-60-60H60V60H-60z" fill="none" stroke="B" stroke-width="12"/>'
        '<circle r="24" fill="L"/>',
    ),
}
