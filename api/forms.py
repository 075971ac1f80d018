"""The parameters of a page, from a form, from a link, or from an address that somebody edited.

What a page cannot take is left out, and the page says so: the visitor goes on with the rest.
Programs are refused instead: see parameters.py.
"""

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from .dependencies import LARGEST
from .plain import plainly
from .problems import in_query, validated

Asked = TypeVar("Asked")


def leave_out(request: Request, sentence: str) -> None:
    """Have the page say what of its address does not count, and why."""
    request.state.left_out = [*left_out(request), sentence]


def left_out(request: Request) -> list[str]:
    """What of a page's address does not count, in sentences."""
    return getattr(request.state, "left_out", [])


def so_left_out(sentence: str) -> str:
    """What is wrong with a parameter, and what becomes of it, in one sentence."""
    return f"{sentence.removesuffix('.')}, so it was left out."


class FromForm(Generic[Asked]):
    """A dependency: what a function makes of a form, where an empty field counts as absent.

    Most pages are asked for without parameters. FastAPI would look for each of them all the same,
    which would take a tenth of a page's time.

    Args:
        asked: all its parameters have a default. One whose default is a list has several values.
    """

    def __init__(self, asked: Callable[..., Awaitable[Asked]]) -> None:
        self._asked, self._validated = asked, validated(asked)
        self._defaults = {
            name: known.default for name, known in signature(asked).parameters.items()
        }

    async def __call__(self, request: Request) -> Asked:
        """What the function returns, without the parameters that it refuses."""
        query = request.query_params
        filled = {
            name: [value for value in query.getlist(name) if value]
            for name in self._defaults
            if name in query
        }
        given: dict[str, Any] = {
            name: values if isinstance(self._defaults[name], list) else values[-1]
            for name, values in filled.items()
            if values
        }
        while given:
            try:
                return await self._validated(**given)
            except ValidationError as error:
                for details in in_query(error):
                    if given.pop(details["loc"][1], None) is not None:  # one may be wrong twice
                        leave_out(request, so_left_out(plainly(details)))
        return await self._asked()


async def searched(q: Annotated[str, Query(max_length=200)] = "") -> str:
    """What a visitor searches for."""
    return q


async def numbered(page: Annotated[int, Query(ge=1, le=LARGEST)] = 1) -> int:
    """Which page of several, from 1."""
    return page


def last_page(request: Request, address: str, page_count: int) -> Response:
    """Where a visitor goes on who asked for a page after the last one.

    What does not count stays in the address, so that the last page says so.
    """
    asked = [given for given in request.query_params.multi_items() if given[0] != "page"]
    query = urlencode([*asked, *([("page", str(page_count))] if page_count > 1 else [])])
    return RedirectResponse(f"{address}?{query}".removesuffix("?"), 307)


PageNumber = Annotated[int, Depends(FromForm(numbered))]
SearchedFor = Annotated[str, Depends(FromForm(searched))]
