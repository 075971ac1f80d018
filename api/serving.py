"""What the routes take from the serving release, and the parameters they share.

Each request takes the release once, so that no answer mixes two. SQL does not belong here (see
rec_platform/lookup.py).
"""

from asyncio import to_thread
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Query, Request
from pydantic import BeforeValidator, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from rec_platform.blend import CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.choices import NEIGHBOURS
from rec_platform.lookup import Cluster, Lookup, Title
from rec_platform.recommend import Filter
from rec_platform.serving import ServingRelease

TITLE_ID = "^tt[0-9]{1,12}$"
BASKET_SIZE = 20
LARGEST = 2**31 - 1  # keeps numbers from an address within SQLite's

GenreName = Annotated[str, StringConstraints(pattern="^[A-Za-z-]{1,20}$")]


def _blank(value: Any) -> Any:
    """A field of a form that was left empty asks for nothing."""
    return None if value == "" else value


def _blanks(values: Any) -> Any:
    return [one for one in values if one != ""] if isinstance(values, list) else values  # pyright: ignore[reportUnknownVariableType]


# A parameter that is not given is None, which nobody can write in an address.
Year = Annotated[
    Annotated[int, Field(ge=1800, le=2200)] | SkipJsonSchema[None],
    BeforeValidator(_blank),
    Query(examples=[1994]),
]
Rating = Annotated[
    Annotated[float, Field(ge=1, le=10)] | SkipJsonSchema[None],
    BeforeValidator(_blank),
    Query(examples=[7.5]),
]
Minutes = Annotated[
    Annotated[int, Field(ge=1, le=10_000)] | SkipJsonSchema[None],
    BeforeValidator(_blank),
    Query(examples=[120]),
]
Genres = Annotated[
    list[GenreName],
    BeforeValidator(_blanks),
    Query(
        max_length=5,
        description="Once for each genre; titles have all of them.",
        examples=[["Crime", "Thriller"]],
    ),
]
Balance = Annotated[
    float,
    Query(
        ge=HIDDEN_GEMS,
        le=CROWD_PLEASERS,
        description="From 0, hidden gems, to 1, crowd-pleasers.",
        examples=[0.25],
    ),
]


async def wanted(
    year_min: Year = None,
    year_max: Year = None,
    rating_min: Rating = None,
    runtime_max: Minutes = None,
    genre: Genres = [],  # noqa: B006  # FastAPI copies it
) -> Filter:
    """What the recommended titles must be; conditions add up."""
    return Filter(year_min, year_max, rating_min, runtime_max, tuple(genre))


Wanted = Annotated[Filter, Depends(wanted)]
TitleId = Annotated[str, Path(pattern=TITLE_ID, examples=["tt0000001"])]
LikedId = Annotated[str, StringConstraints(pattern=TITLE_ID)]
ListLength = Annotated[
    int, Query(ge=1, le=NEIGHBOURS, examples=[9], description="How many at most.")
]
ClusterNumber = Annotated[int, Path(ge=0, le=LARGEST, examples=[0])]


async def serving_lookup(request: Request) -> Lookup:
    """The release that answers this request, from its first query to its last.

    The request that finds the pointer moved waits until the new release is open, which a thread
    does; the others go on with the old one meanwhile.
    """
    serving: ServingRelease = request.app.state.serving
    if serving.has_moved():
        await to_thread(serving.follow)
    lookup = serving.current()
    request.state.release_id = release_id(lookup)  # for the log
    return lookup


Serving = Annotated[Lookup, Depends(serving_lookup)]


def release_id(lookup: Lookup) -> str:
    """The id of a release is the name of its folder."""
    return lookup.path.parent.name


def known_title(lookup: Lookup, title_id: str) -> Title:
    """The title with this id, or a 404."""
    title = lookup.title(title_id)
    if title is None:
        raise HTTPException(404, f"There is no title {title_id} in this release.")
    return title


def known_cluster(lookup: Lookup, number: int) -> Cluster:
    """The cluster with this number, or a 404."""
    cluster = lookup.cluster(number)
    if cluster is None:
        raise HTTPException(404, f"There is no cluster {number} in this release.")
    return cluster


def root(scope: Mapping[str, Any]) -> str:
    """The prefix of every address, such as an API Gateway stage; usually empty."""
    # Below the static mount, `root_path` is the mount's own.
    return scope.get("app_root_path", scope.get("root_path", ""))
