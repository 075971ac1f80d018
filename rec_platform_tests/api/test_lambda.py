"""The handler as AWS runs it: its own runtime client, the events of each front door."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from rec_platform import release
from rec_platform_tests.api.site import publish
from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators.lambda_events import (
    FRONT_DOORS,
    function_url,
    http_api,
    http_api_mapping,
    rest_api,
    rest_api_base_path,
)
from rec_platform_tests.emulators.lambda_runtime import LambdaRuntime, lambda_runtime
from rec_platform_tests.in_background import in_background

HEAVY = ("pandas", "numpy", "dagster", "boto3", "botocore", "sklearn", "duckdb", "uvicorn")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    publish(root / "releases", "first")
    return root


@pytest.fixture(scope="module")
def runtime(root: Path) -> Iterator[LambdaRuntime]:
    with lambda_runtime("api.handler.handler", {"REC_ROOT": str(root)}, REPOSITORY) as runtime:
        yield runtime


def header(answer: dict[str, Any], name: str) -> str:
    """A header of an answer, in whichever form its front door takes it."""
    several = answer.get("multiValueHeaders") or {}
    return (answer.get("headers") or {}).get(name) or several[name][0]


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_each_front_door_gets_pictures_in_base64(runtime: LambdaRuntime, door: str):
    for path, kind in (("/card/tt0000001.png", "image/png"), ("/favicon.ico", "image/x-icon")):
        answer = runtime.invoke(FRONT_DOORS[door](path))
        assert answer["statusCode"] == 200 and answer["isBase64Encoded"]
        assert header(answer, "content-type") == kind
        assert b"PNG" in base64.b64decode(answer["body"])


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
def test_a_piece_of_the_catalogue_arrives_as_it_was_packed(runtime: LambdaRuntime, door: str):
    event = FRONT_DOORS[door]
    (pieces,) = re.findall(
        r'data-catalogue="[^"]*(/library/[^"]+)"', runtime.invoke(event("/library"))["body"]
    )
    piece = runtime.invoke(event(f"{pieces}0.gz"))
    assert piece["statusCode"] == 200 and piece["isBase64Encoded"]
    assert "The Silent Lantern" in gzip.decompress(b64decode(piece["body"])).decode("latin-1")


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_a_query_arrives_decoded_once(runtime: LambdaRuntime, door: str):
    answer = runtime.invoke(FRONT_DOORS[door]("/api/v1/search", "q=%C3%A9t%C3%A9+muet"))
    told = json.loads(answer["body"])
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


@pytest.mark.parametrize("door", [http_api, rest_api])
def test_the_home_page_of_a_stage_needs_no_slash(runtime: LambdaRuntime, door: Any):
    event = door("", stage="prod")
    page = runtime.invoke(event)
    assert page["statusCode"] == 200 and 'href="/prod/random"' in page["body"]


@pytest.mark.parametrize("path", ["", "/", "/metrics", "/title/tt0000001"])
@pytest.mark.parametrize("door", [http_api, function_url])
def test_the_default_stage_is_no_part_of_a_path(runtime: LambdaRuntime, door: Any, path: str):
    assert runtime.invoke(door(f"/$default{path}"))["statusCode"] == 404


@pytest.mark.parametrize("path", ["/", "/title/tt0000001", "/static/style.css"])
def test_below_the_base_path_of_a_custom_domain_every_address_keeps_it(
    runtime: LambdaRuntime, root: Path, path: str
):
    assert_below_films(runtime.invoke(rest_api_base_path(path)), path)
    settings = {"REC_ROOT": str(root), "REC_ROOT_PATH": "/films/"}
    with lambda_runtime("api.handler.handler", settings, REPOSITORY) as mapped:
        assert_below_films(mapped.invoke(http_api_mapping(path)), path)


@pytest.mark.parametrize(
    ("path", "told", "proxy"),
    [
        ("/films/title/tt0000001/", "/films/title/tt0000001/", "title/tt0000001"),
        ("/films/title/tt%30000001", "/films/title/tt0000001", "title/tt0000001"),
        ("/films/title/tt0000001", "/films/title/tt%30000001", "title/tt%30000001"),
    ],
)
def test_a_base_path_is_found_however_the_rest_is_encoded(
    runtime: LambdaRuntime, path: str, told: str, proxy: str
):
    event = rest_api_base_path("/title/tt0000001")
    event |= {"path": path, "pathParameters": {"proxy": proxy}}
    event["requestContext"]["path"] = told
    answer = runtime.invoke(event)
    if answer["statusCode"] == 308:  # without the last slash
        assert header(answer, "location") == "/films/title/tt0000001"
    else:
        assert_below_films(answer, "/title/tt0000001")


@pytest.mark.parametrize("parameters", [{"title_id": "tt0000001"}, {"proxy": "tt0000001"}, None])
def test_where_the_resource_does_not_tell_the_base_path_none_is_assumed(
    runtime: LambdaRuntime, parameters: dict[str, str] | None
):
    event = rest_api("/title/tt0000001")
    event |= {"resource": "/title/{title_id}", "pathParameters": parameters}
    event["requestContext"]["path"] = event["path"]
    page = runtime.invoke(event)
    assert page["statusCode"] == 200 and 'href="/about"' in page["body"]


def assert_below_films(answer: dict[str, Any], path: str) -> None:
    assert answer["statusCode"] == 200
    own = re.findall(r'(?:href|src|action)="(/[^"]*)"', answer["body"])
    assert path.startswith("/static/") or len(own) > 9
    assert all(address.startswith("/films/") for address in own)


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


@pytest.mark.slow
def test_a_slow_bucket_does_not_hold_up_the_start_beyond_lambdas_patience(root: Path):
    with slow_bucket(root) as bucket:
        keys = {"AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        settings = keys | {"REC_ROOT": "s3://bucket", "AWS_ENDPOINT_URL": bucket.url}
        with lambda_runtime("api.handler.handler", settings, REPOSITORY) as runtime:
            assert runtime.invoke(http_api("/healthz"))["statusCode"] == 200
            assert not bucket.was_given_up
            bucket.go_on.set()
            page = runtime.invoke(http_api("/title/tt0000001"))
    assert page["statusCode"] == 200 and not bucket.was_given_up


class SlowBucket:
    """A bucket whose pointer comes a byte at a time until it may go on."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.go_on = Event()
        self.was_given_up = False


