"""Dagster's records are written without a wait for the disk, and are whole afterwards."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from sqlalchemy import text

from rec_platform.unflushed import unflushed_records

NORMAL, FULL = 1, 2  # SQLite's numbers


def synchronous(records: SqliteEventLogStorage, run_id: str) -> int:
    with records.run_connection(run_id) as connection:
        return connection.execute(text("PRAGMA synchronous")).scalar()


def test_records_are_flushed_once_when_the_job_is_done(tmp_path: Path) -> None:
    records = SqliteEventLogStorage(str(tmp_path))
    log = tmp_path / "run.db-wal"
    with unflushed_records():
        for number in range(3):
            assert synchronous(records, "run") == NORMAL
            with records.run_connection("run") as connection:
                if not number:
                    connection.execute(text("CREATE TABLE numbers (number)"))
                connection.execute(text(f"INSERT INTO numbers VALUES ({number})"))
            assert log.stat().st_size  # else it was moved to the database, and that flushed
    assert not log.exists()
    assert synchronous(records, "run") == FULL
    with records.run_connection("run") as connection:
        assert connection.execute(text("SELECT count(*) FROM numbers")).scalar() == 3


def test_others_read_a_record_before_the_job_is_done(tmp_path: Path) -> None:
    records = SqliteEventLogStorage(str(tmp_path))
    with unflushed_records():
        with records.run_connection("run") as connection:
            connection.execute(text("CREATE TABLE numbers (number)"))
        with closing(sqlite3.connect(tmp_path / "run.db")) as others:  # as the Dagster UI has it
            assert others.execute("SELECT count(*) FROM numbers").fetchone() == (0,)
            others.execute("INSERT INTO numbers VALUES (1)")  # nothing is locked meanwhile
            others.commit()
        with records.run_connection("run") as connection:
            assert connection.execute(text("SELECT count(*) FROM numbers")).scalar() == 1


def test_a_database_is_opened_once_whatever_thread_asks(tmp_path: Path) -> None:
    records = SqliteEventLogStorage(str(tmp_path))

    def opened() -> object:
        with records.index_connection() as connection:
            return connection.connection.driver_connection

    with unflushed_records(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(opened).result() is opened()
    assert not (tmp_path / "index.db-wal").exists()
    assert opened() is not opened()


def test_a_failure_leaves_dagster_as_it_was(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        records = instance.event_log_storage
        assert isinstance(records, SqliteEventLogStorage)
        try:
            with unflushed_records():
                assert synchronous(records, "run") == NORMAL
                raise ValueError
        except ValueError:
            assert synchronous(records, "run") == FULL
    assert not [*tmp_path.rglob("*.db-wal")]
