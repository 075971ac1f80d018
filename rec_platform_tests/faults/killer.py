"""A process that forks refreshes, or publications, and kills each at a random moment.

It is a process of its own because only one without threads may fork. A fork has all modules, so
that a kill costs no import. Each line of its output says as JSON what a kill left.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 300
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+00:00")


def forked(work: Callable[[], int], seconds: float = LONGEST_SECONDS) -> int:
    """Do something in a fork, and kill it after a time; its exit code, -9 if it was killed."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -signal.SIGKILL
        time.sleep(0.002)


def refreshing(root: Path, source: Path) -> Callable[[], int]:
    def work() -> int:
        from rec_platform.cli import app

        os.dup2(os.open(root / "refresh.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(1, 2)
        try:
            app(["refresh", "--root", str(root), "--source", str(source)])
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return work


def publishing(root: Path) -> Callable[[], int]:
    def work() -> int:
        from rec_platform.resources.publishing import publish
        from rec_platform.resources.storage import LocalStorage

        storage = LocalStorage(root=str(root))
        with storage.locked():
            publish(storage)
        return 0

    return work


def left_by(root: Path) -> dict[str, Any]:
    """What is served and listed, all of it opened."""
    from rec_platform.resources.publishing import list_releases, open_pointed, open_published
    from rec_platform.resources.storage import LocalStorage

    storage = LocalStorage(root=str(root))
    listed = [manifest["release_id"] for manifest in list_releases(storage)]
    for release_id in listed:
        open_published(storage, release_id).close()
    serving = open_pointed(storage)
    serving.close()
    return {"serving": serving.path.parent.name, "listed": len(listed)}


def content(lookup: Path) -> str:
    """The checksum of a release's file, without the times at which it and its parts were made."""
    return hashlib.sha256(TIME.sub(b"", lookup.read_bytes())).hexdigest()


def kill_refreshes(root: Path, sources: list[Path], kills: int, moments: random.Random) -> None:
    import matplotlib.pyplot
    import sklearn.cluster
    import sqlglot

    import rec_platform.definitions

    del matplotlib, sklearn, sqlglot, rec_platform
    seconds = 0.0
    for number in range(-1, kills):
        # Each source differs in every file, so that every step has work.
        work = refreshing(root, sources[number % 2])
        killed = forked(work, moments.uniform(0, seconds))
        left = left_by(root)
        begun = time.monotonic()
        code = forked(work)
        seconds = time.monotonic() - begun  # of the last one: the machine does much else
        told = (root / "refresh.log").read_text() if code else ""
        made = content(root / "releases" / left_by(root)["serving"] / "lookup.sqlite")
        tell(killed, code, told, left | {"made": made})


def kill_publications(root: Path, kills: int, moments: random.Random) -> None:
    from rec_platform.release.writer import write_lookup
    from rec_platform_tests.conftest import build

    del write_lookup
    seconds = 0.0
    for number in range(-1, kills):
        build(root, f"Film {number}", f"2030-01-01T00:00:00.{number + 1:06}+00:00")
        killed = forked(publishing(root), moments.uniform(0, seconds))
        left = left_by(root)
        begun = time.monotonic()
        code = forked(publishing(root))
        seconds = time.monotonic() - begun
        tell(killed, code, "", left)


def tell(killed: int, code: int, told: str, left: dict[str, Any]) -> None:
    line = json.dumps({"killed": killed, "code": code, "told": told, **left})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    folder, times, seed, *given = sys.argv[1:]
    if given:
        paths = [Path(source) for source in given]
        kill_refreshes(Path(folder), paths, int(times), random.Random(int(seed)))
    else:
        kill_publications(Path(folder), int(times), random.Random(int(seed)))
