"""The JSON API, version 1, beyond lists: the whole catalogue by filter, people, and comparisons.

What v1.py says of addresses and fields holds here, too.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from rec_platform.release.choosing import Order
from rec_platform.release.compared import Comparison
from rec_platform.release.people import Person
from rec_platform.release.schema import Title

from .dependencies import (
    LikedId,
    PersonId,
    Serving,
    compared_titles,
    known_person,
    known_title,
    release_id,
    with_facts,
)
from .fields import Fields, answer
from .filtering import Wanted
from .paging import Cursor, Limit, Paged
from .parameters import StrictRoute
from .problems import InvalidParameterError


@dataclass(frozen=True, slots=True)
class Titles:
    """One page of the titles that pass a filter; `title_count` is how many pass it."""

    release_id: str
    title_count: int
    titles: list[Title]
    next_cursor: str | None


v1_catalogue = APIRouter(prefix="/api/v1", route_class=StrictRoute)


@v1_catalogue.get(
    "/titles",
    tags=["titles"],
    summary="The titles that pass a filter",
    response_model=Titles,
)
async def titles(
    request: Request,
    lookup: Serving,
    wanted: Wanted,
    fields: Fields,
    order: Annotated[
        Order,
        Query(
            description="The most voted, the best rated or the newest first.", examples=["rating"]
        ),
    ] = "votes",
    limit: Limit = 20,
    cursor: Cursor = "",
) -> Response:
    """Page by page. Ratings from few votes are drawn towards the mean before they are sorted."""
    with_facts(lookup)
    paged = Paged(request, lookup, cursor)
    count = lookup.count(wanted)
    page = lookup.choose(wanted, order, limit, paged.start) if paged.start < count else []
    body = Titles(release_id(lookup), count, page, paged.next(page, count))
    return answer(body, ("titles.*",), *fields)


@v1_catalogue.get(
    "/people/{person_id}",
    tags=["people"],
    summary="A person and their titles",
    response_model=Person,
)
async def person(lookup: Serving, person_id: PersonId, fields: Fields) -> Response:
    """The person's titles, the best liked of these, and whom the person works with."""
    return answer(known_person(lookup, person_id), ("films.*.title", "best_liked.*"), *fields)


@v1_catalogue.get(
    "/compare",
    tags=["recommendations"],
    summary="Two titles compared",
    response_model=Comparison,
)
async def compare(
    lookup: Serving,
    title: Annotated[
        list[LikedId],
        Query(
            min_length=2,
            max_length=2,
            description="Two ids: how the second compares with the first.",
            examples=[["tt0000001", "tt0000002"]],
        ),
    ],
    fields: Fields,
) -> Response:
    """By every part, and why the second is in the first one's list or is not."""
    first, second = (known_title(lookup, title_id) for title_id in title)
    if first == second:
        raise InvalidParameterError("title", "A title is not compared with itself")
    return answer(compared_titles(lookup, first, second), ("title", "other"), *fields)
