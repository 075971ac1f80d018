"""Cards: what other sites and messengers show beside a link, 1200 by 630, as SVG.

A title's card is its poster's art with its name beside it; that of a basket or of the site is a
field of nine. How they become PNG belongs in raster.py, where they are served in sharing.py.
"""

from collections.abc import Sequence

from markupsafe import escape

from rec_platform.release.formats import NOUNS
from rec_platform.release.schema import LIST_LENGTH, Title

from .lettering import BOOK, LEADING, lettering
from .lettering import WIDTH as POSTER_WIDTH
from .posters import HEIGHT as POSTER_HEIGHT
from .posters import NO_XML, art, inks_of
from .raster import FAMILY

WIDTH, HEIGHT = 1200, 630
ART = HEIGHT * 2 // 3  # a poster as high as the card
LEFT, RIGHT = ART + 60, WIDTH - 60
SIZES = (96, 84, 74, 66, 58, 50, 44)
SMALL = 34
# Of the site, as style.css has them.
PAPER, INK, ACCENT = "#faf6ef", "#1c1917", "#ab3510"


def title_card(title: Title) -> str:
    """A title's art and name, its year, its length and its rating."""
    inks = inks_of(title)
    facts = [str(title.year)]
    if title.runtime_minutes:
        hours, minutes = divmod(title.runtime_minutes, 60)
        facts.append(f"{hours} h {minutes} min" if hours else f"{minutes} min")
    facts.append(f"{title.rating:.1f} of 10")
    scale = HEIGHT / POSTER_HEIGHT
    picture = f'<g transform="scale({scale})">{art(title)}</g>'
    over = " · ".join(title.genres)
    last = f"Nine {NOUNS[title.format].many} like it, with the reasons"
    told = _told(over, title.title, " · ".join(facts), last)
    return _card(picture, told, inks.paper, inks.text, inks.text)


def field_card(titles: Sequence[Title], name: str, told: str) -> str:
    """Up to nine titles' art, and a name beside it. Fewer titles come several times."""
    side, high = ART // 3, HEIGHT // 3
    shift = len(titles) in (3, 6)  # else each would stand below itself
    cells = "".join(
        f'<svg x="{side * (at % 3)}" y="{high * (at // 3)}" width="{side}" height="{high}" '
        f'viewBox="0 0 {POSTER_WIDTH} {POSTER_HEIGHT}">'
        f"{art(titles[(at + at // 3 * shift) % len(titles)])}</svg>"
        for at in range(LIST_LENGTH)
    )
    return _card(cells, _told("", name, told, ""), PAPER, INK, ACCENT)


def _told(over: str, name: str, below: str, last: str) -> str:
    """The text beside the art: a line, a name of any length, a line under it, a line at the end."""
    size, lines = lettering(NO_XML.sub(" ", name), BOOK, RIGHT - LEFT, 300, SIZES)
    spans = "".join(
        f'<tspan x="{LEFT}" y="{124 + (number + 0.78) * size * LEADING:.0f}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    foot = 124 + len(lines) * size * LEADING + 52
    _, (below, *_) = lettering(NO_XML.sub(" ", below), BOOK, RIGHT - LEFT, 2 * SMALL, (SMALL,))
    return (
        f'<text x="{LEFT}" y="100" font-size="28">{escape(over)}</text>'
        f'<text font-size="{size}">{spans}</text>'
        f'<text x="{LEFT}" y="{foot:.0f}" font-size="{SMALL}">{escape(below)}</text>'
        f'<text x="{LEFT + 78}" y="{HEIGHT - 78}" font-size="30">Nine Alike</text>'
        f'<text x="{LEFT + 78}" y="{HEIGHT - 46}" font-size="22" opacity=".8">{escape(last)}</text>'
    )


def _card(picture: str, told: str, paper: str, ink: str, lit: str) -> str:
    dots = "".join(f"M{x} {y}h0" for y in (-20, 0, 20) for x in (-20, 0, 20) if x or y)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{picture}'
        f'<path d="M{ART} 0H{WIDTH}V{HEIGHT}H{ART}z" fill="{paper}"/>'
        f'<g fill="{ink}" font-family="{FAMILY}" font-weight="700">{told}</g>'
        f'<g transform="translate({LEFT + 28} {HEIGHT - 75})"><path d="{dots}" stroke="{ink}" '
        f'stroke-width="13" stroke-linecap="round"/><circle r="10" fill="{lit}"/></g></svg>'
    )
