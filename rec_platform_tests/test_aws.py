"""The whole graph on emulated AWS, through the real clients, beside the local one."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rec_platform_tests.conftest import REPOSITORY, Platform, last_run
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.emulators.sagemaker_server import (
    BILLABLE_SECONDS,
    SageMakerServer,
    sagemaker_server,
)

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
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
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
    import dagster as dg
    import pandas as pd

    from rec_platform.assets.model import read_matrix, read_model
    from rec_platform.assets.similar import similar_titles

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
    assert ours.mean_squared_distance == pytest.approx(theirs.mean_squared_distance, rel=0.01)
    clusters = cloud["warehouse"].read("title_clusters", "title_id")
    local_found = local["clustering"].assign(matrix, ours)
    assert (local_found.cluster == clusters["cluster"]).mean() > 0.999
    np.testing.assert_allclose(local_found.distance, clusters["distance"], atol=1e-4)
    # Under the same model, the same neighbours: those that this machine finds in AWS's clusters.
    local["warehouse"].write("title_clusters", [clusters])
    assert dg.materialize([similar_titles], resources=local).success
    pd.testing.assert_frame_equal(
        cloud["warehouse"].read("similar_titles", "title_id, rank"),
        local["warehouse"].read("similar_titles", "title_id, rank"),
    )


def test_the_whole_graph_gives_on_aws_what_it_gives_on_this_machine(
    aws: Platform,
    server: SageMakerServer,
    recorded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
):
    from rec_platform.sample.writer import write_sample

    write_sample(aws.source, 1_000)
    refresh_both(aws, "sample")
    compare(aws, monkeypatch)
    _, assets = last_run()
    assert {"release", "cost_receipt", "raw_title_akas", "kmeans_model"} <= assets
    assert set(recorded) <= allowed("platform"), set(recorded) - allowed("platform")
    assert not [action for action in recorded if "Endpoint" in action]

    # What was used and what it costs stands beside each result.
    used = metadata()
    for table in ("titles", "title_people", "title_akas"):
        assert used[table]["athena_scanned_bytes"] > 0
        assert used[table]["dollars"] >= 10_000_000 / 2**40 * 5  # the least that a query costs
    assert used["kmeans_model"]["sagemaker_train:msd"] > 0
    assert used["kmeans_model"]["billable_seconds"] == BILLABLE_SECONDS
    for step in ("kmeans_model", "title_clusters"):
        assert used[step]["dollars"] > BILLABLE_SECONDS / 3600 * 0.1

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


def allowed(*policies: str) -> set[str]:
    """The actions that policies of docs/aws.md allow."""
    files = [REPOSITORY / f"infra/policies/{name}.json" for name in policies]
    parts = [part for file in files for part in json.loads(file.read_text())["Statement"]]
    lists = [[found] if isinstance(found := part["Action"], str) else found for part in parts]
    return set(itertools.chain(*lists))


def test_giving_up_is_allowed_too(
    aws: Platform,
    server: SageMakerServer,
    emulators: Emulators,
    recorded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
):
    import dagster as dg

    monkeypatch.chdir(aws.folder)
    monkeypatch.setattr("rec_platform.resources.aws.clients.ATTEMPTS", 1)
    monkeypatch.setattr("rec_platform.resources.aws.sagemaker.START_SECONDS", 0)
    cloud = deployment("aws", REC_ATHENA_MAX_SECONDS="0.3", REC_SAGEMAKER_MAX_SECONDS="1")
    emulators.tell_athena("stall")
    with pytest.raises(dg.Failure, match="was stopped"):
        cloud["warehouse"].query("SELECT 1 AS one")
    points = np.random.default_rng(0).random((20, 2)).astype("float32")
    model = deployment("aws")["clustering"].fit(points, 2, seed=0)
    server.fates = ["stall", "stall"]
    with pytest.raises(dg.Failure, match="was stopped"):
        cloud["clustering"].fit(points, 3, seed=0)
    with pytest.raises(dg.Failure, match="was stopped"):
        cloud["clustering"].assign(points, model)
    file = cloud["storage"].scratch_dir() / "names.gz"
    file.write_bytes(bytes(20_000_000))
    emulators.proxy.play("^PUT .*partNumber=2", 1, 503)
    with pytest.raises(dg.Failure, match="SlowDown"):
        cloud["storage"].put(file, "raw/names.gz")
    ends = {"athena:StopQueryExecution", "s3:AbortMultipartUpload"}
    ends |= {"sagemaker:StopTrainingJob", "sagemaker:StopTransformJob"}
    assert ends <= set(recorded) <= allowed("platform")


def metadata() -> dict[str, dict[str, Any]]:
    """What the Dagster UI shows of each asset that the last run made."""
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs(limit=1)
        logs = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    made = [log.asset_materialization for log in logs if log.asset_materialization]
    return {
        found.asset_key.to_user_string(): {
            name: each.value for name, each in found.metadata.items()
        }
        for found in made
    }


def test_a_job_that_fails_leaves_the_last_release_and_a_receipt(
    aws: Platform, server: SageMakerServer
):
    from rec_platform.sample.writer import write_sample

    write_sample(aws.source, 300)
    assert aws.run("refresh", "--source", "sample").exit_code == 0
    before = aws.run("releases").stdout
    server.fates = ["AlgorithmError: bad data"]
    done = aws.run("refresh", "--source", "sample", "--clusters", "4")
    assert done.exit_code == 1
    assert "AlgorithmError: bad data" in done.stderr and "last line of the log" in done.stderr
    assert aws.run("releases").stdout == before
    assert "failed" in aws.run("costs").stdout


KILL = """
import os, signal, sys
from dagster._core.events import DagsterEvent
make = DagsterEvent.step_success_event
def die(step, *rest):
    if step.step.key == sys.argv[1]:  # the work is done, and Dagster does not know it yet
        os.kill(os.getpid(), signal.SIGKILL)
    return make(step, *rest)
