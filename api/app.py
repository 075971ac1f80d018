"""The site and its API over a folder of releases: a table of contents.

Routes are in v1.py and v1_catalogue.py (JSON), in pages.py, films.py, people.py, library.py and
comparing.py (HTML), in film_map.py, sharing.py (cards, icons), indexing.py, builders.py, embed.py
and feeds.py (for other programs), and in service.py (health, metrics). dependencies.py has what
routes take from the release, errors.py how errors are answered, headers.py the headers of every
response, access.py what is logged and counted. Of the platform, the site imports only
rec_platform.release, so that it starts fast.
"""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from rec_platform.release.serving import ServingRelease

from .access import Observed
from .builders import builders
from .comparing import comparing
from .embed import embed
from .errors import HANDLERS, Failures
from .feeds import feeds
from .film_map import film_map
from .films import films
from .headers import ResponseHeaders
from .indexing import indexing
from .library import library
from .pages import pages
from .people import people
from .prometheus import Metrics
from .rendering import STATIC, StaticFiles
from .service import service
from .settings import SiteSettings
from .sharing import sharing
from .v1 import v1
from .v1_catalogue import v1_catalogue

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Site(FastAPI):
    """FastAPI, with a description that covers our errors and examples too, at `/` or below a path.

    A path arrives whole, as the visitor sees it. One that arrives without the prefix is answered
    too, for whoever asks the process itself: a load balancer that looks at `/healthz`, say.
    """

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request; the prefix itself, without a slash, is the home page."""
        settings: SiteSettings = self.state.settings
        root = scope.get("root_path") or settings.root_path
        scope["root_path"] = root
        if scope.get("path") == root:
            scope["path"] = f"{root}/"
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The description, made when it is first asked for, like FastAPI's own."""
        if not self.openapi_schema:
            from .openapi import describe

            self.openapi_schema = describe(super().openapi())
        return self.openapi_schema


def create_app(serving: ServingRelease, settings: SiteSettings) -> FastAPI:
    """The site over a serving release; a new release is picked up without a restart."""
    metrics = Metrics()
    app = Site(
        title="rec_platform",
        summary="Movie recommendations from one immutable release.",
        description="HEAD is answered wherever GET is. Errors are problem+json (RFC 9457). "
        "Information courtesy of IMDb (https://www.imdb.com). Used with permission.",
        version="1",
        docs_url=None,  # FastAPI's HTML pages load their script from a CDN
        redoc_url=None,
        redirect_slashes=False,  # such a redirect would name the host behind the CDN
        exception_handlers=HANDLERS,
        generate_unique_id_function=_operation_id,
        middleware=[
            Middleware(Observed, metrics=metrics),
            Middleware(ResponseHeaders, is_indexed=settings.is_indexed),
            Middleware(Failures),
        ],
    )
    app.state.metrics = metrics
    app.state.serving = serving
    app.state.settings = settings
    for router in (v1, v1_catalogue, pages, people, films, comparing, library, film_map):
        app.include_router(router)
    for router in (sharing, indexing, builders, embed, feeds):
        app.include_router(router)
    app.include_router(service)
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
