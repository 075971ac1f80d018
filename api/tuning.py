"""The parameters of a list, from a program or a form: its length, its balance, its filters.

What they do to a list belongs in rec_platform/release/recommend.py.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.recommend import LIST_LENGTH
from rec_platform.release.schema import NEIGHBOURS

from .parameters import IfGiven

ListLength = Annotated[
    int,
    Query(
        ge=1,
        le=NEIGHBOURS,
        examples=[LIST_LENGTH],
        description="How many titles at most.",
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
# A filter that is not given is None, which no address can express.
Year = Annotated[
    Annotated[int, Field(ge=1800, le=2200)] | SkipJsonSchema[None], Query(examples=[1994])
]
Rating = Annotated[
    Annotated[float, Field(ge=1, le=10)] | SkipJsonSchema[None], Query(examples=[7.5])
]
Minutes = Annotated[
    Annotated[int, Field(ge=1, le=10_000)] | SkipJsonSchema[None], Query(examples=[120])
]
GenreName = Annotated[str, StringConstraints(pattern="^[A-Za-z-]{1,20}$")]
Genres = Annotated[
    list[GenreName],
    Query(
        max_length=5,
        description="One genre; repeat for several. Titles have all of them.",
        examples=[["Crime", "Thriller"]],
    ),
]


@dataclass(frozen=True, slots=True)
class Tuning:
    """The parameters of a list."""

    limit: int = LIST_LENGTH
    balance: float = BALANCE
    wanted: Filter = EVERYTHING


async def tuning(
    limit: ListLength = LIST_LENGTH,
    balance: Balance = BALANCE,
    year_min: Year = None,
    year_max: Year = None,
    rating_min: Rating = None,
    runtime_max: Minutes = None,
    genre: Genres = [],  # noqa: B006  # never changed
) -> Tuning:
    """The parameters of a program's request. A title must meet every condition."""
    return Tuning(limit, balance, Filter(year_min, year_max, rating_min, runtime_max, tuple(genre)))


_TUNING = IfGiven(tuning)


async def form_tuning(request: Request) -> Tuning:
    """The parameters from a form, where an empty field counts as absent."""
    query = request.query_params
    given: dict[str, Any] = {name: query[name] for name in query if query[name]}
    if genres := [name for name in query.getlist("genre") if name]:
        given["genre"] = genres
    (tuned,) = await _TUNING.read(given)
    return tuned


TunedByForm = Annotated[Tuning, Depends(form_tuning)]
