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

from rec_platform.modelling.kmeans import assign
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
    assert model.metadata["sagemaker_train:msd"] == pytest.approx(model.mean_squared_distance, 1e-4)
    assert np.bincount(assign(MATRIX, model.centroids).cluster).tolist() == [80, 50, 30]


def test_a_training_job_is_all_that_runs(clustering: SageMakerClustering, server: SageMakerServer):
    clustering.fit(MATRIX, 3, seed=0)
    asked = {name for name, _ in server.asked}
    logs = {"DescribeLogStreams", "GetLogEvents"}
    assert asked == {"CreateTrainingJob", "DescribeTrainingJob"} | logs
    kept = S3Storage(root=clustering.root).etags("jobs")
    assert not [key for key in kept if "/input/" in key]


def test_what_is_paid_is_counted_once(clustering: SageMakerClustering, tmp_path: Path):
    unit = "sagemaker_training_seconds:ml.m5.large"
    clustering.fit(MATRIX, 3, seed=0)
    assert clustering.usage()[unit] == BILLABLE_SECONDS
    assert clustering.usage()[unit] <= clustering.plan(0)[unit]
    again = fresh(tmp_path)
    assert again.fit(MATRIX, 3, seed=0).metadata["sagemaker_job_is_reused"]
    assert unit not in again.usage()  # what was not used is on no receipt


