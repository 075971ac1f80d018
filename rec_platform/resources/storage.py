"""Where the platform keeps its files: raw files, models, releases.

Keys are relative paths with `/`. A write is whole or absent: no reader ever sees half a file.
Tables are in warehouse.py.
"""

import hashlib
import os
import shutil
import time
from abc import abstractmethod
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from rec_platform.choices import ROOT
from rec_platform.resources.base import DeploymentResource, Finding
from rec_platform.resources.settings import LocalFolder
from rec_platform.set_aside import misplaced, set_aside

LOCK_KEY = "refresh.lock"
POINTER_LOCK_KEY = "swap.lock"
PARTS = (".part", ".version.json")  # what a download leaves if it is cut, see ingest/download.py
WRITE = os.R_OK | os.W_OK | os.X_OK
NEEDED_BYTES = 8_000_000_000  # IMDb's six files, the tables and a few releases


# By root, the storage that holds its lock in this process: a command takes it before its run.
_HOLDERS: dict[str, "Storage"] = {}


class StorageLockedError(dg.DagsterError):
    """Another refresh is running in the same storage.

    As one of Dagster's own errors it is what a failed run shows.
    """


class StorageConflictError(Exception):
    """A file was changed after it was read."""


class Storage(DeploymentResource):
    """A tree of files, addressed by key.

    While a run uses it, it is locked against a second run: two refreshes at once would overwrite
    each other's tables.
    """

    root: str = ""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["Storage"]:
        """Hold the lock for as long as the run takes, unless the command holds it already.

        Raises:
            StorageLockedError: another run holds it.
        """
        del context
        if holder := _HOLDERS.get(self.root):
            yield holder
            return
        with self.locked():
            yield self

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the lock.

        Raises:
            StorageLockedError: it is held already.
        """
        with self._lock():
            _HOLDERS[self.root] = self
            try:
                yield
            finally:
                _HOLDERS.pop(self.root, None)

    @abstractmethod
    def _lock(self) -> AbstractContextManager[None]:
        """The lock itself; see locked()."""

    @abstractmethod
    def digest(self, key: str) -> str | None:
        """A digest of a file's content, its sha256 or the storage's own; None without a file."""

    @abstractmethod
    def read(self, key: str) -> bytes | None:
        """The content of a file, or None where there is none."""

    @abstractmethod
    def write(self, key: str, content: bytes) -> None:
        """Write a small file, replacing what was there."""

    @abstractmethod
    def compare_and_swap(self, key: str, old: bytes | None, new: bytes) -> None:
        """Write a small file if it still holds what was read (None: if there still is none).

        Raises:
            StorageConflictError: the file was written in between.
        """

    @abstractmethod
    def put(self, file: Path, key: str) -> None:
        """Move a finished local file in, replacing what was there."""

    @abstractmethod
    def fetch(self, key: str) -> Path:
        """A local path of the file, or of the folder with all that is in it."""

    @abstractmethod
    def address(self, key: str) -> str:
        """The file's address, for people."""

    @abstractmethod
    def names(self, key: str) -> list[str]:
        """The names directly below a folder, sorted."""

    @abstractmethod
    def folders(self, key: str) -> list[str]:
        """The names of the folders directly below a folder, sorted; links are not folders."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a file, or a folder with all that is in it; a missing one is no error.

        Of a symbolic link, only the link is removed.
        """

    @abstractmethod
    def scratch_dir(self) -> Path:
        """A local folder for unfinished files, kept between runs."""


class LocalStorage(Storage):
    """A folder on this machine. The system frees its lock if the process that holds it dies."""

    root: LocalFolder = ROOT

    @contextmanager
    def _lock(self) -> Generator[None]:
        lock = self._lock_file(LOCK_KEY)
        holding = FileLock(lock, timeout=0)
        try:
            holding.acquire()
        except Timeout:
            since = time.strftime("%H:%M:%S", time.localtime(lock.stat().st_mtime))
            raise StorageLockedError(
                f"another refresh has been working in {self.root} since {since}: "
                "wait until it ends, or use another --root (REC_ROOT)"
            ) from None
        try:
            lock.touch()  # records when the lock was taken
            self._clear()
            yield
        finally:
            holding.release()

    def _lock_file(self, key: str) -> Path:
        file = self.fetch(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir() or file.is_symlink():  # neither can be locked
            set_aside(file)
        return file

    def _clear(self) -> None:
        """Make room for what the holder of the lock writes.

        What a dead run left half-written goes. The parts of downloads stay: they are resumed.
        """
        for path in [*misplaced(Path(self.root))]:
            set_aside(path)
        for path in self.scratch_dir().iterdir():
            if path.is_dir() or not path.name.endswith(PARTS):
                self.delete(f"tmp/{path.name}")

    def read(self, key: str) -> bytes | None:
        """See Storage."""
        try:
            return self.fetch(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def write(self, key: str, content: bytes) -> None:
        """See Storage."""
        file = self.scratch_dir() / Path(key).name  # no files of dead runs pile up
        file.write_bytes(content)
        self.put(file, key)

    def compare_and_swap(self, key: str, old: bytes | None, new: bytes) -> None:
        """See Storage."""
        with FileLock(self._lock_file(POINTER_LOCK_KEY)):
            if self.read(key) != old:
                raise StorageConflictError(f"{self.fetch(key)} was written by somebody else")
            self.write(key, new)

    def put(self, file: Path, key: str) -> None:
        """See Storage."""
        target = self.fetch(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        # The content reaches the disk before the name does, so that a power cut leaves either the
        # old file or the new one.
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
        file.replace(target)

    def fetch(self, key: str) -> Path:
        """See Storage."""
        return Path(self.root, key)

    def address(self, key: str) -> str:
        """See Storage."""
        return self.fetch(key).absolute().as_uri()

    def digest(self, key: str) -> str | None:
        """The file's sha256."""
        return sha256_of(self.fetch(key))

    def names(self, key: str) -> list[str]:
        """See Storage."""
        folder = self.fetch(key)
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def folders(self, key: str) -> list[str]:
        """See Storage."""
        paths = {name: self.fetch(f"{key}/{name}") for name in self.names(key)}
        return [name for name, path in paths.items() if path.is_dir() and not path.is_symlink()]

    def delete(self, key: str) -> None:
        """See Storage."""
        path = self.fetch(key)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def scratch_dir(self) -> Path:
        """See Storage."""
        folder = Path(self.root, "tmp")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        root = Path(self.root)
        try:  # a refresh makes a folder that is missing, and a look makes none
            there = next(path for path in (root, *root.parents) if path.exists())
            folders = [path for path in there.iterdir() if path.is_dir() and there == root]
        except OSError as error:
            yield Finding("folder", str(error), "set REC_ROOT (--root) to a folder you may write")
            return
        for locked in (path for path in (there, *folders) if not os.access(path, WRITE)):
            fix = "correct its permissions, or set REC_ROOT (--root) to a folder you may write"
            yield Finding("folder", f"{locked} cannot be written to", fix)
        free = shutil.disk_usage(there).free
        fix = "" if free > NEEDED_BYTES else f"free {NEEDED_BYTES / 1e9:.0f} GB for IMDb's files"
        yield Finding("folder", f"{self.root}, {free / 1e9:.0f} GB free", fix)


def sha256_of(path: Path) -> str | None:
    """The sha256 of a file; None without a file."""
    if not path.is_file():
        return None
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
