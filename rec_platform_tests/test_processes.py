"""Refreshes in processes of their own: two at the same time, and some that are interrupted."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from rec_platform.resources.storage import LocalStorage
from rec_platform_tests.conftest import Platform
from rec_platform_tests.slow_source import slow_source

pytestmark = pytest.mark.slow

# Two at once


def test_a_second_refresh_at_the_same_time_gives_way_and_the_first_one_finishes(
    platform: Platform,
):
    before = platform.files()
    with (
        slow_source(platform.source) as (address, asked, go_on),
        platform.start("refresh", "--source", address) as first,
    ):
        assert asked.wait(60)
        second = platform.refresh("--clusters", "8")
        go_on.set()
        output, errors = first.communicate()
    assert second.exit_code == 1
    assert "another refresh has been working in data since" in second.stderr
    assert "--root (REC_ROOT)" in second.stderr and len(second.stderr.splitlines()) == 3
    assert first.returncode == 0, errors
    # One line for each step, and no noise of Dagster's.
    first_line, *steps, last_line = errors.splitlines()
    assert first_line.startswith("refreshing") and last_line.startswith("done")
    line = re.compile(r"  \w+ +[\d.]+ s( +[\d,]+ rows)?( +unchanged)?")
    assert all(line.fullmatch(step.rstrip()) for step in steps)
    assert output.startswith("release ")
    # The address of the files is another one, and a release says where its files came from.
    assert len(platform.files()) == len(before) + 2


def test_dagsters_database_is_not_touched_by_a_refresh_that_gives_way(
    released: Platform, tmp_path: Path
):
    bench = Platform(tmp_path)
    with LocalStorage(root=str(bench.root)).locked():
        with bench.start(
            "refresh",
            *("--source", str(released.source)),
            environment={"DAGSTER_HOME": str(tmp_path / "dagster")},
        ) as process:
            output, errors = process.communicate()
        assert not (tmp_path / "dagster").exists()
    assert (process.returncode, output) == (1, "")
    _, reason, last = errors.splitlines()
    assert reason.startswith("another refresh has been working in data since")
    assert "nothing was published" in last


@pytest.mark.parametrize("roots", [("data", "data"), ("data", "other")])
def test_two_first_refreshes_at_once_leave_a_database_that_a_third_can_use(
    released: Platform, tmp_path: Path, roots: tuple[str, str]
):
    bench, home = Platform(tmp_path), tmp_path / "dagster"
    arguments = ("refresh", "--source", str(released.source), "--root")
    environment = {"DAGSTER_HOME": str(home)}
    processes = [bench.start(*arguments, root, environment=environment) for root in roots]
    errors = [process.communicate()[1] for process in processes]
    losers = [text for process, text in zip(processes, errors, strict=True) if process.returncode]
    assert all("another refresh has been working in data since" in text for text in losers)
    assert len(losers) == (roots[0] == roots[1])
    with bench.start(*arguments, "data", environment=environment) as third:
        _, text = third.communicate()
    assert third.returncode == 0 and "nothing has changed" in text, text


# Interrupted


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("refreshing", signal.SIGTERM),
        ("  recipe", signal.SIGTERM),
        ("  similar_titles", signal.SIGINT),
    ],
)
def test_an_interrupted_refresh_says_so_and_publishes_nothing(
    released: Platform, tmp_path: Path, moment: str, number: signal.Signals
):
    arguments = ("refresh", "--source", str(released.source))
    with Platform(tmp_path).start(*arguments) as process:
        assert process.stderr
        while line := process.stderr.readline():
            if line.startswith(moment):
                break
        process.send_signal(number)
        output, errors = process.communicate()
    assert line and (process.returncode, output) == (128 + number, "")
    assert errors.splitlines()[-1] == "interrupted" and "Traceback" not in errors
    assert not (tmp_path / "data" / "releases").exists()


def test_a_download_that_is_interrupted_ends_at_once(platform: Platform):
    before = platform.files()
    with (
        slow_source(platform.source) as (address, asked, _),
        platform.start("refresh", "--source", address) as process,
    ):
        assert asked.wait(60)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
    assert process.returncode == 143 and errors.splitlines()[-1] == "interrupted"
    assert platform.files() == before
    assert "nothing has changed" in platform.refresh().stderr
