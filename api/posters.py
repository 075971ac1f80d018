"""Posters: art for each title, drawn from its own facts, because IMDb's files hold no pictures.

One of the genres gives the emblem and the lettering, another the colours; a sombre genre always
gives the colours. The decade gives the
pattern, and the rating lights some of the nine dots. The id decides turns, mirroring and choices.
The same facts always give the same poster. How large it is shown belongs in static/style.css.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from rec_platform.release.schema import LIST_LENGTH, Title

from .emblems import EMBLEMS, NO_GENRE
from .inks import PALETTES, PRINTS, SOMBRE, Inks
from .lettering import BOOK, FACES, LEADING, MARGIN, SANS, WIDTH, lettering
from .patterns import Dice, pattern_of

HEIGHT = 300
# XML 1.0 forbids most of these, even escaped, and discourages \x7f to \x9f. A tab or a line end
# draws nothing. IMDb's titles hold a few.
NO_XML = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
DOTS = LIST_LENGTH


@dataclass(frozen=True, slots=True)
class _Design:
    """What a title's facts and its id decide about its poster."""

    genre: str  # of the emblem and the lettering
    inks: Inks
    dice: Dice


def _design(title_id: str, genres: Sequence[str]) -> _Design:
    dice = Dice(title_id)
    known = [genre for genre in genres if genre in PALETTES] or [NO_GENRE]
    place = dice.roll(len(known))
    sombre = [genre for genre in known if genre in SOMBRE]
    colours = PALETTES[sombre[0] if sombre else known[place - 1]]
    prints = PRINTS[:-1] if sombre else PRINTS  # the last is in colour
    return _Design(known[place], prints[dice.roll(len(prints))](*colours), dice)


UPRIGHT = ("Drama", "Film-Noir", "History", "Horror", "Thriller", "Western")


def _picture(design: _Design, year: int, width: int, height: int) -> str:
    inks, dice = design.inks, design.dice
    emblems = EMBLEMS[design.genre]
    emblem = _coloured(emblems[dice.roll(len(emblems))], inks.body, inks.light)
    mirror = -1 if dice.roll(2) else 1
    facing = 1 if design.genre == "Comedy" else mirror  # one of its emblems is lettering
    pattern = pattern_of(year)(inks, dice)
    scale = min(1.0, height / 200) * (0.85 + 0.05 * dice.roll(5))
    turn = 0 if design.genre in UPRIGHT else 4 * dice.roll(7) - 12
    return (
        f'<g transform="translate({width // 2} {height // 2})">'
        f'<g transform="scale({mirror} 1)">{pattern}</g>'
        f'<g transform="rotate({turn})scale({facing * scale:.2f} {scale:.2f})">{emblem}</g></g>'
    )


def _coloured(emblem: str, body: str, light: str) -> str:
    return emblem.replace('"B"', f'"{body}"').replace('"L"', f'"{light}"')


def inks_of(title: Title) -> Inks:
    """The colours of a title's poster."""
    return _design(title.title_id, title.genres).inks


def art(title: Title) -> str:
    """The picture alone, without lettering, on all of a poster's paper."""
    design = _design(title.title_id, title.genres)
    return _paper(design) + _picture(design, title.year, WIDTH, HEIGHT)


def _paper(design: _Design) -> str:
    return f'<path d="M0 0h{WIDTH}v{HEIGHT}H0z" fill="{design.inks.paper}"/>'


@lru_cache(maxsize=512)  # posters of the home page and of well-known films are in constant demand
def _poster(title_id: str, name: str, year: int, rating: float, genres: tuple[str, ...]) -> str:
    design = _design(title_id, genres)
    inks, face = design.inks, FACES.get(design.genre, BOOK)
    size, lines = lettering(NO_XML.sub(" ", name), face)
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
    """A title's poster within a page: decorative, because the page names the title beside it."""
    inner = _poster(title.title_id, title.title, title.year, title.rating, tuple(title.genres))
    return Markup(  # noqa: S704  # the title is escaped above; the rest is ours
        f'<svg class="poster" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{inner}</svg>'
    )


def poster_file(title: Title) -> str:
    """A title's poster as a file of its own, with a name for those who cannot see it."""
    inner = _poster(title.title_id, title.title, title.year, title.rating, tuple(title.genres))
    name = escape(NO_XML.sub(" ", f"{title.title} ({title.year})"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{2 * WIDTH}" height="{2 * HEIGHT}" role="img" aria-label="{name}">{inner}</svg>'
    )


BADGES = {"Horror": 2}  # which emblem fits a disc, if not the first


def badge(genre: str) -> Markup:
    """A genre's emblem on a disc in its own colours: decorative."""
    dark, middle, bright, pale = PALETTES[genre]
    emblem = _coloured(EMBLEMS[genre][BADGES.get(genre, 0)], dark, pale)
    return Markup(  # noqa: S704  # all of it is ours
        f'<svg class="badge" viewBox="-130 -130 260 260" aria-hidden="true">'
        f'<circle r="126" fill="{bright}" stroke="{middle}" stroke-width="6"/>'
        f'<g transform="scale(.85)">{emblem}</g></svg>'
    )
