"""What other programs show of the site: cards beside links, and icons on tabs and home screens.

What a card shows belongs in cards.py, how a drawing becomes a PNG in drawing.py.
"""

import json
import struct
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response

from rec_platform.release.formats import called

from .cards import WIDTH, field_card, title_card
from .dependencies import BASKET_SIZE, LikedId, Serving, known_title, root
from .drawing import png
from .rendering import FOR_EVER, ICON, ICON_VERSION, posters_version

ICO_SIZES = (16, 32, 48)
MANIFEST_SIZES = (192, 512)

sharing = APIRouter(include_in_schema=False)


# Cards


@sharing.get("/card/site.png")
async def site_card(lookup: Serving, v: str = "") -> Response:
    """The card of every page without one of its own: nine films that rise."""
    titles = lookup.shelf("rising", 9) or lookup.numbered([1])
    name = f"Find a {called(lookup.release).one} you love, and nine more like it"
    drawn = field_card(titles, name, "Each with the reason why")
    return await _png(drawn, WIDTH, v == posters_version(lookup))


@sharing.get("/card/basket.png")
async def basket_card(
    lookup: Serving,
    title: Annotated[list[LikedId], Query(min_length=1, max_length=BASKET_SIZE)],
    v: str = "",
) -> Response:
    """The card of a basket: its films."""
    liked = lookup.titles([*dict.fromkeys(title)])
    if not liked:
        raise HTTPException(404, "This release has none of these titles.")
    count = len(liked)
    many = called(lookup.release).many
    name = f"One list for {count} {many}" if count > 1 else f"{many.capitalize()} like this one"
    more = f" and {count - 2} more" if count > 2 else ""
    drawn = field_card(liked, name, ", ".join(each.title for each in liked[:2]) + more)
    return await _png(drawn, WIDTH, v == posters_version(lookup))


@sharing.get("/card/{title_id}.png")
async def card(lookup: Serving, title_id: str, v: str = "") -> Response:
    """A title's card. An address with the drawing's version may be cached for ever."""
    drawn = title_card(known_title(lookup, title_id))
    return await _png(drawn, WIDTH, v == posters_version(lookup))


# Icons


@sharing.get("/favicon.ico")
async def favicon(v: str = "") -> Response:
    """The icon for programs that ask for this address, whatever a page says."""
    images = [await png(ICON, size) for size in ICO_SIZES]
    entries, start = b"", 6 + 16 * len(images)
    for size, image in zip(ICO_SIZES, images, strict=True):
        entries += struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(image), start)
        start += len(image)
    content = struct.pack("<HHH", 0, 1, len(images)) + entries + b"".join(images)
    return Response(content, headers=_kept(v == ICON_VERSION), media_type="image/x-icon")


@sharing.get("/apple-touch-icon.png")
async def touch_icon(v: str = "") -> Response:
    """The icon on a home screen, which rounds its corners itself."""
    return await _png(square_icon(), 180, v == ICON_VERSION)


@sharing.get("/icon-{size}.png")
async def icon(size: Literal["192", "512"], v: str = "") -> Response:
    """The icon as the manifest names it."""
    return await _png(square_icon(), int(size), v == ICON_VERSION)


@sharing.get("/manifest.webmanifest")
async def manifest(request: Request) -> Response:
    """What a browser needs to put the site on a home screen."""
    at = root(request)
    described = {
        "name": "Nine Alike",
        "description": "Find what you love, and nine more like it.",
        "id": f"{at}/",
        "start_url": f"{at}/",
        "scope": f"{at}/",
        "display": "minimal-ui",
        "background_color": "#17151c",
        "theme_color": "#17151c",
        "icons": [
            {
                "src": f"{at}/icon-{size}.png?v={ICON_VERSION}",
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in MANIFEST_SIZES
            for purpose in ("any", "maskable")
        ],
    }
    return Response(json.dumps(described), media_type="application/manifest+json")


def square_icon() -> str:
    """The icon for a mask of any shape: paper to the edges, the dots well within."""
    wider = ICON.replace('viewBox="0 0 32 32"', 'viewBox="-3 -3 38 38"')
    return wider.replace(
        '<rect width="32" height="32" rx="7"', '<rect x="-3" y="-3" width="38" height="38"'
    )


async def _png(drawn: str, width: int, is_current: bool) -> Response:
    return Response(await png(drawn, width), headers=_kept(is_current), media_type="image/png")


def _kept(is_current: bool) -> dict[str, str]:
    """For ever, if the address has the version of what it names; else as a page is."""
    return {"Cache-Control": FOR_EVER} if is_current else {}
