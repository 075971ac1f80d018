"""Behind an HTTP proxy a slow source is given up as early as without one."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rec_platform_tests.in_background import in_background
from rec_platform_tests.ingest.bad_server import (
    FILE,
    HEAD,
    Server,
    good,
    keeper,
    self_signed,
    serving,
)

IDLE_SECONDS = 0.5


@dataclass
class Proxy:
    """Leads to the server that is asked for, or drips its own answer and never leads anywhere."""

    drips: bool = False
    refusal: bytes = b""
    asked: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@contextmanager
def proxied(monkeypatch: pytest.MonkeyPatch, proxy: Proxy) -> Iterator[Proxy]:
    """All requests go through this proxy."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = self.request.recv(1 << 16)
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            proxy.asked.append(method)
            with suppress(OSError):
                if proxy.refusal:
                    self.wfile.write(proxy.refusal)
                    return
                if proxy.drips:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not proxy.is_over.wait(0.02):
                        self.wfile.write(b"A: b\r\n")
                    return
                place = urlsplit(target if "://" in target else f"//{target}")
                with socket.create_connection((place.hostname, place.port)) as server:
                    if method == "CONNECT":
                        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                        threading.Thread(target=relay, args=(self.request, server)).start()
                    else:
                        server.sendall(head.replace(target.encode(), place.path.encode(), 1))
                    relay(server, self.request)

    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads = True

    server = Threads(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    with in_background(server):
        try:
            yield proxy
        finally:
            proxy.is_over.set()


def relay(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(1 << 16):
            target.sendall(content)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_file_comes_through_a_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_tls: bool
) -> None:
    certificate = self_signed(tmp_path) if is_tls else None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
    with (
        proxied(monkeypatch, Proxy()) as proxy,
        serving(good(HEAD), certificate=certificate) as server,
    ):
        bench = keeper(tmp_path, server.url)
        assert bench.refresh()[1] and bench.copy() == FILE
    assert proxy.asked == ["CONNECT" if is_tls else "GET"]


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize("drips", [False, True])
def test_headers_that_drip_through_a_proxy_or_from_it_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_tls: bool, drips: bool
) -> None:
    certificate = self_signed(tmp_path) if is_tls else None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
    with (
        proxied(monkeypatch, Proxy(drips=drips)) as proxy,
        serving(Server.drip_headers, certificate=certificate) as server,
    ):
        told = keeper(tmp_path, server.url, idle_seconds=IDLE_SECONDS).failure()
    assert "stopped answering" in told and "Run the refresh again" in told
    assert proxy.asked and bool(server.requests) != drips


def test_a_body_that_drips_through_a_proxy_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxied(monkeypatch, Proxy()), serving(Server.drip) as server:
        told = keeper(tmp_path, server.url, idle_seconds=IDLE_SECONDS).failure()
    assert "the server sends less than 10,000 bytes a second" in told


def test_what_a_proxy_answers_when_it_refuses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = b"HTTP/1.1 407 Who are you\r\n\r\n"
    with proxied(monkeypatch, Proxy(refusal=refusal)):
        told = keeper(tmp_path, "https://127.0.0.1:9").failure()
    assert "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used" in told
    assert "407 Who are you" in told


def test_a_proxy_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxied(monkeypatch, Proxy()):
        monkeypatch.setenv("http_proxy", "http://no-such-proxy.invalid:1")
        told = keeper(tmp_path, "http://127.0.0.1:9").failure()
    assert "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used" in told
