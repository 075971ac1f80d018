"""What one connection may take of the site: whoever is silent, slow or greedy keeps nobody out."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
import pytest
import uvicorn

from rec_platform.connections import LimitedProtocol, site_config
from rec_platform_tests.conftest import Platform
from rec_platform_tests.waiting import PATIENCE_SECONDS, wait_for

BIG = 50_000_000  # bytes, more than the system keeps for a reader that does not read
GET = b"GET / HTTP/1.1\r\nHost: site\r\n\r\n"


@dataclass
class Bench:
    """A running server of an app that answers `/big`, waits at `/held` and answers all else."""

    server: uvicorn.Server
    address: tuple[str, int]
    thread: threading.Thread
    held: list[str] = field(default_factory=list)
    visitors: ExitStack = field(default_factory=ExitStack)

    def visitor(self, sent: bytes = b"") -> socket.socket:
        visitor = self.visitors.enter_context(socket.socket())
        visitor.settimeout(PATIENCE_SECONDS)
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        visitor.connect(self.address)
        visitor.sendall(sent)
        return visitor

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE_SECONDS)


@contextmanager
def running(**limits: Any) -> Iterator[Bench]:
    held: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/held":
            held.append(scope["path"])
            while held:
                await asyncio.sleep(0.01)
        body = b"x" * (BIG if scope["path"] == "/big" else 2)
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    class Limited(LimitedProtocol):
        most_connections = 1_000
        asking: ClassVar[dict[LimitedProtocol, None]] = {}

    for name, limit in limits.items():
        setattr(Limited, name, limit)
    config = site_config(app)
    config.http, config.lifespan = Limited, "off"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        bench = Bench(server, listener.getsockname(), thread, held)
        try:
            yield bench
        finally:
            held.clear()
            bench.stop()
            bench.visitors.close()
    assert not thread.is_alive()


def received(visitor: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    pieces: list[bytes] = []
    with suppress(ConnectionError):
        while piece := visitor.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


def is_answered(visitor: socket.socket) -> bool:
    """Whether an answer comes, to its last byte."""
    while piece := visitor.recv(1 << 16):
        if piece.endswith(b"xx"):
            return True
    return False


def drips(visitor: socket.socket, piece: bytes) -> None:
    """Send piece by piece, until the server has enough."""
    visitor.settimeout(0.01)
    with suppress(ConnectionError):
        while True:
            visitor.sendall(piece)
            with suppress(TimeoutError):
                if not visitor.recv(1 << 16):
                    return


# Time


@pytest.mark.parametrize("begun", [b"", b"GET", GET[:-2]], ids=["silent", "begun", "nearly done"])
def test_a_connection_without_a_request_is_closed(begun: bytes):
    with running(request_seconds=0.2) as bench:
        assert received(bench.visitor(begun)) == b""


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (GET[:-2], b"A: b\r\n"),
        (b"POST / HTTP/1.1\r\nHost: site\r\nContent-Length: 9999999\r\n\r\n", b"x"),
        (GET + GET[:-2], b"A: b\r\n"),
    ],
    ids=["headers", "a body", "a second request"],
)
def test_a_request_that_drips_in_is_given_up(begun: bytes, piece: bytes):
    with running(request_seconds=0.2) as bench:
        drips(bench.visitor(begun), piece)


@pytest.mark.parametrize("requests", [1, 3])
def test_an_answer_that_nobody_takes_is_given_up(requests: int, caplog: pytest.LogCaptureFixture):
    with running(answer_seconds=0.2) as bench:
        visitor = bench.visitor(requests * GET.replace(b"/ ", b"/big "))
        assert visitor.recv(1)
        wait_for(lambda: not bench.connections and not bench.server.server_state.tasks)
        assert len(received(visitor)) < BIG
    assert caplog.records == []


def test_a_visitor_who_hangs_up_with_questions_open_is_no_error(caplog: pytest.LogCaptureFixture):
    with running(answer_seconds=0.2) as bench:  # uvicorn reads no more until it has answered
        visitor = bench.visitor(3 * GET.replace(b"/ ", b"/held "))
        wait_for(lambda: bench.held)
        visitor.close()
        wait_for(lambda: not bench.connections)
        bench.held.clear()
        wait_for(lambda: not bench.server.server_state.tasks)
    assert caplog.records == []


def test_the_time_for_a_request_counts_anew_after_a_long_answer():
    with running(request_seconds=0.2) as bench:
        visitor = bench.visitor(GET.replace(b"/ ", b"/held "))
        wait_for(lambda: bench.held)
        (connection,) = bench.server.server_state.connections
        first: Any = connection
        wait_for(lambda: first._timer.when() > first.loop.time() + first.request_seconds)
        bench.held.clear()
        drips(visitor, b"A: b\r\n")


@pytest.mark.parametrize("ahead", [0, 2], ids=["one by one", "before the last answer"])
def test_a_connection_that_goes_on_asking_is_kept(ahead: int):
    with running(request_seconds=1.0, answer_seconds=1.0) as bench:
        visitor = bench.visitor(ahead * GET)
        end = time.monotonic() + 2.2
        answered = b""
        while time.monotonic() < end:
            visitor.sendall(GET)
            part = visitor.recv(1 << 16)  # of an answer, perhaps
            assert part, "the connection was closed"
            answered += part
        assert answered.count(b"HTTP/1.1 200 OK") == answered.count(b"HTTP/1.1") > 1


# Bytes


def test_what_uvicorn_says_goes_to_the_sites_log(caplog: pytest.LogCaptureFixture):
    with running() as bench:
        visitor = bench.visitor(b"NO REQUEST\r\n\r\n")
        assert received(visitor).startswith(b"HTTP/1.1 400")
    assert "Invalid HTTP request received." in caplog.messages
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        assert logging.getLogger(name).handlers == [] and logging.getLogger(name).propagate


def test_headers_without_end_are_refused():
    with running(request_bytes=10_000) as bench:
        visitor = bench.visitor(GET[:-2] + b"A: " + b"b" * 20_000)
        assert received(visitor).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_a_body_that_is_too_long_ends_the_connection():
    with running(request_bytes=10_000) as bench:
        visitor = bench.visitor(b"POST / HTTP/1.1\r\nHost: site\r\nContent-Length: 999999\r\n\r\n")
        assert is_answered(visitor)
        drips(visitor, b"x" * 1_000)


def test_many_requests_are_not_taken_for_a_long_one():
    with running(request_bytes=10_000) as bench:
        visitor = bench.visitor(1_000 * GET)
        received = 0
        while received < 1_000:
            received += visitor.recv(1 << 16).count(b"xx")


# Places


def test_where_all_places_are_taken_the_one_who_has_been_silent_longest_makes_room():
    with running(most_connections=5) as bench:
        silent = [bench.visitor() for _ in range(5)]
        wait_for(lambda: bench.connections == 5)
        for first in silent[:2]:
            assert is_answered(bench.visitor(GET))
            assert received(first) == b""
        assert bench.connections == 5


def test_who_waits_for_an_answer_keeps_the_place():
    with running(most_connections=2) as bench:
        waiting = [bench.visitor(GET.replace(b"/ ", b"/held ")) for _ in range(2)]
        wait_for(lambda: len(bench.held) == 2)
        refused = bench.visitor(GET)
        assert received(refused).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        bench.held.clear()
        assert all(is_answered(visitor) for visitor in waiting)


@pytest.mark.faults
def test_more_silent_connections_than_the_process_may_open_files_keep_nobody_out(
    released: Platform,
):
    serve = [sys.executable, "-m", "rec_platform.cli", "serve", "--port", "0"]
    with (
        ExitStack() as silent,
        subprocess.Popen(
            ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh", *serve],
            cwd=released.folder,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr
        address = [process.stderr.readline() for _ in range(2)][-1].split()[-1]
        with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as client:
            assert client.get(f"{address}readyz").status_code == 200
        port = httpx.URL(address).port
        for _ in range(500):
            silent.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS))
        for path in ("readyz", "healthz", ""):
            assert httpx.get(address + path, timeout=PATIENCE_SECONDS).status_code == 200
        process.terminate()
        assert process.stderr.read() == "interrupted\n"


# The end


@pytest.mark.parametrize(
    "request_line", [b"", GET, GET.replace(b"/ ", b"/big ")], ids=["silent", "idle", "slow"]
)
def test_no_visitor_holds_off_the_end_of_the_server(
    request_line: bytes, caplog: pytest.LogCaptureFixture
):
    with running(grace_seconds=0.2, request_seconds=PATIENCE_SECONDS) as bench:
        visitor = bench.visitor(request_line)
        if request_line:
            assert visitor.recv(1)
        bench.stop()
        assert not bench.thread.is_alive()
    assert caplog.records == []


def test_an_answer_under_way_is_finished_before_the_end():
    with running(grace_seconds=PATIENCE_SECONDS) as bench:
        visitor = bench.visitor(GET.replace(b"/ ", b"/big "))
        taken = visitor.recv(1)
        bench.server.should_exit = True
        head, body = (taken + received(visitor)).split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and len(body) == BIG
