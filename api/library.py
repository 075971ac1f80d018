"""The visitor's own films: a page that keeps them in the browser, and the catalogue that it needs.

No request carries what a visitor has seen, rated or wants to see. What the page does is in
static/library.js, and how it reads a file in static/exports.js.
"""

import hashlib
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse

from rec_platform.release import lookup as lookups
from rec_platform.release import pieces
from rec_platform.release.lookup import Lookup

from .dependencies import LARGEST, Serving, release_id
from .rendering import FOR_EVER, render

# Pieces change with the code that packs them as well as with the release.
PACKED_BY = hashlib.sha256(
    b"".join(Path(str(code.__file__)).read_bytes() for code in (pieces, lookups))
).digest()
PIECE_BYTES = 38  # of a title, compressed: what the page says of the size; it was 32 to 38

library = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@library.get("/library")
async def films(request: Request, lookup: Serving) -> Response:
    """The films that this browser keeps: import, watchlist, one list for all, export."""
    title_count: int = lookup.release["title_count"]
    page = render(
        request,
        "library.html",
        lookup,
        catalogue=catalogue_version(lookup),
        title_count=title_count,
        piece_length=pieces.PIECE_LENGTH,
        merged=pieces.MERGED,
        megabytes=title_count * PIECE_BYTES / 1e6,
    )
    # A page that was kept would name pieces that the next release does not have.
    page.headers["Cache-Control"] = "no-cache"
    return page


@library.get("/library/{version}/{index}.gz")
def piece(
    lookup: Serving, version: str, index: Annotated[int, InPath(ge=0, le=LARGEST)]
) -> Response:
    """A piece of the catalogue. Pieces of two releases do not fit, so only the serving one has any.

    It is packed in a thread, because that takes some hundredths of a second.
    """
    if version != catalogue_version(lookup) or index >= pieces.piece_count(lookup):
        raise HTTPException(404, "The catalogue has changed. Load the page again.")
    packed = pieces.piece(lookup, index)
    return Response(packed, headers={"Cache-Control": FOR_EVER}, media_type="application/gzip")


def catalogue_version(lookup: Lookup) -> str:
    """The version in a piece's address."""
    return hashlib.sha256(release_id(lookup).encode() + PACKED_BY).hexdigest()[:12]
