"""Where the platform keeps its files: raw files, models, releases.

Keys are relative paths with `/`. A write is whole or absent: no reader ever sees half a file.
Tables do not belong here (see warehouse.py).
"""

import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from rec_platform.choices import ROOT

LOCK_KEY = "refresh.lock"


class Storage(dg.ConfigurableResource, ABC):
    """A tree of files, addressed by key."""

    @abstractmethod
    def read(self, key: str) -> bytes | None:
        """The content of a file, or None where there is none."""

    @abstractmethod
    def write(self, key: str, content: bytes) -> None:
        """Write a small file, replacing what was there."""

    @abstractmethod
    def put(self, file: Path, key: str) -> None:
        """Move a finished local file in, replacing what was there."""

    @abstractmethod
    def local(self, key: str) -> Path:
        """A local path to read the file at."""

    @abstractmethod
    def names(self, key: str) -> list[str]:
        """The names directly below a folder, sorted."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a file or a folder with all that is in it; nothing where there is none."""

    @abstractmethod
    def workplace(self) -> Path:
        """A local folder for unfinished files, kept between runs."""


class LocalStorage(Storage):
    """A folder on this machine.

    While a run uses it, it is locked against a second run in another process: two refreshes at
    once would overwrite each other's tables.
    """

    root: str = ROOT

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LocalStorage"]:
        """Hold the lock for as long as the run takes; the system frees it if the run dies.

        Raises:
            dg.Failure: another run holds it.
        """
        del context
        try:
            with self.locked():
                yield self
        except Timeout:
            began = self.local(LOCK_KEY).stat().st_mtime
            since = time.strftime("%H:%M:%S", time.localtime(began))
            raise dg.Failure(
                f"another refresh has been working in {self.root} since {since}: "
                "wait until it ends, or use another --root (REC_ROOT)"
            ) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            filelock.Timeout: another process holds it.
        """
        lock = self.local(LOCK_KEY)
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=0):
            lock.touch()  # tells others since when
            yield

    def read(self, key: str) -> bytes | None:
        """See Storage."""
        try:
            return self.local(key).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """See Storage."""
        file = self.workplace() / Path(key).name  # few names, so that no dead run's files pile up
        file.write_bytes(content)
        self.put(file, key)

    def put(self, file: Path, key: str) -> None:
        """See Storage."""
        target = self.local(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        # The content reaches the disk before the name does, so that a power cut leaves either the
        # old file or the new one.
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
        file.replace(target)

    def local(self, key: str) -> Path:
        """See Storage."""
        return Path(self.root, key)

    def names(self, key: str) -> list[str]:
        """See Storage."""
        folder = self.local(key)
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def delete(self, key: str) -> None:
        """See Storage."""
        path = self.local(key)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def workplace(self) -> Path:
        """See Storage."""
        folder = Path(self.root, "tmp")
        folder.mkdir(parents=True, exist_ok=True)
        return folder
