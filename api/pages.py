"""The pages that visitors read: their routes. Every page works without its script.

How a page is rendered belongs in rendering.py, what it looks like in templates/ and static/, what
a poster shows in posters.py, and where a cluster lies on the map in atlas.py.
"""

import re
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from rec_platform.release.blend import BALANCE
from rec_platform.release.filters import EVERYTHING
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import LIST_LENGTH, recommendations
from rec_platform.release.schema import NEIGHBOURS, Title

from .atlas import Atlas, atlas, own_genres, superlatives
from .dependencies import (
    BASKET_SIZE,
    TITLE_ID,
    ClusterNumber,
    Serving,
    known_cluster,
    known_title,
    root,
    serving_lookup,
)
from .filtering import parameters
from .forms import PageNumber, SearchedFor, last_page, leave_out
from .posters import poster_file
from .rendering import FOR_EVER, PAGE_LENGTH, SHELF_LENGTH, posters_version, render
from .tuning import TunedByForm, Tuning, form_tuning, merged

BasketIds = Annotated[list[str], Query()]

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.get("/")
async def home(
    request: Request,
    lookup: Serving,
    title: str = "",
) -> Response:
    """A search box, rising titles, hidden gems, and a shelf of typical titles for each cluster."""
    if re.fullmatch(TITLE_ID, title):  # a link of the site that this one replaces
        return RedirectResponse(f"{root(request)}/title/{title}", 308)
    clusters = lookup.clusters()
    return render(
        request,
        "home.html",
        lookup,
        rising=lookup.shelf("rising", SHELF_LENGTH),
        gems=lookup.shelf("gems", SHELF_LENGTH),
        shelves=[
            (cluster, lookup.titles(cluster.typical_titles[:SHELF_LENGTH])) for cluster in clusters
        ],
        own_genres=own_genres(clusters),
        superlatives=superlatives(clusters),
    )


@pages.get("/title/{title_id}")
async def title(request: Request, title_id: str) -> Response:
    """A title's facts and the titles like it.

    It asks for the release and the tuning itself: FastAPI would solve each as a dependency, which
    would take a tenth of the page's time.
    """
    lookup = await serving_lookup(request)
    title = lookup.title(title_id)
    if title is None:
        return await title_of_address(request, lookup, title_id)
    tuned = await form_tuning(request, lookup)
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


@pages.get("/title/{address:path}")
async def title_of_address(request: Request, lookup: Serving, address: str) -> Response:
    """The page of a title whose id is in capitals, lacks zeros, or stands in an address of IMDb."""
    title = lookup.of_address(address) or known_title(lookup, address)
    asked = request.url.query and f"?{request.url.query}"
    return RedirectResponse(f"{root(request)}/title/{title.title_id}{asked}", 308)


@pages.get("/search")
async def search(request: Request, lookup: Serving, q: SearchedFor) -> Response:
    """The titles that match a query."""
    answer = lookup.find(q, PAGE_LENGTH)
    return render(
        request,
        "search.html",
        lookup,
        is_endless=bool(q.strip()),
        query=q.strip(),
        titles=answer.titles,
        found=answer,
        people=answer.people,
        page_length=PAGE_LENGTH,
    )


@pages.get("/basket")
async def basket(
    request: Request,
    lookup: Serving,
    tuned: TunedByForm,
    q: SearchedFor,
    title: BasketIds = [],  # noqa: B006  # never changed
    disliked: BasketIds = [],  # noqa: B006
    seen: BasketIds = [],  # noqa: B006
) -> Response:
    """Several liked titles, which only the address holds, and one list for all of them.

    Titles like a disliked one are pushed away, and a seen one is left out. These are in the address
    too. Of a title that is both liked and disliked there, the last mention counts: each click adds
    to the end.
    """
    asked = {
        name: [*dict.fromkeys(filter(None, ids))]
        for name, ids in (("title", title), ("disliked", disliked), ("seen", seen))
    }
    if any(len(ids) > BASKET_SIZE for ids in asked.values()):
        leave_out(request, f"A basket holds {BASKET_SIZE} of each kind. The others were left out.")
        asked = {name: ids[:BASKET_SIZE] for name, ids in asked.items()}
    known = {name: lookup.titles(ids) for name, ids in asked.items()}
    contrary = [each for each in known["title"] if each in known["disliked"]]
    for each in contrary:
        mentions = [
            name
            for name, title_id in request.query_params.multi_items()
            if title_id == each.title_id and name in ("title", "disliked")
        ]
        known["disliked" if mentions[-1] == "title" else "title"].remove(each)
    liked = known.pop("title")
    ids = [("title", each.title_id) for each in liked]
    ids += [(name, each.title_id) for name, titles in known.items() for each in titles]
    unwanted = [*liked, *known["disliked"], *known["seen"]]
    answer = lookup.find(q, SHELF_LENGTH)
    return render(
        request,
        "basket.html",
        lookup,
        is_endless=True,
        liked=liked,
        **known,
        unknown_count=sum(map(len, asked.values())) - len(ids) - len(contrary),
        contrary=contrary,
        is_full=len(liked) >= BASKET_SIZE,
        has_room=all(len(titles) < BASKET_SIZE for titles in known.values()),
        query=q.strip(),
        popular=[] if liked else lookup.most_voted(SHELF_LENGTH),
        suggested=[match for match in answer.titles if match not in unwanted],
        found=answer,
        listed=await merged(lookup, liked, tuned, disliked=known["disliked"], seen=known["seen"]),
        **_asked(f"{root(request)}/basket", ids, tuned),
    )


