"""The handler as AWS runs it: its own runtime client, the events of each front door."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rec_platform_tests.api.test_site import publish
from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators.lambda_events import FRONT_DOORS, http_api, rest_api
from rec_platform_tests.emulators.lambda_runtime import LambdaRuntime, lambda_runtime

HEAVY = ("pandas", "numpy", "dagster", "boto3", "botocore", "sklearn", "duckdb", "uvicorn")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    publish(root / "releases", "first")
    return root


@pytest.fixture(scope="module")
def runtime(root: Path) -> Iterator[LambdaRuntime]:
    with lambda_runtime("api.handler.handler", {"REC_ROOT": str(root)}, REPOSITORY) as found:
        yield found


def header(answer: dict[str, Any], name: str) -> str:
    """A header of an answer, in whichever form its front door takes it."""
    several = answer.get("multiValueHeaders") or {}
    return (answer.get("headers") or {}).get(name) or several[name][0]


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_each_front_door_gets_pages_answers_and_problems(runtime: LambdaRuntime, door: str):
    event = FRONT_DOORS[door]
    page = runtime.invoke(event("/title/tt0000001"))
    assert page["statusCode"] == 200 and not page["isBase64Encoded"]
    assert "The Silent Lantern" in page["body"]
    assert header(page, "content-type") == "text/html; charset=utf-8"
    assert "default-src 'none'" in header(page, "content-security-policy")
    query = "title=tt0000001&title=tt0000002&limit=3"
    basket = runtime.invoke(event("/api/v1/recommendations", query))
    assert json.loads(basket["body"])["titles"] == ["tt0000001", "tt0000002"]
    problem = runtime.invoke(event("/api/v1/titles/tt9"))
    assert problem["statusCode"] == 404 and not problem["isBase64Encoded"]
    assert json.loads(problem["body"])["request_id"] == header(problem, "x-request-id")


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_a_query_arrives_decoded_once(runtime: LambdaRuntime, door: str):
    found = runtime.invoke(FRONT_DOORS[door]("/api/v1/search", "q=%C3%A9t%C3%A9+muet"))
    told = json.loads(found["body"])
    assert told["query"] == "été muet"
    assert [title["title_id"] for title in told["titles"]] == ["tt0000001"]


@pytest.mark.parametrize("stage", ["prod", "api", "title"])  # some are named as a route
@pytest.mark.parametrize("door", [http_api, rest_api])
def test_behind_a_stage_every_address_keeps_the_stage(
    runtime: LambdaRuntime, door: Any, stage: str
):
    page = runtime.invoke(door("/title/tt0000001", stage=stage))
    assert page["statusCode"] == 200
    own = re.findall(r'(?:href|src|action)="(/[^"]*)"', page["body"])
    assert len(own) > 9 and all(address.startswith(f"/{stage}/") for address in own)
    static = next(address for address in own if "/static/" in address)
    asked, _, query = static.removeprefix(f"/{stage}").partition("?")
    answer = runtime.invoke(door(asked, query, stage=stage))
    assert answer["statusCode"] == 200 and "immutable" in header(answer, "cache-control")
    assert runtime.invoke(door("/api/v1/search", "q=lantern", stage=stage))["statusCode"] == 200
    nothing = runtime.invoke(door("/api/v1/nothing", stage=stage))
    assert nothing["statusCode"] == 404
    assert header(nothing, "content-type") == "application/problem+json"


def test_a_link_of_the_old_site_lands(runtime: LambdaRuntime):
    answer = runtime.invoke(rest_api("/", "title=tt0000001"))
    assert (answer["statusCode"], header(answer, "location")) == (308, "/prod/title/tt0000001")


def test_a_new_release_is_picked_up_by_a_function_that_runs(tmp_path: Path):
    publish(tmp_path / "releases", "first")
    with lambda_runtime("api.handler.handler", {"REC_ROOT": str(tmp_path)}, REPOSITORY) as runtime:
        for release_id in ("first", "second"):
            if release_id == "second":
                publish(tmp_path / "releases", release_id)
            told = json.loads(runtime.invoke(http_api("/readyz"))["body"])
            assert told["release_id"] == release_id


def test_a_function_that_starts_before_its_release_answers_as_soon_as_there_is_one(tmp_path: Path):
    with lambda_runtime("api.handler.handler", {"REC_ROOT": str(tmp_path)}, REPOSITORY) as runtime:
        assert runtime.invoke(http_api("/readyz"))["statusCode"] == 503
        assert runtime.invoke(http_api("/healthz"))["statusCode"] == 200
        publish(tmp_path / "releases", "first")
        assert runtime.invoke(http_api("/readyz"))["statusCode"] == 200


@pytest.mark.parametrize("root", ["folder", "s3://bucket/prefix"])
def test_the_function_imports_nothing_heavy_and_only_what_reads_a_release(
    tmp_path: Path, root: str
):
    program = (
        "import sys, api.handler; print(*(name for name in sys.modules if name.split('.')[0] in "
        f"('rec_platform', *{HEAVY})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"REC_ROOT": root, "PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = {"alternatives", "blend", "choices", "genres", "lookup", "reasons", "recommend"}
    modules |= {"search", "serving"}
    modules |= {"serving_s3"} if root.startswith("s3") else set()
    expected = {"rec_platform", *(f"rec_platform.{one}" for one in modules)}
    assert set(done.stderr.split()) == expected
    told = json.loads(done.stdout)  # there is no release
    assert (told["level"] == "error" and root in told["message"]) or "AWS_REGION" in told["message"]
