"""The release from S3: our signature beside botocore's, and an emulated bucket's bad days."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rec_platform.release import serving, serving_s3
from rec_platform.release.lookup import LookupFileError
from rec_platform.release.root import serving_release
from rec_platform.release.serving import CHECK_SECONDS
from rec_platform.release.serving_s3 import S3Settings, ServingS3Release, address, sign
from rec_platform_tests.api.site import Site, publish
from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators import BUCKET, Emulators, environment
from rec_platform_tests.emulators.faulty_proxy import CUT_ANSWER, DRIP, LOST, FaultyProxy
from rec_platform_tests.emulators.lambda_events import http_api
from rec_platform_tests.emulators.lambda_runtime import lambda_runtime
from rec_platform_tests.release.conftest import Clocks

CONFIGURED = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-north-1"}


# The request


@pytest.mark.parametrize("token", ["", "a/token+of=a/role"])
@pytest.mark.parametrize("key", ["releases/current.json", "a b/ü+&=~'()*!/x.sqlite"])
def test_requests_are_signed_as_amazons_own_client_signs_them(
    key: str, token: str, environment: None
):
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as BotocoreCredentials

    ours = S3Settings("AKIDEXAMPLE", "secret/key", token, "eu-north-1")
    host, path, is_secure = address("bucket", key, ours)
    request = AWSRequest("GET", f"https://{host}{path}")
    theirs = BotocoreCredentials("AKIDEXAMPLE", "secret/key", token or None)
    S3SigV4Auth(theirs, "s3", "eu-north-1").add_auth(request)
    at = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    signed = sign(ours, host, path, at.replace(tzinfo=UTC))
    assert is_secure
    assert signed["authorization"] == request.headers["Authorization"]
    assert signed["x-amz-content-sha256"] == request.headers["X-Amz-Content-SHA256"]
    assert signed.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")


@pytest.mark.parametrize(
    ("bucket", "endpoint", "expected"),
    [
        ("bucket", "", ("bucket.s3.eu-north-1.amazonaws.com", "/a/b", True)),
        ("my.bucket", "", ("s3.eu-north-1.amazonaws.com", "/my.bucket/a/b", True)),
        ("bucket", "http://127.0.0.1:9000", ("127.0.0.1:9000", "/bucket/a/b", False)),
        ("bucket", "https://s3.example/minio/", ("s3.example", "/minio/bucket/a/b", True)),
    ],
)
def test_a_bucket_is_found_at_amazon_or_where_the_settings_say(
    bucket: str, endpoint: str, expected: tuple[str, str, bool]
):
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        settings = S3Settings.from_environment(CONFIGURED | {name: endpoint})
        assert address(bucket, "a/b", settings) == expected


@pytest.mark.parametrize("missing", CONFIGURED)
def test_what_is_not_configured_is_named(missing: str):
    assert S3Settings.from_environment(CONFIGURED).region == "eu-north-1"
    with pytest.raises(LookupFileError, match=f"set {missing}$"):
        serving_release("s3://bucket", CONFIGURED | {missing: ""})


# The release


class Bucket:
    """A prefix of the emulated bucket, filled as `publish` on S3 fills it: the pointer last."""

    def __init__(self, folder: Path, emulators: Emulators) -> None:
        self.folder = folder
        self.root = f"s3://{BUCKET}/{folder.name}"
        self._s3 = emulators.client("s3")

    def publish(self, release_id: str, damage: bool = False) -> None:
        publish(self.folder / "releases", release_id, first=f"The Lantern of {release_id}")
        self.upload(release_id, damage)

    def upload(self, release_id: str, damage: bool = False) -> None:
        for name in ("manifest.json", "lookup.sqlite"):
            content = (self.folder / "releases" / release_id / name).read_bytes()
            if damage and name == "lookup.sqlite":
                content = content[:-1] + bytes([content[-1] ^ 1])
            self._put(f"{release_id}/{name}", content)
        self.point(release_id)

    def point(self, release_id: str) -> None:
        self._put("current.json", json.dumps({"release_id": release_id}).encode())

    def _put(self, key: str, content: bytes) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=f"{self.folder.name}/releases/{key}", Body=content)


@pytest.fixture
def proxy(emulators: Emulators) -> FaultyProxy:
    return emulators.proxy


@pytest.fixture
def bucket(emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    bucket = Bucket(tmp_path / f"prefix-{tmp_path.name}", emulators)
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    bucket.publish("first")
    return bucket


def fetched(proxy: FaultyProxy) -> list[str]:
    return [line for line in proxy.requests if re.match("GET .*lookup.sqlite", line)]


def following(root: str, check_seconds: float = CHECK_SECONDS) -> ServingS3Release:
    """The serving release of a root, reached as this test's environment says."""
    return ServingS3Release(root, S3Settings.from_environment(os.environ), check_seconds)


def serves(serving: Any) -> str:
    return serving.lookup().path.parent.name


@pytest.mark.aws
def test_a_release_is_fetched_once_and_swapped_when_the_pointer_moves(
    bucket: Bucket, proxy: FaultyProxy
):
    serving = following(bucket.root, check_seconds=0)
    proxy.requests.clear()
    assert [serves(serving) for _ in range(3)] == ["first"] * 3
    assert len(fetched(proxy)) == 1 and len(proxy.requests) == 5
    old = serving.lookup()
    bucket.publish("second")
    assert serves(serving) == "second"
    bucket.point("first")
    assert serves(serving) == "first"
    title = old.title("tt0000001")
    assert title and title.title == "The Lantern of first"  # who reads it still may


