"""Posters: art for each title, drawn from its own facts, for IMDb's files hold no pictures.

One of the genres gives the emblem and the lettering, another one the colours, the decade the
pattern behind, the rating how many of the nine dots are lit; the id turns, mirrors and chooses.
The same facts give the same poster, for ever. How large it is shown belongs in static/style.css.
"""

import hashlib
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from api.emblems import EMBLEMS, NO_GENRE
from rec_platform.release.lookup import Title

WIDTH, HEIGHT = 200, 300
MARGIN = 16
DOTS = 9  # nine alike
SIZES = (36, 32, 28, 25, 22, 19, 17, 15, 13)
LEADING = 1.08
LARGEST_TEXT = 108  # as high as a title may stand

# dark, middle, bright, pale. Text is pale on dark, or dark on pale or bright: 4.5 : 1 or more.
PALETTES = {
    "Action": ("#3b0d0c", "#a4231a", "#ff8a4c", "#ffe8d1"),
    "Adventure": ("#0e3b36", "#1f7a68", "#f2c14e", "#fbf1d6"),
    "Animation": ("#31165f", "#7b3fc4", "#ffcf4a", "#fdeffc"),
    "Biography": ("#3a2918", "#8a5f35", "#e2b071", "#f8ead3"),
    "Comedy": ("#5a2e00", "#d9741a", "#ffd23f", "#fff5d6"),
    "Crime": ("#161d28", "#44566e", "#e5a93c", "#f0e9d8"),
    "Documentary": ("#12303f", "#2f7595", "#8fd0dc", "#eef7f4"),
    "Drama": ("#261d4a", "#5d4ea3", "#ee9cb4", "#f8ecf2"),
    "Family": ("#0b3d4d", "#1d86a0", "#ffb870", "#fff2df"),
    "Fantasy": ("#241150", "#5f3fb5", "#7fe0cd", "#eefaf3"),
    "Film-Noir": ("#141416", "#53535c", "#c9c6bd", "#f4f2ea"),
    "History": ("#43220f", "#96562a", "#e7bb78", "#faeed8"),
    "Horror": ("#16040a", "#7a0f1e", "#ee4b3e", "#f7e5d6"),
    "Music": ("#420d38", "#a52f80", "#ff9dc4", "#ffeef4"),
    "Musical": ("#4f0b2b", "#b92c5f", "#ffc56b", "#fff1e0"),
    "Mystery": ("#0c2233", "#2a5f80", "#9ed0a8", "#eef5e6"),
    "News": ("#23272b", "#626a72", "#e0dccd", "#f7f5ee"),
    "Romance": ("#571030", "#c23f66", "#ffa69e", "#fff0ea"),
    "Sci-Fi": ("#04202f", "#0c6484", "#63dbe8", "#e6fbfa"),
    "Sport": ("#0f3a1b", "#2c8440", "#d8ea6d", "#f7fae0"),
    "Thriller": ("#0a2226", "#1f6166", "#ff8561", "#f6efe2"),
    "War": ("#272a13", "#666b35", "#cfc27c", "#f4efd6"),
    "Western": ("#4e1d09", "#b3541f", "#ffc46e", "#fff0d5"),
    NO_GENRE: ("#2a2730", "#6b6474", "#cfc8d4", "#f5f1f6"),
}


@dataclass(frozen=True, slots=True)
class Inks:
    """What a poster is printed with: the paper, a shade on it, two colours, the lettering."""

    paper: str
    shade: str
    body: str
    light: str
    text: str


PRINTS: tuple[Callable[[str, str, str, str], Inks], ...] = (
    lambda dark, middle, bright, pale: Inks(dark, middle, bright, pale, pale),  # by night
    lambda dark, middle, bright, pale: Inks(dark, middle, pale, bright, pale),
    lambda dark, middle, bright, pale: Inks(pale, bright, middle, dark, dark),  # by day
    lambda dark, middle, bright, pale: Inks(bright, pale, dark, middle, dark),  # in colour
)


