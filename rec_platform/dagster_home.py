"""Dagster's home on this machine: its settings, and `dagster dev` on it.

`make dev` and the demo run it as a module; its arguments are the options of `dagster dev`.
"""

import ctypes
import hashlib
import os
import re
import shutil
import signal
import sys
from pathlib import Path

SETTINGS = Path(__file__).with_name("dagster.yaml")
PR_SET_PDEATHSIG = 1  # of linux/prctl.h
DEV = (sys.executable, "-W", "ignore", "-m", "dagster", "dev")


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
        The folder, its `~` expanded as Dagster does it.

    Raises:
        ValueError: Dagster would misread its path.
    """
    home = home.expanduser()
    if MISREAD.search(str(home)):
        raise ValueError(
            f"DAGSTER_HOME={str(home)!r}: Dagster reads a path with *, ?, [ or % as another one "
            "and may ignore the settings in it: set it to a folder without these characters"
        )
    home.mkdir(parents=True, exist_ok=True)
    if not (home / SETTINGS.name).exists():
        shutil.copyfile(SETTINGS, home / SETTINGS.name)
    return home


def run_dagster_dev(options: list[str]) -> None:
    """Become `dagster dev`, on `$DAGSTER_HOME`, until Ctrl-C or SIGTERM."""
    try:
        prepare_home(Path(os.environ["DAGSTER_HOME"]))
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
