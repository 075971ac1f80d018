"""Runs on emulated AWS that are killed, stopped, or lose their lease between two steps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from rec_platform.resources.aws.s3 import S3Storage
from rec_platform.sample.writer import write_sample
from rec_platform_tests.conftest import REPOSITORY, Platform
from rec_platform_tests.emulators import Emulators
from rec_platform_tests.emulators.faulty_proxy import is_change
from rec_platform_tests.emulators.lost_lease import lose_lease, remove_lease
from rec_platform_tests.emulators.sagemaker_server import SageMakerServer
from rec_platform_tests.faults.damages import ALL_DAMAGES
from rec_platform_tests.sql_files import SQL

pytestmark = pytest.mark.aws


ONE_STEP_OF_EACH_KIND = (
    *("raw_title_basics", "recipe", "titles", "scaled_matrix"),
    *("kmeans_model", "title_clusters", "cluster_lookup", "release"),
)
KILL = """
import os, signal, sys
from dagster._core.events import DagsterEvent
make = DagsterEvent.step_success_event
def die(step, *rest):
    if step.step.key == sys.argv[1]:  # the work is done, and Dagster does not know it yet
        os.kill(os.getpid(), signal.SIGKILL)
    return make(step, *rest)
DagsterEvent.step_success_event = staticmethod(die)
from rec_platform.cli import app
app(sys.argv[2:])
"""
STEPS = [
    *("raw_title_basics", "raw_title_akas", "raw_title_ratings"),
    *("raw_title_crew", "raw_title_principals", "raw_name_basics"),
    *("recipe", "eligible_titles", "eligible_akas", "titles", "selection", "selected_principals"),
    *("title_people", "title_credits", "title_akas"),
    *("title_characters", "title_origins", "title_series", "title_keywords"),
    *("scaled_matrix", "kmeans_model", "title_clusters", "similar_titles", "scorecard"),
    *("cluster_lookup", "release"),
]


def test_runs_that_are_killed_after_a_step_get_there_and_nothing_is_paid_twice(
    aws: Platform,
    server: SageMakerServer,
    emulators: Emulators,
    request: pytest.FixtureRequest,
):
    # Each kill takes a process: with 26 of them this took ten minutes on a slow machine.
    is_full = int(request.config.getoption("faults") or 0) >= ALL_DAMAGES
    steps = STEPS if is_full else ONE_STEP_OF_EACH_KIND
    write_sample(aws.source, 300)
    assert aws.run("refresh", "--source", "sample").exit_code == 0
    before, jobs = aws.run("releases").stdout, len(server.jobs)
    write_sample(aws.source, 320)
    queries = len(emulators.queries())
    for step in steps:
        assert aws.run("releases").stdout == before  # the last release is served all the time
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", KILL, step, "refresh", "--source", "sample"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            cwd=aws.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == -9, process.stderr[-2000:]
        if step != steps[-1]:  # its lease would run out in half a minute
            S3Storage(root=os.environ["REC_ROOT"]).delete("refresh.lock")
    done = aws.run("refresh", "--source", "sample")  # waits until the dead run's lease has run out
    assert done.exit_code == 0 and "nothing has changed" in done.stderr
    assert len(aws.run("releases").stdout.splitlines()) == 3
    assert len(server.jobs) == jobs + 1
    made = [query for query in emulators.queries()[queries:] if query.startswith("CREATE TABLE")]
    assert len(made) == len(set(made)) == len(SQL)


def test_a_run_that_loses_its_lease_after_any_step_changes_nothing_more(
    aws: Platform, server: SageMakerServer, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
):
    from dagster._core.events import DagsterEvent

    root, step_success = os.environ["REC_ROOT"], DagsterEvent.step_success_event
    assert server.proxy
    proxies = (emulators.proxy, server.proxy)
    write_sample(aws.source, 300)
    for last_step in ONE_STEP_OF_EACH_KIND:

        def lose(step: Any, *rest: Any, last_step: str = last_step) -> Any:
            if step.step.key == last_step:
                lose_lease(emulators, root)
                for proxy in proxies:
                    proxy.requests.clear()
            return step_success(step, *rest)

        monkeypatch.setattr(DagsterEvent, "step_success_event", lose)
        done = aws.run("refresh", "--source", "sample")
        assert done.exit_code == 1 and "lost its lock" in done.stderr, (last_step, done.stderr)
        recorded = [request for proxy in proxies for request in proxy.requests]
        assert recorded and not [*filter(is_change, recorded)], last_step
        remove_lease(emulators, root)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("what", ["query", "job"])
def test_stopping_a_run_stops_what_it_pays_for_and_frees_the_lock(
    aws: Platform, server: SageMakerServer, emulators: Emulators, what: str, number: signal.Signals
):
    write_sample(aws.source, 300)
    if what == "query":
        emulators.tell_athena("stall")
    else:
        server.fates = ["stall"]
    with aws.start("refresh", "--source", "sample") as process:
        while not (emulators.proxy.asked("GetQueryExecution") if what == "query" else server.jobs):
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    if what == "query":
        athena = emulators.client("athena")
        ids = athena.list_query_executions(WorkGroup="rec_platform")["QueryExecutionIds"]
        queries = athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
        states = {query["Status"]["State"] for query in queries}
        assert "CANCELLED" in states and not states & {"QUEUED", "RUNNING"}
    else:
        assert [job["TrainingJobStatus"] for job in server.jobs.values()] == ["Stopped"]
    assert "refresh.lock" not in S3Storage(root=os.environ["REC_ROOT"]).names("")