class Dice:
    """Small numbers that a text decides: the same text, the same numbers."""

    def __init__(self, text: str) -> None:
        self._left = int.from_bytes(hashlib.sha256(text.encode()).digest())

    def roll(self, sides: int) -> int:
        """A number from 0 to one less than `sides`."""
        self._left, rolled = divmod(self._left, sides)
        return rolled


# The pattern behind, by decade: around the origin, 200 wide and 340 high.


def _rays(inks: Inks, dice: Dice) -> str:
    """The silent years: a sunburst."""
    count = 10 + 2 * dice.roll(3)
    turn = math.pi / count
    wedges = "".join(
        f"M0 60L{260 * math.cos(2 * one * turn):.0f} {60 + 260 * math.sin(2 * one * turn):.0f} "
        f"{260 * math.cos((2 * one + 1) * turn):.0f} "
        f"{60 + 260 * math.sin((2 * one + 1) * turn):.0f}z"
        for one in range(count)
    )
    return f'<path d="{wedges}" fill="{inks.shade}" opacity=".5"/>'


def _arches(inks: Inks, dice: Dice) -> str:
    """The 1930s: arches of a picture palace."""
    base, step = 120, 17 + dice.roll(5)
    arches = "".join(
        f"M{-radius} 170V{base - 130}a{radius} {radius} 0 0 1 {2 * radius} 0V170"
        for radius in range(96, 16, -step)
    )
    return f'<path d="{arches}" fill="none" stroke="{inks.shade}" stroke-width="5"/>'


def _beams(inks: Inks, dice: Dice) -> str:
    """The 1940s: light from a window."""
    lean = 40 + 20 * dice.roll(4)
    beams = "".join(
        f"M{x + lean} -180h18l{-2 * lean} 360h-18z" for x in range(-230, 240, 36 + 4 * dice.roll(3))
    )
    return f'<path d="{beams}" fill="{inks.shade}" opacity=".55"/>'


def _atoms(inks: Inks, dice: Dice) -> str:
    """The 1950s: boomerangs and starbursts."""
    turn = dice.roll(12) * 30
    return (
        f'<g fill="{inks.shade}" transform="rotate({turn})">'
        '<path d="M-96-70C-40-120 60-110 92-40 40-74-30-70-96-70z" opacity=".8"/>'
        '<path d="M96 66C30 116-50 116-94 50-40 80 40 76 96 66z" opacity=".6"/></g>'
        f'<path d="M-70 40v44M-92 62h44M-86 46l32 32M-54 46l-32 32M66-104v36M48-86h36" '
        f'stroke="{inks.body}" stroke-width="2.5" opacity=".7"/>'
    )


def _papers(inks: Inks, dice: Dice) -> str:
    """The 1960s: cut paper."""
    a, b, c = (dice.roll(24) for _ in range(3))
    return (
        f'<path d="M{-104 + a}-174 {-20 + b}-170 {-34 + c}-8-110 {4 + a}z'
        f'M{10 + b}-20 108 {-34 + c} 104 172 {-4 + a} 176z" fill="{inks.shade}"/>'
        f'<path d="M{-6 + c}-176 110-180 106 {-52 + a} {4 + b}-40z" fill="{inks.shade}" '
        'opacity=".45"/>'
    )


def _bands(inks: Inks, dice: Dice) -> str:
    """The 1970s: stripes that turn a corner."""
    x, y = -100 + 10 * dice.roll(3), 150 - 15 * dice.roll(4)
    return "".join(
        f'<path d="M{x + 22 * one} 180V{y - 100}a{150 - 22 * one} {150 - 22 * one} 0 0 1 '
        f'{150 - 22 * one} {22 * one - 150}H120" fill="none" stroke="{ink}" '
        f'stroke-width="22" opacity="{opacity}"/>'
        for one, (ink, opacity) in enumerate(
            ((inks.shade, 0.9), (inks.body, 0.4), (inks.shade, 0.5), (inks.body, 0.2))
        )
    )


