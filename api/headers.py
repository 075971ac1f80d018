"""The headers of every answer: security, search engines, caches."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
KEEP_SHORTLY = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=86400"
KEEP_FOR_EVER = "public, max-age=31536000, immutable"


class ResponseHeaders:
    """ASGI middleware that adds the headers an answer does not bring itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and add headers when its answer starts."""
        path: str = scope.get("path", "")  # before a mount changes the scope
        prefix: str = scope.get("root_path", "")
        static = path.removeprefix(prefix).startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in response_headers(message["status"], static=static).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def response_headers(status: int, *, static: bool = False) -> dict[str, str]:
    """The headers of an answer with this status; errors are never kept."""
    keep = KEEP_FOR_EVER if static else KEEP_SHORTLY
    return SECURITY | {"Cache-Control": keep if status < 400 else "no-store"}
