"""Dagster's home on this machine: its settings, and `dagster dev` on it.

`make dev` and the demo run it as a module; its arguments are the options of `dagster dev`.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

SETTINGS = Path(__file__).with_name("dagster.yaml")
DEV = (sys.executable, "-W", "ignore", "-m", "dagster", "dev")


def prepare_home(home: Path) -> None:
    """Make the folder, with our settings unless somebody has put their own there."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / SETTINGS.name).exists():
        shutil.copyfile(SETTINGS, home / SETTINGS.name)


def run_dagster_dev(options: list[str]) -> None:
    """Become `dagster dev`, on `$DAGSTER_HOME`, until Ctrl-C or SIGTERM."""
    prepare_home(Path(os.environ["DAGSTER_HOME"]))
    # A shell's `&` ignores SIGINT, and Dagster treats SIGTERM as it finds SIGINT treated.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(DEV[0], [*DEV, *options])  # noqa: S606 (there is no shell)


if __name__ == "__main__":
    run_dagster_dev(sys.argv[1:])
