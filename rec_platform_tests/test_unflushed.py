"""Dagster's records are written without a wait for the disk, and are whole afterwards."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

from rec_platform.unflushed import unflushed_records


def test_records_are_flushed_once_when_the_job_is_done(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE events (number)")
    connection.close()
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)  # as Dagster opens them
    log = file.with_name("runs.db-wal")
    with unflushed_records():
        for number in range(3):
            with engine.begin() as opened:
                assert opened.execute(text("PRAGMA synchronous")).scalar() == 1  # NORMAL
                opened.execute(text(f"INSERT INTO events VALUES ({number})"))
            assert log.exists()  # else it was moved to the database, and that flushed
    assert not log.exists()
    with engine.connect() as opened:
        assert opened.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL, as ever
        assert opened.execute(text("SELECT count(*) FROM events")).scalar() == 3


def test_a_database_may_be_opened_first_by_another_thread(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with unflushed_records(), ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: engine.connect().close()).result()
    assert not file.with_name("runs.db-wal").exists()
