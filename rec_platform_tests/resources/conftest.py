"""A prefix of the emulated bucket, for the tests of what every storage promises and of S3's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from rec_platform.resources.aws.s3 import S3Storage
from rec_platform_tests.emulators import BUCKET, Emulators


@pytest.fixture
def s3(emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    """A prefix of its own, and a working folder of its own."""
    del emulators
    monkeypatch.chdir(tmp_path)
    return S3Storage(root=f"s3://{BUCKET}/{tmp_path.name}", lease_seconds=3)
