"""A source of IMDb's files that holds its answers, so that a test can act during a refresh."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rec_platform_tests.in_background import in_background


@contextmanager
def slow_source(folder: Path) -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """Serve a folder over HTTP, but hold each answer until told to go on.

    Yields the address, an event that is set when a request waits, and the one that lets it go on.
    """
    asked, go_on = threading.Event(), threading.Event()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            go_on.wait()
            super().do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    with in_background(server):
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked, go_on
        finally:
            go_on.set()
