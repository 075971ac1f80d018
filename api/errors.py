"""How errors read: problem+json (RFC 9457) for programs, a page for visitors, from one table."""

import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, NamedTuple

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import request_id
from api.headers import kind_of
from api.pages import render
from rec_platform.release.lookup import LookupFileError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Row(NamedTuple):
    """What is said of a status, unless more is known, and the headers that go with it."""

    detail: str
    headers: dict[str, str]


# Nothing of the machine is told here, nor anything that was not checked: the log has it.
PROBLEMS = {
    404: Row("There is nothing at this address.", {}),
    405: Row("This address can only be read, with GET or HEAD.", {"Allow": "GET, HEAD"}),
    422: Row("A parameter is out of its bounds.", {}),
    500: Row("Something went wrong on our side.", {}),
    503: Row(
        "No release is serving yet. To whoever runs this site: `rec-platform refresh` makes one, "
        "and the log says what is wrong with one that is there.",
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
    """Why there is no answer (RFC 9457).

    The log has more of it under its `request_id`; `errors` are those of status 422.
    """

    type: Literal["about:blank"]  # the status says what kind of problem it is
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[InvalidParameter] = field(default_factory=list[InvalidParameter])


class InvalidParameterError(Exception):
    """A parameter that only the release can tell to be wrong."""

    def __init__(self, parameter: str, reason: str) -> None:
        self.error = InvalidParameter(parameter, "query", reason)


def problem(
    request: Request, status: int, detail: str = "", errors: list[InvalidParameter] | None = None
) -> Response:
    """An error as its reader expects it."""
    row = PROBLEMS.get(status, Row(HTTPStatus(status).phrase, {}))
    detail = detail or row.detail
    if kind_of(request.scope).is_for_programs:
        title = HTTPStatus(status).phrase
        told = Problem("about:blank", title, status, detail, request_id(request.scope))
        body = {name: getattr(told, name) for name in told.__slots__ if name != "errors"}
        if errors:
            body["errors"] = [
                {"parameter": one.parameter, "where": one.where, "reason": one.reason}
                for one in errors
            ]
        return JSONResponse(body, status, row.headers, MEDIA_TYPE)
    if errors:
        detail = f"{errors[0].parameter}: {errors[0].reason}."
    page = render(request, "error.html", None, status, message=detail)
    page.headers.update(row.headers)
    return page


async def on_http_error(request: Request, error: StarletteHTTPException) -> Response:
    """An unknown address, title or cluster."""
    is_ours = error.detail != HTTPStatus(error.status_code).phrase
    return problem(request, error.status_code, error.detail if is_ours else "")


async def on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    """A parameter out of its bounds; on a page, an address with one is no address."""
    errors: list[InvalidParameter] = []
    for one in error.errors():
        where, name, *_ = one["loc"]
        if one["type"] != "none_required":  # of a parameter that may be left out, beside its own
            errors.append(InvalidParameter(str(name), where, one["msg"]))
    is_address = errors[0].where == "path" and not kind_of(request.scope).is_for_programs
    return problem(request, 404 if is_address else 422, errors=errors)


async def on_invalid_parameter(request: Request, error: InvalidParameterError) -> Response:
    """A parameter that does not belong to this release."""
    return problem(request, 422, errors=[error.error])


async def on_no_release(request: Request, error: LookupFileError) -> Response:
    """Nothing was published yet, or the first release is damaged or out of reach."""
    logger.error("%s", error)
    return problem(request, 503)


HANDLERS: dict[int | type[Exception], Any] = {
    StarletteHTTPException: on_http_error,
    RequestValidationError: on_invalid_request,
    InvalidParameterError: on_invalid_parameter,
    LookupFileError: on_no_release,
}


class Failures:
    """ASGI middleware that answers what nobody foresaw, below those that log and add headers.

    As a handler of Exception it would be Starlette's outermost one, past all middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer; where it raises, log why and answer with 500."""
        is_answered = False

        async def watch(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            logger.exception("request %s failed", request_id(scope))
            if is_answered:  # too late for another one
                raise
            await problem(Request(scope), 500)(scope, receive, send)
