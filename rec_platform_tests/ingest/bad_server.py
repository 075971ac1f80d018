"""A server of the test's own that hangs, drips or answers nonsense."""

from __future__ import annotations

import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rec_platform.ingest.patience import Patience
from rec_platform.resources.imdb import ImdbSource
from rec_platform_tests.in_background import in_background
from rec_platform_tests.keeper import BASICS, TITLE, Keeper, packed

FILE = packed(BASICS, TITLE)
HEAD = f"HTTP/1.1 200 OK\r\nContent-Length: {len(FILE)}\r\n"


@dataclass
class Server:
    """Answers each request with the next of these, and then with the last one for ever.

    An answer is what is sent, or a function that sends it.
    """

    answers: list[str | bytes | Callable[[Server, Any], None]]
    requests: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def hang(self, _: Any) -> None:
        self.is_over.wait()

    def drip(self, send: Callable[[bytes], None]) -> None:
        """Send a sound file, byte by byte."""
        send(HEAD.encode() + b"\r\n")
        self.slowly(send, FILE)

    def drip_headers(self, send: Callable[[bytes], None]) -> None:
        self.slowly(send, HEAD.encode() + b"A: b\r\n" * 1_000)

    def slowly(self, send: Callable[[bytes], None], content: bytes) -> None:
        for byte in content:
            send(bytes([byte]))
            if self.is_over.wait(0.02):
                return

    def cut(self, send: Callable[[bytes], None]) -> None:
        send(HEAD.encode() + b"\r\n" + FILE[:20])


@contextmanager
def serving(
    *answers: str | bytes | Callable[[Server, Any], None],
    certificate: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    bad = Server(list(answers))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = self.request.recv(1 << 16)  # a request of ours fits in
            bad.requests.append(head.decode("latin-1").split("\r\n")[0])
            answer = bad.answers.pop(0) if len(bad.answers) > 1 else bad.answers[0]
            with suppress(ConnectionError):
                if callable(answer):
                    answer(bad, self.wfile.write)
                else:
                    self.wfile.write(answer.encode() if isinstance(answer, str) else answer)

        def finish(self) -> None:
            with suppress(ConnectionError):
                super().finish()

    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who does not like the certificate hangs up."""

    server = Threads(("127.0.0.1", 0), Handler)
    bad.url = f"http://127.0.0.1:{server.server_address[1]}"
    if certificate:
        bad.url = bad.url.replace("http", "https")
        server.socket = certificate.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    with in_background(server):
        try:
            yield bad
        finally:
            bad.is_over.set()


def keeper(folder: Path, url: str, **patience: float) -> Keeper:
    source = ImdbSource(location=url, timeout_seconds=0.4, pause_seconds=0.001)
    source._patience = Patience(**patience)
    return Keeper(folder, source)


def good(text: str) -> bytes:
    return text.encode() + b"\r\n" + FILE


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate of 127.0.0.1, which `certificate.pem` in the folder vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key.private_bytes(*form) + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
