"""The site and its API over a folder of releases: its table of contents.

The routes are in v1.py (JSON) and pages.py (HTML), what both take from the release in serving.py,
how errors read in errors.py, and the headers of every answer in headers.py. Of the platform the
site imports rec_platform/lookup.py alone, so that it starts fast.
"""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api.errors import ERRORS
from api.headers import ResponseHeaders
from api.pages import STATIC, pages
from api.v1 import v1
from rec_platform.lookup import ServingRelease


def create_app(releases: Path) -> FastAPI:
    """The site over a folder of releases; a new release is picked up without a restart."""
    app = FastAPI(
        title="rec_platform",
        summary="Movie recommendations from one immutable release.",
        description="Information courtesy of IMDb (https://www.imdb.com). Used with permission.",
        version="1",
        docs_url=None,  # FastAPI's HTML pages load their script from a CDN
        redoc_url=None,
        redirect_slashes=False,  # such a redirect names the host behind the CDN
        exception_handlers=ERRORS,
    )
    app.state.serving = ServingRelease(releases)
    app.include_router(v1)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(ResponseHeaders)
    return app
