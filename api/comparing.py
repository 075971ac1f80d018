"""The comparison of two films: what they share, by how much, and why one is not in a list."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from rec_platform.release.compared import Comparison

from .dependencies import NO_COMPARISON, LikedId, Serving, compared_titles, known_title
from .rendering import SHELF_LENGTH, render

TELLING = 1.0  # points, of which a film of the same year and one of ten years apart are two apart
MOST_PARTS = 3

comparing = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@comparing.get("/compare")
async def comparison(
    request: Request,
    lookup: Serving,
    title: Annotated[list[LikedId], Query(max_length=2)] = [],  # noqa: B006
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Two films side by side; a search for those that are not chosen yet."""
    if not lookup.compares:
        raise HTTPException(404, NO_COMPARISON)
    chosen = [known_title(lookup, title_id) for title_id in dict.fromkeys(title)]
    compared = compared_titles(lookup, *chosen) if len(chosen) == 2 else None
    answer = lookup.find(q, SHELF_LENGTH)
    return render(
        request,
        "compare.html",
        lookup,
        is_endless=bool(title),
        chosen=chosen,
        compared=compared,
        behind=behind(compared) if compared else [],
        query=q.strip(),
        found=answer,
        suggested=[match for match in answer.titles if match not in chosen],
    )


def behind(compared: Comparison) -> list[str]:
    """The parts by which the second film falls behind the last of the first one's list of nine."""
    lost = {
        name: compared.to_beat[name] - points
        for name, points in compared.points.items()
        if compared.to_beat and compared.to_beat[name] - points >= TELLING
    }
    return sorted(lost, key=lambda name: -lost[name])[:MOST_PARTS]
