"""The comparison of two films: what they share, by how much, and why one is not in a list."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from rec_platform.release.compared import Comparison

from .dependencies import BASKET_SIZE, NO_COMPARISON, Serving, compared_titles
from .forms import SearchedFor, leave_out
from .rendering import SHELF_LENGTH, render

TELLING = 1.0  # points, of which a film of the same year and one of ten years apart are two apart
MOST_PARTS = 3

comparing = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@comparing.get("/compare")
async def comparison(
    request: Request,
    lookup: Serving,
    q: SearchedFor,
    title: Annotated[list[str], Query()] = [],  # noqa: B006
) -> Response:
    """Two films side by side; a search for those that are not chosen yet."""
    if not lookup.compares:
        raise HTTPException(404, NO_COMPARISON)
    asked = [*dict.fromkeys(filter(None, title))][:BASKET_SIZE]
    known = lookup.titles(asked)
    if len(known) < len(asked):
        leave_out(request, "This catalogue does not have all that this address names.")
    chosen = known[:2]
    if len(known) > 2:
        leave_out(request, "Two can be compared at a time. The others were left out.")
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