DagsterEvent.step_success_event = staticmethod(die)
from rec_platform.cli import app
app(sys.argv[2:])
"""
STEPS = [
    *("raw_title_basics", "raw_title_akas", "raw_title_ratings"),
    *("raw_title_crew", "raw_title_principals", "raw_name_basics"),
    *("recipe", "titles", "title_people", "title_akas", "scaled_matrix"),
    *("kmeans_model", "title_clusters", "similar_titles", "cluster_lookup", "release"),
]


def test_runs_that_are_killed_at_every_step_get_there_and_nothing_is_paid_twice(
    aws: Platform, server: SageMakerServer, emulators: Emulators
):
    from rec_platform.resources.storage import S3Storage
    from rec_platform.sample.writer import write_sample

    write_sample(aws.source, 300)
    assert aws.run("refresh", "--source", "sample").exit_code == 0
    before, jobs = aws.run("releases").stdout, len(server.jobs)
    write_sample(aws.source, 320)
    queries = len(emulators.queries())
    for step in STEPS:
        assert aws.run("releases").stdout == before  # the last release is served all the time
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", KILL, step, "refresh", "--source", "sample"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            cwd=aws.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == -9, process.stderr[-2000:]
        if step != STEPS[-1]:  # its lease would run out in half a minute
            S3Storage(root=os.environ["REC_ROOT"]).delete("refresh.lock")
    done = aws.run("refresh", "--source", "sample")  # waits until the dead run's lease has run out
    assert done.exit_code == 0 and "nothing has changed" in done.stderr
    assert len(aws.run("releases").stdout.splitlines()) == 3
    assert len(server.jobs) == jobs + 2
    made = [query for query in emulators.queries()[queries:] if query.startswith("CREATE TABLE")]
    assert len(made) == len(set(made)) == 3  # one for each sql/*.sql


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("what", ["query", "job"])
def test_stopping_a_run_stops_what_it_pays_for_and_frees_the_lock(
    aws: Platform, server: SageMakerServer, emulators: Emulators, what: str, number: signal.Signals
):
    import boto3

    from rec_platform.resources.storage import S3Storage
    from rec_platform.sample.writer import write_sample

    write_sample(aws.source, 300)
    if what == "query":
        emulators.tell_athena("stall")
    else:
        server.fates = ["stall"]
    with aws.start("refresh", "--source", "sample") as process:
        while not (emulators.proxy.asked("GetQueryExecution") if what == "query" else server.jobs):
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    if what == "query":
        athena = boto3.client("athena")
        ids = athena.list_query_executions(WorkGroup="rec_platform")["QueryExecutionIds"]
        found = athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
        assert not [query for query in found if query["Status"]["State"] in ("QUEUED", "RUNNING")]
        assert "CANCELLED" in {query["Status"]["State"] for query in found}
    else:
        assert [job["TrainingJobStatus"] for job in server.jobs.values()] == ["Stopped"]
    assert "refresh.lock" not in S3Storage(root=os.environ["REC_ROOT"]).names("")


def test_the_doctor_finds_all_well_where_the_guide_was_followed(
    aws: Platform,
    server: SageMakerServer,
    recorded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
):
    import boto3

    bucket = "guided-bucket"
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration=filled("lifecycle.json", bucket)
    )
    boto3.client("iam").create_role(
        RoleName="rec-platform-jobs",
        AssumeRolePolicyDocument=json.dumps(filled("policies/jobs-trust.json", bucket)),
    )
    uses = ("spot training", "transform")
    server.quotas = {f"ml.m5.large for {use} job usage": 1 for use in uses}
    monkeypatch.setenv("REC_ROOT", f"s3://{bucket}/imdb")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS", server.url)
    recorded.clear()
    done = aws.run("doctor")
    assert done.exit_code == 0, done.stdout
    free = {"sts:GetCallerIdentity"}
    assert set(recorded) <= allowed("platform", "doctor") | free, recorded

    server.quotas["ml.m5.large for spot training job usage"] = 0
    assert "ask for more of ml.m5.large for spot training job usage" in aws.run("doctor").stdout


def filled(name: str, bucket: str) -> Any:
    """A file of infra/ as `fill` of docs/aws.md fills it."""
    text = (REPOSITORY / "infra" / name).read_text()
    for word, value in {"ACCOUNT": "0" * 12, "BUCKET": bucket, "PREFIX": "imdb"}.items():
        text = text.replace(word, value)
    return json.loads(text)


def test_the_doctor_finds_what_is_missing(aws: Platform, monkeypatch: pytest.MonkeyPatch):
    done = aws.run("doctor")
    assert done.exit_code == 1  # the emulated bucket has no versions, no rules
    assert "switch it on" in done.stdout and "ok  bucket" in done.stdout
    monkeypatch.setenv("REC_ROOT", "s3://no-such-bucket/imdb")
    monkeypatch.setenv("REC_ATHENA_WORKGROUP", "none")
    monkeypatch.setenv("REC_SAGEMAKER_ROLE", "")
    found = aws.run("doctor").stdout
    for fix in ("set REC_ROOT", "set REC_ATHENA_WORKGROUP", "set REC_SAGEMAKER_ROLE"):
        assert fix in found
    monkeypatch.setenv("REC_ROOT", f"s3://{BUCKET}/imdb")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert "set AWS_REGION to the region of the bucket: it is" in aws.run("doctor").stdout
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "sign in again" in aws.run("doctor").stdout


@pytest.mark.parametrize("rule", ["blend", "original_2020"])
def test_known_titles_are_the_same_on_aws_and_on_this_machine(
    aws: Platform, monkeypatch: pytest.MonkeyPatch, rule: str
):
    if not KNOWN.is_dir():
        pytest.skip("REC_REAL_DATA names no folder of real files")
    # The 2020 original's rule looks at clusters and distances.
    refresh_both(aws, str(KNOWN), "--preset", "us_release", "--rule", rule)
    compare(aws, monkeypatch)
