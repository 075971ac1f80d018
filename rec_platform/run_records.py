# pyright: standard
"""Dagster's records of runs: a dead command's run is marked as failed, and old runs are deleted.

Dagster does neither. It does not know which process works on a command's run, and `retention` in
`dagster.yaml` is for the ticks of schedules and sensors alone.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.storage.dagster_run import FINISHED_STATUSES, NOT_FINISHED_STATUSES
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

KEPT_RUNS = 20
# What tells this platform's runs from those of other projects that share the database.
JOBS = ("refresh", IMPLICIT_ASSET_JOB_NAME)
MODULE = "rec_platform.definitions"


@contextmanager
def command_lock(instance: dg.DagsterInstance, run_id: str) -> Generator[None]:
    """Lock a file while a command works on a run; the system frees it if the command dies.

    A home that cannot be written to has no such file.
    """
    path = _lock_path(instance, run_id)
    if not os.access(instance.root_directory, os.W_OK):
        yield
        return
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        # Before it is freed, or another process would take the run for a dead command's. After an
        # error it stays: Dagster may not have put on record that the run ended.
        path.unlink()


def is_dead(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool:
    """Whether a command of this machine worked on a run and died."""
    try:
        with _lock_path(instance, run.run_id).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is no command's, one of another machine's, or works
        return False
    return True


def _lock_path(instance: dg.DagsterInstance, run_id: str) -> Path:
    return Path(instance.root_directory, "commands", f"{run_id}.lock")


def mark_dead_runs(instance: dg.DagsterInstance) -> None:
    """Mark the runs of commands that died as failed, or they would hold the queue's one place."""
    for run in instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES)):
        if is_dead(run, instance):
            instance.report_run_failed(run, "The command that worked on this run was killed.")


def delete_old_runs(instance: dg.DagsterInstance) -> None:
    """Delete all but this platform's last runs that are over, with their events and logs.

    The runs that made what the assets hold now are kept, however old: freshness, the asset's page
    and Dagster's own staleness look at them.
    """
    over = [
        record
        for job in JOBS
        for record in instance.get_run_records(
            dg.RunsFilter(job_name=job, statuses=FINISHED_STATUSES)
        )
        if _is_ours(record.dagster_run)
    ]
    over.sort(key=lambda record: record.storage_id, reverse=True)
    old = {record.dagster_run.run_id for record in over[KEPT_RUNS:]}
    if not old:
        return
    for record in instance.get_asset_records():
        if last := record.asset_entry.last_materialization_record:
            old.discard(last.run_id)
    logs, events = instance.compute_log_manager, instance.event_log_storage
    for run_id in old:
        instance.delete_run(run_id)
        _lock_path(instance, run_id).unlink(missing_ok=True)
        if isinstance(logs, LocalComputeLogManager):  # a bucket has rules of its own
            logs.delete_logs(prefix=[run_id])
        if isinstance(events, SqliteEventLogStorage):  # a file for each run, which it leaves
            for suffix in ("", "-wal", "-shm"):
                Path(events.path_for_shard(run_id) + suffix).unlink(missing_ok=True)


def _is_ours(run: dg.DagsterRun) -> bool:
    """Whether a run of one of these jobs is this platform's.

    A run that a code server started names its module. A command's run, in its own process, does not
    and is always of the job `refresh`.
    """
    if not (origin := run.job_code_origin):
        return run.job_name == JOBS[0]
    return getattr(origin.repository_origin.code_pointer, "module", None) == MODULE


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=3600,
    description=f"Deletes the records of all but the platform's last {KEPT_RUNS} runs.",
)
def old_runs(context: dg.RunStatusSensorContext) -> None:
    """Keep Dagster's database small where the daemon starts the runs."""
    delete_old_runs(context.instance)
