"""`fields=`: an answer has the fields of a title that were asked for, wherever it holds titles."""

from __future__ import annotations

from typing import Any

import pytest

from api.fields import NAMES
from rec_platform_tests.api.catalogue import publish_catalogue
from rec_platform_tests.api.site import Site

PATHS = [
    "/api/v1/titles/tt0000001",
    "/api/v1/titles/tt0000001/recommendations",
    "/api/v1/titles/tt0000001/recommendations?genre=Crime&explain=false",
    "/api/v1/recommendations?title=tt0000001&title=tt0000002",
    "/api/v1/search?q=verdict",
    "/api/v1/clusters/0/titles",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("catalogue")
    publish_catalogue(folder)
    return Site(folder)


def trimmed(body: Any, fields: set[str]) -> Any:
    """The answer with only these fields of each title; a title is what has an original title."""
    if isinstance(body, list):
        return [trimmed(item, fields) for item in body]
    if isinstance(body, dict):
        kept = fields if "original_title" in body else body.keys()
        return {name: trimmed(value, fields) for name, value in body.items() if name in kept}
    return body


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fields", ["title", "rating,title_id,credits", ",".join(NAMES)])
def test_an_answer_differs_by_the_fields_that_were_not_asked_for_alone(
    site: Site, path: str, fields: str
):
    whole = site.json(path)
    asked = site.json(f"{path}{'&' if '?' in path else '?'}fields={fields}")
    assert asked == trimmed(whole, {"title_id", *fields.split(",")})
    assert (asked == whole) == (len(fields.split(",")) == len(NAMES))


def test_an_unknown_field_is_answered_with_those_that_there_are(site: Site):
    answer = site.get("/api/v1/titles/tt0000001?fields=title,<script>")
    (error,) = answer.json()["errors"]
    assert answer.status_code == 422
    assert all(name in error["reason"] for name in NAMES) and "script" not in answer.text


def test_the_description_names_every_field_and_requires_the_id_alone(site: Site):
    described = site.json("/openapi.json")
    assert set(described["components"]["schemas"]["Title"]["properties"]) == set(NAMES)
    assert described["components"]["schemas"]["Title"]["required"] == ["title_id"]
    for path in ("titles/{title_id}", "recommendations", "search", "clusters/{cluster}/titles"):
        parameters = described["paths"][f"/api/v1/{path}"]["get"]["parameters"]
        assert "fields" in {parameter["name"] for parameter in parameters}
