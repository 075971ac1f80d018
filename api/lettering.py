"""Lettering: the face of each genre, and how a title of any length fits its poster."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

WIDTH, MARGIN = 200, 16
SIZES = (36, 32, 28, 25, 22, 19, 17, 15, 13)
LEADING = 1.08
LARGEST_TEXT = 108  # the height of all lines of a title


@dataclass(frozen=True, slots=True)
class Face:
    """How a title is lettered. `width` scales the widths that letter() estimates."""

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
    """The estimated width of a letter, in em."""
    if char in NARROW:
        return 0.34
    if char in BROAD:
        return 0.9
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.72 if char.isupper() else 0.56


def lettering(
    title: str,
    face: Face,
    width: float = WIDTH - 2 * MARGIN,
    height: float = LARGEST_TEXT,
    sizes: Sequence[int] = SIZES,
) -> tuple[int, list[str]]:
    """The largest size at which a title fits into a width and a height, and its lines at that size.

    At the least of the sizes, what does not fit is left out.
    """
    text = title.upper() if face.is_upper else title
    words, gap = text.split() or [" "], " "
    if len(words) == 1 and unicodedata.east_asian_width(words[0][0]) in "WF":
        words, gap = list(text), ""  # such a text may be broken anywhere
    widths = [width_of(word, face) for word in words]
    widest, gap_width = max(widths), width_of(gap, face)
    for size in sizes:
        room = width / size
        if widest <= room:
            lines = _lines(words, widths, gap, gap_width, room)
            if len(lines) * size * LEADING <= height:
                return size, lines
    size = sizes[-1]
    room = width / size
    lines = _lines(words, widths, gap, gap_width, room)[: int(height / size / LEADING)]
    return size, [_cut(line, room, face) for line in lines]


def width_of(text: str, face: Face) -> float:
    """The estimated width of a text in a face, in em."""
    return sum(map(letter, text)) * face.width + len(text) * face.spacing


def _lines(
    words: list[str], widths: list[float], gap: str, gap_width: float, room: float
) -> list[str]:
    """The words in as few lines as hold them."""
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
