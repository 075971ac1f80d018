"""The map of films: thousands of them, each within its neighbourhood's circle, drawn by a script.

The page itself shows the neighbourhoods alone: see atlas.py. Where a title lies within its circle
belongs in rec_platform/modelling/placing.py.
"""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from rec_platform.release.schema import PLACE_STEPS, MappedTitle

from .atlas import Bubble, atlas
from .dependencies import LARGEST, Serving
from .inks import PALETTES
from .rendering import FOR_EVER, posters_version

MOST = 4_000  # films: as many as a page fetches and a phone draws at once
INSIDE = 0.94  # of a circle's radius, so that no film lies on its rim

film_map = APIRouter(include_in_schema=False)


@film_map.get("/atlas/films.json")
async def films(
    request: Request,
    lookup: Serving,
    cluster: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
    v: str = "",
) -> Response:
    """The most voted films, of one neighbourhood or of all, and the circles around them."""
    drawn = atlas(lookup)
    bubbles = {bubble.cluster.cluster: bubble for bubble in drawn.bubbles}
    content: dict[str, Any] = {
        "box": [round(drawn.left), round(drawn.top), round(drawn.width), round(drawn.height)],
        "circles": [_circle(bubble) for bubble in drawn.bubbles],
        "films": [_film(title, bubbles[title.cluster]) for title in lookup.mapped(MOST, cluster)],
    }
    keep = {"Cache-Control": FOR_EVER} if v == posters_version(lookup) else {}
    return JSONResponse(content, headers=keep)


def _circle(bubble: Bubble) -> dict[str, Any]:
    dark, middle, bright, _ = PALETTES[bubble.genre]
    return {
        "cluster": bubble.cluster.cluster,
        "name": bubble.cluster.name,
        "x": round(bubble.x, 1),
        "y": round(bubble.y, 1),
        "r": round(bubble.radius, 1),
        "inks": [dark, middle, bright],
    }


def _film(title: MappedTitle, bubble: Bubble) -> list[Any]:
    """The id, name, year, cluster and place of a film: a list, because there are thousands."""
    turn = 2 * math.pi * title.turn / PLACE_STEPS
    way = INSIDE * bubble.radius * math.sqrt(title.way / PLACE_STEPS)
    x, y = bubble.x + way * math.cos(turn), bubble.y + way * math.sin(turn)
    return [title.title_id, title.title, title.year, title.cluster, round(x, 1), round(y, 1)]
