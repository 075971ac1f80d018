"""A Postgres of a test's own, from Debian's package, that can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rec_platform_tests.emulators import free_port
from rec_platform_tests.waiting import wait_for


@dataclass
class Postgres:
    """A server on a port of its own, with its data in a folder."""

    programs: Path
    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"postgresql+psycopg2://dagster@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        if self._run["user"]:
            shutil.chown(self.folder, self._run["user"])
        initdb = [self.programs / "initdb", "-A", "trust", "-U", "dagster", self.folder / "data"]
        subprocess.run(initdb, capture_output=True, **self._run)

    def start(self) -> None:
        """Start it; after a kill it refuses until the last of its children is gone."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        command, run = [*self._control, "-o", options, "start"], dict(self._run, check=False)
        wait_for(lambda: subprocess.run(command, **run).returncode == 0)

    def kill(self) -> None:
        """Kill it as the system does where memory is short; its children follow."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        subprocess.run(
            [*self._control, "-m", "immediate", "stop"], capture_output=True, **self._run
        )

    @property
    def _control(self) -> list[Any]:
        data, log = self.folder / "data", self.folder / "log"
        return [self.programs / "pg_ctl", "-D", data, "-l", log, "-w"]

    @property
    def _run(self) -> dict[str, Any]:
        # It refuses to run as root.
        user = "postgres" if os.getuid() == 0 else None
        return {"user": user, "check": True, "cwd": self.folder}


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A running Postgres; the test is skipped where there is none.

    Its folder is not one of pytest's: each session of pytest closes those of all others to users
    other than its own.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("no Postgres server on this machine (Debian's package `postgresql`)")
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = Postgres(programs[-1], Path(folder))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()
