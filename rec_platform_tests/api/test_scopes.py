"""What is not a request for a page: lifespan events, and the wish for a WebSocket."""

import http.client
import socket
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from starlette.types import Message

from rec_platform_tests.api.site import Site
from rec_platform_tests.api.site_server import site_server

PATHS = ["/", "/title/tt0000001", "/static/site.js", "/api/v1/clusters", "/nowhere"]
HANDSHAKE = (
    "GET {} HTTP/1.1\r\nHost: site\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def sent(site: Site, scope: dict[str, Any], *received: str) -> list[str]:
    """The types of the messages that the app sends, after it received these."""
    types: list[str] = []
    waiting = [{"type": kind} for kind in received]

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        types.append(message["type"])

    anyio.run(site.app, scope, receive, send)
    return types


def test_the_startup_and_shutdown_of_a_server_are_confirmed(site: Site):
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    assert sent(site, scope, "lifespan.startup", "lifespan.shutdown") == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_a_real_server_answers_who_wants_a_websocket_as_if_it_wanted_a_page(
    releases: Path, lifespan: Literal["on", "off"], caplog: pytest.LogCaptureFixture
):
    with site_server(releases, lifespan) as port:
        for path in PATHS:
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                for _ in range(2):  # the connection goes on as it was
                    connection.sendall(HANDSHAKE.format(path).encode())
                    with http.client.HTTPResponse(connection) as answer:
                        answer.begin()
                        assert answer.status == (404 if path == "/nowhere" else 200)
                        answer.read()
    assert caplog.records == []
