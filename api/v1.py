"""The JSON API, version 1: its responses and its routes.

Responses are the release's own dataclasses; a list comes in an envelope that names its release.
Addresses and fields here are promises: a change that breaks a consumer belongs in a v2.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from rec_platform.release import recommend
from rec_platform.release.filters import Filter
from rec_platform.release.named import PersonName
from rec_platform.release.recommend import BasketRecommendation, Recommendation
from rec_platform.release.schema import Cluster, Title

from .dependencies import (
    BASKET_SIZE,
    ClusterNumber,
    LikedId,
    Serving,
    TitleId,
    known_cluster,
    known_title,
    release_id,
    serving_lookup,
)
from .fields import ALL, Fields, answer, wanted_fields
from .filtering import checked, filters
from .paging import Cursor, Limit, Paged
from .parameters import IfGiven, StrictRoute
from .tuning import Tuning, length_and_balance, merged


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The titles most similar to one title, best first, and its series by year, itself included.

    A score is the share that two titles are alike; if the release was made by a rule other than
    `blend`, it is that rule's own. `weights` are those of the parts in this list: those of mix,
    fame, rating, popularity and quality depend on the title and on the balance.
    """

    release_id: str
    title_id: str
    balance: float
    weights: dict[str, float]
    recommendations: list[Recommendation]
    series: list[Title]


@dataclass(frozen=True, slots=True)
class Basket:
    """One list for several liked titles, best first.

    `unknown` lists the ids that this release does not have.
    """

    release_id: str
    titles: list[str]
    unknown: list[str]
    balance: float
    recommendations: list[BasketRecommendation]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """The titles that a query may mean, its words that were left out, and the people it names.

    `read_as` is what it was corrected to, after the query itself if some titles fit that.
    """

    release_id: str
    query: str
    titles: list[Title]
    left_out: list[str]
    people: list[PersonName]
    read_as: list[str]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters, the largest first."""

    release_id: str
    clusters: list[Cluster]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ClusterTitles:
    """One page of a cluster's titles, the most voted first."""

    release_id: str
    cluster: Cluster
    titles: list[Title]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Release:
    """What is served, what made it, from which files, and how good its lists are.

    `files` are IMDb's, by name, with their SHA-256. `fingerprint` changes with the files, the
    recipe or the code. `scorecard` is null if the release has none.
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


async def explaining(
    explain: Annotated[
        bool,
        Query(
            description="Whether to explain: reasons, the parts of each score, and weights. "
            "An answer without them is made in less time.",
            examples=[True],
        ),
    ] = True,
) -> bool:
    """Whether a list is explained."""
    return explain


Asked = Annotated[
    tuple[Filter, tuple[int, float], bool, frozenset[str]],
    Depends(IfGiven(filters, length_and_balance, explaining, wanted_fields)),
]
Liked = Annotated[
    list[LikedId],
    Query(
        min_length=1,
        max_length=BASKET_SIZE,
        description="The id of a liked title; repeat for several.",
        examples=[["tt0000001", "tt0000002"]],
    ),
]

Disliked = Annotated[
    list[LikedId],
    Query(
        max_length=BASKET_SIZE,
        description="The id of a disliked title; repeat for several. Titles like it count less.",
        examples=[["tt0000003"]],
    ),
]
Seen = Annotated[
    list[LikedId],
    Query(
        max_length=BASKET_SIZE,
        description="The id of a title to leave out; repeat for several. The next ones move up.",
        examples=[["tt0000004"]],
    ),
]


async def unwanted(
    disliked: Disliked = [],  # noqa: B006  # never changed
    seen: Seen = [],  # noqa: B006
) -> tuple[list[str], list[str]]:
    """The titles that take from a basket's list, and those that are left out."""
    return disliked, seen


AskedOfBasket = Annotated[
    tuple[Filter, tuple[int, float], bool, frozenset[str], tuple[list[str], list[str]]],
    Depends(IfGiven(filters, length_and_balance, explaining, wanted_fields, unwanted)),
]

v1 = APIRouter(prefix="/api/v1", route_class=StrictRoute)


@v1.get(
    "/titles/{title_id}",
    tags=["titles"],
    summary="A title",
    response_model=Title,
)
async def title(lookup: Serving, title_id: TitleId, fields: Fields) -> Response:
    """A title's facts and its cluster."""
    return answer(known_title(lookup, title_id), ("",), *fields)


