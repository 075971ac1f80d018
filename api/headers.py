"""The headers of every response: security, search engines, caches, other sites' scripts.

Compression is left to the edge: CloudFront compresses once for all visitors. So is
Strict-Transport-Security, which belongs to a host name.
"""

import hashlib
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .dependencies import path_below_root

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# The widget alone may be in a frame, on any site. It has neither scripts nor forms.
FRAMED_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors *"
)
SECURITY = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
# Scripts of any site may read the API, without credentials. These headers do not depend on the
# request, so a cache can keep one response for all.
SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, X-Request-Id",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
OWN = {"Cross-Origin-Resource-Policy": "same-origin"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",  # all that a wrapper of fetch adds: none changes anything
    "Access-Control-Max-Age": "86400",
    "Allow": "GET, HEAD, OPTIONS",
}
NEVER = "no-store"
ETAG_DIGITS = 24  # hexadecimal


@dataclass(frozen=True, slots=True)
class Kind:
    """How long responses from an address may be kept, which scripts may read them, and who asks."""

    keep: str
    sharing: dict[str, str]
    is_for_programs: bool = True
    policy: str = POLICY


# Programs get a new release within an hour. A page may be a day old if the site is in trouble.
API = Kind("public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400", SHARED)
PAGE = Kind("public, max-age=300, stale-while-revalidate=86400, stale-if-error=86400", OWN, False)
STATIC = Kind(PAGE.keep, OWN, is_for_programs=False)  # for ever if the address has the hash
SHOWN = {"Cross-Origin-Resource-Policy": "cross-origin"}
CARD = Kind(PAGE.keep, SHOWN, is_for_programs=False)
EMBED = Kind(PAGE.keep, SHOWN, is_for_programs=False, policy=FRAMED_POLICY)
SERVICE = Kind(NEVER, OWN)
KINDS = {
    "/api/": API,
    "/openapi.json": API,
    "/static/": STATIC,
    "/card/": CARD,
    "/embed/": EMBED,
    "/feeds/": API,
    "/healthz": SERVICE,
    "/readyz": SERVICE,
    "/metrics": SERVICE,
}


def kind_of(scope: Scope) -> Kind:
    """The kind of address that is asked for; a page if it is none of the others."""
    path = path_below_root(scope)
    return next((kind for prefix, kind in KINDS.items() if path.startswith(prefix)), PAGE)


class ResponseHeaders:
    """ASGI middleware for what HTTP requires of every response.

    It adds the headers that a response lacks, answers HEAD as GET without the body, and answers 304
    to a client that already has the current response.
    """

    def __init__(self, app: ASGIApp, is_indexed: bool) -> None:
        self.app = app
        self.is_indexed = is_indexed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and complete its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kind = kind_of(scope)  # before a mount changes the scope
        answer = _Answer(kind, scope, send, self.is_indexed and kind in (PAGE, STATIC, CARD))
        if scope["method"] == "OPTIONS" and kind.sharing is SHARED:
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, answer.send)
            return
        if answer.is_head:
            scope["method"] = "GET"
        await self.app(scope, receive, answer.send)


class _Answer:
    """A response on its way out. Its start waits for its body, which decides its ETag."""

    def __init__(self, kind: Kind, scope: Scope, send: Send, is_indexed: bool) -> None:
        self.kind = kind
        self.is_indexed = is_indexed
        self.scope = scope
        self.is_head = scope["method"] == "HEAD"
        self.known = Headers(scope=scope).get("if-none-match", "")
        self._send = send
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            if self.is_head:
                self.scope["method"] = "HEAD"  # else the server expects the body's bytes
            if self._complete(start, message):
                message = {"type": "http.response.body"}
            await self._send(start)
        if self.is_head:
            message = {**message, "body": b""}
        await self._send(message)

    def _complete(self, start: Message, body: Message) -> bool:
        """Add what is missing. Returns whether the response became a 304, without a body."""
        headers = MutableHeaders(scope=start)
        keep = self.kind.keep if start["status"] < 400 else NEVER
        added = SECURITY | self.kind.sharing | {"Cache-Control": keep}
        added["Content-Security-Policy"] = self.kind.policy
        if not self.is_indexed:
            added["X-Robots-Tag"] = "noindex"
        for name, text in added.items():
            headers.setdefault(name, text)
        if start["status"] != 200 or headers["cache-control"] == NEVER or body.get("more_body"):
            return False
        # A hash of the content, so that it changes with the templates as well as with the release.
        # Processors have instructions for SHA-256, and none for BLAKE2.
        digest = hashlib.sha256(body.get("body", b"")).hexdigest()[:ETAG_DIGITS]
        etag = headers.setdefault("ETag", f'"{digest}"')
        if etag not in _etags(self.known) and self.known.strip() != "*":
            return False
        start["status"] = 304
        for name in ("content-length", "content-type"):
            del headers[name]
        return True


def _etags(header: str) -> list[str]:
    """The ETags in If-None-Match; an edge that compresses marks them as weak."""
    return [etag.strip().removeprefix("W/") for etag in header.split(",")]
