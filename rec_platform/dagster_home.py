"""Dagster's home on this machine: its settings, and `dagster dev` on it.

`make dev` and the demo run it as a module; its arguments are the options of `dagster dev`.
"""

import ctypes
import hashlib
import os
import re
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rec_platform.set_aside import set_aside

SETTINGS = Path(__file__).with_name("dagster.yaml")
PR_SET_PDEATHSIG = 1  # of linux/prctl.h
DEV = (sys.executable, "-W", "ignore", "-m", "dagster", "dev")


CREATION_LOCK = "create.lock"  # held while databases are made
# The folders below a home that hold databases of Dagster's, each with the databases that it opens
# to run a job. Those of single runs it opens to show them.
RECORDS = {"history": ("runs.db", "runs/index.db"), "schedules": ("schedules.db",)}
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

# Dagster takes the path of its settings for a glob pattern, that of its databases for a URL. Where
# it finds no settings, it says nothing, and its telemetry is on.
MISREAD = re.compile("[*?%[]")


def home_of(beside: Path) -> Path:
    """Where Dagster keeps its records: beside the data, unless it would misread that path.

    Then they are in the user's folder for state, as the XDG base directories have it.
    """
    if not MISREAD.search(str(beside)):
        return beside
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    name = hashlib.sha256(str(beside).encode()).hexdigest()[:16]
    return Path(state, "rec-platform", name, "dagster").expanduser()


def prepare_home(home: Path) -> Path:
    """Make the folder, with our settings unless somebody has put their own there.

    Returns:
        The whole path of the folder: Dagster takes no relative one.

    Raises:
        ValueError: Dagster would misread its path.
    """
    home = home.expanduser().absolute()
    if MISREAD.search(str(home)):
        raise ValueError(
            f"DAGSTER_HOME={str(home)!r}: Dagster reads a path with *, ?, [ or % as another one "
            "and may ignore the settings in it: set it to a folder without these characters"
        )
    home.mkdir(parents=True, exist_ok=True)
    for path in {record for record, _ in unreadable_records(home)}:
        set_aside(path)
    settings = home / SETTINGS.name
    if not settings.exists():
        copy = settings.with_suffix(".part")  # a kill leaves all of the settings or none
        shutil.copyfile(SETTINGS, copy)
        copy.replace(settings)
    return home


def unreadable_records(home: Path) -> Iterator[tuple[Path, Path]]:
    """What Dagster would fail to open: its settings, or a folder with its history or schedules.

    Yields:
        Each of these, with the file that is damaged.
    """
    settings = home / SETTINGS.name
    if settings.exists() and not _is_settings(settings):
        yield settings, settings
    lock = home / CREATION_LOCK
    if lock.is_dir() or lock.is_symlink():
        yield lock, lock
    for name, databases in RECORDS.items():
        folder = home / name
        if folder.is_file():
            yield folder, folder
        for database in (folder / database for database in databases):
            if folder.is_dir() and not _is_sound(database):
                yield folder, database


def _is_settings(settings: Path) -> bool:
    import yaml

    if not settings.is_file():
        return False
    try:
        # A file that is empty, or all comments, is none: Dagster then takes its own defaults.
        return isinstance(yaml.safe_load(settings.read_bytes()), dict | None)
    except (UnicodeDecodeError, yaml.YAMLError):
        return False


def _is_sound(database: Path) -> bool:
    """Whether a database can be read, or is not there yet."""
    if not database.exists():
        return True
    if not database.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            return opened.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError as error:  # any other error, a lock for example, is no damage
        return error.sqlite_errorcode not in DAMAGED


def run_dagster_dev(options: list[str]) -> None:
    """Become `dagster dev`, on `$DAGSTER_HOME`, until Ctrl-C or SIGTERM."""
    try:
        os.environ["DAGSTER_HOME"] = str(prepare_home(Path(os.environ["DAGSTER_HOME"])))
    except ValueError as error:
        sys.exit(str(error))
    end_with_parent()
    # A shell's `&` ignores SIGINT, and Dagster treats SIGTERM as it finds SIGINT treated.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(DEV[0], [*DEV, *options])  # noqa: S606 (there is no shell)


def end_with_parent() -> None:
    """Have the system send SIGTERM when the process dies that started this one; Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    run_dagster_dev(sys.argv[1:])
