"""Optional parameters that cost nothing unless they are given, and what may be given once.

FastAPI looks for each parameter of a route in every request, and solves each dependency by itself:
together that took a third of a list's time. The functions that `IfGiven` calls name their
parameters as a route does; openapi.py describes them.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from . import filtering
from .problems import InvalidParameterError, in_query, validated

# Parameters that may be given more than once.
SEVERAL = ("title", "disliked", "seen", *filtering.SEVERAL)


async def unambiguous(request: Request) -> None:
    """Refuse a single-valued parameter that is given twice: nobody can tell which is meant."""
    given = request.query_params.multi_items()
    if len(given) == len(request.query_params):
        return
    for name, count in Counter(name for name, _ in given).items():
        if count > 1 and name not in SEVERAL:
            raise InvalidParameterError(name, "It is given more than once")


UNAMBIGUOUS = [Depends(unambiguous)]


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
            InvalidParameterError: a parameter is given more than once that may be given once.
            RequestValidationError: some are out of their bounds.
        """
        query = request.query_params
        if not query:
            return tuple([await function() for function in self.declared])
        await unambiguous(request)
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
