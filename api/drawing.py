"""PNG made by another process, so that the site goes on answering meanwhile.

A card takes 50 to 150 ms, and resvg holds the interpreter's lock all the time: a thread would not
help. Each drawing has a process of its own, so one that dies or hangs is none of the next one's
business. What the process does is in raster.py.
"""

import os
import sys
from collections import Counter
from subprocess import CalledProcessError

import anyio

from . import raster

MOST_KEPT = 32  # some 2 MB: who shares a link makes many ask for its card
MOST_WAITING = 16  # drawings, whoever asks for each: two seconds of work
DRAWING_SECONDS = 5.0  # of one drawing; a small function on Lambda has a fraction of a processor
WAITING_SECONDS = 15.0  # from the request on: API Gateway waits for 29

_kept: dict[tuple[str, int], bytes] = {}  # the last asked for is the last
_waiting: Counter[tuple[str, int]] = Counter()
_one_at_a_time = anyio.Lock()


class NotDrawnError(Exception):
    """A drawing was not made in time. Another attempt may succeed."""


async def png(svg: str, width: int) -> bytes:
    """A drawing as PNG, as wide as this in pixels.

    Raises:
        NotDrawnError: too many drawings wait, it took too long, or its process was killed.
        subprocess.CalledProcessError: it cannot be drawn. The log says why.
    """
    key = svg, width
    if key not in _kept:
        if key not in _waiting and len(_waiting) >= MOST_WAITING:
            raise NotDrawnError(f"{len(_waiting)} drawings wait")
        _waiting[key] += 1
        try:
            with anyio.fail_after(WAITING_SECONDS):
                await _keep(key)
        except TimeoutError as error:
            raise NotDrawnError("its turn did not come in time, or it took too long") from error
        finally:
            _waiting[key] -= 1
            if not _waiting[key]:
                del _waiting[key]
    image = _kept[key] = _kept.pop(key)
    while len(_kept) > MOST_KEPT:
        del _kept[next(iter(_kept))]
    return image


async def _keep(key: tuple[str, int]) -> None:
    async with _one_at_a_time:
        if key not in _kept:  # drawn while this one waited
            with anyio.fail_after(DRAWING_SECONDS):  # kills the process, even a stopped one
                _kept[key] = await _drawn(*key)


async def _drawn(svg: str, width: int) -> bytes:
    path = os.pathsep.join(place or os.curdir for place in sys.path)  # Lambda sets it by itself
    try:
        done = await anyio.run_process(
            [sys.executable, "-m", raster.__name__, str(width)],
            input=svg.encode(),
            stderr=None,
            start_new_session=True,  # Ctrl-C is for the site, which finishes what it was asked
            env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
        )
    except CalledProcessError as error:
        if error.returncode > 0:  # a fault of ours
            raise
        raise NotDrawnError(f"its process was ended by signal {-error.returncode}") from error
    except OSError as error:
        raise NotDrawnError(f"no process could be started: {error}") from error
    except ExceptionGroup as error:
        raise NotDrawnError("its process ended before it read the drawing") from error
    return done.stdout
