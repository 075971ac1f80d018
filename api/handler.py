"""The Lambda handler, which nothing imports. What the site does is in app.py.

REC_ROOT is the folder, or `s3://bucket/prefix`, that holds `releases`.
"""

import gc
import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rec_platform.release.lookup import LookupFileError
from rec_platform.release.root import serving_release
from rec_platform.release.serving import ServingRelease

from .logs import log_to_stdout
from .settings import SiteSettings, root_of

if TYPE_CHECKING:
    from mangum import Mangum
    from starlette.types import ASGIApp, Receive, Scope, Send

# Mangum sends everything else in base64, which is larger and unreadable in a console.
TEXT_TYPES = [
    "text/",
    "application/atom+xml",
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/problem+json",
    "application/xml",
    "image/svg+xml",
]

# Lambda ends a start after 10 s and begins again. Fetching a release may take longer; the first
# request then waits for what is left.
START_SECONDS = 7

logger = logging.getLogger(__name__)


def start() -> "Mangum":
    """The handler, with its release open.

    A thread opens the release while this one imports the site. Both take about the same time, and
    AWS bills the start.

    Raises:
        SettingsError: a variable of the site is missing or wrong.
        LookupFileError: a variable that S3 needs is not set.
    """
    log_to_stdout()
    settings = SiteSettings.from_environment(os.environ)
    serving = serving_release(root_of(os.environ), os.environ)
    gc.disable()
    opening = threading.Thread(target=_open, args=[serving], daemon=True)
    opening.start()

    # FastAPI imports pydantic.v1 to recognise its models, which takes an eighth of the start. It
    # takes an ImportError to mean that there are none.
    sys.modules["pydantic.v1"] = None  # pyright: ignore[reportArgumentType]
    from mangum import Mangum

    from .app import create_app

    opening.join(START_SECONDS)
    # Everything loaded so far stays. Collecting garbage among it would take a tenth of the start,
    # and would slow down one event in a hundred.
    gc.freeze()
    gc.enable()
    # Lifespan events would start and stop the app on every call, and it has nothing to start.
    site = staged(create_app(serving, settings))
    return Mangum(site, lifespan="off", text_mime_types=TEXT_TYPES)


def _open(serving: ServingRelease) -> None:
    try:
        serving.follow()
    except LookupFileError as error:  # each request tries again, and answers 503 until it works
        logger.error("%s", error)


def staged(app: "ASGIApp") -> Any:
    """The app, aware of what API Gateway puts before its addresses."""

    async def with_root(scope: "Scope", receive: "Receive", send: "Send") -> None:
        event = scope["aws.event"]
        if root := prefix(event):
            scope["root_path"] = root
            if _plain(event.get("path", "")) != _plain(event["requestContext"].get("path", "")):
                scope["path"] = root + scope["path"]  # a REST API leaves the stage out
        await app(scope, receive, send)

    return with_root


def prefix(event: Mapping[str, Any]) -> str:
    """The part of the path that visitors see and the site does not; usually nothing.

    It is the stage (`/prod`), or the base path that a custom domain of a REST API is mapped to. The
    event of a REST API tells both, if its resource is `{proxy+}` or the root. The event of an HTTP
    API tells the stage alone: behind an API mapping the site needs REC_ROOT_PATH. A load balancer
    and a function URL have neither. The stage `$default`, which the event of a function URL names
    too, is in no path: whoever writes it there would go round what a proxy closes, such as
    `/metrics`.
    """
    context = event["requestContext"]
    if "http" in context:
        stage = f"/{context.get('stage', '')}"
        if stage == "/$default":
            return ""
        return stage if is_below(context["http"]["path"], stage) else ""
    whole, path = _plain(context.get("path", "")), _plain(event["path"])
    if whole == path:  # a custom domain: no stage, and the base path in both
        resource: str = event.get("resource", "")
        if not (resource == "/" or resource.endswith("{proxy+}")):
            return ""  # another parameter, or none, is not all that follows the base path
        parameters: dict[str, str] = event.get("pathParameters") or {}
        path = _plain(f"/{parameters.get('proxy', '')}")
    return whole.removesuffix(path) if whole.endswith(path) else ""


def _plain(path: str) -> str:
    """A path as it can be compared: API Gateway encodes one place of an event and not another."""
    return unquote(path).rstrip("/")


def is_below(path: str, root: str) -> bool:
    """Whether a path is this root, or below it."""
    return f"{path}/".startswith(f"{root}/")


handler = start()
