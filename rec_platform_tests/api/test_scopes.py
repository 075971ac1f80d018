"""What is not an HTTP request: lifespan events and WebSockets, as ASGI messages and for real."""

import http.client
import socket
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from starlette.types import Message

from rec_platform_tests.api.site import Site
from rec_platform_tests.api.site_server import site_server

PATHS = ["/", "/title/tt0000001", "/static/site.js", "/api/v1/release", "/nowhere"]
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


@pytest.mark.parametrize("path", PATHS)
def test_a_websocket_is_closed_before_it_is_accepted(site: Site, path: str):
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "subprotocols": [],
    }
    assert sent(site, scope, "websocket.connect") == ["websocket.close"]


@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_a_real_server_answers_requests_and_refuses_websockets(
    releases: Path, lifespan: Literal["on", "off"], caplog: pytest.LogCaptureFixture
):
    with site_server(releases, lifespan) as port:
        for path in PATHS:
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(HANDSHAKE.format(path).encode())
                with http.client.HTTPResponse(connection) as answer:
                    answer.begin()
                    assert answer.status == 403
        visitor = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        visitor.request("GET", "/title/tt0000001")
        assert visitor.getresponse().status == 200
        visitor.close()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
