"""Commands that work on emulated AWS, and a record of what they ask of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rec_platform_tests.conftest import Platform
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.emulators.sagemaker_server import (
    SageMakerServer,
    sagemaker_server,
)

ROLE = "arn:aws:iam::000000000000:role/rec-platform-jobs"
# What IAM calls an operation of the clients, where it is not the operation's own name.
ACTIONS = {
    **dict.fromkeys(("s3:ListObjectsV2", "s3:ListObjects", "s3:HeadBucket"), "s3:ListBucket"),
    **dict.fromkeys(
        ("s3:UploadPart", "s3:CreateMultipartUpload", "s3:CompleteMultipartUpload"), "s3:PutObject"
    ),
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "s3:HeadObject": "s3:GetObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
}


@pytest.fixture
def server(emulators: Emulators) -> Iterator[SageMakerServer]:
    with sagemaker_server(emulators.endpoint) as server:
        yield server


@pytest.fixture
def aws(
    emulators: Emulators,
    server: SageMakerServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Platform:
    """A platform whose commands work on AWS."""
    del emulators
    settings = {
        "REC_DEPLOYMENT": "aws",
        "REC_ROOT": f"s3://{BUCKET}/{tmp_path.name}",
        "REC_ATHENA_DATABASE": "".join(c if c.isalnum() else "_" for c in tmp_path.name.lower()),
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
    """How often each operation was asked for by the clients of this process, as IAM names it."""
    from botocore.client import BaseClient

    actions: Counter[str] = Counter()
    call = BaseClient._make_api_call

    def record(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        action = f"{self.meta.service_model.signing_name}:{operation}"
        actions[ACTIONS.get(action, action)] += 1
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    return actions
