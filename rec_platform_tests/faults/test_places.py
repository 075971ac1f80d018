"""Places that cannot be written to or read: a command says so in a line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rec_platform_tests.conftest import REPOSITORY, Platform
from rec_platform_tests.faults import MOUNTING

pytestmark = pytest.mark.faults

AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
ONLY_READ = ("releases", "costs", "scorecard", "export")
WRITING = ("refresh --source sample", "rollback", "tune --judgements judged.tsv")


@pytest.fixture
def read_only(platform: Platform) -> Iterator[Platform]:
    """The released platform, its data mounted so that nobody may write to it."""
    data = str(platform.root)
    mounts = (["mount", "--bind", data, data], ["mount", "-o", "remount,ro,bind", data])
    if os.geteuid() or any(
        subprocess.run(mount, capture_output=True, check=False).returncode for mount in mounts
    ):
        pytest.skip(f"a read-only root needs {MOUNTING}")
    try:
        yield platform
    finally:
        subprocess.run(["umount", "--lazy", data], check=True)


def test_on_a_read_only_root_what_only_reads_works_and_the_rest_says_why_not(
    read_only: Platform,
) -> None:
    (read_only.folder / "judged.tsv").write_text("")
    for command in ONLY_READ:
        done = read_only.run(*command.split())
        assert done.exit_code == 0 and done.stdout, (command, done.stderr)
    for command in WRITING:
        done = read_only.run(*command.split())
        assert done.exit_code == 1, command
        assert "Read-only file system: use another place, --root (REC_ROOT)" in done.stderr
        assert len(done.stderr.splitlines()) <= 3, done.stderr
    assert read_only.serving().release["title_count"]
    done = read_only.run("doctor", "--source", "sample")
    assert done.exit_code == 1
    assert "!   folder                 data cannot be written to" in done.stdout
    assert "ok  source                 sample" in done.stdout


@pytest.mark.parametrize("command", ["sample --out data/x", "demo --no-serve --root data/x"])
def test_files_are_not_invented_where_nobody_may_write(read_only: Platform, command: str) -> None:
    done = read_only.run(*command.split(), "--titles", "100")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("data/x: Read-only file system: use another")


@pytest.mark.skipif(
    subprocess.run([*AS_NOBODY, "true"], capture_output=True, check=False).returncode != 0,
    reason="to become somebody else needs root: run the tests as root",
)
@pytest.mark.parametrize("command", ["releases", "costs", "scorecard", "rollback", "refresh"])
def test_a_root_that_may_not_be_read_is_told_in_a_line(platform: Platform, command: str) -> None:
    platform.root.chmod(0o700)
    for folder in [platform.folder, *platform.folder.parents]:
        if folder.name.startswith("pytest"):
            folder.chmod(0o755)
    done = subprocess.run(
        [
            *AS_NOBODY,
            *(sys.executable, "-m", "rec_platform.cli", command),
        ],
        cwd=platform.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "HOME": "/tmp"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and not done.stdout
    assert "Permission denied: correct its permissions, or use another place" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize(
    ("command", "stream"),
    [
        ("releases", "stdout"),
        ("export", "stdout"),
        ("refresh --help", "stdout"),
        ("rollback", "stderr"),
    ],
)
def test_output_that_has_no_room_ends_a_command_in_a_line(
    released: Platform, command: str, stream: str
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "rec_platform.cli", *command.split()],
            cwd=released.folder,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdout=full if stream == "stdout" else subprocess.PIPE,
            stderr=full if stream == "stderr" else subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    if stream == "stdout":
        (line,) = done.stderr.splitlines()
        assert line.startswith("No space left on device: free some space")
