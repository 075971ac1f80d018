"""What the machine refuses of a database is told with what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rec_platform.plainly import explain
from rec_platform_tests.conftest import Platform


def refused(database: Path, sql: str, *, read_only: bool = False) -> str:
    uri = f"{database.as_uri()}?mode={'ro' if read_only else 'rw'}"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=0)) as opened,
        pytest.raises(sqlite3.Error) as caught,
    ):
        opened.execute("PRAGMA max_page_count = 2")
        opened.execute(sql)
    return explain(caught.value)


def test_a_database_that_cannot_be_used_is_told_with_what_to_do(tmp_path: Path):
    database = tmp_path / "runs.db"
    with closing(sqlite3.connect(database)) as holder:
        holder.execute("CREATE TABLE runs (id)")
        holder.execute("BEGIN EXCLUSIVE")
        assert "locked: another process is using it" in refused(database, "SELECT * FROM runs")
    writing = "INSERT INTO runs VALUES (zeroblob(100000))"
    assert "is full: free some space" in refused(database, writing)
    assert "correct its permissions" in refused(database, writing, read_only=True)
    database.write_bytes(b"not a database")
    assert "not a database: `rec-platform doctor`" in refused(database, "SELECT * FROM runs")


@pytest.mark.slow
def test_a_locked_history_is_told_with_its_folder(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DAGSTER_HOME")
    assert platform.refresh().exit_code == 0
    history = platform.root / "dagster" / "history" / "runs.db"
    with closing(sqlite3.connect(history)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        done = platform.refresh("--clusters", "8")
    assert done.exit_code == 1
    told = f"Dagster's records in {platform.root / 'dagster'}: a database cannot be used"
    assert told in done.stderr and "another process is using it" in done.stderr, done.stderr