@pytest.mark.aws
def test_nothing_of_a_release_stays_on_the_disk_under_a_name(bucket: Bucket):
    serving = following(bucket.root, check_seconds=0)
    for release_id in ("second", "third"):
        bucket.publish(release_id)
        assert serves(serving) == release_id and serving.lookup().search("lantern")
    bucket.publish("fourth", damage=True)
    serving.lookup()
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


@pytest.mark.aws
def test_the_pointer_is_looked_at_no_more_often_than_agreed(bucket: Bucket, proxy: FaultyProxy):
    serving = serving_release(bucket.root, os.environ)
    assert serves(serving) == "first"
    serving._wait = 60  # type: ignore[attr-defined]  # the first look again comes soon
    proxy.requests.clear()
    bucket.publish("second")
    before = len(proxy.requests)
    assert serves(serving) == "first" and len(proxy.requests) == before


@pytest.mark.aws
def test_a_function_that_was_frozen_looks_at_the_pointer_when_it_thaws(
    bucket: Bucket, clocks: Clocks
):
    serving = serving_release(bucket.root, os.environ)
    assert serves(serving) == "first"
    bucket.publish("second")
    clocks.freeze(61)
    assert serves(serving) == "second"


@pytest.mark.aws
def test_a_damaged_release_leaves_the_old_one_and_is_not_fetched_again(
    bucket: Bucket, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
):
    serving = following(bucket.root, check_seconds=0)
    serving.lookup()
    bucket.publish("second", damage=True)
    proxy.requests.clear()
    assert [serves(serving) for _ in range(3)] == ["first"] * 3
    assert len(fetched(proxy)) == 1
    assert "damaged" in caplog.text and "first keeps serving" in caplog.text
    bucket.publish("third")
    assert serves(serving) == "third"


@pytest.mark.aws
@pytest.mark.parametrize("what", ["current.json", "second/manifest.json", "second/lookup.sqlite"])
@pytest.mark.parametrize("status", [CUT_ANSWER, DRIP, LOST, 403, 404, 503])
def test_a_bad_day_of_s3_leaves_the_old_one_until_it_is_over(
    bucket: Bucket,
    proxy: FaultyProxy,
    what: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(serving_s3, "FETCH_SECONDS", 1)
    site = Site(following(bucket.root, check_seconds=0))
    assert site.json("/readyz")["release_id"] == "first"
    bucket.publish("second")
    proxy.play(f"GET .*{what}", 2, status)
    assert [site.json("/readyz")["release_id"] for _ in range(3)] == ["first", "first", "second"]
    assert proxy.played == 2


@pytest.mark.aws
@pytest.mark.parametrize("status", [503, DRIP])
def test_while_nothing_serves_one_request_asks_and_the_others_wait_for_it(
    bucket: Bucket, proxy: FaultyProxy, status: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(serving_s3, "FETCH_SECONDS", 1)
    monkeypatch.setattr(serving, "RETRY_SECONDS", 5)
    release = following(bucket.root)
    proxy.requests.clear()
    proxy.play("GET .*current.json", 9, status)
    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(release.lookup) for _ in range(4)]
        errors = [request.exception() for request in asking]
    assert {type(error) for error in errors} == {LookupFileError}
    assert len(proxy.requests) == 1


@pytest.mark.aws
def test_who_comes_while_the_first_release_is_fetched_gets_it(bucket: Bucket, proxy: FaultyProxy):
    release = following(bucket.root)
    proxy.play("GET .*current.json", 1, DRIP)  # two seconds or so
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(release.lookup)
        while not proxy.asked("GET .*current.json"):
            time.sleep(0.01)
        others = [threads.submit(release.lookup) for _ in range(2)]
        assert all(other.result() is first.result() for other in others)
    assert len(fetched(proxy)) == 1


@pytest.mark.aws
def test_a_damaged_first_release_is_served_once_it_was_uploaded_anew(bucket: Bucket):
    bucket.upload("first", damage=True)
    release = following(bucket.root, check_seconds=0)
    for _ in range(2):
        with pytest.raises(LookupFileError, match="damaged"):
            release.lookup()
    bucket.upload("first")
    assert serves(release) == "first"


@pytest.mark.aws
def test_a_bucket_without_a_release_is_a_503_that_tells_no_address(
    bucket: Bucket, caplog: pytest.LogCaptureFixture
):
    site = Site(following(f"{bucket.root}-none", check_seconds=0))
    answer = site.get("/api/v1/release")
    assert answer.status_code == 503 and bucket.root not in answer.text
    assert "S3 answers 404" in caplog.text


@pytest.mark.aws
def test_a_key_is_admitted_by_its_signature_alone(
    bucket: Bucket, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
):
    iam = emulators.client("iam")
    iam.create_user(UserName="site")
    iam.put_user_policy(
        UserName="site",
        PolicyName="read",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
            }
        ),
    )
    key = iam.create_access_key(UserName="site")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    assert serves(following(bucket.root)) == "first"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(LookupFileError, match="SignatureDoesNotMatch"):
        following(bucket.root).lookup()


@pytest.mark.aws
def test_the_function_serves_from_the_bucket(bucket: Bucket, proxy: FaultyProxy):
    settings = environment(proxy.url, REC_ROOT=bucket.root)
    with lambda_runtime("api.handler.handler", settings, REPOSITORY) as runtime:
        page = runtime.invoke(http_api("/title/tt0000001"))
        assert page["statusCode"] == 200 and "The Lantern of first" in page["body"]
