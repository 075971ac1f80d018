"""What is written down of each request: a line for the log, and figures for /metrics.

A query says what somebody looks for, so it is not logged, nor is the address they come from.
"""

import logging
import re
import time
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import STATIC, kind_of
from api.prometheus import Metrics

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._:=-]{1,100}")
PATH_LENGTH = 200  # of an address in the log: no title's is longer


class Observed:
    """ASGI middleware, the outermost: names each request, and writes down how it was answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and write down how it did."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        known = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = known
        method, path = scope["method"], scope["path"]
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = known
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
                    "request_id": known,
                    "release_id": state.get("release_id"),
                }
            )


def request_id(scope: Scope) -> str:
    """The id under which the log has a request."""
    return scope["state"]["request_id"]


def route_of(scope: Scope) -> str:
    """The template of the address, `/title/{title_id}`, or `none` where no route has it."""
    if kind_of(scope) is STATIC:
        return "/static"
    return getattr(scope.get("route"), "path", None) or "none"
