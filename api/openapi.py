"""The API's description: what FastAPI derives from the code, plus our errors and examples.

It is imported when the description is first asked for. All titles and people here are invented.
"""

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from rec_platform.release.blend import BALANCE, WEIGHTS, Blend
from rec_platform.release.compared import Comparison
from rec_platform.release.named import PersonName
from rec_platform.release.people import Colleague, Film, Person
from rec_platform.release.reasons import reasons
from rec_platform.release.recommend import BasketRecommendation, Because, Recommendation
from rec_platform.release.schema import SCHEMA_VERSION, Cluster, Credit, Title

from .fields import ALWAYS
from .problems import MEDIA_TYPE, PROBLEMS, Problem
from .service import Health, Readiness, service
from .v1 import (
    Basket,
    Clusters,
    ClusterTitles,
    Recommendations,
    Release,
    SearchResults,
    v1,
)
from .v1_catalogue import Titles, v1_catalogue

RELEASE_ID = "20240311T041209Z-5f2c81d0"
FIRST = Title(
    title_id="tt0000001",
    title="The Silent Lantern",
    original_title="L'Été muet",
    year=1994,
    runtime_minutes=134,
    genres=["Crime", "Thriller"],
    rating=8.1,
    votes=123_456,
    credits=[Credit("nm0000001", "director", "Ada Marlow")],
    series=None,
    series_place=None,
    cluster=0,
    distance=0.31,
    characters=["Ivo Solberg"],
    country="FR",
    language="fr",
    keywords=["wrongful conviction"],
)
SECOND = Title(
    title_id="tt0000002",
    title="Verdict at Dawn",
    original_title="Verdict at Dawn",
    year=1997,
    runtime_minutes=118,
    genres=["Crime", "Drama"],
    rating=7.9,
    votes=98_765,
    credits=[Credit("nm0000001", "director", "Ada Marlow")],
    series=None,
    series_place=None,
    cluster=0,
    distance=0.28,
    country="FR",
    language="fr",
    keywords=["wrongful conviction"],
)
CLUSTER = Cluster(
    cluster=0,
    name="1990s crime thrillers",
    title_count=8_412,
    genres=["Crime", "Thriller"],
    year_from=1991,
    year_to=1999,
    rating=6.9,
    votes=1_200,
    typical_titles=["tt0000002"],
    popular_titles=["tt0000001"],
)
REASONS = reasons(FIRST, SECOND)
PARTS = dict.fromkeys(WEIGHTS, 0.0) | {"people": 0.5, "genres": 0.4, "era": 0.8, "fame": 0.9}
EXAMPLES: dict[str, Any] = {
    "title": FIRST,
    "recommendations": Recommendations(
        RELEASE_ID,
        FIRST.title_id,
        BALANCE,
        Blend().turned(BALANCE, 0.8),
        [Recommendation(1, 0.83, SECOND, REASONS, PARTS)],
        [],
    ),
    "basket": Basket(
        RELEASE_ID,
        [FIRST.title_id],
        ["tt0000009"],
        BALANCE,
        [BasketRecommendation(1, 0.97, SECOND, [Because(FIRST, REASONS)])],
    ),
    "search": SearchResults(
        RELEASE_ID,
        "marlwo lantern",
        [FIRST],
        [],
        [PersonName("nm0000001", "Ada Marlow")],
        ["marlow lantern"],
    ),
    "titles": Titles(RELEASE_ID, 8_412, [FIRST, SECOND], "MjAyNDAzMTFUMDQxMjA5Wi01ZjJjODFkMCAy"),
    "person": Person(
        "nm0000001",
        "Ada Marlow",
        2,
        [Film(FIRST, ["director"]), Film(SECOND, ["director"])],
        [FIRST, SECOND],
        [Colleague("nm0000002", "Hana Voss", 2)],
    ),
    "compare": Comparison(
        FIRST, SECOND, 3, 0.83, REASONS, PARTS, {"genres": -1.2}, {"genres": -2.4}
    ),
    "clusters": Clusters(RELEASE_ID, [CLUSTER], None),
    "cluster_titles": ClusterTitles(
        RELEASE_ID, CLUSTER, [FIRST, SECOND], "MjAyNDAzMTFUMDQxMjA5Wi01ZjJjODFkMCAy"
    ),
    "release": Release(
        release_id=RELEASE_ID,
        schema_version=SCHEMA_VERSION,
        created_at="2024-03-11T04:12:09.000+00:00",
        title_count=84_499,
        source_kind="imdb",
        recipe={"preset": "english_like", "features": "balanced", "clusters": 9, "rule": "blend"},
        weights=WEIGHTS,
        fingerprint="5f2c81d0" * 8,
        files={"title_ratings": {"sha256": "0c9a4b1d" * 8, "rows": 1_400_000}},
        missing_files=[],
        packages={"duckdb": "2.0.0"},
        scorecard=None,
    ),
    "health": Health("ok"),
    "ready": Readiness("ready", RELEASE_ID, SCHEMA_VERSION),
    "metrics": 'rec_requests_total{method="GET",route="/",status="200"} 1\n',
}
# Of parameters whose meaning their type does not tell.
MEANINGS = {
    "title_id": "IMDb's id of a title.",
    "cluster": "The number of a cluster, from 0.",
    "year_min": "Titles of this year or later.",
    "year_max": "Titles of this year or earlier.",
    "rating_min": "Titles rated this or higher, of 10.",
    "runtime_max": "Titles of this many minutes or fewer.",
    "runtime_min": "Titles of this many minutes or more.",
    "votes_min": "Titles with this many votes or more.",
    "person_id": "IMDb's id of a person.",
}
SERVICE = ("health", "ready", "metrics")
WITHOUT_RELEASE = ("health", "metrics")
MAY_BE_MISSING = (
    *("title", "titles", "recommendations", "basket", "cluster_titles"),
    *("person", "compare"),
)


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """Add what FastAPI cannot know to its description."""
    models = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    schema["components"]["schemas"] |= models.pop("$defs") | {"Problem": models}
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which we never send
        schema["components"]["schemas"].pop(name, None)
    schema["components"]["schemas"]["Title"]["required"] = [ALWAYS]  # `fields` leaves out the rest
    routes = (
        route
        for route in (*v1.routes, *v1_catalogue.routes, *service.routes)
        if isinstance(route, APIRoute)
    )
    for route in routes:
        operation = schema["paths"][route.path]["get"]
        for dependency in route.dependant.dependencies:
            for function in getattr(dependency.call, "declared", ()):  # of an IfGiven
                operation.setdefault("parameters", []).extend(_parameters(function))
        _complete(operation)
    return schema


def _parameters(function: Callable[..., Any]) -> list[Any]:
    """A function's parameters, as FastAPI describes those of a route."""
    app = FastAPI()
    app.get("/", response_model=None)(function)
    return app.openapi()["paths"]["/"]["get"]["parameters"]


def _complete(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    for parameter in operation.get("parameters", []):
        told = parameter["schema"].get("description") or MEANINGS[parameter["name"]]
        parameter.setdefault("description", told)
    answers = operation["responses"]
    answers.pop("422", None)
    (content,) = answers["200"]["content"].values()
    example = EXAMPLES[name]
    content["example"] = example if isinstance(example, str) else asdict(example)
    if name not in SERVICE:
        answers["304"] = {"description": "The response with the ETag in If-None-Match is current."}
    statuses = [404] if name in MAY_BE_MISSING else []
    statuses += [422] if name not in SERVICE else []  # a parameter that it does not have, for one
    statuses += [500] if name in WITHOUT_RELEASE else [500, 503]
    answers |= {str(status): _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    title, detail = HTTPStatus(status).phrase, PROBLEMS[status].detail
    example = Problem("about:blank", title, status, detail, "0b9c6f7c5d0e4c4f")
    return {
        "description": detail,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": asdict(example),
            }
        },
    }
