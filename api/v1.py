"""The JSON API, version 1: its answers and its routes.

Answers are the lookup's own dataclasses; an envelope names the release that its list is from.
Addresses and fields here are promises: what would break a consumer belongs in a v2.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.errors import Problem
from api.serving import (
    LARGEST,
    Balance,
    ClusterNumber,
    Serving,
    TitleId,
    Wanted,
    known_cluster,
    known_title,
    release_id,
)
from rec_platform import recommend
from rec_platform.blend import BALANCE
from rec_platform.choices import NEIGHBOURS
from rec_platform.lookup import Cluster, Title
from rec_platform.recommend import Recommendation


@dataclass(frozen=True, slots=True)
class Health:
    """The release that is serving."""

    status: Literal["ok"]
    release_id: str
    schema_version: int


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The titles most similar to one title, best first."""

    release_id: str
    title_id: str
    recommendations: list[Recommendation]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """The titles that match a query."""

    release_id: str
    query: str
    titles: list[Title]


@dataclass(frozen=True, slots=True)
class Clusters:
    """All clusters, the largest first."""

    release_id: str
    clusters: list[Cluster]


@dataclass(frozen=True, slots=True)
class ClusterTitles:
    """A part of a cluster's titles, the most voted first."""

    release_id: str
    cluster: Cluster
    offset: int
    titles: list[Title]


Limit = Annotated[int, Query(ge=1, le=50)]

NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "This release does not have it."}
}

v1 = APIRouter(responses={503: {"model": Problem, "description": "No release is serving."}})


@v1.get("/healthz", tags=["service"], summary="Which release is serving")
async def health(lookup: Serving, response: Response) -> Health:
    """Whether the site can answer at all; never cached."""
    response.headers["Cache-Control"] = "no-store"
    return Health("ok", release_id(lookup), lookup.release["schema_version"])


@v1.get("/api/v1/titles/{title_id}", tags=["titles"], summary="A title", responses=NOT_FOUND)
async def title(lookup: Serving, title_id: TitleId) -> Title:
    """One title with its facts and its cluster."""
    return known_title(lookup, title_id)


@v1.get(
    "/api/v1/titles/{title_id}/recommendations",
    tags=["titles"],
    summary="The titles most similar to a title",
    responses=NOT_FOUND,
)
async def recommendations(
    lookup: Serving,
    title_id: TitleId,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=NEIGHBOURS)] = 9,
    balance: Balance = BALANCE,
) -> Recommendations:
    """Best first, of those that pass the filters. Scores are in 0..1 and compare in one list."""
    title = known_title(lookup, title_id)
    return Recommendations(
        release_id(lookup),
        title_id,
        recommend.recommendations(lookup, title, limit, balance, wanted),
    )


@v1.get("/api/v1/search", tags=["titles"], summary="Titles by name")
async def search(
    lookup: Serving,
    q: Annotated[str, Query(min_length=1, max_length=200, examples=["lantern"])],
    limit: Limit = 20,
) -> SearchResults:
    """Titles with every word of the query in their names, the last one as a prefix.

    Titles called exactly so come first, then the most voted.
    """
    return SearchResults(release_id(lookup), q, lookup.search(q, limit))


@v1.get("/api/v1/clusters", tags=["clusters"], summary="All clusters")
async def clusters(lookup: Serving) -> Clusters:
    """The profiles of all clusters, the largest first."""
    return Clusters(release_id(lookup), lookup.clusters())


@v1.get(
    "/api/v1/clusters/{cluster}/titles",
    tags=["clusters"],
    summary="A cluster's titles",
    responses=NOT_FOUND,
)
async def cluster_titles(
    lookup: Serving,
    cluster: ClusterNumber,
    limit: Limit = 20,
    offset: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
) -> ClusterTitles:
    """The most voted first; empty when `offset` is past the last."""
    profile = known_cluster(lookup, cluster)
    titles = lookup.cluster_titles(cluster, limit, offset)
    return ClusterTitles(release_id(lookup), profile, offset, titles)
