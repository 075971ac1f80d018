"""Dagster's records: no dead run holds the queue, no history grows for ever, no UI stays behind."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import dagster as dg
import httpx
import pytest
from dagster._core.code_pointer import CodePointer
from dagster._core.launcher import WorkerStatus
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

from rec_platform import run_records
from rec_platform.dagster_home import prepare_home
from rec_platform.run_records import (
    KEPT_RUNS,
    command_lock,
    delete_old_runs,
    mark_dead_runs,
    old_runs,
)
from rec_platform_tests.conftest import Platform
from rec_platform_tests.slow_source import slow_source
from rec_platform_tests.waiting import wait_for


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_home(tmp_path / "home")))
    with dg.DagsterInstance.get() as instance:
        yield instance


@dg.asset
def film() -> None:
    """What every run makes."""


@dg.asset
def poster() -> None:
    """What one run made long ago."""


def job_of(assets: Sequence[dg.AssetsDefinition], name: str = "refresh") -> dg.JobDefinition:
    return dg.Definitions(assets, jobs=[dg.define_asset_job(name)]).resolve_job_def(name)


def run(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition, job: str = "refresh") -> str:
    return job_of(assets, job).execute_in_process(instance=instance).run_id


def run_of_module(instance: dg.DagsterInstance, module: str, job: str) -> str:
    """A run that is over and that a code server started which had loaded a module."""
    pointer = CodePointer.from_module(module, "defs", None)
    origin = JobPythonOrigin(job, RepositoryPythonOrigin(sys.executable, pointer))
    run = dg.DagsterRun(job, status=dg.DagsterRunStatus.SUCCESS, job_code_origin=origin)
    return instance.add_run(run).run_id


def begun(instance: dg.DagsterInstance) -> str:
    """A run that is on record as started."""
    run = instance.create_run_for_job(job_of([film]), run_id=str(uuid4()))
    instance.handle_new_event(started_event(run))
    return run.run_id


def started_event(run: dg.DagsterRun) -> dg.EventLogEntry:
    event = dg.DagsterEvent("PIPELINE_START", run.job_name)
    return dg.EventLogEntry(None, "debug", "", run.run_id, 0.0, dagster_event=event)


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus | None:
    run = instance.get_run_by_id(run_id)
    return run and run.status


def test_the_run_of_a_command_that_died_is_marked_as_failed_and_no_other(
    instance: dg.DagsterInstance,
):
    working, dead, not_of_a_command = (begun(instance) for _ in range(3))
    lock = Path(instance.root_directory, "commands", f"{dead}.lock")
    with command_lock(instance, working):
        lock.touch()  # as a command leaves it that is killed
        mark_dead_runs(instance)
        assert status(instance, dead) == dg.DagsterRunStatus.FAILURE
        assert status(instance, working) == dg.DagsterRunStatus.STARTED
    mark_dead_runs(instance)
    assert status(instance, working) == dg.DagsterRunStatus.STARTED  # its command ended by itself
    assert status(instance, not_of_a_command) == dg.DagsterRunStatus.STARTED


@pytest.mark.faults
@pytest.mark.parametrize("by_sensor", [False, True], ids=["by the command", "by the sensor"])
def test_only_the_last_runs_are_kept_and_those_that_made_what_there_is(
    instance: dg.DagsterInstance, by_sensor: bool
):
    first = run(instance, film, poster)
    runs = [run(instance, film) for _ in range(KEPT_RUNS + 2)]
    unfinished = begun(instance)
    if by_sensor:
        last = instance.get_run_by_id(runs[-1])
        assert last
        event = dg.DagsterEvent("PIPELINE_SUCCESS", last.job_name)
        context = dg.build_run_status_sensor_context("old_runs", event, instance, last)
        old_runs(context)
    else:
        delete_old_runs(instance)
    kept = {record.run_id for record in instance.get_runs()}
    assert kept == {first, *runs[2:], unfinished}
    for asset, maker in ((film, runs[-1]), (poster, first)):
        event = instance.get_latest_materialization_event(asset.key)
        assert event and event.run_id == maker
    home = Path(instance.root_directory)
    files = {path.name for path in home.rglob("*") if re.match(runs[0], path.name)}
    assert files == set()
    assert {path.stem for path in home.glob("history/runs/*.db")} == kept | {"index"}
    assert {path.name for path in home.glob("storage/*-*")} <= kept


def test_the_lock_of_a_command_is_held_until_its_file_is_gone(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    free: list[bool] = []
    unlink = Path.unlink

    def look(path: Path) -> None:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                free.append(True)
            except OSError:
                free.append(False)
        unlink(path)

    with command_lock(instance, "a-run"):
        monkeypatch.setattr(Path, "unlink", look)
    assert free == [False]


def test_runs_of_other_projects_are_kept(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_records, "KEPT_RUNS", 0)
    for job in ("refresh", "__ASSET_JOB"):
        run_of_module(instance, "rec_platform.definitions", job)
    others = {
        run_of_module(instance, "sales.definitions", job) for job in ("refresh", "__ASSET_JOB")
    }
    others |= {run_of_module(instance, "rec_platform.definitions", "their_own")}
    others |= {run(instance, job="bills"), dg.materialize([], instance=instance).run_id}
    delete_old_runs(instance)
    assert {record.run_id for record in instance.get_runs()} == others


def test_a_refresh_goes_on_where_old_records_cannot_be_cleared_away(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = prepare_home(tmp_path / "home")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setattr(run_records, "KEPT_RUNS", 0)
    with dg.DagsterInstance.get() as instance:
        old = run_of_module(instance, "rec_platform.definitions", "refresh")
    (home / "commands" / f"{old}.lock").mkdir(parents=True)  # no file: it cannot be unlinked
    done = platform.run("refresh", "--source", str(platform.source))
    assert done.exit_code == 0
    assert "Dagster's old records were not cleared away: " in done.stderr


@pytest.mark.faults
def test_a_refresh_that_is_killed_neither_stays_started_nor_holds_the_queue(
    released: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bench, home = Platform(tmp_path), tmp_path / "dagster"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with (
        slow_source(released.source) as (address, asked, _),
        bench.start("refresh", "--source", address) as process,
    ):
        assert asked.wait(60)
        with dg.DagsterInstance.get() as instance:
            (run,) = instance.get_runs()
            alive = instance.run_launcher.check_run_worker_health(run)
            process.kill()
            process.communicate()
            dead = instance.run_launcher.check_run_worker_health(run)
    assert (alive.status, dead.status) == (WorkerStatus.RUNNING, WorkerStatus.FAILED)
    with bench.start("refresh", "--source", str(released.source)) as process:
        assert process.communicate() and process.returncode == 0
    with dg.DagsterInstance.get() as instance:
        assert [run.status.value for run in instance.get_runs()] == ["SUCCESS", "FAILURE"]


def processes(text: str) -> list[int]:
    """The ids of the processes in whose commands or environment a text stands."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:  # it is gone, or another user's
            continue
        if text.encode() in told:
            found.append(int(folder.name))
    return found


@pytest.mark.faults
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux tells a child")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_demo_that_ends_takes_its_dagster_ui_with_it(
    environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    options = ("--titles", "100", "--port", "0", "--ui-port", "0")
    with Platform(tmp_path).start("demo", *options, has_terminal=True) as demo:
        assert demo.stderr
        try:
            told = next(line for line in demo.stderr if "Dagster UI on" in line)
            address = told.split()[3]
            with httpx.Client(transport=httpx.HTTPTransport(retries=3)) as client:

                def answers() -> bool:
                    try:
                        return client.get(f"{address}server_info").status_code == 200
                    except httpx.TransportError:
                        return False

                wait_for(answers)
            mine = f"DAGSTER_HOME={tmp_path}"
            assert len(processes(mine)) > 1
        finally:
            os.killpg(demo.pid, number)  # as Ctrl-C does
        if number == signal.SIGINT:
            assert demo.stderr.read().splitlines()[-1:] == ["interrupted"]
        wait_for(lambda: not processes(mine))
