"""A server of the test's own process, in a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread

POLL_SECONDS = 0.01  # until it sees that it is to end


@contextmanager
def in_background(server: BaseServer) -> Iterator[None]:
    """Serve until the block ends, then close the server."""
    with server:
        thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
