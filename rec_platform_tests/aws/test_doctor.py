"""What `rec-platform doctor` says of emulated AWS."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from rec_platform_tests.aws.policies import allowed, filled
from rec_platform_tests.conftest import Platform
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.emulators.sagemaker_server import (
    SageMakerServer,
)

pytestmark = pytest.mark.aws


def test_the_doctor_finds_all_well_where_the_guide_was_followed(
    aws: Platform,
    emulators: Emulators,
    server: SageMakerServer,
    recorded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
):
    bucket = "guided-bucket"
    s3 = emulators.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration=filled("lifecycle.json", bucket)
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(filled("policies/bucket.json", bucket)))
    emulators.client("iam").create_role(
        RoleName="rec-platform-jobs",
        AssumeRolePolicyDocument=json.dumps(filled("policies/jobs-trust.json", bucket)),
    )
    server.quotas = {"ml.m5.large for spot training job usage": 1}
    monkeypatch.setenv("REC_ROOT", f"s3://{bucket}/imdb")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS", server.url)
    recorded.clear()
    done = aws.run("doctor")
    assert done.exit_code == 0, done.stdout
    free = {"sts:GetCallerIdentity"}
    assert set(recorded) <= allowed("platform", "doctor") | free, recorded

    server.quotas["ml.m5.large for spot training job usage"] = 0
    assert "ask for more of ml.m5.large for spot training job usage" in aws.run("doctor").stdout


def test_the_doctor_finds_what_is_missing(aws: Platform, monkeypatch: pytest.MonkeyPatch):
    done = aws.run("doctor")
    assert done.exit_code == 1  # the emulated bucket has no versions, no rules
    assert "switch it on" in done.stdout and "ok  bucket" in done.stdout
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
