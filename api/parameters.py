"""What a query may hold, and optional parameters that cost nothing unless they are given.

FastAPI looks for each parameter of a route in every request, and solves each dependency by itself:
together that took a third of a list's time. The functions that `IfGiven` calls name their
parameters as a route does; openapi.py describes them.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from difflib import get_close_matches
from functools import cached_property
from inspect import signature
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from . import filtering
from .problems import InvalidParameterError, in_query, validated

# Parameters that may be given more than once.
SEVERAL = ("title", "disliked", "seen", *filtering.SEVERAL)


LONGEST_NAME = 50  # characters of an unknown parameter's name that its refusal repeats


class StrictRoute(APIRoute):
    """A route that refuses parameters that it does not have, or that are given twice.

    A program that misspells a parameter would never notice, and of two values nobody can tell which
    is meant.
    """

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All parameters that a query may hold."""
        return tuple(dict.fromkeys(_names(self.dependant)))

    def get_route_handler(self) -> Callable[[Request], Any]:
        """What answers, after a look at the query."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if request.scope["query_string"]:
                self._check(request.query_params)
            return await handle(request)

        return answer

    def _check(self, query: QueryParams) -> None:
        for name, count in Counter(name for name, _ in query.multi_items()).items():
            if name not in self.names:
                raise InvalidParameterError(name[:LONGEST_NAME], self._refusal(name))
            if count > 1 and name not in SEVERAL:
                raise InvalidParameterError(name, "It is given more than once")

    def _refusal(self, name: str) -> str:
        if not self.names:
            return "This address takes no parameters"
        meant = get_close_matches(name.removesuffix("[]").casefold(), self.names, 1)
        there = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(self.names)}"
        return f"There is no such parameter: {there}"


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for function in getattr(dependant.call, "declared", ()):  # of an IfGiven
        yield from signature(function).parameters
    for dependency in dependant.dependencies:
        yield from _names(dependency)


class IfGiven:
    """A dependency: what functions make of those of their parameters that a request gives.

    Args:
        declared: functions whose parameters all have a default.
    """

    def __init__(self, *declared: Callable[..., Awaitable[Any]]) -> None:
        self.declared = declared
        self._names = [tuple(signature(function).parameters) for function in declared]
        self._validated = [validated(function) for function in declared]

    async def __call__(self, request: Request) -> tuple[Any, ...]:
        """What each function returns, in their order.

        Raises:
            RequestValidationError: some are out of their bounds.
        """
        query = request.query_params
        if not query:
            return tuple([await function() for function in self.declared])
        given = {name: query.getlist(name) if name in SEVERAL else query[name] for name in query}
        made: list[Any] = []
        errors: list[Any] = []
        for at, names in enumerate(self._names):
            named = {name: given[name] for name in names if name in given}
            function = self._validated[at] if named else self.declared[at]
            try:
                made.append(await function(**named))
            except ValidationError as error:
                errors += in_query(error)
        if errors:
            raise RequestValidationError(errors)
        return tuple(made)
