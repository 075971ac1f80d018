"""What one connection to the site may take: time, bytes and a place.

uvicorn closes a connection that is idle after an answer, and no other. One that never asks, asks
for ever or never takes its answer would stay, and keep one of the files that a process may open.
"""

import asyncio
import resource
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

BACKLOG = 512  # connections that the system holds until they are accepted
MOST_CONNECTIONS = 10_000  # however many files the system lets the process open
OWN_FILES = 256  # left for releases and threads


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with limits.

    Attributes:
        request_seconds: from a connection, or the answer before, to the end of a request.
        answer_seconds: from the end of a request until its answer has been taken.
        grace_seconds: for answers under way when the server is told to stop.
        request_bytes: of a request that is not complete. The site reads no request's body.
        most_connections: at the same time.
        asking: the connections without a complete request, the longest without one first.
    """

    request_seconds = 10.0
    answer_seconds = 60.0
    grace_seconds = 5.0
    request_bytes = 1 << 16
    most_connections: int
    asking: "ClassVar[dict[LimitedProtocol, None]]"

    _deadline = 0.0
    _read_bytes = 0  # of the request that is being read
    _timer: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, in the place of one that has not asked for longest if need be."""
        super().connection_made(transport)
        self._expect_request()
        if len(self.connections) > self.most_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self._answering:  # not the last request's, where a visitor asks before it is answered
            self._answering.disconnected = True
            self._answering.message_event.set()
        self.pipeline.clear()
        self.asking.pop(self, None)
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Read a piece of a request, unless there were too many."""
        if self not in self.asking and self._is_answer_taken():
            self._expect_request()
        self._read_bytes += len(data)
        super().data_received(data)
        if self._read_bytes > self.request_bytes:
            self._refuse(431)

    def on_message_complete(self) -> None:
        """Give the app the whole request."""
        super().on_message_complete()
        self._read_bytes = 0
        if self in self.asking and not self.cycle.response_complete:
            del self.asking[self]
            self._give(self.answer_seconds)

    def on_response_complete(self) -> None:
        """Wait for the next request once this answer is on its way, or give the next one time."""
        super().on_response_complete()
        if self._is_answer_taken():
            self._expect_request()
        elif not self.cycle.response_complete and not self.transport.get_write_buffer_size():
            self._give(self.answer_seconds)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def shutdown(self) -> None:
        """Close the connection, or do so when its answer has been taken; both within seconds."""
        super().shutdown()
        self.loop.call_later(self.grace_seconds, self.transport.abort)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a request to upgrade is answered as if it did not ask for that."""

    def _expect_request(self) -> None:
        self.asking.pop(self, None)
        self.asking[self] = None  # the last one
        self._give(self.request_seconds)

    def _is_answer_taken(self) -> bool:
        return self.cycle.response_complete and not self.transport.get_write_buffer_size()

    def _give(self, seconds: float) -> None:
        self._deadline = self.loop.time() + seconds
        if not self._timer or self._timer.when() > self._deadline:
            self._watch()

    def _watch(self) -> None:
        """Give the connection up at its deadline, which may have moved by then."""
        if self._timer:
            self._timer.cancel()
        if self.loop.time() >= self._deadline:
            self.transport.abort()
        else:
            self._timer = self.loop.call_at(self._deadline, self._watch)

    def _make_room(self) -> None:
        longest = next(iter(self.asking))
        if longest is self:  # all others have asked
            self._refuse(503)
        else:
            del self.asking[longest]
            longest.transport.abort()

    def _refuse(self, status: int) -> None:
        if self.cycle and self.cycle.scope is self.scope:  # the app has answered, or will
            self.transport.abort()
        elif not self.transport.is_closing():
            head = (STATUS_LINE[status], b"connection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.write(b"".join(head))
            self.transport.close()


def site_config(site: Callable[..., Any], host: str = "127.0.0.1", port: int = 0) -> Config:
    """How uvicorn serves the site, with as many connections as the process may open files."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        allowed = MOST_CONNECTIONS + OWN_FILES
    most = min(MOST_CONNECTIONS, max(allowed - OWN_FILES, allowed // 2))

    class SiteProtocol(LimitedProtocol):
        most_connections = most
        asking: ClassVar[dict[LimitedProtocol, None]] = {}

    return Config(
        site,
        host=host,
        port=port,
        http=SiteProtocol,
        ws="none",
        backlog=BACKLOG,
        log_config=None,  # its lines are the site's: see logs.py of the site
        log_level="warning",
        # Connections end by themselves in a shutdown, so this is for an app that hangs.
        timeout_graceful_shutdown=round(2 * LimitedProtocol.grace_seconds),
    )
