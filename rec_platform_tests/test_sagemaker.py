"""K-Means on SageMaker, through the real clients, beside scikit-learn, and on its bad days."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from rec_platform import sagemaker
from rec_platform.clustering import ScikitLearnClustering
from rec_platform.mxnet import read_first_array
from rec_platform.sagemaker import SageMakerClustering
from rec_platform.storage import S3Storage
from rec_platform_tests.emulators import BUCKET, REPOSITORY, Emulators
from rec_platform_tests.emulators.faulty_proxy import EXPIRED_JSON, THROTTLED
from rec_platform_tests.emulators.sagemaker_server import (
    BILLABLE_SECONDS,
    SageMakerServer,
    ndarray_file,
    sagemaker_server,
)

pytestmark = pytest.mark.aws

ROLE = "arn:aws:iam::000000000000:role/rec-platform-jobs"
MATRIX = np.concatenate(
    [
        np.random.default_rng(0).normal(centre, 0.05, (size, 4)).clip(0, 1).astype("float32")
        for centre, size in ((0.2, 30), (0.5, 80), (0.8, 50))
    ]
)


@pytest.fixture
def server(emulators: Emulators, monkeypatch: pytest.MonkeyPatch) -> Iterator[SageMakerServer]:
    with sagemaker_server(emulators.endpoint) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", found.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", found.url)
        yield found


@pytest.fixture
def clustering(
    server: SageMakerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SageMakerClustering:
    del server
    monkeypatch.chdir(tmp_path)
    return fresh(tmp_path)


def fresh(folder: Path, **settings: object) -> SageMakerClustering:
    """What another process would use."""
    given = {"root": f"s3://{BUCKET}/{folder.name}", "role": ROLE, "poll_seconds": 0.05}
    return SageMakerClustering(**given | settings)  # type: ignore[arg-type]


def test_it_finds_what_scikit_learn_finds(clustering: SageMakerClustering):
    model = clustering.fit(MATRIX, 3, seed=0)
    local = ScikitLearnClustering().fit(MATRIX, 3, seed=0)
    assert model.mean_squared_distance == pytest.approx(local.mean_squared_distance, rel=0.01)
    np.testing.assert_allclose(model.centroids, local.centroids, atol=1e-5)  # largest first, too
    found = clustering.assign(MATRIX, model)
    expected = ScikitLearnClustering().assign(MATRIX, model)
    assert found.cluster.tolist() == expected.cluster.tolist()
    np.testing.assert_allclose(found.distance, expected.distance, atol=1e-5)
    assert model.metadata["sagemaker_train:msd"] == pytest.approx(model.mean_squared_distance, 1e-4)
    assert np.bincount(found.cluster).tolist() == [80, 50, 30]


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


@pytest.mark.parametrize(
    ("reason", "cure"),
    [
        ("AlgorithmError: bad data", "the last line of the log"),
        ("CapacityError: no capacity for ml.m5.large", "REC_SAGEMAKER_SPOT=false"),
        ("ClientError: AccessDenied on s3", "docs/aws.md"),
    ],
)
def test_a_job_that_fails_says_why_and_the_next_run_starts_one_more(
    clustering: SageMakerClustering, server: SageMakerServer, reason: str, cure: str
):
    server.fates = [reason]
    with pytest.raises(dg.Failure) as failure:
        clustering.fit(MATRIX, 3, seed=0)
    assert reason in str(failure.value.description) and cure in str(failure.value.description)
    assert server.count("CreateTrainingJob") == 1
    clustering.fit(MATRIX, 3, seed=0)
    assert server.count("CreateTrainingJob") == 2


def test_a_job_that_somebody_stopped_is_told(
    clustering: SageMakerClustering, server: SageMakerServer
):
    server.fates = ["stall"]

    def stop() -> None:
        while not server.jobs:
            time.sleep(0.05)
        for job in server.jobs.values():
            job["TrainingJobStatus"] = "Stopped"

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(dg.Failure, match="it has stopped"):
        clustering.fit(MATRIX, 3, seed=0)
    thread.join()


def test_a_job_that_never_ends_is_stopped(
    server: SageMakerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sagemaker, "START_SECONDS", 0)
    server.fates = ["stall"]
    with pytest.raises(dg.Failure, match="did not end and was stopped"):
        fresh(tmp_path, max_seconds=1).fit(MATRIX, 3, seed=0)
    assert [job["TrainingJobStatus"] for job in server.jobs.values()] == ["Stopped"]


def test_stopping_the_run_stops_the_job(clustering: SageMakerClustering, server: SageMakerServer):
    server.fates = ["stall"]

    def interrupt() -> None:
        while not server.jobs:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        clustering.fit(MATRIX, 3, seed=0)
    thread.join()
    assert [job["TrainingJobStatus"] for job in server.jobs.values()] == ["Stopped"]


def test_a_process_that_was_killed_finds_its_job_again(
    clustering: SageMakerClustering, server: SageMakerServer, tmp_path: Path
):
    np.save("matrix.npy", MATRIX)
    program = (
        "import sys, numpy; from rec_platform.sagemaker import SageMakerClustering\n"
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


@pytest.mark.parametrize(("status", "body"), [(400, THROTTLED), (500, "{}"), (503, "{}"), (0, "")])
def test_throttling_errors_and_cut_connections_are_sat_out(
    clustering: SageMakerClustering, server: SageMakerServer, status: int, body: str
):
    assert server.proxy
    server.proxy.play("CreateTrainingJob", 1, status, body.replace("TooManyRequests", "Throttling"))
    server.proxy.play(
        "DescribeTrainingJob", 1, status, body.replace("TooManyRequests", "Throttling")
    )
    clustering.fit(MATRIX, 3, seed=0)
    assert server.proxy.played == 2
    assert len(server.jobs) == 1


def test_a_job_whose_answer_was_lost_is_started_once(
    clustering: SageMakerClustering, server: SageMakerServer
):
    assert server.proxy
    server.proxy.play("CreateTrainingJob", 1, -1)
    clustering.fit(MATRIX, 3, seed=0)
    assert server.count("CreateTrainingJob") == 2 and len(server.jobs) == 1


def test_credentials_that_expire_half_way_leave_the_job_to_the_next_run(
    clustering: SageMakerClustering, server: SageMakerServer
):
    assert server.proxy
    clustering._find(sagemaker.TRAINING, "rec-none")
    server.proxy.play("DescribeTrainingJob", 1, -1)  # the first look finds nothing yet
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
    assert "set REC_SAGEMAKER_ROLE" in findings["SageMaker's role"].cure
    del clustering
