"""Clocks that jump both ways, and five refreshes at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime

import pytest

from rec_platform.resources.publishing import list_releases
from rec_platform.resources.storage import LocalStorage
from rec_platform_tests.conftest import REPOSITORY, Platform
from rec_platform_tests.slow_source import slow_source

pytestmark = pytest.mark.faults

AT_ONCE = 5
LONGEST_SECONDS = 300  # until those that give way have ended, on a machine that does much else


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


@pytest.mark.skipif(
    not shutil.which("faketime"), reason="faketime is not installed: apt install faketime"
)
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


def test_of_five_refreshes_at_once_one_works_and_the_others_say_so(platform: Platform) -> None:
    with (
        slow_source(platform.source) as (address, asked, go_on),
        ThreadPoolExecutor(AT_ONCE) as waiting,
    ):
        processes = [platform.start("refresh", "--source", address) for _ in range(AT_ONCE)]
        endings = {waiting.submit(process.communicate): process for process in processes}
        try:
            # The one that works waits for its source, so the others end first.
            ended = as_completed(endings, LONGEST_SECONDS)
            gave_way = [next(ended) for _ in range(AT_ONCE - 1)]
            assert asked.wait(LONGEST_SECONDS)
            go_on.set()
            (worked,) = ended
        finally:
            for process in processes:
                process.kill()
    assert endings[worked].returncode == 0, worked.result()
    for other in gave_way:
        _, told = other.result()
        assert endings[other].returncode == 1
        assert "another refresh has been working in data since" in told
    assert platform.serving().release["source"] == address
    assert list((platform.root / "tmp").iterdir()) == []
