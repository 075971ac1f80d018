"""Dagster's records while a job runs in this process: no event waits for the disk.

Dagster opens a database for each event, commits and closes it. That flushes the disk twice for each
of some 500 events. A job of this process needs its records after a loss of power no more than it
needs its unfinished work. What the Dagster UI and the daemon run is not changed.
"""

import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool


@contextmanager
def unflushed_records() -> Generator[None]:
    """Flush Dagster's SQLite databases at the end alone. They stay whole if the machine dies.

    In the mode NORMAL a commit to a write-ahead log flushes nothing, but the last connection that
    is closed does: so one to each database stays open.
    """
    with ExitStack() as stack:
        kept = set[str]()

        def opened(connection: Any, _record: Any) -> None:
            if not isinstance(connection, sqlite3.Connection):
                return
            connection.execute("PRAGMA synchronous = NORMAL")
            (_, _, file), *_ = connection.execute("PRAGMA database_list").fetchall()
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if file and mode == "wal" and file not in kept:
                kept.add(file)
                # Any thread may be the first to open a database; this one closes them all.
                connected = sqlite3.connect(file, check_same_thread=False)
                keeper = stack.enter_context(closing(connected))
                keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()

        event.listen(Pool, "connect", opened)
        stack.callback(event.remove, Pool, "connect", opened)
        yield
