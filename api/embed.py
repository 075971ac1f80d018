"""The widget: a film and those like it, small, for a frame on any other page.

It alone may be framed (headers.py), and it needs no script.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from rec_platform.release.recommend import recommendations
from rec_platform.release.schema import LIST_LENGTH

from .dependencies import Serving
from .rendering import render

EMBEDDED = 3  # films like it, unless more are asked for

embed = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@embed.get("/embed/title/{title_id}")
async def embedded_title(
    request: Request,
    lookup: Serving,
    title_id: str,
    limit: Annotated[int, Query(ge=1, le=LIST_LENGTH)] = EMBEDDED,
) -> Response:
    """A title and the first of its list; says so in the frame if the title is gone."""
    title = lookup.title(title_id)
    return render(
        request,
        "embed.html",
        lookup,
        status=200 if title else 404,
        title=title,
        listed=recommendations(lookup, title, limit) if title else [],
    )