@v1.get(
    "/titles/{title_id}/recommendations",
    tags=["recommendations"],
    summary="The titles most similar to a title",
    response_model=Recommendations,
)
async def recommendations(request: Request, title_id: TitleId, asked: Asked) -> Response:
    """Best first, of all titles that pass the filters; at most three of one series.

    What is best is alike and appeals. A score, in 0..1, says only how alike, so scores are not in
    the order of the list. The balance changes the order, and no score.
    """
    lookup = await serving_lookup(request)  # to solve it as a dependency takes longer
    wanted, (limit, balance), explain, fields = asked
    title = known_title(lookup, title_id)
    wanted = checked(wanted, lookup)
    listed = recommend.recommendations(lookup, title, limit, balance, wanted, explain)
    weights = lookup.rule.turned(balance, lookup.popularity(title.votes)) if explain else {}
    series = lookup.series(title)
    body = Recommendations(release_id(lookup), title_id, balance, weights, listed, series)
    return answer(body, ("recommendations.*.title", "series.*"), fields)


@v1.get(
    "/recommendations",
    tags=["recommendations"],
    summary="One list for somebody who likes several titles",
    response_model=Basket,
)
async def basket(
    lookup: Serving,
    title: Liked,
    asked: AskedOfBasket,
) -> Response:
    """Best first, of all titles that pass the filters; never one that is liked, disliked or seen.

    Ids that this release does not have are reported and left out, so that a shared link outlives a
    release.
    """
    wanted, (limit, balance), explain, fields, unwanted = asked
    wanted = checked(wanted, lookup)
    ids = list(dict.fromkeys(title))
    liked = lookup.titles(ids)
    if not liked:
        raise HTTPException(404, "This release has none of these titles.")
    known = [title.title_id for title in liked]
    disliked, seen = (lookup.titles([*dict.fromkeys(named)]) for named in unwanted)
    given = dict.fromkeys([*ids, *unwanted[0], *unwanted[1]])
    found = {title.title_id for title in (*liked, *disliked, *seen)}
    tuned = Tuning(limit, balance, wanted)
    listed = await merged(lookup, liked, tuned, disliked=disliked, seen=seen, explain=explain)
    unknown = [title_id for title_id in given if title_id not in found]
    body = Basket(release_id(lookup), known, unknown, balance, listed)
    return answer(body, ("recommendations.*.title", "recommendations.*.because.*.title"), fields)


@v1.get(
    "/search",
    tags=["titles"],
    summary="Titles by name",
    response_model=SearchResults,
)
async def search(
    lookup: Serving,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            examples=["lantern"],
            description="A name, or the beginning of one, as people type it. Typos are corrected.",
        ),
    ],
    fields: Fields,
    limit: Limit = 20,
) -> Response:
    """Exact names first, then the most voted titles with every word, the last one as a prefix.

    Numbers, "and" and short forms such as "Dr." may be written in another way. If titles are few,
    those that the query may mean follow: by the people of a title or its year, with misspelt words
    corrected, words joined or split. Words that no such title has are left out, and named. An id
    or an address of IMDb finds its title. `people` are up to three whom the query names, alone or
    beside a title; none in a release of schema 5 or older. `read_as` is empty if all titles fit the
    query as typed. Otherwise its last entry is what the query was corrected to, and the query
    itself stands before it if some titles fit that; both are in small letters, without accents.
    """
    results = SearchResults(release_id(lookup), q, *lookup.find(q, limit))
    return answer(results, ("titles.*",), *fields)


@v1.get(
    "/clusters",
    tags=["clusters"],
    summary="All clusters",
    response_model=Clusters,
)
async def clusters(
    request: Request, lookup: Serving, limit: Limit = 20, cursor: Cursor = ""
) -> Response:
    """The profiles of all clusters, the largest first, page by page."""
    paged = Paged(request, lookup, cursor)
    profiles = lookup.clusters()
    page = profiles[paged.start : paged.start + limit]
    return answer(Clusters(release_id(lookup), page, paged.next(page, len(profiles))), (), ALL)


@v1.get(
    "/clusters/{cluster}/titles",
    tags=["clusters"],
    summary="A cluster's titles",
    response_model=ClusterTitles,
)
async def cluster_titles(
    request: Request,
    lookup: Serving,
    cluster: ClusterNumber,
    fields: Fields,
    limit: Limit = 20,
    cursor: Cursor = "",
) -> Response:
    """The most voted first, page by page."""
    profile = known_cluster(lookup, cluster)
    paged = Paged(request, lookup, cursor)
    page = lookup.cluster_titles(cluster, limit, paged.start)
    following = paged.next(page, profile.title_count)
    body = ClusterTitles(release_id(lookup), profile, page, following)
    return answer(body, ("titles.*",), *fields)


@v1.get("/release", tags=["release"], summary="What is served, and what it was made from")
async def release(lookup: Serving) -> Release:
    """The facts of the serving release, its provenance, and its scorecard if it has one."""
    facts = lookup.release
    described = ("schema_version", "created_at", "title_count", "source_kind", "recipe", "weights")
    provenance = ("fingerprint", "files", "missing_files", "packages")
    shown = {name: facts[name] for name in (*described, *provenance)}
    return Release(release_id=release_id(lookup), **shown, scorecard=facts.get("scorecard"))
