"""Clocks that jump both ways, and five refreshes at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from rec_platform.resources.publishing import list_releases
from rec_platform.resources.storage import LocalStorage
from rec_platform_tests.conftest import REPOSITORY, Platform

pytestmark = pytest.mark.faults

AT_ONCE = 5


def refresh_at(platform: Platform, offset: str, clusters: int) -> subprocess.CompletedProcess[str]:
    """A refresh on a machine whose clock is off by so much."""
    program = [sys.executable, "-m", "rec_platform.cli", "refresh", "--source", "sample"]
    return subprocess.run(
        ["faketime", "-f", offset, *program, "--clusters", str(clusters)],
        cwd=platform.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not shutil.which("faketime"), reason="faketime is not installed")
def test_a_clock_that_jumps_publishes_in_order_and_is_refused_where_it_would_lose_a_year(
    platform: Platform,
) -> None:
    behind = refresh_at(platform, "-3h", 8)
    assert behind.returncode == 0, behind.stderr
    assert platform.serving().release["recipe"]["clusters"] == 8
    ahead = refresh_at(platform, "+400d", 7)
    assert ahead.returncode == 0, ahead.stderr
    newest, before, *_ = list_releases(LocalStorage(root=str(platform.root)))
    assert (newest["recipe"]["clusters"], before["recipe"]["clusters"]) == (7, 8)
    assert newest["is_serving"] and newest["recipe"]["year_max"] > datetime.now(UTC).year
    # Back at the right time the year is behind that of the serving release.
    back = refresh_at(platform, "+0d", 6)
    assert back.returncode == 1 and "year" in back.stderr and "Traceback" not in back.stderr
    assert platform.serving().release["recipe"]["clusters"] == 7


def test_of_five_refreshes_at_once_those_that_wait_for_nobody_say_so(platform: Platform) -> None:
    processes = [
        platform.start("refresh", "--source", "sample", "--clusters", str(4 + number))
        for number in range(AT_ONCE)
    ]
    errors = [process.communicate()[1] for process in processes]
    told = [text for process, text in zip(processes, errors, strict=True) if process.returncode]
    assert len(told) < AT_ONCE
    assert all("another refresh has been working in data since" in text for text in told), told
    assert platform.serving().release["title_count"]
    assert list((platform.root / "tmp").iterdir()) == []
