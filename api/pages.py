"""The pages that visitors read: their routes, and how a template is rendered.

What a page looks like belongs in templates/ and static/.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.headers import is_indexed
from api.serving import (
    LARGEST,
    ClusterNumber,
    Serving,
    known_cluster,
    known_title,
    release_id,
    root,
)
from rec_platform.lookup import Lookup
from rec_platform.recommend import recommendations

STATIC = Path(__file__).parent / "static"
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# The hash in the address lets browsers keep a file for ever: a changed file is another address.
ADDRESSES = {
    file.name: f"/static/{file.name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
    for file in STATIC.iterdir()
}

SHELF_LENGTH = 10
PAGE_LENGTH = 24  # fills the last row of 2, 3, 4, 6 or 8 columns
READ = ["GET", "HEAD"]

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.api_route("/", methods=READ)
async def home(
    request: Request,
    lookup: Serving,
    title: Annotated[str | None, Query(pattern=r"^tt[0-9]{1,12}$")] = None,
) -> Response:
    """A search box, and a shelf of popular titles for each cluster."""
    if title:  # a link of the site that this one replaces
        return RedirectResponse(f"{root(request)}/title/{title}", 308)
    clusters = lookup.clusters()
    shelves = [(one, lookup.cluster_titles(one.cluster, SHELF_LENGTH)) for one in clusters]
    return render(request, "home.html", lookup, shelves=shelves)


@pages.api_route("/random", methods=READ)
async def random(request: Request, lookup: Serving) -> Response:
    """Any title, another one each time."""
    address = f"{root(request)}/title/{lookup.random_title().title_id}"
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


@pages.api_route("/title/{title_id}", methods=READ)
async def title(request: Request, lookup: Serving, title_id: str) -> Response:
    """A title's facts and the titles like it."""
    title = known_title(lookup, title_id)
    return render(
        request,
        "title.html",
        lookup,
        title=title,
        cluster=lookup.cluster(title.cluster),
        recommendations=recommendations(lookup, title),
    )


@pages.api_route("/search", methods=READ)
async def search(
    request: Request, lookup: Serving, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The titles that match a query."""
    titles = lookup.search(q, PAGE_LENGTH)
    return render(request, "search.html", lookup, query=q.strip(), titles=titles)


@pages.api_route("/cluster/{cluster}", methods=READ)
async def cluster(
    request: Request,
    lookup: Serving,
    cluster: ClusterNumber,
    page: Annotated[int, Query(ge=1, le=LARGEST)] = 1,
) -> Response:
    """A cluster's profile, its typical titles, and all its titles page by page."""
    profile = known_cluster(lookup, cluster)
    page_count = max(1, -(-profile.title_count // PAGE_LENGTH))
    if page > page_count:
        raise HTTPException(404, f"Page {page_count} is the last of {profile.name}.")
    return render(
        request,
        "cluster.html",
        lookup,
        cluster=profile,
        typical=lookup.titles(profile.typical_titles[:SHELF_LENGTH]) if page == 1 else [],
        titles=lookup.cluster_titles(cluster, PAGE_LENGTH, offset=PAGE_LENGTH * (page - 1)),
        page=page,
        page_count=page_count,
    )


@pages.api_route("/robots.txt", methods=READ)
async def robots() -> PlainTextResponse:
    """IMDb's terms do not want their data in search engines, so that is up to the operator."""
    return PlainTextResponse(f"User-agent: *\nDisallow:{'' if is_indexed() else ' /'}\n")


def render(
    request: Request, template: str, lookup: Lookup | None, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page; the footer names the release, where there is one."""
    release = lookup and lookup.release | {"release_id": release_id(lookup)}
    html = TEMPLATES.get_template(template).render(
        root=root(request),
        static=ADDRESSES,
        release=release,
        status=status,
        is_indexed=is_indexed() and status < 400,
        **context,
    )
    return HTMLResponse(html, status)
