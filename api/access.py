"""What is recorded about each request: a line in the log, and figures for /metrics.

A query says what somebody looks for, so it is not logged. Nor is the address of the client.
"""

import logging
import re
import time
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .dependencies import path_below_root
from .headers import STATIC, kind_of
from .prometheus import Metrics

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._:=-]{1,100}")
DESCRIPTION = "/openapi.json"
PATH_LENGTH = 200  # characters of an address in the log; no title's address is longer


class Observed:
    """The outermost ASGI middleware: gives each request an id, and records how it was answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and record how it did."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        chosen = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = chosen
        method, path = scope["method"], scope["path"]
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = chosen
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            route = route_of(scope)
            self.metrics.count(method, route, status, seconds)
            logger.info(
                {
                    "method": method[:PATH_LENGTH],
                    "route": route,
                    "path": path[:PATH_LENGTH],
                    "status": status,
                    "ms": round(1000 * seconds, 2),
                    "request_id": chosen,
                    "release_id": state.get("release_id"),
                }
            )


def request_id(scope: Scope) -> str:
    """The id of a request in the log."""
    return scope["state"]["request_id"]


def route_of(scope: Scope) -> str:
    """The template of the address, such as `/title/{title_id}`, or `none` if no route has it."""
    if path := getattr(scope.get("route"), "path", None):
        return path
    if kind_of(scope) is STATIC:
        return "/static"
    # FastAPI's own route leaves no trace in the scope.
    return DESCRIPTION if path_below_root(scope) == DESCRIPTION else "none"
