"""A disk that is full, at several points of a refresh."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rec_platform_tests.conftest import Platform
from rec_platform_tests.faults import MOUNTING
from rec_platform_tests.faults.damages import ALL_DAMAGES

pytestmark = pytest.mark.faults


FEW_POINTS = [0, 20_000, 150_000, 600_000]
ALL_POINTS = [number * 30_000 for number in range(21)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "left" in metafunc.fixturenames:
        is_full = int(metafunc.config.getoption("faults") or 0) >= ALL_DAMAGES
        metafunc.parametrize("left", ALL_POINTS if is_full else FEW_POINTS)


@pytest.fixture
def small_disk(platform: Platform) -> Iterator[Platform]:
    """The released platform's data on a disk of its own that has no room left."""
    data = platform.root
    kept = data.rename(data.with_name("kept"))
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(data)]
    if (
        os.geteuid()
        or not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip(f"a small disk of its own needs {MOUNTING}")
    try:
        shutil.copytree(kept, data, dirs_exist_ok=True)
        yield platform
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)  # what serves is still open


def fill(folder: Path, left: int) -> None:
    """Leave so many bytes on the disk of a folder."""
    with (folder / "filler").open("wb") as filler:
        filler.write(b"\0" * (shutil.disk_usage(folder).free - left))


def is_explained(errors: str) -> bool:
    lines = errors.splitlines()
    return (
        "Traceback" not in errors
        and "bytes left: free some space, or use another --root (REC_ROOT)" in lines[-2]
        and lines[-1] == "nothing was published: the last release, if any, goes on serving"
    )


def test_on_a_full_disk_the_refresh_fails_plainly_and_the_last_release_serves(
    small_disk: Platform, left: int
):
    before = small_disk.files()
    fill(small_disk.root, left)
    done = small_disk.refresh("--clusters", "8")
    assert done.exit_code == 1
    assert is_explained(done.stderr), done.stderr
    assert small_disk.files() == before
    assert small_disk.serving().release["recipe"]["clusters"] == 9
    (small_disk.root / "filler").unlink()


def test_on_a_disk_too_full_for_dagsters_records_it_is_said_just_as_plainly(small_disk: Platform):
    before = small_disk.files()
    fill(small_disk.root, 200_000)
    home = {"DAGSTER_HOME": str(small_disk.root / "dagster")}
    with small_disk.start("refresh", "--source", "sample", environment=home) as process:
        _, errors = process.communicate()
    assert process.returncode == 1
    assert is_explained(errors), errors
    assert small_disk.files() == before
