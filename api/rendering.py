"""How a page is rendered: the templates with what each may use, and the files beside them.

Which pages there are belongs in pages.py and the files it names.
"""

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles as AnyFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.types import Scope

from rec_platform.release.blend import BALANCE
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.formats import NOUNS, formats_of, noun
from rec_platform.release.lookup import Lookup
from rec_platform.release.origins import COUNTRIES, Origins
from rec_platform.release.recommend import LIST_LENGTH

from .dependencies import path_below_root, release_id, root
from .emblems import NO_GENRE
from .entries import because, entry, when
from .forms import left_out
from .inks import PALETTES
from .movie import movie
from .posters import art, badge, poster
from .settings import SiteSettings

REFUSED = re.compile(r"q=0(\.0*)?")
STATIC = Path(__file__).parent / "static"
# The hash in the address lets caches keep a file for ever: a changed file has another address.
ADDRESSES = {
    file.name: f"/static/{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}/{file.name}"
    for file in STATIC.iterdir()
}
DIGEST = re.compile(r"^[0-9a-f]{12}/")
ICON = (STATIC / "favicon.svg").read_text()
DRAWING = (
    *("posters", "emblems", "inks", "lettering", "patterns", "cards", "raster", "sharing"),
    *("atlas", "film_map"),
)
# Posters, cards and maps change with the code that draws them as well as with the release.
DRAWN_BY = hashlib.sha256(
    b"".join(
        file.read_bytes()
        for file in sorted(Path(__file__).parent.iterdir())
        if file.stem in DRAWING
    )
).digest()


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # a changed template needs a restart, as changed code does
)

SHELF_LENGTH = 8
PAGE_LENGTH = 24  # fills the last row of 2, 3, 4, 6 or 8 columns
FOR_EVER = "public, max-age=31536000, immutable"

ICON_VERSION = hashlib.sha256(ICON.encode() + DRAWN_BY).hexdigest()[:12]


@lru_cache(maxsize=256)
def tuning_fields(
    balance: float, wanted: Filter, origins: Origins, formats: tuple[str, ...]
) -> Markup:
    """The knob and the filters as they are set, cached: most lists use the same few settings."""
    macros: Any = TEMPLATES.get_template("macros.html").module
    return macros.knob(balance) + macros.filters(
        wanted, wanted != EVERYTHING, origins, formats, "The same"
    )


# What every template may use besides the context of its page.
TEMPLATES.globals |= {  # pyright: ignore[reportUnknownMemberType]  # of Jinja
    "poster": poster,
    "art": art,
    "badge": badge,
    "palettes": PALETTES,
    "genres": [genre for genre in PALETTES if genre != NO_GENRE],
    "static": ADDRESSES,
    "icon_version": ICON_VERSION,
    "movie": movie,
    "nouns": NOUNS,
    "when": when,
    "entry": entry,
    "because": because,
    "countries": {None: "unknown", **COUNTRIES},
    "default_balance": BALANCE,
    "list_length": LIST_LENGTH,
    "tuning_fields": tuning_fields,
}


def render(
    request: Request,
    template: str,
    lookup: Lookup | None,
    status: int = 200,
    is_endless: bool = False,
    **context: Any,
) -> HTMLResponse:
    """A page; its footer names the release, if there is one.

    Args:
        request: which asks for it.
        template: the name of its template.
        lookup: the release, or None.
        status: of the response.
        is_endless: whether it is one of so many that search engines would never reach the last.
        context: what its template needs besides.
    """
    settings = settings_of(request)
    release = lookup and lookup.release | {"release_id": release_id(lookup)}
    formats = formats_of(release or {})
    html = TEMPLATES.get_template(template).render(
        root=root(request),
        path=path_below_root(request.scope),
        release=release,
        posters_version=lookup and posters_version(lookup),
        status=status,
        not_counted=left_out(request),
        is_indexed=settings.is_indexed and status < 400 and not is_endless,
        is_endless=is_endless,
        has_query=bool(request.url.query),
        site_url=settings.site_url,
        origins=lookup and lookup.origins,
        knows_people=lookup is not None and lookup.knows_people,
        compares=lookup is not None and lookup.compares,
        formats=formats,
        called=noun(formats),
        **context,
    )
    return HTMLResponse(html, status)


def settings_of(request: Request) -> SiteSettings:
    """The settings that the site was started with."""
    return request.app.state.settings


def posters_version(lookup: Lookup) -> str:
    """The version in a poster's or a card's address: another release or other code draws others."""
    return hashlib.sha256(release_id(lookup).encode() + DRAWN_BY).hexdigest()[:12]


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding names gzip and does not refuse it, with `q=0` (RFC 9110, 12.4.2).

    Args:
        accepted: the header's value.
    """
    for each in accepted.lower().split(","):
        coding, *parameters = (part.strip() for part in each.split(";"))
        if coding == "gzip":
            return not any(REFUSED.fullmatch(parameter) for parameter in parameters)
    return False


class StaticFiles(AnyFiles):
    """Files that caches may keep for ever under the address with the hash of their content.

    Under another hash they may not: during a rollout, an old worker may be asked for a new file.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, how long it may be kept, and compressed where the browser asks for that."""
        name = DIGEST.sub("", path)
        answer = await super().get_response(name, scope)
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if takes_gzip(accepted) and answer.status_code in (200, 304):
            etag = answer.headers["ETag"].removesuffix('"') + '-gzip"'
            if answer.status_code == 200:
                headers = {"Content-Encoding": "gzip"}
                content = _gzipped(name, etag)
                answer = Response(content, headers=headers, media_type=answer.media_type)
            answer.headers["ETag"] = etag
        answer.headers["Vary"] = "Accept-Encoding"
        if f"/static/{path}" == ADDRESSES.get(name):
            answer.headers["Cache-Control"] = FOR_EVER
        return answer


@lru_cache(maxsize=32)
def _gzipped(name: str, etag: str) -> bytes:
    """A file compressed; the ETag follows what the file holds now."""
    del etag
    return gzip.compress((STATIC / name).read_bytes(), mtime=0)
