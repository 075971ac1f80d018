"""A web server that serves files as IMDb's does, or as badly as a test asks for."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rec_platform_tests.in_background import in_background


@dataclass
class Web:
    """What the server serves, how badly, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    modified: float = 1_700_000_000
    has_etag: bool = True
    has_date: bool = True
    is_resumable: bool = True
    shift: int = 0  # bytes by which the next answer with a rest misses what was asked for
    cut_after: int = 0  # bytes, in the next `cuts` answers
    cuts: int = 0
    stall_after: int | None = None  # bytes, in every answer until it is None again
    refusals: list[int] = field(default_factory=list)  # statuses of the next answers
    on_cut: Callable[[], None] = lambda: None
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def validators(self, content: bytes) -> dict[str, str]:
        etag = {"ETag": f'"{hash(content):x}"'} if self.has_etag else {}
        date = {"Last-Modified": formatdate(self.modified, usegmt=True)} if self.has_date else {}
        return etag | date

    @property
    def ranges(self) -> list[str | None]:
        return [request.get("Range") for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, format: str, *args: object) -> None:
        """Not on stderr: the tests look at `answers`."""

    def do_GET(self) -> None:
        web = self.web
        web.requests.append(dict(self.headers))
        content = web.files.get(self.path.lstrip("/"))
        if web.refusals:
            self.answer(web.refusals.pop(0))
        elif content is None:
            self.answer(404)
        else:
            self.serve(content, web.validators(content))

    def serve(self, content: bytes, validators: dict[str, str]) -> None:
        known = (self.headers["If-None-Match"], self.headers["If-Modified-Since"])
        if set(validators.values()) & set(known):
            self.answer(304, validators)
            return
        first = 0
        if self.web.is_resumable and self.headers["If-Range"] in validators.values():
            first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if first >= len(content):
            self.answer(416)
        elif first:
            first, self.web.shift = first + self.web.shift, 0
            span = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self.answer(206, validators | {"Content-Range": span}, content[first:])
        else:
            self.answer(200, validators, content)

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        web = self.web
        web.answers.append(status)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if web.stall_after is not None:
            self.wfile.write(body[: web.stall_after])
            self.wfile.flush()
            web.is_over.wait()
            self.close_connection = True
        elif body and web.cuts:
            web.cuts -= 1
            self.wfile.write(body[: web.cut_after])
            web.on_cut()
            self.close_connection = True
        else:
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, for the server stalled, is what some tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving_files() -> Iterator[Web]:
    web = Web()
    handler = type("ToldHandler", (Handler,), {"web": web})
    server = Server(("127.0.0.1", 0), handler)
    web.url = f"http://127.0.0.1:{server.server_port}"
    with in_background(server):
        try:
            yield web
        finally:
            web.is_over.set()