def _sunset(inks: Inks, dice: Dice) -> str:
    """The 1980s: a sun with slits over a grid."""
    horizon = 40 + 6 * dice.roll(5)
    slits = "".join(f"M-80 {horizon - 8 - 13 * one}h160v{5 - one}h-160z" for one in range(4))
    lines = "".join(f"M0 {horizon}L{x} 180" for x in range(-220, 221, 55))
    rows = "".join(f"M-110 {horizon + 4 * one * one + 6}h220" for one in range(6))
    return (
        f'<circle cy="{horizon - 40}" r="72" fill="{inks.shade}"/>'
        f'<path d="{slits}M-110 {horizon}h220v140h-220z" fill="{inks.paper}"/>'
        f'<path d="{lines}{rows}" stroke="{inks.shade}" stroke-width="1.6"/>'
    )


def _discs(inks: Inks, dice: Dice) -> str:
    """The 1990s: discs that overlap."""
    return "".join(
        f'<circle cx="{dice.roll(13) * 12 - 72}" cy="{dice.roll(13) * 14 - 84}" '
        f'r="{44 + 8 * dice.roll(5)}" fill="{ink}" opacity="{opacity}"/>'
        for ink, opacity in ((inks.shade, 0.75), (inks.body, 0.18), (inks.shade, 0.5))
    )


def _horizon(inks: Inks, dice: Dice) -> str:
    """The 2000s: bands of sky."""
    start, step = -130 + 10 * dice.roll(6), 30 + 4 * dice.roll(5)
    return "".join(
        f'<path d="M-100 {start + step * one}h200V180h-200z" fill="{inks.shade}" opacity=".24"/>'
        for one in range(5)
    )


def _moon(inks: Inks, dice: Dice) -> str:
    """The 2010s: one large disc, and room."""
    x, y = dice.roll(9) * 16 - 64, dice.roll(7) * 16 - 60
    return f'<circle cx="{x}" cy="{y}" r="{84 + 8 * dice.roll(5)}" fill="{inks.shade}"/>'


def _waves(inks: Inks, dice: Dice) -> str:
    """The 2020s: layered waves."""
    rise = 14 + 6 * dice.roll(5)
    return "".join(
        f'<path d="M-100 {y}c40-{rise} 70-{rise} 100 0s60 {rise} 100 0V180h-200z" '
        f'fill="{ink}" opacity="{opacity}"/>'
        for y, ink, opacity in (
            (-70, inks.shade, 0.35),
            (-25, inks.shade, 0.55),
            (25, inks.shade, 0.9),
            (74, inks.body, 0.3),
        )
    )


PATTERNS = {
    1930: _arches,
    1940: _beams,
    1950: _atoms,
    1960: _papers,
    1970: _bands,
    1980: _sunset,
    1990: _discs,
    2000: _horizon,
    2010: _moon,
    2020: _waves,
}


def _pattern(year: int) -> Callable[[Inks, Dice], str]:
    decade = year // 10 * 10
    return _rays if decade < 1930 else PATTERNS.get(decade, _waves)


# The lettering, by genre.


@dataclass(frozen=True, slots=True)
class Face:
    """How a title is lettered; `width` is that of its letters against the plain estimate."""

    family: str
    style: str = ""
    width: float = 1.0
    is_upper: bool = False
    spacing: float = 0.0


SERIF = "Palatino,Georgia,serif"
SANS = "Avenir Next,Futura,Helvetica,Arial,sans-serif"
BOOK = Face(SERIF, 'font-weight="700"', 1.06)
ITALIC = Face(SERIF, 'font-style="italic"', 0.98)
CAPITALS = Face(SERIF, "", 1.02, is_upper=True, spacing=0.06)
PLAIN = Face(SANS, 'font-weight="600"', 1.06)
LOUD = Face("Impact,Haettenschweiler,Arial Narrow,Arial,sans-serif", 'font-weight="800"', 1.1, True)
SPACED = Face(SANS, "", 1.0, is_upper=True, spacing=0.14)
SLANTED = Face(SANS, 'font-weight="800" font-style="italic"', 1.1, is_upper=True)
SLAB = Face("Rockwell,Courier,monospace", 'font-weight="700"', 1.16)
FACES = {
    "Action": SLANTED,
    "Animation": PLAIN,
    "Biography": BOOK,
    "Comedy": PLAIN,
    "Crime": LOUD,
    "Documentary": PLAIN,
    "Family": PLAIN,
    "Fantasy": CAPITALS,
    "Film-Noir": LOUD,
    "History": CAPITALS,
    "Horror": CAPITALS,
    "Music": SLANTED,
    "Mystery": CAPITALS,
    "News": SLAB,
    "Romance": ITALIC,
    "Sci-Fi": SPACED,
    "Sport": SLANTED,
    "Thriller": SPACED,
    "War": SLAB,
    "Western": SLAB,
}
NARROW, BROAD = frozenset("iIjlft.,:;'!|()[] "), frozenset("mwMW@%—")


