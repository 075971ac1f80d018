"""What is written down of each request: one line of JSON for the log, and figures for /metrics.

A query says what somebody looks for, so it is not logged, nor is the address they come from.
"""

import json
import logging
import re
import sys
import time
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import STATIC, kind_of
from api.metrics import Metrics

logger = logging.getLogger("api.access")

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


class JsonLines(logging.Formatter):
    """A record as one line of JSON; one whose message is a dict brings its own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told: Any = record.msg
        if not isinstance(told, dict):
            told = {"message": record.getMessage()}
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{at}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps({**line, **told})


def log_to_stdout() -> None:
    """Send this process's log to stdout, a line of JSON each: what a container is expected to do.

    On Lambda this replaces the runtime's handler, which writes lines of its own form.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("api", "rec_platform"):
        logging.getLogger(name).setLevel(logging.INFO)
