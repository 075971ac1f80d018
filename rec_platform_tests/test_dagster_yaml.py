"""Dagster's own settings for AWS, with a real Postgres and an emulated S3."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators import BUCKET, Emulators, free_port

pytestmark = [
    pytest.mark.aws,
    pytest.mark.usefixtures("unclosed_is_forgiven"),  # Dagster leaves sqlalchemy's pool
]


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Postgres of its own on a free port; yields its address."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("no Postgres server on this machine (Debian's package `postgresql`)")
    folder = tmp_path_factory.mktemp("postgres")
    # It refuses to run as root.
    user = "postgres" if os.getuid() == 0 else None
    if user:
        for path in (folder, *folder.parents[:3]):
            path.chmod(0o755)
        shutil.chown(folder, user)
    port, data = free_port(), folder / "data"
    run = {"user": user, "check": True, "capture_output": True, "cwd": folder}
    subprocess.run([folders[-1] / "initdb", "-A", "trust", "-U", "dagster", data], **run)  # type: ignore[call-overload]
    options = f"-h 127.0.0.1 -p {port} -k {folder}"
    control = [folders[-1] / "pg_ctl", "-D", data, "-l", folder / "log", "-w"]
    subprocess.run([*control, "-o", options, "start"], **run | {"capture_output": False})  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg2://dagster@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)  # type: ignore[call-overload]


def test_runs_are_kept_in_postgres_and_what_steps_print_in_s3(
    postgres: str, emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import dagster as dg

    monkeypatch.setenv("REC_POSTGRES_URL", postgres)
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
