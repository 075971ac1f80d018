"""The site and its API over a folder of releases: its table of contents.

The routes are in v1.py (JSON), pages.py (HTML) and service.py (health, metrics), what they take
from the release in serving.py, how errors read in errors.py, the headers of every answer in
headers.py, what is logged and counted in access.py. Of the platform the site imports what reads a
release alone, so that it starts fast.
"""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from api.access import Observed
from api.errors import HANDLERS, Failures
from api.headers import ResponseHeaders
from api.pages import STATIC, StaticFiles, pages
from api.prometheus import Metrics
from api.service import service
from api.v1 import v1
from rec_platform.release.serving import ServingRelease


class Site(FastAPI):
    """FastAPI, with a description that tells our errors and examples too."""

    def openapi(self) -> dict[str, Any]:
        """The description; made when it is first asked for, as are FastAPI's own."""
        if not self.openapi_schema:
            from api.openapi import describe

            self.openapi_schema = describe(super().openapi())
        return self.openapi_schema


def create_app(releases: Path | ServingRelease) -> FastAPI:
    """The site over a folder of releases; a new release is picked up without a restart."""
    metrics = Metrics()
    app = Site(
        title="rec_platform",
        summary="Movie recommendations from one immutable release.",
        description="HEAD is answered wherever GET is. Errors are problem+json (RFC 9457). "
        "Information courtesy of IMDb (https://www.imdb.com). Used with permission.",
        version="1",
        docs_url=None,  # FastAPI's HTML pages load their script from a CDN
        redoc_url=None,
        redirect_slashes=False,  # such a redirect names the host behind the CDN
        exception_handlers=HANDLERS,
        generate_unique_id_function=_operation_id,
        middleware=[
            Middleware(Observed, metrics=metrics),
            Middleware(ResponseHeaders),
            Middleware(Failures),
        ],
    )
    app.state.metrics = metrics
    app.state.serving = ServingRelease(releases) if isinstance(releases, Path) else releases
    app.include_router(v1)
    app.include_router(pages)
    app.include_router(service)
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
