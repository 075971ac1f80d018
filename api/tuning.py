"""The parameters of a list, from a program or a form: its length, its balance, its filter.

What they do to a list belongs in rec_platform/release/recommend.py.
"""

from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Query, Request

from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import LIST_LENGTH, BasketRecommendation, basket
from rec_platform.release.schema import NEIGHBOURS, Title

from .dependencies import Serving
from .filtering import form_filters
from .forms import FromForm
from .problems import InvalidParameterError

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


@dataclass(frozen=True, slots=True)
class Tuning:
    """The parameters of a list."""

    limit: int = LIST_LENGTH
    balance: float = BALANCE
    wanted: Filter = EVERYTHING


async def length_and_balance(
    limit: ListLength = LIST_LENGTH, balance: Balance = BALANCE
) -> tuple[int, float]:
    """The parameters of a program's request, beside the filter's."""
    return limit, balance


_asked = FromForm(length_and_balance)


async def form_tuning(request: Request, lookup: Serving) -> Tuning:
    """The parameters of a form."""
    limit, balance = await _asked(request)
    return Tuning(limit, balance, await form_filters(request, lookup))


TunedByForm = Annotated[Tuning, Depends(form_tuning)]


async def merged(
    lookup: Lookup,
    liked: Sequence[Title],
    tuned: Tuning,
    *,
    disliked: Sequence[Title],
    seen: Sequence[Title],
    explain: bool = True,
) -> list[BasketRecommendation]:
    """A basket's list. Where hardly any title passes it takes a second, so a thread makes it.

    Raises:
        InvalidParameterError: a title is both liked and disliked.
    """
    for title in disliked:
        if title in liked:
            raise InvalidParameterError("disliked", f"{title.title_id} is liked, too")
    make = partial(basket, lookup, liked, tuned.limit, tuned.balance, tuned.wanted, explain)
    if tuned.wanted == EVERYTHING:
        return make(disliked=disliked, seen=seen)
    return await to_thread(make, disliked=disliked, seen=seen)
