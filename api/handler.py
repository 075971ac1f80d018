"""The Lambda handler: a leaf that nothing imports. What the site does is in app.py.

REC_ROOT is the folder, or `s3://bucket/prefix`, that holds `releases`.
"""

import gc
import logging
import os
import sys
import threading
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from api.logs import log_to_stdout
from rec_platform.release.lookup import LookupFileError
from rec_platform.release.serving import ServingRelease, serving_release

if TYPE_CHECKING:
    from mangum import Mangum
    from starlette.types import ASGIApp, Receive, Scope, Send

# Mangum sends all else in base64, which is larger and unreadable in a console.
TEXT_TYPES = [
    "text/",
    "application/javascript",
    "application/json",
    "application/problem+json",
    "image/svg+xml",
]

logger = logging.getLogger(__name__)


def start() -> "Mangum":
    """The handler, with its release open.

    A thread opens the release while this one imports the site: each takes about as long, and AWS
    bills the start.
    """
    log_to_stdout()
    gc.disable()
    serving = serving_release(os.environ["REC_ROOT"])
    opening = threading.Thread(target=_open, args=[serving])
    opening.start()

    # FastAPI looks whether a model is of pydantic 1, and takes an ImportError for a no. The import
    # would be an eighth of the start.
    sys.modules["pydantic.v1"] = None  # pyright: ignore[reportArgumentType]
    from mangum import Mangum

    from api.app import create_app

    opening.join()
    # What is here now stays: looking whether it is garbage takes a tenth of the start, and would
    # make one event in a hundred slow.
    gc.freeze()
    gc.enable()
    # Lifespan events would start and stop the app on every call, and it has nothing to start.
    return Mangum(staged(create_app(serving)), lifespan="off", text_mime_types=TEXT_TYPES)


def _open(serving: ServingRelease) -> None:
    try:
        serving.follow()
    except LookupFileError as error:  # each request tries again, and says so
        logger.error("%s", error)


def staged(app: "ASGIApp") -> Any:
    """The app, told of the stage that API Gateway puts before its addresses."""

    async def with_root(scope: "Scope", receive: "Receive", send: "Send") -> None:
        event = scope["aws.event"]
        if root := stage_root(event):
            scope["root_path"] = root
            if "http" not in event["requestContext"]:  # a REST API's path is without it
                scope["path"] = root + scope["path"]
        await app(scope, receive, send)

    return with_root


def stage_root(event: MutableMapping[str, Any]) -> str:
    """The prefix that visitors see and the site does not: `/stage`, or nothing.

    A REST API tells the path with and without it, an HTTP API the name of the stage; behind a load
    balancer or a function URL there is none.
    """
    context = event["requestContext"]
    if "http" in context:
        prefix = f"/{context.get('stage', '')}"
        return prefix if context["http"]["path"].startswith(f"{prefix}/") else ""
    whole, own = context.get("path", ""), event["path"]
    return whole.removesuffix(own) if whole.endswith(own) else ""


handler = start()
