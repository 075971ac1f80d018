"""What machines ask about the service itself: is it alive, is it ready, what did it do."""

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from rec_platform.release.lookup import LookupFileError

from .dependencies import Serving, release_id, serving_lookup
from .prometheus import MEDIA_TYPE, Metrics


@dataclass(frozen=True, slots=True)
class Health:
    """The process is alive."""

    status: Literal["ok"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The release that answers."""

    status: Literal["ready"]
    release_id: str
    schema_version: int


service = APIRouter(tags=["service"])


@service.get("/healthz", summary="Whether the process is alive")
async def health() -> Health:
    """Answers as long as the process runs, with or without a release."""
    return Health("ok")


@service.get("/readyz", summary="Whether a release is open, and which")
async def ready(lookup: Serving) -> Readiness:
    """Answers 503 until a release is open."""
    return Readiness("ready", release_id(lookup), lookup.release["schema_version"])


@service.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
async def metrics(request: Request) -> PlainTextResponse:
    """Requests and durations since this process started, and the release, as Prometheus text."""
    counted: Metrics = request.app.state.metrics
    try:
        lookup = await serving_lookup(request)
    except LookupFileError:  # the other figures are there all the same
        return PlainTextResponse(counted.text("", None), media_type=MEDIA_TYPE)
    return PlainTextResponse(counted.text(release_id(lookup), lookup), media_type=MEDIA_TYPE)
