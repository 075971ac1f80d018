"""A proxy in front of an emulator. It records requests, and plays the faults of a bad day."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

SLOW_DOWN = (
    "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
EXPIRED = "<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>"
CONFLICT = (
    "<Error><Code>ConditionalRequestConflict</Code><Message>A conflicting conditional operation is "
    "in progress against this resource.</Message></Error>"
)
THROTTLED = '{"__type": "TooManyRequestsException", "message": "Rate exceeded"}'
DENIED = "<Error><Code>AccessDenied</Code><Message>You may not.</Message></Error>"
DENIED_JSON = '{"__type": "AccessDeniedException", "message": "You may not."}'
EXPIRED_JSON = '{"__type": "ExpiredTokenException", "message": "The token has expired."}'
# What happens to a request instead of an answer with a status of its own.
CUT = 0  # the connection is cut in the middle of the request's body
LOST = -1  # the request goes through, and the connection is cut before the answer
DAMAGED = -2  # a byte of the request's body changes on its way
CUT_ANSWER = -3  # the connection is cut in the middle of the answer's body
DRIP = -4  # the answer's body comes at ten bytes a second
HOP_HEADERS = {"transfer-encoding", "connection", "content-length"}


@dataclass
class Fault:
    """What happens to the next requests that match.

    Attributes:
        pattern: found in `METHOD path X-Amz-Target`.
        times: how many of them.
        status: what is answered, or one of the constants above.
        body: what is answered.
    """

    pattern: str
    times: int
    status: int
    body: str = SLOW_DOWN


class FaultyProxy:
    """Faults to play, and the requests that came.

    Attributes:
        url: where clients reach it.
        requests: in order, as `METHOD path X-Amz-Target`.
        played: how many requests met a fault.
        watch: called with each request that changes something, before it goes through.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[str] = []
        self.played = 0
        self.watch: Callable[[str], None] = lambda _: None
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def play(self, pattern: str, times: int, status: int, body: str = SLOW_DOWN) -> None:
        self._faults.append(Fault(pattern, times, status, body))

    def reset(self) -> None:
        self._faults.clear()
        self.requests.clear()
        self.played = 0
        self.watch = lambda _: None

    def asked(self, pattern: str) -> bool:
        with self._lock:
            return any(re.search(pattern, request) for request in self.requests)

    def fault(self, request: str) -> Fault | None:
        with self._lock:
            self.requests.append(request)
            if is_change(request):
                self.watch(request)
            for fault in self._faults:
                if fault.times and re.search(fault.pattern, request):
                    fault.times -= 1
                    self.played += 1
                    return fault
        return None


def is_change(request: str) -> bool:
    """Whether a request changes something in AWS; the renewal of a lease is no change."""
    method, path, target = request.split(" ")
    if target:
        return not target.rpartition(".")[2].startswith(("Get", "BatchGet", "List", "Describe"))
    is_renewal = method == "PUT" and path.endswith("/refresh.lock")
    return method not in ("GET", "HEAD") and not is_renewal


def _handler(proxy: FaultyProxy, endpoint: str) -> type[BaseHTTPRequestHandler]:  # noqa: C901
    host = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            target = self.headers.get("X-Amz-Target", "")
            fault = proxy.fault(f"{self.command} {self.path} {target}")
            if self.headers.get("Expect"):
                self.send_response_only(100)
                self.end_headers()
            length = int(self.headers.get("Content-Length", 0))
            if fault and fault.status == CUT:
                self.rfile.read(length // 2)
                self.close_connection = True
                return
            body = (
                self._chunked() if "Transfer-Encoding" in self.headers else self.rfile.read(length)
            )
            if fault and fault.status > 0:
                self._answer(fault.status, [], fault.body.encode())
                return
            if fault and fault.status == DAMAGED:
                body = bytes([body[0] ^ 1]) + body[1:]
            answer, content = self._forward(body)
            self.close_connection = bool(fault and fault.status in (LOST, CUT_ANSWER))
            if fault and fault.status == LOST:
                return
            if fault and fault.status == DRIP:
                self._answer(answer.status, answer.getheaders(), content, 0)
                self._drip(content)
                return
            cut = len(content) // 2 if fault and fault.status == CUT_ANSWER else len(content)
            self._answer(answer.status, answer.getheaders(), content, cut)

        def _drip(self, content: bytes) -> None:
            self.close_connection = True
            with suppress(ConnectionError):  # the client has gone
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.1)

        def _chunked(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _forward(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_HEADERS}
            headers.pop("Expect", None)
            connection = http.client.HTTPConnection(host, timeout=60)
            try:
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                return answer, answer.read()
            finally:
                connection.close()

        def _answer(
            self,
            status: int,
            headers: list[tuple[str, str]],
            content: bytes,
            sent: int | None = None,
        ) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in HOP_HEADERS or self.command == "HEAD":
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:sent])

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    return Handler


@contextmanager
def faulty_proxy(endpoint: str) -> Iterator[FaultyProxy]:
    """A proxy on a free port of this machine."""
    proxy = FaultyProxy("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy, endpoint))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
