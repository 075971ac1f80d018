"""What the machine refuses, as one line: no right, no room, no memory, a disk that fails."""

import errno
import os
import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TextIO

from rec_platform.progress import complain

PLACE = "use another place, --root (REC_ROOT) for example"
REMEDIES = {
    errno.ENOSPC: f"free some space, or {PLACE}",
    errno.EDQUOT: f"free some space, or {PLACE}",
    errno.EROFS: PLACE,
    errno.EACCES: f"correct its permissions, or {PLACE}",
    errno.EPERM: f"correct its permissions, or {PLACE}",
    errno.ENOTDIR: f"move away the file where a folder belongs, or {PLACE}",
    errno.EEXIST: f"move away the file where a folder belongs, or {PLACE}",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
}

WAIT = "another process is using it: run the command again once that has ended"
DATABASE_REMEDIES = {
    sqlite3.SQLITE_BUSY: WAIT,
    sqlite3.SQLITE_LOCKED: WAIT,
    sqlite3.SQLITE_FULL: REMEDIES[errno.ENOSPC],
    sqlite3.SQLITE_READONLY: REMEDIES[errno.EACCES],
    sqlite3.SQLITE_CANTOPEN: REMEDIES[errno.EACCES],
}
MEND = "`rec-platform doctor` names a damaged file, and `rec-platform refresh` makes it again"


@contextmanager
def refused_plainly() -> Generator[None]:
    """End the process with one line, and without a traceback, if the machine refuses something.

    Raises:
        SystemExit: it did.
    """
    try:
        yield
    except (OSError, MemoryError, sqlite3.Error) as error:
        with suppress(OSError):  # nobody can be told
            complain(explain(error))
        for stream in (sys.stdout, sys.stderr):
            _discard_unwritten(stream)
        raise SystemExit(1) from None


def explain(error: Exception) -> str:
    """What the machine refused, and what to do."""
    if isinstance(error, MemoryError):
        return "there is too little memory: give this process more, or refresh fewer titles"
    if not isinstance(error, OSError):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more of the same
        return f"a database cannot be used: {error}: {DATABASE_REMEDIES.get(code, MEND)}"
    place = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    remedy = REMEDIES.get(error.errno or 0)
    return f"{place}{reason}" + (f": {remedy}" if remedy else "")


def _discard_unwritten(stream: TextIO) -> None:
    """Let text that cannot be written go nowhere, or Python complains of it at exit."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
