"""SVG of our own as PNG, for programs that show no SVG: link previews, home screens, favicon.ico.

It is lettered in one face that the site brings along, because a machine that serves may have none.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

FONT = Path(__file__).parent / "fonts" / "texgyrepagella-bold.otf"
FAMILY = "TeX Gyre Pagella"


MOST_BYTES = 100_000  # of a card: what shows previews waits for it, and some give up early


@lru_cache(maxsize=32)  # some 2 MB: who shares a link makes many ask for its card
def png(svg: str, width: int) -> bytes:
    """A drawing as PNG, as wide as this in pixels, of 100 kB at most.

    A card of 1200 pixels takes 50 to 150 ms, and the interpreter's lock is held meanwhile. Shades
    at all edges are most of its bytes, so the few drawings that would be too large have none.
    """
    drawn = _drawn(svg, width, "geometric_precision")
    return drawn if len(drawn) <= MOST_BYTES else _drawn(svg, width, "crisp_edges")


def _drawn(svg: str, width: int, edges: Literal["geometric_precision", "crisp_edges"]) -> bytes:
    import resvg_py  # 3 MB, which a start does not need

    return resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        skip_system_fonts=True,
        font_files=[str(FONT)],
        shape_rendering=edges,
    )
