"""What can go wrong with a request, as problem+json (RFC 9457) describes it.

How a problem becomes a response, or a page, belongs in errors.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import ConfigDict, ValidationError, validate_call

MEDIA_TYPE = "application/problem+json"


class Row(NamedTuple):
    """What a status says if nothing more specific is known, and the headers that go with it."""

    detail: str
    headers: dict[str, str]


# These texts reveal nothing about the machine, and repeat no unchecked input. The log has the rest.
PROBLEMS = {
    404: Row("There is nothing at this address.", {}),
    405: Row("This address can only be read, with GET or HEAD.", {"Allow": "GET, HEAD"}),
    422: Row("A parameter is out of its bounds.", {}),
    500: Row("Something went wrong on our side.", {}),
    503: Row(
        "The catalogue is not there yet. If you run this site: `rec-platform refresh` makes a "
        "release, and the log says what is wrong with an existing one.",
        {"Retry-After": "10"},
    ),
}


@dataclass(frozen=True, slots=True)
class InvalidParameter:
    """A parameter that was refused, and why."""

    parameter: str
    where: Literal["path", "query"]
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request failed (RFC 9457).

    The log has more about it under `request_id`. Only status 422 has `errors`.
    """

    type: Literal["about:blank"]  # the status says what kind of problem it is
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[InvalidParameter] = field(default_factory=list[InvalidParameter])


Asked = TypeVar("Asked", bound=Callable[..., Any])


def validated(asked: Asked) -> Asked:
    """A function that refuses arguments that its annotations do not allow.

    What looks at them is made with the first call, which few requests need: a start on Lambda does
    not wait for it.
    """
    return validate_call(config=ConfigDict(defer_build=True))(asked)


def in_query(error: ValidationError) -> list[dict[str, Any]]:
    """What a function's parameters lack, as FastAPI tells it of those in a query.

    An optional parameter fails twice: by its own type, and because it is not None. The latter is
    left out.
    """
    return [
        {**details, "loc": ("query", *details["loc"])}
        for details in error.errors(include_url=False)
        if details["type"] != "none_required"
    ]


class InvalidParameterError(Exception):
    """A parameter that is well formed, but wrong for this release or this request.

    Args:
        parameter: its name.
        reason: what is wrong, as a program is told.
        plain_reason: the same in a visitor's words, after the parameter's name on a form.
    """

    def __init__(
        self, parameter: str, reason: str, plain_reason: str = "is not known here"
    ) -> None:
        self.error = InvalidParameter(parameter, "query", reason)
        self.plain_reason = plain_reason