def test_each_instance_is_paid_for_and_so_is_a_job_that_fails(
    server: SageMakerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    clustering = fresh(tmp_path, instance_count=2)
    server.fates = ["AlgorithmError: bad data"]
    with pytest.raises(dg.Failure):
        clustering.fit(MATRIX, 3, seed=0)
    unit = "sagemaker_training_seconds:ml.m5.large"
    assert clustering.usage()[unit] == 2 * BILLABLE_SECONDS
    assert clustering.plan(0)[unit] >= 2 * 1_800


def test_settings_reach_the_job(
    server: SageMakerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given = {
        **{"instance_type": "ml.c5.xlarge", "instance_count": 2, "kms_key": "key", "spot": True},
        **{
            "subnets": "subnet-1, subnet-2",
            "security_groups": "sg-1",
            "tags": "team=data,env=prod",
        },
    }
    monkeypatch.chdir(tmp_path)
    fresh(tmp_path, **given).fit(MATRIX, 3, seed=0)
    request = dict(server.asked)["CreateTrainingJob"]
    assert request["EnableManagedSpotTraining"] is True
    assert request["VpcConfig"]["Subnets"] == ["subnet-1", "subnet-2"]
    assert request["OutputDataConfig"]["KmsKeyId"] == "key"
    assert request["ResourceConfig"]["VolumeKmsKeyId"] == "key"
    assert request["ResourceConfig"]["InstanceCount"] == 2
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    assert tags == {"project": "rec_platform", "team": "data", "env": "prod"}


@pytest.mark.parametrize(
    ("settings", "longest"),
    [
        ({"max_seconds": 60}, 120),
        ({"max_seconds": 1_801}, 3_600),
        ({"max_seconds": 3_600}, 3_600),
        ({"max_seconds": 7_200, "spot": False}, None),
    ],
)
def test_a_job_waits_for_spare_capacity_no_longer_than_aws_allows(
    server: SageMakerServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, object],
    longest: int | None,
):
    monkeypatch.chdir(tmp_path)
    fresh(tmp_path, **settings).fit(MATRIX, 3, seed=0)
    condition = dict(server.asked)["CreateTrainingJob"]["StoppingCondition"]
    assert condition["MaxRuntimeInSeconds"] == settings["max_seconds"]
    assert condition.get("MaxWaitTimeInSeconds") == longest


def test_more_time_than_aws_gives_a_spot_job_is_refused_and_named():
    with pytest.raises(ValueError, match=r"REC_SAGEMAKER_MAX_SECONDS='3601'.*SPOT=false"):
        SageMakerClustering.from_environment(
            {"REC_SAGEMAKER_MAX_SECONDS": "3601"}, prefix="REC_SAGEMAKER_"
        )


def test_too_few_titles_are_told_before_anything_is_asked(
    clustering: SageMakerClustering, server: SageMakerServer
):
    with pytest.raises(dg.Failure, match="too few, or too alike"):
        clustering.fit(MATRIX[:2], 3, seed=0)
    with pytest.raises(dg.Failure, match="set REC_SAGEMAKER_ROLE"):
        SageMakerClustering(root=clustering.root).fit(MATRIX, 3, seed=0)
    assert not server.asked


def when_started(server: SageMakerServer, act: Callable[[str], object]) -> None:
    """Do something to the first job, by its name, as soon as it is there."""

    def wait() -> None:
        while not server.jobs:
            time.sleep(0.02)
        act(next(iter(server.jobs)))

    threading.Thread(target=wait, daemon=True).start()


def states(server: SageMakerServer) -> list[str]:
    return [job["TrainingJobStatus"] for job in server.jobs.values()]


@pytest.mark.parametrize(
    ("fate", "says", "fix"),
    [
        ("AlgorithmError: bad data", "AlgorithmError: bad data", "the last line of the log"),
        ("CapacityError: no capacity for ml.m5.large", "no capacity", "REC_SAGEMAKER_SPOT=false"),
        ("ClientError: AccessDenied on s3", "AccessDenied on s3", "infra/policies/jobs.json"),
        ("stopped MaxWaitTimeExceeded", "MaxWaitTimeExceeded", "REC_SAGEMAKER_SPOT=false"),
        ("stopped MaxRuntimeExceeded", "MaxRuntimeExceeded", "REC_SAGEMAKER_MAX_SECONDS"),
    ],
)
def test_a_job_that_fails_says_why_and_the_next_run_starts_one_more(
    clustering: SageMakerClustering, server: SageMakerServer, fate: str, says: str, fix: str
):
    server.fates = [fate]
    with pytest.raises(dg.Failure) as failure:
        clustering.fit(MATRIX, 3, seed=0)
    assert says in str(failure.value.description) and fix in str(failure.value.description)
    assert server.count("CreateTrainingJob") == 1
    clustering.fit(MATRIX, 3, seed=0)
    assert server.count("CreateTrainingJob") == 2


def test_a_quota_that_is_used_up_is_told_and_the_job_starts_when_there_is_more(
    clustering: SageMakerClustering, server: SageMakerServer
):
    assert server.proxy
    limit = '{"__type": "ResourceLimitExceeded", "message": "The account-level limit is 0."}'
    server.proxy.play("CreateTrainingJob", 1, 400, limit)
    with pytest.raises(dg.Failure, match=r"limit is 0.*Service Quotas"):
        clustering.fit(MATRIX, 3, seed=0)
    clustering.fit(MATRIX, 3, seed=0)
    assert states(server) == ["Completed"]


def test_a_job_that_somebody_stopped_is_told(
    clustering: SageMakerClustering, server: SageMakerServer
):
    server.fates = ["stall"]
    when_started(server, lambda name: server.StopTrainingJob({"TrainingJobName": name}))
    with pytest.raises(dg.Failure, match="it has stopped"):
        clustering.fit(MATRIX, 3, seed=0)


def test_a_job_that_never_ends_is_stopped(
    server: SageMakerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "START_SECONDS", 0)
    server.fates = ["stall"]
    with pytest.raises(dg.Failure, match="did not end and was stopped"):
        fresh(tmp_path, max_seconds=1).fit(MATRIX, 3, seed=0)
    assert server.count("StopTrainingJob") == 1


def test_stopping_the_run_stops_the_job(clustering: SageMakerClustering, server: SageMakerServer):
    server.fates = ["stall"]
    when_started(server, lambda _: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        clustering.fit(MATRIX, 3, seed=0)
    assert states(server) == ["Stopped"]


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
    clustering._jobs.find("rec-none")
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


def test_a_job_whose_artefact_expired_is_not_used_again(clustering: SageMakerClustering):
    clustering.fit(MATRIX, 3, seed=0)
    S3Storage(root=clustering.root).delete("jobs")
    assert not clustering.fit(MATRIX, 3, seed=0).metadata["sagemaker_job_is_reused"]


@pytest.mark.parametrize(
    ("centroids", "says"),
    [(np.ones((2, 4)), r"\(2, 4\), not \(3, 4\)"), (np.full((3, 4), np.nan), "not finite")],
)
def test_centroids_that_cannot_be_those_of_the_matrix_are_refused(
    clustering: SageMakerClustering, monkeypatch: pytest.MonkeyPatch, centroids: object, says: str
):
    monkeypatch.setattr("rec_platform.resources.aws.mxnet.read_centroids", lambda _: centroids)
    with pytest.raises(dg.Failure, match=f"no model of SageMaker's K-Means.*{says}"):
        clustering.fit(MATRIX, 3, seed=0)


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
