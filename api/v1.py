"""The JSON API, version 1: its answers and its routes.

Answers are the lookup's own dataclasses; an envelope names the release that its list is from.
Addresses and fields here are promises: what would break a consumer belongs in a v2.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request

from api.dependencies import (
    BASKET_SIZE,
    ClusterNumber,
    LikedId,
    Serving,
    TitleId,
    known_cluster,
    known_title,
    release_id,
)
from api.errors import InvalidParameterError
from api.paging import Cursor, Limit, next_cursor, start_of
from api.tuning import Tuned
from rec_platform.release import recommend
from rec_platform.release.blend import balanced
from rec_platform.release.lookup import Cluster, Title
from rec_platform.release.recommend import BasketRecommendation, Recommendation


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The titles most similar to one title, best first.

    A score is the mean of the parts, weighted by `weights`; at a balance of 0.5, in a release that
    was made by another rule than `blend`, it is that rule's.
    """

    release_id: str
    title_id: str
    balance: float
    weights: dict[str, float]
    recommendations: list[Recommendation]


@dataclass(frozen=True, slots=True)
class Basket:
    """One list for several liked titles, best first; `unknown` has the ids that are not there."""

    release_id: str
    titles: list[str]
    unknown: list[str]
    balance: float
    recommendations: list[BasketRecommendation]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """The titles that match a query."""

    release_id: str
    query: str
    titles: list[Title]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters, the largest first."""

    release_id: str
    clusters: list[Cluster]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ClusterTitles:
    """A part of a cluster's titles, the most voted first."""

    release_id: str
    cluster: Cluster
    titles: list[Title]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Release:
    """What is served, what it was made from and by, and how good its lists are.

    `files` are IMDb's, by name, with their SHA-256; `fingerprint` changes with files, recipe or
    code; `scorecard` is null where the release has none.
    """

    release_id: str
    schema_version: int
    created_at: str
    title_count: int
    source_kind: str
    recipe: dict[str, Any]
    weights: dict[str, float]
    fingerprint: str
    files: dict[str, dict[str, Any]]
    missing_files: list[str]
    packages: dict[str, str]
    scorecard: dict[str, Any] | None


Explain = Annotated[
    bool,
    Query(description="Whether to say why: reasons, and the parts of each score.", examples=[True]),
]
Liked = Annotated[
    list[LikedId],
    Query(
        min_length=1,
        max_length=BASKET_SIZE,
        description="A liked title's id; once for each title.",
        examples=[["tt0000001", "tt0000002"]],
    ),
]

SEVERAL = ("title", "genre")  # parameters that may be given more than once


async def unambiguous(request: Request) -> None:
    """Refuse a parameter of one value that is given twice: nobody can tell which is meant."""
    given = request.query_params.multi_items()
    for name, count in Counter(name for name, _ in given).items():
        if count > 1 and name not in SEVERAL:
            raise InvalidParameterError(name, "It is given more than once")


v1 = APIRouter(prefix="/api/v1")
UNAMBIGUOUS = [Depends(unambiguous)]


@v1.get("/titles/{title_id}", tags=["titles"], summary="A title")
async def title(lookup: Serving, title_id: TitleId) -> Title:
    """One title with its facts and its cluster."""
    return known_title(lookup, title_id)


@v1.get(
    "/titles/{title_id}/recommendations",
    tags=["recommendations"],
    summary="The titles most similar to a title",
    dependencies=UNAMBIGUOUS,
)
async def recommendations(
    lookup: Serving,
    title_id: TitleId,
    tuned: Tuned,
    explain: Explain = True,
) -> Recommendations:
    """Best first, of those that pass the filters. Scores are in 0..1 and compare in one list."""
    title = known_title(lookup, title_id)
    found = recommend.recommendations(lookup, title, tuned.limit, tuned.balance, tuned.wanted)
    if not explain:
        found = [replace(one, reasons=[], parts={}) for one in found]
    weights = balanced(lookup.weights, tuned.balance) if explain else {}
    return Recommendations(release_id(lookup), title_id, tuned.balance, weights, found)


@v1.get(
    "/recommendations",
    tags=["recommendations"],
    summary="One list for somebody who likes several titles",
    dependencies=UNAMBIGUOUS,
)
async def basket(
    lookup: Serving,
    title: Liked,
    tuned: Tuned,
    explain: Explain = True,
) -> Basket:
    """Best first, of those that pass the filters; never one of the liked titles.

    Ids that this release does not have are told and left out, so that a shared link outlives it.
    """
    asked = list(dict.fromkeys(title))
    liked = lookup.titles(asked)
    if not liked:
        raise HTTPException(404, "This release has none of these titles.")
    known = [one.title_id for one in liked]
    found = recommend.basket(lookup, liked, tuned.limit, tuned.balance, tuned.wanted)
    if not explain:
        found = [replace(one, because=[]) for one in found]
    unknown = [one for one in asked if one not in known]
    return Basket(release_id(lookup), known, unknown, tuned.balance, found)


@v1.get("/search", tags=["titles"], summary="Titles by name", dependencies=UNAMBIGUOUS)
async def search(
    lookup: Serving,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            examples=["lantern"],
            description="A name, or its beginning, as people type it; typos are forgiven.",
        ),
    ],
    limit: Limit = 20,
) -> SearchResults:
    """Titles called exactly so, then the most voted with every word, the last one as a prefix.

    Where these are few, what else the query may mean follows, the nearest first: misspelt words
    corrected, words joined or split, numbers written in another way.
    """
    return SearchResults(release_id(lookup), q, lookup.search(q, limit))


@v1.get("/clusters", tags=["clusters"], summary="All clusters", dependencies=UNAMBIGUOUS)
async def clusters(lookup: Serving, limit: Limit = 20, cursor: Cursor = "") -> Clusters:
    """The profiles of all clusters, the largest first, page by page."""
    release = release_id(lookup)
    start = start_of(cursor, release)
    profiles = lookup.clusters()
    page = profiles[start : start + limit]
    return Clusters(release, page, next_cursor(release, start, page, len(profiles)))


@v1.get(
    "/clusters/{cluster}/titles",
    tags=["clusters"],
    summary="A cluster's titles",
    dependencies=UNAMBIGUOUS,
)
async def cluster_titles(
    lookup: Serving, cluster: ClusterNumber, limit: Limit = 20, cursor: Cursor = ""
) -> ClusterTitles:
    """The most voted first, page by page."""
    profile = known_cluster(lookup, cluster)
    release = release_id(lookup)
    start = start_of(cursor, release)
    page = lookup.cluster_titles(cluster, limit, start)
    following = next_cursor(release, start, page, profile.title_count)
    return ClusterTitles(release, profile, page, following)


@v1.get("/release", tags=["release"], summary="What is served, and what it was made from")
async def release(lookup: Serving) -> Release:
    """The facts of the release that answers, its provenance, and its scorecard if it has one."""
    facts = lookup.release
    told = ("schema_version", "created_at", "title_count", "source_kind", "recipe", "weights")
    made = ("fingerprint", "files", "missing_files", "packages")
    known = {name: facts[name] for name in (*told, *made)}
    return Release(release_id=release_id(lookup), **known, scorecard=facts.get("scorecard"))