@pages.get("/atlas")
async def clusters_map(request: Request, lookup: Serving) -> Response:
    """All clusters on a map, and as a list."""
    drawn = atlas(lookup)
    return render(
        request,
        "atlas.html",
        lookup,
        atlas=drawn,
        samples=_samples(lookup, drawn),
        superlatives=superlatives(drawn.clusters),
    )


@pages.get("/cluster/{cluster}")
async def cluster(
    request: Request,
    lookup: Serving,
    cluster: ClusterNumber,
    page: PageNumber,
) -> Response:
    """A cluster's profile, its place on the map, its typical titles, and all of them by pages."""
    profile = known_cluster(lookup, cluster)
    page_count = max(1, -(-profile.title_count // PAGE_LENGTH))
    if page > page_count:
        return last_page(request, f"{root(request)}/cluster/{cluster}", page_count)
    drawn = atlas(lookup)
    return render(
        request,
        "cluster.html",
        lookup,
        cluster=profile,
        atlas=drawn,
        genre=drawn.bubble(cluster).genre,
        superlative=superlatives(drawn.clusters).get(cluster),
        typical=lookup.titles(profile.typical_titles[:SHELF_LENGTH]) if page == 1 else [],
        titles=lookup.cluster_titles(cluster, PAGE_LENGTH, offset=PAGE_LENGTH * (page - 1)),
        page=page,
        page_count=page_count,
    )


@pages.get("/about")
async def about(request: Request, lookup: Serving) -> Response:
    """How lists are made, from what, and how good they are."""
    return render(request, "about.html", lookup)


@pages.get("/poster/{title_id}.svg")
async def poster_image(lookup: Serving, title_id: str, v: str = "") -> Response:
    """A title's poster as a file. An address with the drawing's version may be cached for ever."""
    drawn = poster_file(known_title(lookup, title_id))
    keep = {"Cache-Control": FOR_EVER} if v == posters_version(lookup) else {}
    return Response(drawn, headers=keep, media_type="image/svg+xml")


def _samples(lookup: Lookup, drawn: Atlas) -> dict[int, list[Title]]:
    """Three typical titles of each cluster, by its number; of different series if possible."""
    samples: dict[int, list[Title]] = {}
    for bubble in drawn.bubbles:
        typical = lookup.titles(bubble.cluster.typical_titles)
        firsts = {title.series or title.title_id: title for title in reversed(typical)}
        distinct = [title for title in typical if title in firsts.values()]
        samples[bubble.cluster.cluster] = (distinct + typical)[:3]
    return samples


def _asked(address: str, ids: list[tuple[str, str]], tuned: Tuning) -> dict[str, Any]:
    """What a list's form shows, and the addresses of a longer and of an unfiltered list."""
    limit, balance, wanted = tuned.limit, tuned.balance, tuned.wanted
    filters = parameters(wanted)
    knob = [] if balance == BALANCE else [("balance", balance)]
    more = min(NEIGHBOURS, 2 * limit if limit < LIST_LENGTH * 2 else NEIGHBOURS)
    return {
        "address": address,
        "ids": ids,
        "wanted": wanted,
        "is_filtered": wanted != EVERYTHING,
        "limit": limit,
        "balance": balance,
        "tuned": [*knob, *filters],
        "plain": f"{address}?{urlencode([*ids, *knob])}".removesuffix("?"),
        "longer": f"{address}?{urlencode([*ids, *knob, *filters, ('limit', more)])}"
        if limit < NEIGHBOURS
        else None,
    }