@lru_cache(maxsize=4096)
def letter(char: str) -> float:
    """About how wide a letter stands, in em."""
    if char in NARROW:
        return 0.34
    if char in BROAD:
        return 0.9
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.72 if char.isupper() else 0.56


def lettering(title: str, face: Face) -> tuple[int, list[str]]:
    """The size at which a title fits, the largest that does, and its lines."""
    text = title.upper() if face.is_upper else title
    words, gap = text.split() or [text], " "
    if len(words) == 1 and unicodedata.east_asian_width(text[0]) in "WF":
        words, gap = list(text), ""  # it may be broken anywhere
    widths = [width_of(word, face) for word in words]
    widest, gap_width = max(widths), width_of(gap, face)
    for size in SIZES:
        room = (WIDTH - 2 * MARGIN) / size
        if widest <= room:
            lines = _lines(words, widths, gap, gap_width, room)
            if len(lines) * size * LEADING <= LARGEST_TEXT:
                return size, lines
    size = SIZES[-1]
    room = (WIDTH - 2 * MARGIN) / size
    lines = _lines(words, widths, gap, gap_width, room)[: int(LARGEST_TEXT / size / LEADING)]
    return size, [_cut(line, room, face) for line in lines]


def width_of(text: str, face: Face) -> float:
    """About how wide a text stands in a face, in em."""
    return sum(map(letter, text)) * face.width + len(text) * face.spacing


def _lines(
    words: list[str], widths: list[float], gap: str, gap_width: float, room: float
) -> list[str]:
    """The words in as few lines as have room for them."""
    lines: list[str] = []
    used = room
    for word, width in zip(words, widths, strict=True):
        if lines and used + gap_width + width <= room:
            lines[-1] += gap + word
            used += gap_width + width
        else:
            lines.append(word)
            used = width
    return lines


def _cut(line: str, room: float, face: Face) -> str:
    if width_of(line, face) <= room:
        return line
    while line and width_of(line + "…", face) > room:
        line = line[:-1]
    return line + "…"


# The poster


@dataclass(frozen=True, slots=True)
class _Design:
    """What a title's facts and its id decide."""

    genre: str  # of the emblem and the lettering
    inks: Inks
    dice: Dice


def _design(title_id: str, genres: Sequence[str]) -> _Design:
    dice = Dice(title_id)
    known = [genre for genre in genres if genre in PALETTES] or [NO_GENRE]
    place = dice.roll(len(known))
    colours = PALETTES[known[place - 1]]
    return _Design(known[place], PRINTS[dice.roll(len(PRINTS))](*colours), dice)


UPRIGHT = ("Drama", "Film-Noir", "History", "Horror", "Thriller", "Western")


def _picture(design: _Design, year: int, width: int, height: int) -> str:
    inks, dice = design.inks, design.dice
    emblems = EMBLEMS[design.genre]
    emblem = _coloured(emblems[dice.roll(len(emblems))], inks.body, inks.light)
    mirror = -1 if dice.roll(2) else 1
    facing = 1 if design.genre == "Comedy" else mirror  # one of its emblems can be read
    pattern = _pattern(year)(inks, dice)
    scale = min(1.0, height / 200) * (0.85 + 0.05 * dice.roll(5))
    turn = 0 if design.genre in UPRIGHT else 4 * dice.roll(7) - 12
    return (
        f'<g transform="translate({width // 2} {height // 2})">'
        f'<g transform="scale({mirror} 1)">{pattern}</g>'
        f'<g transform="rotate({turn})scale({facing * scale:.2f} {scale:.2f})">{emblem}</g></g>'
    )


