"""What the benchmarks share: running a command or the site, and printing the lines of a table.

This is not a benchmark itself. What is measured belongs in each script.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rec_platform.release.serving import current_release, open_release


@dataclass(frozen=True)
class Usage:
    """What a command used.

    Attributes:
        seconds: by the wall clock.
        peak_mib: the peak memory of the largest process, the command's or one that it waited for.
    """

    seconds: float
    peak_mib: float


def run(command: list[str], settings: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end, with these settings and none of the caller's REC_ and DAGSTER_.

    Raises:
        SystemExit: the command failed; the end of its output is shown.
    """
    ours = ("REC_", "DAGSTER_")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    environment |= settings or {}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode()[-2_000:]}")
    kib_per_unit = 1 / 1024 if sys.platform == "darwin" else 1  # macOS counts bytes
    return Usage(seconds, usage.ru_maxrss * kib_per_unit / 1024)


def refresh(
    source: Path, root: Path, *options: str, settings: Mapping[str, str] | None = None
) -> Usage:
    """Run `rec-platform refresh` in a process of its own."""
    command = [sys.executable, "-m", "rec_platform.cli", "refresh"]
    return run([*command, "--source", str(source), "--root", str(root), *options], settings)


def served(root: Path) -> tuple[str, int]:
    """The id of the release that serves, and its number of titles."""
    release_id = current_release(root / "releases")
    return release_id, open_release(root / "releases", release_id).release["title_count"]


@contextmanager
def server(root: Path, settings: Mapping[str, str] | None = None) -> Iterator[int]:
    """The site as `rec-platform serve` runs it; yields its port."""
    with serving_process(root, settings) as (_, port):
        yield port


@contextmanager
def serving_process(
    root: Path, settings: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The same; yields its process and its port."""
    serve = ["-m", "rec_platform.cli", "serve", "--root", str(root), "--port", "0"]
    with subprocess.Popen(
        [sys.executable, *serve],
        env=os.environ | (settings or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr
            address = next(line for line in process.stderr if "http://" in line)
            port = int(re.findall(r":(\d+)/", address)[0])
            # What it complains of is shown, and fills no pipe.
            shown = threading.Thread(target=sys.stderr.writelines, args=(process.stderr,))
            shown.start()
            while process.poll() is None and not _answers(port):
                time.sleep(0.05)
            yield process, port
            process.terminate()
            shown.join()
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def print_row(*values: str | float, width: int = 14) -> None:
    """Print a line of a table: the first value on the left, the rest on the right."""
    first, *rest = map(_text, values)
    print(f"{first:<34}" + "".join(f"{text:>{width}}" for text in rest), flush=True)


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"
