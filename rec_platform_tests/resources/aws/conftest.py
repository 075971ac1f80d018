"""The AWS resources, led to the emulators, each test with a prefix of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rec_platform.resources.aws.athena import AthenaWarehouse
from rec_platform.resources.aws.sagemaker import SageMakerClustering
from rec_platform_tests.emulators import Emulators
from rec_platform_tests.emulators.sagemaker_server import SageMakerServer, sagemaker_server
from rec_platform_tests.resources.aws import athena_bench, sagemaker_bench


@pytest.fixture
def athena(
    emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AthenaWarehouse:
    """A database and a prefix of its own."""
    del emulators
    monkeypatch.chdir(tmp_path)
    return athena_bench.fresh(tmp_path.name)


@pytest.fixture
def server(emulators: Emulators, monkeypatch: pytest.MonkeyPatch) -> Iterator[SageMakerServer]:
    with sagemaker_server(emulators.endpoint) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", server.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", server.url)
        yield server


@pytest.fixture
def clustering(
    server: SageMakerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SageMakerClustering:
    del server
    monkeypatch.chdir(tmp_path)
    return sagemaker_bench.fresh(tmp_path)
