"""How errors are answered: problem+json (RFC 9457) for programs, a page for visitors."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rec_platform.release.lookup import Lookup, LookupFileError
from rec_platform.release.serving import ServingRelease

from .access import request_id
from .drawing import NotDrawnError
from .headers import EMBED, kind_of
from .plain import plainly
from .problems import (
    MEDIA_TYPE,
    PROBLEMS,
    InvalidParameter,
    InvalidParameterError,
    Problem,
    Row,
)
from .rendering import SHELF_LENGTH, render

logger = logging.getLogger(__name__)


def problem(
    request: Request, status: int, detail: str = "", errors: list[InvalidParameter] | None = None
) -> Response:
    """An error in the form that its reader expects."""
    row = PROBLEMS.get(status, Row(HTTPStatus(status).phrase, {}))
    detail = detail or row.detail
    if kind_of(request.scope).is_for_programs:
        title = HTTPStatus(status).phrase
        described = Problem("about:blank", title, status, detail, request_id(request.scope))
        body = {name: getattr(described, name) for name in described.__slots__ if name != "errors"}
        if errors:
            body["errors"] = [
                {"parameter": error.parameter, "where": error.where, "reason": error.reason}
                for error in errors
            ]
        return JSONResponse(body, status, row.headers, MEDIA_TYPE)
    if kind_of(request.scope) is EMBED:  # in a frame, without the site around it
        return PlainTextResponse(detail, status, row.headers)
    lookup = _open_lookup(request)
    films = lookup.most_voted(SHELF_LENGTH) if lookup else []
    page = render(request, "error.html", lookup, status, message=detail, films=films)
    page.headers.update(row.headers)
    return page


def _open_lookup(request: Request) -> Lookup | None:
    """The release that is open, which has films to go on with."""
    serving: ServingRelease = request.app.state.serving
    try:
        return serving.current()
    except LookupFileError:
        return None


async def on_http_error(request: Request, error: StarletteHTTPException) -> Response:
    """An unknown address, title or cluster."""
    is_ours = error.detail != HTTPStatus(error.status_code).phrase
    return problem(request, error.status_code, error.detail if is_ours else "")


async def on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    """A parameter out of its bounds. A page whose path is out of bounds does not exist: 404."""
    # An optional parameter fails twice: by its own type, and because it is not None.
    refused = [details for details in error.errors() if details["type"] != "none_required"]
    where = refused[0]["loc"][0]
    if kind_of(request.scope).is_for_programs:
        errors = [
            InvalidParameter(str(details["loc"][1]), details["loc"][0], details["msg"])
            for details in refused
        ]
        return problem(request, 422, errors=errors)
    return problem(request, 404) if where == "path" else problem(request, 422, plainly(refused[0]))


async def on_invalid_parameter(request: Request, error: InvalidParameterError) -> Response:
    """A parameter that is wrong for this release or this request. Pages leave it out: forms.py."""
    return problem(request, 422, errors=[error.error])


async def on_no_release(request: Request, error: LookupFileError) -> Response:
    """Nothing was published yet, or the first release is damaged or unreachable."""
    logger.error("%s", error)
    return problem(request, 503)


async def on_not_drawn(request: Request, error: NotDrawnError) -> Response:
    """A picture that would take too long now."""
    logger.warning("A picture was not drawn: %s", error)
    return problem(request, 503, "The picture is not ready yet. Try again in a moment.")


HANDLERS: dict[int | type[Exception], Any] = {
    StarletteHTTPException: on_http_error,
    RequestValidationError: on_invalid_request,
    InvalidParameterError: on_invalid_parameter,
    LookupFileError: on_no_release,
    NotDrawnError: on_not_drawn,
}


class Failures:
    """ASGI middleware that answers unexpected exceptions, inside those that log and add headers.

    Starlette would run a handler of Exception outside all middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer; if it raises, log why and answer with 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            logger.exception("request %s failed", request_id(scope))
            if has_started:  # too late for another response
                raise
            await problem(Request(scope), 500)(scope, receive, send)
