"""SVG of our own as PNG, for programs that show no SVG: link previews, home screens, favicon.ico.

It is lettered in one face that the site brings along, because a machine that serves may have none.
As a program (`python -m api.raster WIDTH`) it reads SVG and writes PNG: see drawing.py.
"""

import sys
from pathlib import Path
from typing import Literal

FONT = Path(__file__).parent / "fonts" / "texgyrepagella-bold.otf"
FAMILY = "TeX Gyre Pagella"
MOST_BYTES = 100_000  # of a card: what shows previews waits for it, and some give up early


def png(svg: str, width: int) -> bytes:
    """A drawing as PNG, as wide as this in pixels, of 100 kB at most.

    Shades at all edges are most of its bytes, so the few drawings that would be too large have
    none.
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


if __name__ == "__main__":
    sys.stdout.buffer.write(png(sys.stdin.read(), int(sys.argv[1])))
