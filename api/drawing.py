"""PNG made by another process, so that the site goes on answering meanwhile.

A card takes 50 to 150 ms, and resvg holds the interpreter's lock all the time: a thread would not
help. What the process does is in raster.py.
"""

import os
import sys

import anyio

from . import raster

MOST_KEPT = 32  # some 2 MB: who shares a link makes many ask for its card

_kept: dict[tuple[str, int], bytes] = {}  # the last asked for is the last
_one_at_a_time = anyio.Lock()


async def png(svg: str, width: int) -> bytes:
    """A drawing as PNG, as wide as this in pixels.

    Raises:
        subprocess.CalledProcessError: it could not be drawn. The log says why.
    """
    key = svg, width
    if key not in _kept:
        async with _one_at_a_time:
            if key not in _kept:  # drawn while this one waited
                _kept[key] = await _drawn(svg, width)
    image = _kept[key] = _kept.pop(key)
    while len(_kept) > MOST_KEPT:
        del _kept[next(iter(_kept))]
    return image


async def _drawn(svg: str, width: int) -> bytes:
    path = os.pathsep.join(place or os.curdir for place in sys.path)  # Lambda sets it by itself
    done = await anyio.run_process(
        [sys.executable, "-m", raster.__name__, str(width)],
        input=svg.encode(),
        stderr=None,
        start_new_session=True,  # Ctrl-C is for the site, which finishes what it was asked
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
    )
    return done.stdout
