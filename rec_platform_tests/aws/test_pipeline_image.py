"""The pipeline's image: a refresh in the cloud by a user who can write almost nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rec_platform_tests.conftest import Platform
from rec_platform_tests.image import image_of

pytestmark = pytest.mark.aws


def test_the_pipeline_image_refreshes_here_and_in_the_cloud_from_its_folder_alone(aws: Platform):
    del aws
    cloud = {name: os.environ[name] for name in os.environ if name.startswith(("AWS_", "REC_"))}
    with image_of("pipeline") as image:
        root = Path(image.environment["REC_ROOT"])
        demo = ["demo", "--no-serve", "--titles", "300", "--root", str(root / "demo")]
        done = image.run("rec-platform", *demo)
        assert done.returncode == 0, done.stderr
        source = str(root / "demo" / "sample")
        done = image.run("rec-platform", "refresh", "--source", source, **cloud)
        assert done.returncode == 0, done.stderr
        assert "*" in image.run("rec-platform", "releases", **cloud).stdout  # one serves
        assert {path.name for path in root.iterdir()} == {"demo", "scratch", "dagster"}
