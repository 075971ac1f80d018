"""Own servers, as docs/operations.md sets them up: what happens when a part dies in a refresh."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from rec_platform.sample.writer import write_sample
from rec_platform_tests.conftest import Platform, clean_environment
from rec_platform_tests.postgres_server import Postgres, postgres_server
from rec_platform_tests.servers import UNITS, Servers
from rec_platform_tests.slow_source import slow_source
from rec_platform_tests.waiting import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unclosed_is_forgiven"),  # Dagster leaves sqlalchemy's pool
]

TITLES = 200


@dataclass
class Bench:
    """Running servers whose source holds its answers when it is told to."""

    platform: Platform
    postgres: Postgres
    servers: Servers
    asked: Event
    go_on: Event

    def begin(self, **recipe: object) -> str:
        """Launch a refresh, and wait until it is in the middle of its work; its id."""
        self.asked.clear()
        self.go_on.clear()
        run = self.servers.launch(**recipe)
        wait_for(self.asked.is_set)
        assert self.servers.await_status(run, "STARTED")
        return run

    def end(self, run: str) -> int:
        """Let a refresh go on until it is done; the clusters of the release that then serves."""
        self.go_on.set()
        self.servers.await_status(run, "SUCCESS")
        return self.clusters()

    def clusters(self) -> int:
        lookup = self.platform.serving()
        assert lookup.clusters() and lookup.release["title_count"]
        return lookup.release["recipe"]["clusters"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, dagster_home: object) -> Iterator[Bench]:
    del dagster_home
    folder = tmp_path_factory.mktemp("servers")
    platform = Platform(folder)
    write_sample(platform.source, TITLES)
    with (
        clean_environment(folder / "dagster"),
        postgres_server() as postgres,
        slow_source(platform.source) as (address, asked, go_on),
        pytest.MonkeyPatch.context() as patch,
    ):
        environment = {
            "REC_ROOT": str(platform.root),
            "REC_IMDB_SOURCE": address,
            "REC_POSTGRES_URL": postgres.url,
            "REC_CODE_HOST": "127.0.0.1",
            "REC_CLUSTERS": "4",
        }
        patch.setenv("REC_POSTGRES_URL", postgres.url)
        servers = Servers(folder, environment)
        servers.prepare()
        go_on.set()
        try:
            servers.start("code", *(UNITS.keys() - {"code"}))
            yield Bench(platform, postgres, servers, asked, go_on)
        finally:
            go_on.set()
            servers.stop()


def test_the_schedule_that_is_switched_on_refreshes_and_the_site_serves_it(bench: Bench):
    import dagster as dg
    from dagster._core.definitions.run_request import InstigatorType
    from dagster._core.scheduler.instigation import InstigatorStatus, ScheduleInstigatorData

    servers = bench.servers
    schedule = {
        "repositoryLocationName": "rec_platform",
        "repositoryName": "__repository__",
        "scheduleName": "weekly_refresh",
    }
    start = "mutation($s: ScheduleSelector!) { startSchedule(scheduleSelector: $s) { __typename } }"
    wait_for(lambda: servers.ask(start, s=schedule))
    servers.kill("daemon")
    with dg.DagsterInstance.get() as instance:
        (state,) = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
        assert state.status == InstigatorStatus.RUNNING
        # As if it had been switched on before last Monday: the daemon makes up for one tick.
        before = (datetime.now(UTC) - timedelta(days=8)).timestamp()
        instance.update_instigator_state(
            state.with_data(ScheduleInstigatorData("0 5 * * 1", start_timestamp=before))
        )
    servers.start("daemon")
    (run,) = wait_for(servers.runs)
    assert bench.end(run) == 4
    assert wait_for(lambda: servers.site("/readyz"))


def test_a_second_run_waits_until_the_first_one_is_done(bench: Bench):
    first = bench.begin(clusters=3)
    second = bench.servers.launch(clusters=5)
    wait_for(lambda: bench.servers.runs()[second] == "QUEUED")
    assert bench.servers.runs()[first] == "STARTED"
    assert bench.end(first) in (3, 5)
    assert bench.end(second) == 5


@pytest.mark.parametrize(("name", "clusters"), [("daemon", 3), ("webserver", 4), ("site", 5)])
def test_a_run_goes_on_without_what_only_looks_on(bench: Bench, name: str, clusters: int):
    run = bench.begin(clusters=clusters)
    bench.servers.kill(name)
    bench.go_on.set()
    bench.servers.start(name)
    assert bench.end(run) == clusters


def test_a_worker_that_is_killed_is_noticed_and_its_run_is_done_again(bench: Bench):
    before = bench.clusters()
    run = bench.begin(clusters=6)
    os.kill(bench.servers.worker(run), signal.SIGKILL)
    bench.servers.await_status(run, "FAILURE")
    assert bench.clusters() == before
    assert bench.end(bench.servers.retry_of(run)) == 6


def test_a_code_location_that_is_killed_with_its_run_is_noticed_and_the_run_is_done_again(
    bench: Bench,
):
    servers, before = bench.servers, bench.clusters()
    run = bench.begin(clusters=7)
    servers.kill("code")
    servers.await_log("daemon", f"Checking run {run}", times=4)  # while nobody could do it again
    assert servers.runs()[run] == "STARTED"
    servers.start("code")
    servers.await_status(run, "FAILURE")
    assert bench.clusters() == before
    assert bench.end(servers.retry_of(run)) == 7


def test_a_run_that_waits_while_the_code_location_is_away_is_done_when_it_is_back(bench: Bench):
    servers = bench.servers
    servers.kill("daemon")
    run = servers.launch(clusters=9)
    wait_for(lambda: servers.runs()[run] == "QUEUED")
    servers.kill("code")
    servers.start("daemon")
    servers.await_log("daemon", "Caught an error dequeuing run", times=2)
    servers.start("code")
    assert bench.end(run) == 9


def test_postgres_that_is_killed_costs_a_run_and_the_next_one_is_good(bench: Bench):
    before = bench.clusters()
    run = bench.begin(clusters=8)
    bench.postgres.kill()
    bench.go_on.set()
    bench.postgres.start()
    bench.servers.await_status(run, "FAILURE", "SUCCESS")
    assert bench.clusters() in (before, 8)
    assert bench.end(bench.servers.launch(clusters=2)) == 2