@contextmanager
def slow_bucket(folder: Path) -> Iterator[SlowBucket]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("ETag", "e")
            self.end_headers()
            try:
                while self.path.endswith("current.json") and not bucket.go_on.wait(0.2):
                    self.wfile.write(b" ")
                self.wfile.write((folder / self.path.removeprefix("/bucket/")).read_bytes())
            except OSError:
                bucket.was_given_up = True

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the test tells."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bucket = SlowBucket(f"http://127.0.0.1:{server.server_port}")
    with in_background(server):
        try:
            yield bucket
        finally:
            bucket.go_on.set()


def start(root: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Import the handler as Lambda does, and print the modules that came with it to stderr."""
    program = (
        "import sys, api.handler; print(*(name for name in sys.modules if name.split('.')[0] in "
        f"('rec_platform', *{HEAVY})), file=sys.stderr)"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"REC_ROOT": root, "PYTHONPATH": str(REPOSITORY), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("root", ["folder", "s3://bucket/prefix"])
def test_the_function_imports_nothing_heavy_and_only_what_reads_a_release(
    tmp_path: Path, root: str
):
    # Nothing listens there, so there is no release.
    s3 = {"AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    done = start(root, tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:1", **s3)
    assert done.returncode == 0, done.stderr
    modules = {file.stem for file in Path(release.__file__ or "").parent.glob("*.py")}
    modules -= {"__init__", "writer"} | (set() if root.startswith("s3") else {"serving_s3"})
    expected = {"rec_platform", "rec_platform.release"}
    expected |= {f"rec_platform.release.{name}" for name in modules}
    assert set(done.stderr.split()) == expected
    told = json.loads(done.stdout)
    assert told["level"] == "error" and root in told["message"]


@pytest.mark.parametrize(
    ("root", "variables", "named"),
    [
        ("", {}, "REC_ROOT"),
        ("folder", {"REC_INDEXING": "yes"}, "REC_INDEXING"),
        ("folder", {"REC_SITE_URL": "films.example"}, "REC_SITE_URL"),
        ("s3://bucket/prefix", {"AWS_REGION": "x"}, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_a_function_with_a_wrong_setting_stops_at_its_start_and_names_the_variable(
    tmp_path: Path, root: str, variables: dict[str, str], named: str
):
    done = start(root, tmp_path, **variables)
    assert done.returncode == 1
    assert named in done.stderr.splitlines()[-1]