def _coloured(emblem: str, body: str, light: str) -> str:
    return emblem.replace('"B"', f'"{body}"').replace('"L"', f'"{light}"')


def art(title: Title) -> str:
    """The picture alone, without lettering, on all of a poster's paper."""
    design = _design(title.title_id, title.genres)
    return _paper(design) + _picture(design, title.year, WIDTH, HEIGHT)


def _paper(design: _Design) -> str:
    return f'<path d="M0 0h{WIDTH}v{HEIGHT}H0z" fill="{design.inks.paper}"/>'


@lru_cache(maxsize=512)  # the posters of home and of well-known films are asked for all the time
def _poster(title_id: str, name: str, year: int, rating: float, genres: tuple[str, ...]) -> str:
    design = _design(title_id, genres)
    inks, face = design.inks, FACES.get(design.genre, BOOK)
    size, lines = lettering(name, face)
    block = round(len(lines) * size * LEADING) + 42  # with the year and the dots
    is_below = design.dice.roll(3) > 0
    picture = _picture(design, year, WIDTH, HEIGHT - block)
    top, down = (HEIGHT - block, 0) if is_below else (0, block)
    spans = "".join(
        f'<tspan x="{MARGIN}" y="{top + 12 + (number + 0.78) * size * LEADING:.0f}">'
        f"{escape(line)}</tspan>"
        for number, line in enumerate(lines)
    )
    foot = top + block - 14
    dots = (
        f'stroke="{inks.text}" stroke-width="4" stroke-linecap="round" stroke-dasharray="0 8" '
        f'd="M{WIDTH - MARGIN - 8 * (DOTS - 1)} {foot - 4}h'
    )
    lit = min(DOTS, max(1, round(rating)))
    return (
        f'{_paper(design)}<g transform="translate(0 {down})">{picture}</g>'
        f'<path d="M0 {top}h{WIDTH}v{block}H0z" fill="{inks.paper}"/>'
        f'<g fill="{inks.text}"><text font-family="{face.family}" font-size="{size}" '
        f'{face.style} letter-spacing="{face.spacing}em">{spans}</text>'
        f'<text x="{MARGIN}" y="{foot}" font-family="{SANS}" font-size="12">{year}</text></g>'
        f'<path {dots}{8 * (DOTS - 1)}.1" opacity=".3"/><path {dots}{8 * (lit - 1)}.1"/>'
    )


def poster(title: Title) -> Markup:
    """A title's poster for a page: decorative, for the page names the title beside it."""
    inner = _poster(title.title_id, title.title, title.year, title.rating, tuple(title.genres))
    return Markup(  # noqa: S704  # the title is escaped above, all else is ours
        f'<svg class="poster" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{inner}</svg>'
    )


def poster_file(title: Title) -> str:
    """A title's poster as a file of its own, with a name for those who do not see it."""
    inner = _poster(title.title_id, title.title, title.year, title.rating, tuple(title.genres))
    name = escape(f"{title.title} ({title.year})")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{2 * WIDTH}" height="{2 * HEIGHT}" role="img" aria-label="{name}">{inner}</svg>'
    )


BADGES = {"Horror": 2}  # the emblem that lies within a disc, where not the first


def badge(genre: str) -> Markup:
    """A genre's emblem on a disc in its own colours: decorative."""
    dark, middle, bright, pale = PALETTES[genre]
    emblem = _coloured(EMBLEMS[genre][BADGES.get(genre, 0)], dark, pale)
    return Markup(  # noqa: S704  # all of it is ours
        f'<svg class="badge" viewBox="-130 -130 260 260" aria-hidden="true">'
        f'<circle r="126" fill="{bright}" stroke="{middle}" stroke-width="6"/>'
        f'<g transform="scale(.85)">{emblem}</g></svg>'
    )
