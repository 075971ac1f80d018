"""The pages that visitors read: their routes, and how a template is rendered.

What a page looks like belongs in templates/ and static/, what a poster shows in posters.py and
where a cluster lies on the map in atlas.py. Every page is whole without its script.
"""

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles as AnyFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.types import Scope

from api import emblems, posters
from api.atlas import Atlas, atlas, own_genres, superlatives
from api.dependencies import (
    BASKET_SIZE,
    LARGEST,
    TITLE_ID,
    ClusterNumber,
    LikedId,
    Serving,
    known_cluster,
    known_title,
    release_id,
    root,
)
from api.emblems import NO_GENRE
from api.headers import is_indexed
from api.posters import PALETTES, art, badge, poster, poster_file
from api.tuning import LIST_LENGTH, TunedByForm, Tuning
from rec_platform.choices import NEIGHBOURS
from rec_platform.release.blend import BALANCE
from rec_platform.release.lookup import Lookup, Title
from rec_platform.release.recommend import EVERYTHING, Filter, recommendations
from rec_platform.release.recommend import basket as merged

STATIC = Path(__file__).parent / "static"
# The hash in the address lets caches keep a file for ever: a changed file is another address.
ADDRESSES = {
    file.name: f"/static/{file.name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
    for file in STATIC.iterdir()
}
# Posters change with the code that draws them as well as with the release.
DRAWN_BY = hashlib.sha256(
    b"".join(Path(str(code.__file__)).read_bytes() for code in (posters, emblems))
).digest()
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # a changed template needs a restart, as changed code does
)


@lru_cache(maxsize=256)
def tuning_fields(balance: float, wanted: Filter) -> Markup:
    """The knob and the filters as they are set: most lists are asked for in the same few ways."""
    macros: Any = TEMPLATES.get_template("parts.html").module
    return macros.fields(balance, wanted, wanted != EVERYTHING)


# What templates may use beside what a page gives them.
TEMPLATES.globals |= {  # pyright: ignore[reportUnknownMemberType]  # of Jinja
    "poster": poster,
    "art": art,
    "badge": badge,
    "palettes": PALETTES,
    "genres": [genre for genre in PALETTES if genre != NO_GENRE],
    "static": ADDRESSES,
    "default_balance": BALANCE,
    "tuning_fields": tuning_fields,
}

SHELF_LENGTH = 8
PAGE_LENGTH = 24  # fills the last row of 2, 3, 4, 6 or 8 columns
FOR_EVER = "public, max-age=31536000, immutable"

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.get("/")
async def home(
    request: Request,
    lookup: Serving,
    title: Annotated[str | None, Query(pattern=TITLE_ID)] = None,
) -> Response:
    """A search box, what rises, hidden gems, and a shelf of popular titles for each cluster."""
    if title:  # a link of the site that this one replaces
        return RedirectResponse(f"{root(request)}/title/{title}", 308)
    clusters = lookup.clusters()
    return render(
        request,
        "home.html",
        lookup,
        rising=lookup.shelf("rising", SHELF_LENGTH),
        gems=lookup.shelf("gems", SHELF_LENGTH),
        shelves=[(one, lookup.cluster_titles(one.cluster, SHELF_LENGTH)) for one in clusters],
        own_genres=own_genres(clusters),
        superlatives=superlatives(clusters),
    )


@pages.get("/random")
async def random(request: Request, lookup: Serving) -> Response:
    """Any title, another one each time."""
    address = f"{root(request)}/title/{lookup.random_title().title_id}"
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


@pages.get("/title/{title_id}")
async def title(
    request: Request,
    lookup: Serving,
    title_id: str,
    tuned: TunedByForm,
) -> Response:
    """A title's facts and the titles like it."""
    title = known_title(lookup, title_id)
    return render(
        request,
        "title.html",
        lookup,
        title=title,
        cluster=lookup.cluster(title.cluster),
        series=lookup.series(title),
        listed=recommendations(lookup, title, tuned.limit, tuned.balance, tuned.wanted),
        **_asked(f"{root(request)}/title/{title_id}", [], tuned),
    )


