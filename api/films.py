"""Browsing: all films that pass a filter, sorted, page by page, or a random one of them."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from rec_platform.release.choosing import ORDERS, Order
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.formats import formats_of, noun
from rec_platform.release.genres import kind
from rec_platform.release.lookup import Lookup
from rec_platform.release.origins import COUNTRIES, LANGUAGES

from .dependencies import Serving, root, with_facts
from .filtering import WantedByForm, parameters
from .forms import FromForm, PageNumber, last_page, left_out
from .rendering import PAGE_LENGTH, render

ORDER_NAMES = dict(zip(ORDERS, ("Most voted", "Best rated", "Newest"), strict=True))


async def ordered(order: Order = "votes") -> Order:
    """By what a visitor sorts."""
    return order


OrderByForm = Annotated[Order, Depends(FromForm(ordered))]

films = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@films.get("/films")
async def browse(
    request: Request,
    lookup: Serving,
    wanted: WantedByForm,
    order: OrderByForm,
    page: PageNumber,
) -> Response:
    """The films that pass a filter."""
    with_facts(lookup)
    count = lookup.count(wanted)
    page_count = max(1, -(-count // PAGE_LENGTH))
    asked = [*parameters(wanted), *([("order", order)] if order != "votes" else [])]
    if page > page_count:
        return last_page(request, f"{root(request)}/films", page_count)
    return render(
        request,
        "films.html",
        lookup,
        is_endless=bool(asked),
        wanted=wanted,
        is_filtered=wanted != EVERYTHING,
        heading=heading(lookup, wanted),
        conditions=conditions(wanted),
        orders=ORDER_NAMES,
        order=order,
        count=count,
        titles=lookup.choose(wanted, order, PAGE_LENGTH, PAGE_LENGTH * (page - 1)) if count else [],
        page=page,
        page_count=page_count,
        asked=urlencode(asked),
        filters=urlencode(parameters(wanted)),
    )


@films.get("/random")
async def random(request: Request, lookup: Serving, wanted: WantedByForm) -> Response:
    """A random title, another one each time; of those that pass a filter, if one is given.

    Where no title passes, or a part of the filter was left out, the page of all that pass says so.
    """
    if wanted == EVERYTHING and not left_out(request):
        title = lookup.random_title()
    else:
        with_facts(lookup)
        title = None if left_out(request) else lookup.random_of(wanted)
    address = f"/title/{title.title_id}" if title else f"/films?{request.url.query}"
    return RedirectResponse(root(request) + address, 303, {"Cache-Control": "no-store"})


def heading(lookup: Lookup, wanted: Filter) -> str:
    """What the films that pass a filter are called: "Italian westerns, 1960 to 1969"."""
    formats = [wanted.format] if wanted.format else formats_of(lookup.release)
    called = noun(formats).many
    words = [COUNTRIES.get(wanted.country or "", ""), kind(wanted.genres, called) or called]
    said = " ".join(filter(None, words))
    if wanted.language:
        said += f" in {LANGUAGES.get(wanted.language, 'another language')}"
    if wanted.director and (known := lookup.credits_of(wanted.director)):
        said += f" directed by {known[0]}"
    years = (wanted.year_min, wanted.year_max)
    if all(years):
        said += f", {years[0]}" if years[0] == years[1] else f", {years[0]} to {years[1]}"
    elif any(years):
        said += f", since {years[0]}" if years[0] else f", until {years[1]}"
    return said[0].upper() + said[1:]


def conditions(wanted: Filter) -> list[str]:
    """What the heading does not say of a filter: "rated 7 or higher", "90 to 120 minutes"."""
    said: list[str] = []
    if wanted.without_genres:
        said.append(f"without {', '.join(wanted.without_genres)}")
    if wanted.rating_min:
        said.append(f"rated {wanted.rating_min:g} or higher")
    if wanted.votes_min:
        said.append(f"{wanted.votes_min:,} votes or more")
    minutes = wanted.runtime_min, wanted.runtime_max
    if all(minutes):
        said.append(f"{minutes[0]} to {minutes[1]} minutes")
    elif any(minutes):
        said.append(
            f"{minutes[0]} minutes or more" if minutes[0] else f"{minutes[1]} minutes or less"
        )
    return said
