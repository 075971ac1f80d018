"""K-Means on SageMaker, through the real clients, beside scikit-learn, and on its bad days."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from rec_platform.resources.aws import jobs
from rec_platform.resources.aws.mxnet import read_first_array
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform.resources.aws.sagemaker import SageMakerClustering
from rec_platform.resources.clustering import ScikitLearnClustering
from rec_platform_tests.emulators import REPOSITORY
from rec_platform_tests.emulators.faulty_proxy import CUT, EXPIRED_JSON, LOST, THROTTLED
from rec_platform_tests.emulators.sagemaker_server import (
    BILLABLE_SECONDS,
    SageMakerServer,
    ndarray_file,
)
from rec_platform_tests.resources.aws.sagemaker_bench import MATRIX, ROLE, fresh

pytestmark = pytest.mark.aws


def test_it_finds_what_scikit_learn_finds(clustering: SageMakerClustering):
    model = clustering.fit(MATRIX, 3, seed=0)
    local = ScikitLearnClustering().fit(MATRIX, 3, seed=0)
    assert model.mean_squared_distance == pytest.approx(local.mean_squared_distance, rel=0.01)
    np.testing.assert_allclose(model.centroids, local.centroids, atol=1e-5)  # largest first, too
    assignment = clustering.assign(MATRIX, model)
    expected = ScikitLearnClustering().assign(MATRIX, model)
    assert assignment.cluster.tolist() == expected.cluster.tolist()
    np.testing.assert_allclose(assignment.distance, expected.distance, atol=1e-5)
    assert model.metadata["sagemaker_train:msd"] == pytest.approx(model.mean_squared_distance, 1e-4)
    assert np.bincount(assignment.cluster).tolist() == [80, 50, 30]


def test_no_endpoint_runs_and_no_model_stays(
    clustering: SageMakerClustering, server: SageMakerServer
):
    clustering.assign(MATRIX, clustering.fit(MATRIX, 3, seed=0))
    assert not server.models
    assert not [name for name, _ in server.asked if "Endpoint" in name]
    kept = S3Storage(root=clustering.root).etags("jobs")
    assert not [key for key in kept if "/input/" in key]


def test_what_is_paid_is_counted_once(clustering: SageMakerClustering, tmp_path: Path):
    clustering.assign(MATRIX, clustering.fit(MATRIX, 3, seed=0))
    used = clustering.usage()
    assert used["sagemaker_training_seconds:ml.m5.large"] == BILLABLE_SECONDS
    assert used["sagemaker_transform_seconds:ml.m5.large"] == pytest.approx(BILLABLE_SECONDS)
    assert all(used[unit] <= most for unit, most in clustering.plan(0).items())
    again = fresh(tmp_path)
    model = again.fit(MATRIX, 3, seed=0)
    assert again.assign(MATRIX, model).metadata["sagemaker_job_is_reused"]
    assert model.metadata["sagemaker_job_is_reused"]
    assert not [unit for unit in again.usage() if unit.startswith("sagemaker")]


def test_settings_reach_the_jobs(server: SageMakerServer, tmp_path: Path):
    given = {
        **{"instance_type": "ml.c5.xlarge", "instance_count": 2, "kms_key": "key", "spot": True},
        **{
            "subnets": "subnet-1, subnet-2",
            "security_groups": "sg-1",
            "tags": "team=data,env=prod",
        },
    }
    os.chdir(tmp_path)
    clustering = fresh(tmp_path, **given)
    clustering.assign(MATRIX, clustering.fit(MATRIX, 3, seed=0))
    asked = dict(server.asked)
    training, transform = asked["CreateTrainingJob"], asked["CreateTransformJob"]
    assert training["EnableManagedSpotTraining"] is True
    assert training["StoppingCondition"]["MaxWaitTimeInSeconds"] >= 1800
    assert training["VpcConfig"]["Subnets"] == ["subnet-1", "subnet-2"]
    assert training["OutputDataConfig"]["KmsKeyId"] == "key"
    assert training["ResourceConfig"]["VolumeKmsKeyId"] == "key"
    assert transform["TransformResources"]["InstanceCount"] == 2
    for request in (training, transform, asked["CreateModel"]):
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        assert tags == {"project": "rec_platform", "team": "data", "env": "prod"}


def test_too_few_titles_are_told_before_anything_is_asked(
    clustering: SageMakerClustering, server: SageMakerServer
):
    with pytest.raises(dg.Failure, match="too few, or too alike"):
        clustering.fit(MATRIX[:2], 3, seed=0)
    with pytest.raises(dg.Failure, match="set REC_SAGEMAKER_ROLE"):
        SageMakerClustering(root=clustering.root).fit(MATRIX, 3, seed=0)
    assert not server.asked


KINDS = pytest.mark.parametrize("kind", ["Training", "Transform"])


def cluster(clustering: SageMakerClustering) -> None:
    clustering.assign(MATRIX, clustering.fit(MATRIX, 3, seed=0))


def doom(server: SageMakerServer, kind: str, fate: str) -> None:
    """The fate of the training job, or of the transform after it."""
    server.fates = [fate] if kind == "Training" else ["ok", fate]


def when_started(server: SageMakerServer, kind: str, act: Callable[[str], None]) -> None:
    """Do something to the first job of a kind, by its name, as soon as it is there."""

    def wait() -> None:
        while not (names := [name for name, job in server.jobs.items() if f"{kind}JobName" in job]):
            time.sleep(0.02)
        act(names[0])

    threading.Thread(target=wait, daemon=True).start()


def states(server: SageMakerServer) -> list[str]:
    return [
        job.get("TransformJobStatus") or job["TrainingJobStatus"] for job in server.jobs.values()
    ]


@KINDS
@pytest.mark.parametrize(
    ("reason", "fix"),
    [
        ("AlgorithmError: bad data", "the last line of the log"),
        ("CapacityError: no capacity for ml.m5.large", "REC_SAGEMAKER_SPOT=false"),
        ("ClientError: AccessDenied on s3", "docs/aws.md"),
    ],
)
def test_a_job_that_fails_says_why_and_the_next_run_starts_one_more(
    clustering: SageMakerClustering, server: SageMakerServer, kind: str, reason: str, fix: str
):
    doom(server, kind, reason)
    with pytest.raises(dg.Failure) as failure:
        cluster(clustering)
    assert reason in str(failure.value.description) and fix in str(failure.value.description)
    assert server.count(f"Create{kind}Job") == 1 and not server.models
    cluster(clustering)
    assert server.count(f"Create{kind}Job") == 2 and len(server.jobs) == 3


def test_a_quota_that_is_used_up_is_told_and_the_job_starts_when_there_is_more(
    clustering: SageMakerClustering, server: SageMakerServer
):
    assert server.proxy
    limit = '{"__type": "ResourceLimitExceeded", "message": "The account-level limit is 0."}'
    server.proxy.play("CreateTrainingJob", 1, 400, limit)
    with pytest.raises(dg.Failure, match=r"limit is 0.*Service Quotas"):
        cluster(clustering)
    model = clustering.fit(MATRIX, 3, seed=0)
    server.proxy.play("CreateTransformJob", 1, 400, limit)
    with pytest.raises(dg.Failure, match=r"limit is 0.*Service Quotas"):
        clustering.assign(MATRIX, model)
    assert not server.models
    clustering.assign(MATRIX, model)
    assert states(server) == ["Completed", "Completed"]


@KINDS
def test_a_job_that_somebody_stopped_is_told(
    clustering: SageMakerClustering, server: SageMakerServer, kind: str
):
    doom(server, kind, "stall")
    stopped = {f"{kind}JobStatus": "Stopped"}
    when_started(server, kind, lambda name: server.jobs[name].update(stopped))
    with pytest.raises(dg.Failure, match="it has stopped"):
        cluster(clustering)
    assert not server.models


@KINDS
def test_a_job_that_never_ends_is_stopped(
    server: SageMakerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "START_SECONDS", 0)
    if kind == "Transform":  # a patient run has trained already
        fresh(tmp_path).fit(MATRIX, 3, seed=0)
    server.fates = ["stall"]
    with pytest.raises(dg.Failure, match="did not end and was stopped"):
        cluster(fresh(tmp_path, max_seconds=1))
    assert server.count(f"Stop{kind}Job") == 1 and not server.models


@KINDS
def test_stopping_the_run_stops_the_job(
    clustering: SageMakerClustering, server: SageMakerServer, kind: str
):
    doom(server, kind, "stall")
    when_started(server, kind, lambda _: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        cluster(clustering)
    assert states(server)[-1] == "Stopped" and not server.models


def test_a_process_that_was_killed_finds_its_job_again(
    clustering: SageMakerClustering, server: SageMakerServer, tmp_path: Path
):
    np.save("matrix.npy", MATRIX)
    program = (
        "import sys, numpy; from rec_platform.resources.aws.sagemaker import SageMakerClustering\n"
        "SageMakerClustering(root=sys.argv[1], role=sys.argv[2], poll_seconds=0.05)"
        ".fit(numpy.load('matrix.npy'), 3, seed=0)"
    )
    server.fates = ["stall"]
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program, clustering.root, ROLE],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
    ) as process:
        while not server.jobs:
            time.sleep(0.05)
            assert process.poll() is None
        process.kill()
    (job,) = server.jobs.values()
    threading.Timer(0.5, lambda: finish(server, job)).start()
    clustering.fit(MATRIX, 3, seed=0)
    assert server.count("CreateTrainingJob") == 1


def finish(server: SageMakerServer, job: dict[str, object]) -> None:
    name = str(job["TrainingJobName"])
    job.update(server._train(name, job) | {"TrainingJobStatus": "Completed"})


THROTTLING = THROTTLED.replace("TooManyRequests", "Throttling")


@pytest.mark.parametrize(
    ("status", "body"), [(400, THROTTLING), (500, "{}"), (503, "{}"), (CUT, "")]
)
def test_throttling_errors_and_cut_connections_are_sat_out(
    clustering: SageMakerClustering, server: SageMakerServer, status: int, body: str
):
    assert server.proxy
    server.proxy.play("CreateTrainingJob", 1, status, body)
    server.proxy.play("DescribeTrainingJob", 1, status, body)
    clustering.fit(MATRIX, 3, seed=0)
    assert server.proxy.played == 2
    assert len(server.jobs) == 1


def test_a_job_whose_answer_was_lost_is_started_once(
    clustering: SageMakerClustering, server: SageMakerServer
):
    assert server.proxy
    server.proxy.play("CreateTrainingJob", 1, LOST)
    clustering.fit(MATRIX, 3, seed=0)
    assert server.count("CreateTrainingJob") == 2 and len(server.jobs) == 1


def test_credentials_that_expire_half_way_leave_the_job_to_the_next_run(
    clustering: SageMakerClustering, server: SageMakerServer
):
    assert server.proxy
    clustering._jobs.find(jobs.TRAINING, "rec-none")
    server.proxy.play("DescribeTrainingJob", 1, LOST)  # the first look finds nothing yet
    server.fates = ["stall"]

    def expire() -> None:
        while not server.jobs:
            time.sleep(0.02)
        server.proxy.play("Describe", 99, 400, EXPIRED_JSON)  # type: ignore[union-attr]

    thread = threading.Thread(target=expire)
    thread.start()
    with pytest.raises(dg.Failure, match=r"ExpiredToken.*aws sso login"):
        clustering.fit(MATRIX, 3, seed=0)
    thread.join()
    server.proxy.reset()
    (job,) = server.jobs.values()
    assert job["TrainingJobStatus"] == "InProgress"
    threading.Timer(0.3, lambda: finish(server, job)).start()
    clustering.fit(MATRIX, 3, seed=0)
    assert server.count("CreateTrainingJob") == 1


def test_a_model_whose_artefact_expired_is_told(clustering: SageMakerClustering):
    model = clustering.fit(MATRIX, 3, seed=0)
    S3Storage(root=clustering.root).delete("jobs")
    with pytest.raises(dg.Failure, match="materialise the asset kmeans_model again"):
        clustering.assign(MATRIX, model)
    assert not clustering.fit(MATRIX, 3, seed=0).metadata["sagemaker_job_is_reused"]


@pytest.mark.parametrize("version", [0, 0xF993FAC8, 0xF993FAC9, 0xF993FACA])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_arrays_of_every_layout_are_read(version: int, kind: str):
    array = np.arange(12).reshape(3, 4).astype(kind)
    assert read_first_array(ndarray_file(array, version)).tolist() == array.tolist()


@pytest.mark.parametrize("content", [b"", b"x" * 100, ndarray_file(np.ones((2, 2)))[:60]])
def test_what_is_no_array_is_told(content: bytes):
    with pytest.raises(ValueError, match=r"array|buffer"):
        read_first_array(content)


def test_the_doctor_says_what_is_missing(clustering: SageMakerClustering, tmp_path: Path):
    findings = {finding.what: finding for finding in fresh(tmp_path, role="").diagnose()}
    assert "set REC_SAGEMAKER_ROLE" in findings["SageMaker's role"].fix
    del clustering
