"""What `rec-platform doctor` says of emulated AWS."""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest

from rec_platform.sample.writer import write_sample
from rec_platform_tests.aws.policies import allowed, filled
from rec_platform_tests.conftest import Platform
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.emulators.faulty_proxy import DENIED, DENIED_JSON
from rec_platform_tests.emulators.sagemaker_server import SageMakerServer

pytestmark = pytest.mark.aws


FREE = {"sts:GetCallerIdentity"}
QUOTA = "ml.m5.large for spot training job usage"
# What no probe asks for: Athena does in the platform's name, and SageMaker checks the last two when
# a job is started.
UNPROBED = {
    *("s3:GetBucketLocation", "s3:ListBucketMultipartUploads"),
    *("glue:GetDatabases", "glue:GetPartitions"),
    *("iam:PassRole", "sagemaker:AddTags"),
}


@pytest.fixture
def guided(
    aws: Platform, emulators: Emulators, server: SageMakerServer, monkeypatch: pytest.MonkeyPatch
) -> Platform:
    """A platform in a bucket that is as the guide wants it."""
    bucket = "".join(c if c.isalnum() else "-" for c in aws.folder.name.lower())
    s3 = emulators.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration=filled("lifecycle.json", bucket)
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(filled("policies/bucket.json", bucket)))
    trust = json.dumps(filled("policies/jobs-trust.json", bucket))
    iam = emulators.client("iam")
    if not iam.list_roles()["Roles"]:
        iam.create_role(RoleName="rec-platform-jobs", AssumeRolePolicyDocument=trust)
    server.quotas = {QUOTA: 1}
    monkeypatch.setenv("REC_ROOT", f"s3://{bucket}/imdb")
    write_sample(aws.source, 100)
    monkeypatch.setenv("REC_IMDB_SOURCE", str(aws.source))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS", server.url)
    return aws


def test_the_doctor_finds_all_well_where_the_guide_was_followed(
    guided: Platform, recorded: Counter[str]
):
    done = guided.run("doctor")
    assert done.exit_code == 0, done.stdout
    assert set(recorded) <= allowed("platform", "doctor") | FREE, recorded


@pytest.mark.parametrize(
    ("quotas", "defaults", "says"),
    [
        ({QUOTA: 0}, {QUOTA: 4}, f"ask for more of {QUOTA}"),
        ({}, {QUOTA: 0}, f"ask for more of {QUOTA}"),
        ({}, {}, "not listed"),
        ({}, {QUOTA: 4}, ""),
    ],
)
def test_a_quota_is_looked_for_among_the_defaults_too(
    guided: Platform,
    server: SageMakerServer,
    quotas: dict[str, float],
    defaults: dict[str, float],
    says: str,
):
    server.quotas, server.default_quotas = quotas, defaults
    done = guided.run("doctor")
    assert done.exit_code == (1 if says else 0), done.stdout
    assert says in done.stdout


def test_a_probe_uses_each_right_and_leaves_nothing(
    guided: Platform, emulators: Emulators, server: SageMakerServer, recorded: Counter[str]
):
    server.quotas, server.default_quotas = {}, {QUOTA: 4}
    done = guided.run("doctor", "--probe")
    assert done.exit_code == 0, done.stdout
    assert set(recorded) == allowed("platform", "doctor") - UNPROBED | FREE
    bucket = os.environ["REC_ROOT"].split("/")[2]
    assert "Contents" not in emulators.client("s3").list_objects_v2(Bucket=bucket)
    database = os.environ["REC_ATHENA_DATABASE"]
    assert not emulators.client("glue").get_tables(DatabaseName=database)["TableList"]
    assert not server.jobs


@pytest.mark.parametrize(
    ("request_of", "service"),
    [
        ("^POST .*doctor/probe.uploads", "S3"),
        ("^DELETE .*doctor/probe ", "S3"),
        ("AWSGlue.CreateTable", "Glue"),
        ("AmazonAthena.StartQueryExecution", "Athena"),
        ("AmazonAthena.StopQueryExecution", "Athena"),
        ("SageMaker.CreateTrainingJob", "SageMaker"),
        ("Logs_20140328.GetLogEvents", "SageMaker"),
    ],
)
def test_a_right_that_is_missing_is_told(
    guided: Platform, emulators: Emulators, server: SageMakerServer, request_of: str, service: str
):
    assert server.proxy
    proxy = server.proxy if service == "SageMaker" else emulators.proxy
    denied = DENIED if service == "S3" else DENIED_JSON
    proxy.play(request_of, 99, 403 if service == "S3" else 400, denied)
    done = guided.run("doctor", "--probe")
    assert proxy.played
    assert done.exit_code == 1 and "compare the role's policy with" in done.stdout


def test_the_doctor_finds_what_is_missing(aws: Platform, monkeypatch: pytest.MonkeyPatch):
    done = aws.run("doctor")
    assert done.exit_code == 1  # the emulated bucket has no versions, no rules
    assert "put-bucket-versioning --bucket" in done.stdout and "ok  bucket" in done.stdout
    assert "takes plain HTTP" in done.stdout
    monkeypatch.setenv("REC_ROOT", "s3://no-such-bucket/imdb")
    monkeypatch.setenv("REC_ATHENA_WORKGROUP", "none")
    monkeypatch.setenv("REC_SAGEMAKER_ROLE", "")
    told = aws.run("doctor").stdout
    for fix in ("set REC_ROOT", "set REC_ATHENA_WORKGROUP", "set REC_SAGEMAKER_ROLE"):
        assert fix in told
    monkeypatch.setenv("REC_ROOT", f"s3://{BUCKET}/imdb")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "set AWS_REGION to the region of the bucket: it is" in aws.run("doctor").stdout
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "sign in again" in aws.run("doctor").stdout
