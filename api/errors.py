"""How errors read: JSON for the API, a page for visitors, as a table at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from api.headers import response_headers
from api.pages import render, root
from rec_platform.lookup import LookupFileError


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer."""

    detail: str


def problem(
    request: Request, status: int, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as its reader expects it."""
    if for_machines(request):
        return JSONResponse({"detail": message}, status, headers)
    page = render(request, "error.html", None, status, message=message)
    page.headers.update(headers or {})
    return page


def for_machines(request: Request) -> bool:
    """Whether this address belongs to the API."""
    path = request.scope["path"].removeprefix(root(request))
    return path.startswith(("/api/", "/healthz", "/openapi.json"))


async def on_http_error(request: Request, error: StarletteHTTPException) -> Response:
    """An unknown address, title or cluster."""
    return problem(request, error.status_code, error.detail, error.headers)


async def on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    """A parameter out of its bounds."""
    if for_machines(request):
        return await request_validation_exception_handler(request, error)
    first = error.errors()[0]
    where, name = first["loc"]
    return problem(request, 404 if where == "path" else 422, f"{name}: {first['msg']}.")


async def on_no_release(request: Request, error: LookupFileError) -> Response:
    """Nothing was published yet, or the first release is damaged."""
    return problem(request, 503, str(error))


async def on_failure(request: Request, error: Exception) -> Response:
    """What nobody foresaw: Starlette logs it, and sends this answer past our middleware."""
    del error
    return problem(request, 500, "Something went wrong on our side.", response_headers(500))


ERRORS: dict[int | type[Exception], Any] = {
    StarletteHTTPException: on_http_error,
    RequestValidationError: on_invalid_request,
    LookupFileError: on_no_release,
    Exception: on_failure,
}
