"""Dagster's own settings for AWS, with a real Postgres and an emulated S3."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.postgres_server import Postgres, postgres_server

pytestmark = [
    pytest.mark.aws,
    pytest.mark.usefixtures("unclosed_is_forgiven"),  # Dagster leaves sqlalchemy's pool
]


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


def test_runs_are_kept_in_postgres_and_what_steps_print_in_s3(
    postgres: Postgres, emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import dagster as dg

    monkeypatch.setenv("REC_POSTGRES_URL", postgres.url)
    monkeypatch.setenv("REC_LOGS_BUCKET", BUCKET)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shutil.copy(REPOSITORY / "infra" / "dagster.yaml", tmp_path)

    @dg.asset
    def film() -> None:
        sys.stdout.write("what the step prints")

    with dg.DagsterInstance.get() as instance:
        dg.materialize([film], instance=instance)
    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
    assert run.is_success
    s3 = emulators.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="dagster-logs/")
    (key,) = [entry["Key"] for entry in listed["Contents"] if entry["Key"].endswith(".out")]
    assert b"what the step prints" in s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
