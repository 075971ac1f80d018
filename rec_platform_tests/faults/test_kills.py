"""kill -9 at random moments, while a server answers: nothing half-written is served, none fails."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from rec_platform.resources.publishing import KEPT_RELEASES
from rec_platform.sample.writer import write_sample
from rec_platform_tests.conftest import REPOSITORY, Platform, publish_many
from rec_platform_tests.faults.killer import content

pytestmark = pytest.mark.faults

SEED = 20260728
PATHS = ("/", "/search?q=film", "/api/v1/titles", "/films", "/readyz")
UNGATED = {"REC_MIN_TITLE_SHARE": "0", "REC_MAX_SCORE_DROP": "1"}
PAUSE_SECONDS = 0.02  # between requests: the machine is there for the refreshes


class Visitor(threading.Thread):
    """Asks a server again and again, and counts what fails."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port, self.over = port, threading.Event()
        self.answers, self.failures = 0, list[str]()

    def run(self) -> None:
        while not self.over.wait(PAUSE_SECONDS):
            path = PATHS[self.answers % len(PATHS)]
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                if answer.status != http.client.OK:
                    self.failures.append(f"{path}: {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{path}: {error!r}")
            finally:
                connection.close()
            self.answers += 1


@contextmanager
def visited(platform: Platform) -> Iterator[Visitor]:
    """A server on the platform's root, and somebody who asks it."""
    with subprocess.Popen(
        [sys.executable, "-m", "rec_platform.cli", "serve", "--port", "0"],
        cwd=platform.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,  # a line for each request, which would fill a pipe
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr
        address = next(line for line in server.stderr if "site and API on" in line).split()[-1]
        visitor = Visitor(int(address.rstrip("/").rpartition(":")[2]))
        # It listens a moment after it says so.
        subprocess.run(
            ["curl", "-fsS", "-o", "/dev/null", "--retry", "60", "--retry-connrefused", address],
            check=True,
        )
        visitor.start()
        try:
            yield visitor
        finally:
            visitor.over.set()
            visitor.join()
            server.terminate()
            server.communicate()


def killed(platform: Platform, times: int, *sources: Path) -> list[dict[str, Any]]:
    """What each kill left."""
    arguments = map(str, (platform.root, times, SEED, *sources))
    done = subprocess.run(
        [sys.executable, "-m", "rec_platform_tests.faults.killer", *arguments],
        cwd=platform.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | UNGATED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def tell(kills: list[dict[str, Any]], visitor: Visitor) -> None:
    """Show with `-rP` what was done."""
    died = sum(1 for kill in kills if kill["killed"])
    failures = len(visitor.failures)
    sys.stdout.write(f"{died} of {len(kills)} killed, {failures} of {visitor.answers} failed\n")


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("faults") or 0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kept(platform: Platform) -> set[str]:
    """All that a root holds beside releases and receipts, of which a refresh adds one each."""
    paths = (path.relative_to(platform.root) for path in platform.root.rglob("*"))
    return {str(path) for path in paths if path.parts[0] not in ("releases", "receipts")}


def test_a_refresh_killed_at_any_moment_costs_nobody_an_answer_and_the_next_one_is_good(
    platform: Platform,
    times: int,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources = [platform.folder / "small", platform.folder / "other"]
    for source, titles in zip(sources, (300, 330), strict=True):
        write_sample(source, titles)
    unkilled = platform.copied(tmp_path_factory.mktemp("unkilled"))
    for key, value in UNGATED.items():
        monkeypatch.setenv(key, value)
    expected: list[str] = []
    for source in sources:
        done = unkilled.run("refresh", "--source", str(source))
        assert done.exit_code == 0, done.stderr
        expected.append(content(unkilled.serving().path))
    with visited(platform) as visitor:
        _, *kills = killed(platform, times, *sources)
    assert [kill["told"] for kill in kills if kill["code"]] == []
    # Some were killed and others had ended: both are moments of a refresh.
    died = [kill for kill in kills if kill["killed"]]
    tell(kills, visitor)
    assert len(died) > times / 2
    assert visitor.answers > times and visitor.failures == []
    assert [kill["made"] for kill in kills] == [expected[place % 2] for place in range(times)]
    assert len(names(platform.releases)) <= KEPT_RELEASES + 2  # the pointer, and what served before
    assert kept(platform) - {"refresh.log"} == kept(unkilled)
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs_count(dg.RunsFilter(statuses=[*IN_PROGRESS_RUN_STATUSES])) == 0


def test_a_publication_killed_at_any_moment_costs_nobody_an_answer(
    tmp_path: Path, times: int, environment: None
) -> None:
    del environment
    platform = Platform(tmp_path)
    publish_many(platform.root, KEPT_RELEASES)
    with visited(platform) as visitor:
        _, *kills = killed(platform, times)
    assert {kill["code"] for kill in kills} == {0}
    died = [kill for kill in kills if kill["killed"]]
    tell(kills, visitor)
    assert died
    assert visitor.failures == []
    assert names(platform.root / "tmp") == []
    assert len(names(platform.releases)) == KEPT_RELEASES + 1
