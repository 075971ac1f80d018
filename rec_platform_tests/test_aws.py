"""The whole graph on emulated AWS, through the real clients, beside the local one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rec_platform_tests.conftest import REPOSITORY, Platform, last_run
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.emulators.sagemaker_server import SageMakerServer, sagemaker_server

pytestmark = pytest.mark.aws

KNOWN = Path(os.environ.get("REC_REAL_DATA", "unset")).resolve() / "imdb" / "known-5000"
ROLE = "arn:aws:iam::000000000000:role/rec-platform-jobs"
# What IAM calls an operation of the clients, where it is not the operation's own name.
ACTIONS = {
    **dict.fromkeys(("s3:ListObjectsV2", "s3:ListObjects", "s3:HeadBucket"), "s3:ListBucket"),
    **dict.fromkeys(
        ("s3:UploadPart", "s3:CreateMultipartUpload", "s3:CompleteMultipartUpload"), "s3:PutObject"
    ),
    "s3:HeadObject": "s3:GetObject",
    "s3:DeleteObjects": "s3:DeleteObject",
}


@pytest.fixture
def server(emulators: Emulators) -> Iterator[SageMakerServer]:
    with sagemaker_server(emulators.endpoint) as found:
        yield found


@pytest.fixture
def aws(
    emulators: Emulators,
    server: SageMakerServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Platform:
    """A bench whose commands work on AWS."""
    del emulators
    settings = {
        "REC_DEPLOYMENT": "aws",
        "REC_ROOT": f"s3://{BUCKET}/{tmp_path.name}",
        "REC_ATHENA_DATABASE": "".join(c if c.isalnum() else "_" for c in tmp_path.name),
        "REC_ATHENA_POLL_SECONDS": "0.05",
        "REC_SAGEMAKER_POLL_SECONDS": "0.05",
        "REC_SAGEMAKER_ROLE": ROLE,
        "AWS_ENDPOINT_URL_SAGEMAKER": server.url,
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": server.url,
        "DAGSTER_HOME": str(tmp_path / "dagster"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return Platform(tmp_path)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Every operation that any client of this process asks for, as IAM names it."""
    from botocore.client import BaseClient

    found: Counter[str] = Counter()
    call = BaseClient._make_api_call

    def record(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        action = f"{self.meta.service_model.signing_name}:{operation}"
        found[ACTIONS.get(action, action)] += 1
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    return found


def deployment(name: str, **variables: str) -> dict[str, Any]:
    from rec_platform.definitions import define

    return dict(define(os.environ | {"REC_DEPLOYMENT": name} | variables).resources or {})


def both(aws: Platform) -> tuple[dict[str, Any], dict[str, Any]]:
    """The resources of the local deployment and of AWS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(aws.folder)
        return deployment("local", REC_ROOT="local"), deployment("aws")


def refresh_both(aws: Platform, source: str, *options: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REC_DEPLOYMENT", "local")
        local = aws.run("refresh", "--source", source, "--root", "local", *options)
    assert local.exit_code == 0, local.stderr
    done = aws.run("refresh", "--source", source, *options)
    assert done.exit_code == 0, done.stderr


def compare(aws: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    from rec_platform.choices import NEIGHBOURS, RULE
    from rec_platform.model import read_matrix, read_model
    from rec_platform.similar import RULES, read_catalogue

    local, cloud = both(aws)
    monkeypatch.chdir(aws.folder)
    for table, order in (("titles", "title_id"), ("title_people", "title_id, person_id, role")):
        ours = cloud["warehouse"].read(table, order)
        theirs = local["warehouse"].read(table, order)
        columns = list(theirs.columns)
        pd.testing.assert_frame_equal(
            ours.sort_values(columns, ignore_index=True),
            theirs.sort_values(columns, ignore_index=True),
            check_dtype=False,
        )
    ids, matrix = read_matrix(cloud["warehouse"])
    local_ids, local_matrix = read_matrix(local["warehouse"])
    assert ids.tolist() == local_ids.tolist()
    np.testing.assert_allclose(matrix, local_matrix, atol=1e-6)
    ours, theirs = read_model(cloud["storage"]), read_model(local["storage"])
    assert ours.mean_squared_distance <= theirs.mean_squared_distance * 1.01
    # Under the same model, the same neighbours: those of AWS's clusters, found on this machine.
    clusters = cloud["warehouse"].read("title_clusters", "title_id")
    titles = cloud["warehouse"].read("titles", "title_id")
    catalogue = read_catalogue(cloud["warehouse"], titles)
    expected = RULES[RULE](catalogue, NEIGHBOURS)
    first = next(iter(expected))
    similar = cloud["warehouse"].read("similar_titles", "title_id, rank")
    of_first = similar[similar["title_id"] == ids[0]]["similar_id"].tolist()
    assert of_first == ids.to_numpy(object)[first.neighbours[0]].tolist()
    local_similar = local["warehouse"].read("similar_titles", "title_id, rank")
    assert similar["similar_id"].tolist() == local_similar["similar_id"].tolist()
    local_found = local["clustering"].assign(matrix, ours)
    assert (local_found.cluster == clusters["cluster"]).mean() > 0.999
    np.testing.assert_allclose(local_found.distance, clusters["distance"], atol=1e-4)


def test_the_whole_graph_gives_on_aws_what_it_gives_on_this_machine(
    aws: Platform,
    server: SageMakerServer,
    recorded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
):
    from rec_platform.sample import write_sample

    write_sample(aws.source, 1_000)
    refresh_both(aws, "sample")
    compare(aws, monkeypatch)
    _, assets = last_run()
    assert {"release", "cost_receipt", "raw_title_akas", "kmeans_model"} <= assets

    # Every request is one that the policy of docs/aws.md allows.
    policy = json.loads((REPOSITORY / "infra/policies/platform.json").read_text())
    allowed = {action for part in policy["Statement"] for action in _list(part["Action"])}
    assert set(recorded) <= allowed, set(recorded) - allowed
    assert not [action for action in recorded if "Endpoint" in action]

    # A second refresh finds nothing changed, asks no query and starts no job.
    jobs = len(server.jobs)
    done = aws.run("refresh", "--source", "sample")
    assert done.exit_code == 0 and "nothing has changed" in done.stderr
    assert len(server.jobs) == jobs == 2

    listed = aws.run("releases")
    assert listed.exit_code == 0 and listed.stdout.splitlines()[1].startswith("*")
    assert len(aws.run("export").stdout.splitlines()) > 100

    costs = aws.run("costs").stdout
    assert "sagemaker_training_seconds:ml.m5.large" in costs and "published" in costs
    total = float(costs.strip().rpartition("$")[2])
    assert 0 < total < 0.25
    plan = aws.run("costs", "--plan", "--source", "sample").stdout
    assert total < float(plan.strip().rpartition("$")[2]) < 0.25


def _list(found: str | list[str]) -> list[str]:
    return [found] if isinstance(found, str) else found


def test_a_job_that_fails_leaves_the_last_release_and_a_receipt(
    aws: Platform, server: SageMakerServer
):
    from rec_platform.sample import write_sample

    write_sample(aws.source, 300)
    assert aws.run("refresh", "--source", "sample").exit_code == 0
    before = aws.run("releases").stdout
    server.fates = ["AlgorithmError: bad data"]
    done = aws.run("refresh", "--source", "sample", "--clusters", "4")
    assert done.exit_code == 1
    assert "AlgorithmError: bad data" in done.stderr and "last line of the log" in done.stderr
    assert aws.run("releases").stdout == before
    assert "failed" in aws.run("costs").stdout


STEPS = ["titles", "kmeans_model", "title_clusters", "release"]


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_is_finished_by_the_next_one_and_nothing_is_paid_twice(
    aws: Platform, server: SageMakerServer, emulators: Emulators, step: str
):
    from rec_platform.sample import write_sample

    write_sample(aws.source, 300)
    kill = (
        "import os, signal, sys\n"
        "from dagster._core.events import DagsterEvent\n"
        "make = DagsterEvent.step_success_event\n"
        "def die(step, *rest):\n"
        f"    if step.step.key == '{step}': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return make(step, *rest)\n"
        "DagsterEvent.step_success_event = staticmethod(die)\n"
        "from rec_platform.cli import app; app()"
    )
    before = len(emulators.queries())
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", kill, "refresh", "--source", "sample"],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        cwd=aws.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == -9, process.stderr[-2000:]
    done = aws.run("refresh", "--source", "sample")  # waits until the dead run's lease has run out
    assert done.exit_code == 0, done.stderr
    assert server.count("CreateTrainingJob") == 1 and server.count("CreateTransformJob") == 1
    created = [query for query in emulators.queries()[before:] if "__" in query.split(" WITH")[0]]
    assert len(created) == len(set(created)) == 3  # one for each sql/*.sql


def test_the_doctor_finds_what_is_right_and_what_is_missing(
    aws: Platform, monkeypatch: pytest.MonkeyPatch
):
    done = aws.run("doctor")
    assert done.exit_code == 1  # the emulated bucket has no versions, no rules
    assert "switch it on" in done.stdout and "ok  bucket" in done.stdout
    monkeypatch.setenv("REC_ROOT", "s3://no-such-bucket/imdb")
    monkeypatch.setenv("REC_ATHENA_WORKGROUP", "none")
    monkeypatch.setenv("REC_SAGEMAKER_ROLE", "")
    found = aws.run("doctor").stdout
    assert "set REC_ROOT" in found and "set REC_SAGEMAKER_ROLE" in found


def test_known_titles_are_the_same_on_aws_and_on_this_machine(
    aws: Platform, monkeypatch: pytest.MonkeyPatch
):
    if not KNOWN.is_dir():
        pytest.skip("REC_REAL_DATA names no folder of real files")
    refresh_both(aws, str(KNOWN), "--preset", "us_release")
    compare(aws, monkeypatch)