@pages.get("/search")
async def search(
    request: Request, lookup: Serving, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The titles that match a query."""
    titles = lookup.search(q, PAGE_LENGTH)
    return render(request, "search.html", lookup, query=q.strip(), titles=titles)


@pages.get("/basket")
async def basket(
    request: Request,
    lookup: Serving,
    tuned: TunedByForm,
    title: Annotated[list[LikedId], Query(max_length=BASKET_SIZE)] = [],  # noqa: B006
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Several liked titles, which are in the address alone, and one list for all of them."""
    liked = lookup.titles([*dict.fromkeys(title)])
    ids = [("title", one.title_id) for one in liked]
    return render(
        request,
        "basket.html",
        lookup,
        liked=liked,
        unknown_count=len(set(title)) - len(liked),
        is_full=len(liked) >= BASKET_SIZE,
        query=q.strip(),
        found=[one for one in lookup.search(q, SHELF_LENGTH) if one not in liked],
        listed=merged(lookup, liked, tuned.limit, tuned.balance, tuned.wanted),
        **_asked(f"{root(request)}/basket", ids, tuned),
    )


@pages.get("/atlas")
async def clusters_map(request: Request, lookup: Serving) -> Response:
    """All clusters on a map, and as a list."""
    found = atlas(lookup)
    return render(
        request,
        "atlas.html",
        lookup,
        atlas=found,
        samples=_samples(lookup, found),
        superlatives=superlatives(found.clusters),
    )


@pages.get("/cluster/{cluster}")
async def cluster(
    request: Request,
    lookup: Serving,
    cluster: ClusterNumber,
    page: Annotated[int, Query(ge=1, le=LARGEST)] = 1,
) -> Response:
    """A cluster's profile, its place on the map, its typical titles, and all of them by pages."""
    profile = known_cluster(lookup, cluster)
    page_count = max(1, -(-profile.title_count // PAGE_LENGTH))
    if page > page_count:
        raise HTTPException(404, f"Page {page_count} is the last of {profile.name}.")
    found = atlas(lookup)
    return render(
        request,
        "cluster.html",
        lookup,
        cluster=profile,
        atlas=found,
        genre=found.bubble(cluster).genre,
        superlative=superlatives(found.clusters).get(cluster),
        typical=lookup.titles(profile.typical_titles[:SHELF_LENGTH]) if page == 1 else [],
        titles=lookup.cluster_titles(cluster, PAGE_LENGTH, offset=PAGE_LENGTH * (page - 1)),
        page=page,
        page_count=page_count,
    )


@pages.get("/about")
async def about(request: Request, lookup: Serving) -> Response:
    """How lists are made, what of, and how good they are."""
    return render(request, "about.html", lookup)


@pages.get("/poster/{title_id}.svg")
async def poster_image(lookup: Serving, title_id: str, v: str = "") -> Response:
    """A title's poster as a file, to be kept for ever under the address of this very drawing."""
    drawn = poster_file(known_title(lookup, title_id))
    keep = {"Cache-Control": FOR_EVER} if v == posters_version(lookup) else {}
    return Response(drawn, headers=keep, media_type="image/svg+xml")


@pages.get("/robots.txt")
async def robots() -> PlainTextResponse:
    """IMDb's terms do not want their data in search engines, so that is up to the operator."""
    return PlainTextResponse(f"User-agent: *\nDisallow:{'' if is_indexed() else ' /'}\n")


class StaticFiles(AnyFiles):
    """Files that may be kept for ever under the address that names their content.

    Not under another hash: while a new version is rolled out, an old worker may be asked for it.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, and how long it may be kept."""
        answer = await super().get_response(path, scope)
        if f"/static/{path}?{scope['query_string'].decode('latin-1')}" == ADDRESSES.get(path):
            answer.headers["Cache-Control"] = FOR_EVER
        return answer


def posters_version(lookup: Lookup) -> str:
    """What a poster's address names: another release or other code draws other posters."""
    return hashlib.sha256(release_id(lookup).encode() + DRAWN_BY).hexdigest()[:12]


def _samples(lookup: Lookup, found: Atlas) -> dict[int, list[Title]]:
    """Three popular titles of each cluster by its number, of different series where there are."""
    samples: dict[int, list[Title]] = {}
    for bubble in found.bubbles:
        popular = lookup.titles(bubble.cluster.popular_titles)
        firsts = {one.series or one.title_id: one for one in reversed(popular)}
        distinct = [one for one in popular if one in firsts.values()]
        samples[bubble.cluster.cluster] = (distinct + popular)[:3]
    return samples


def _asked(address: str, ids: list[tuple[str, str]], tuned: Tuning) -> dict[str, Any]:
    """What a list's form shows as asked for, and the addresses of a longer and a plain list."""
    limit, balance, wanted = tuned.limit, tuned.balance, tuned.wanted
    named = [
        ("year_min", wanted.year_min),
        ("year_max", wanted.year_max),
        ("rating_min", wanted.rating_min),
        ("runtime_max", wanted.runtime_max),
        *(("genre", genre) for genre in wanted.genres),
    ]
    filters = [(name, value) for name, value in named if value is not None]
    knob = [] if balance == BALANCE else [("balance", balance)]
    more = min(NEIGHBOURS, 2 * limit if limit < LIST_LENGTH * 2 else NEIGHBOURS)
    return {
        "address": address,
        "ids": ids,
        "wanted": wanted,
        "is_filtered": wanted != EVERYTHING,
        "limit": limit,
        "balance": balance,
        "plain": f"{address}?{urlencode([*ids, *knob])}".removesuffix("?"),
        "longer": f"{address}?{urlencode([*ids, *knob, *filters, ('limit', more)])}"
        if limit < NEIGHBOURS
        else None,
    }


def render(
    request: Request, template: str, lookup: Lookup | None, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page; the footer names the release, where there is one."""
    release = lookup and lookup.release | {"release_id": release_id(lookup)}
    html = TEMPLATES.get_template(template).render(
        root=root(request),
        path=request.scope["path"].removeprefix(root(request)),
        release=release,
        posters_version=lookup and posters_version(lookup),
        status=status,
        # There is no end of baskets.
        is_indexed=is_indexed() and status < 400 and template != "basket.html",
        site_url=os.environ.get("REC_SITE_URL", "").rstrip("/"),
        **context,
    )
    return HTMLResponse(html, status)
