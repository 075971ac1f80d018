# pyright: reportPrivateImportUsage=false
"""Dagster's records while a job runs in this process: no event waits for the disk.

For each of some 500 events, Dagster makes an engine, opens a database, commits and closes it. That
flushes the disk twice, and SQLAlchemy forgets the statements that it has compiled. A job of this
process needs its records after a loss of power no more than it needs its unfinished work. What the
Dagster UI and the daemon run is not changed.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool


class _KeptPool(QueuePool):
    """Keeps its connections open when Dagster disposes of the engine, which it does each time."""

    def dispose(self) -> None:
        pass

    def recreate(self) -> QueuePool:
        return self

    def close(self) -> None:
        """Close the connections; the last one of a write-ahead log flushes it."""
        super().dispose()


@contextmanager
def unflushed_records() -> Generator[None]:
    """Keep Dagster's SQLite databases open, and flush them at the end alone.

    They stay whole if the machine dies: in the mode NORMAL a commit to a write-ahead log flushes
    nothing, but what is written stays in order.
    """
    engines = dict[str, Engine]()

    def engine_of(url: str, **options: Any) -> Engine:
        if url not in engines:
            engines[url] = create_engine(url, **options | {"poolclass": _KeptPool})
            event.listen(engines[url], "connect", _unflushed)
        return engines[url]

    sqlite_event_log.create_engine = sqlite_run_storage.create_engine = engine_of
    try:
        yield
    finally:
        sqlite_event_log.create_engine = sqlite_run_storage.create_engine = create_engine
        for engine in engines.values():
            cast("_KeptPool", engine.pool).close()


def _unflushed(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
