"""Where the platform keeps its files: raw files, models, releases.

Keys are relative paths with `/`. A write is whole or absent: no reader ever sees half a file.
Tables are in warehouse.py.
"""

import hashlib
import os
import shutil
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock, Timeout
from pydantic import PrivateAttr

from rec_platform.choices import ROOT
from rec_platform.resources.aws.clients import REGION, Clients, error_code, explained, look
from rec_platform.resources.aws.lease import ABSENT, REFUSED, Lease, LeaseTakenError
from rec_platform.resources.base import DeploymentResource, Finding
from rec_platform.resources.settings import LocalFolder

LOCK_KEY = "refresh.lock"
POINTER_LOCK_KEY = "swap.lock"
PART_BYTES = 8 * 1024 * 1024  # of an upload: boto3's default
DELETE_BATCH = 1_000  # objects, S3's limit
NEEDED_BYTES = 8_000_000_000  # IMDb's six files, the tables and a few releases


# By root, the storage that holds its lock in this process: a command takes it before its run.
_HOLDERS: dict[str, "Storage"] = {}


class StorageLockedError(Exception):
    """Another refresh is running in the same storage."""


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
            dg.Failure: another run holds it.
        """
        del context
        if holder := _HOLDERS.get(self.root):
            yield holder
            return
        try:
            with self.locked():
                yield self
        except StorageLockedError as error:
            raise dg.Failure(str(error)) from None

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
    def digest(self, key: str) -> str:
        """A digest of a file's content: its sha256, or the storage's own."""

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
        lock = self.fetch(LOCK_KEY)
        lock.parent.mkdir(parents=True, exist_ok=True)
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
            lock.touch()  # tells others since when
            yield
        finally:
            holding.release()

    def read(self, key: str) -> bytes | None:
        """See Storage."""
        try:
            return self.fetch(key).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """See Storage."""
        file = self.scratch_dir() / Path(key).name  # no files of dead runs pile up
        file.write_bytes(content)
        self.put(file, key)

    def compare_and_swap(self, key: str, old: bytes | None, new: bytes) -> None:
        """See Storage."""
        with FileLock(self.fetch(POINTER_LOCK_KEY)):
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

    def digest(self, key: str) -> str:
        """The file's sha256."""
        with self.fetch(key).open("rb") as reader:
            return hashlib.file_digest(reader, "sha256").hexdigest()

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
        try:
            folder = self.scratch_dir()
        except OSError as error:
            yield Finding("folder", str(error), "set REC_ROOT (--root) to a folder you may write")
            return
        free = shutil.disk_usage(folder).free
        fix = "" if free > NEEDED_BYTES else f"free {NEEDED_BYTES / 1e9:.0f} GB for IMDb's files"
        yield Finding("folder", f"{self.root}, {free / 1e9:.0f} GB free", fix)


class S3Storage(Storage):
    """A prefix of an S3 bucket.

    Files go up in parts, each with a checksum that S3 compares, and come down to a local copy that
    is kept while its ETag holds. Every write is whole, as S3's are; the lock is a lease.
    """

    root: str = ""  # s3://bucket/prefix
    lease_seconds: float = 30

    _clients: Clients = PrivateAttr(default_factory=Clients)
    _lease: Lease | None = PrivateAttr(default=None)

    @property
    def bucket(self) -> str:
        """The bucket's name.

        Raises:
            dg.Failure: `root` is no address in S3.
        """
        scheme, _, rest = self.root.partition("://")
        bucket = rest.partition("/")[0]
        if scheme != "s3" or not bucket:
            raise dg.Failure(
                f"{self.root!r} is no address in S3: set REC_ROOT (--root) to s3://bucket/prefix",
                allow_retries=False,
            )
        return bucket

    def name(self, key: str) -> str:
        """The name in the bucket of the object with this key."""
        prefix = self.root.removeprefix(f"s3://{self.bucket}").strip("/")
        return f"{prefix}/{key}" if prefix else key

    def address(self, key: str) -> str:
        """Where a person, or Athena, finds the file."""
        return f"s3://{self.bucket}/{self.name(key)}"

    def key(self, address: str) -> str:
        """The key of the file, or folder, with this address."""
        return address.removeprefix(self.address("")).rstrip("/")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self._explained("locked", LOCK_KEY):
            lease = Lease(self._clients("s3"), self._place(LOCK_KEY), self.lease_seconds)
            try:
                lease.acquire()
            except LeaseTakenError as error:
                raise StorageLockedError(
                    f"another refresh works in {self.root}: {error}. Wait until it ends, or use "
                    "another --root (REC_ROOT)"
                ) from None
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None
            lease.release()

    def read(self, key: str) -> bytes | None:
        """See Storage."""
        found = self._read(key)
        return found[0] if found else None

    def write(self, key: str, content: bytes) -> None:
        """See Storage."""
        self._require_lease()
        with self._explained("written", key):
            self._clients("s3").put_object(**self._place(key), Body=content)

    def compare_and_swap(self, key: str, old: bytes | None, new: bytes) -> None:
        """See Storage."""
        self._require_lease()
        found = self._read(key)
        content, etag = found or (None, "")
        condition = {"IfMatch": etag} if found else {"IfNoneMatch": "*"}
        with self._explained("written", key):
            s3 = self._clients("s3")
            try:
                if content == old:
                    s3.put_object(**self._place(key), Body=new, **condition)
                    return
            except s3.exceptions.ClientError as error:
                if error_code(error) not in (*REFUSED, *ABSENT):
                    raise
        # A retry after a lost answer is refused because of its own first attempt.
        if self.read(key) != new:
            raise StorageConflictError(f"{self.address(key)} was written by somebody else")

    def put(self, file: Path, key: str) -> None:
        """See Storage."""
        self._require_lease()
        place = self._place(key)
        with self._explained("written", key), file.open("rb") as reader:
            self._clients("s3").upload_fileobj(reader, place["Bucket"], place["Key"])
        file.unlink()

    def fetch(self, key: str) -> Path:
        """See Storage."""
        copies = self.scratch_dir() / "copies"
        found = self.etags(key)
        if not found:
            shutil.rmtree(copies / key, ignore_errors=True)
            (copies / key).unlink(missing_ok=True)
        for name, etag in found.items():
            self._fetch(name, etag, copies / self._key(name))
        return copies / key

    def digest(self, key: str) -> str:
        """The object's ETag: S3 makes a new one of other content, and nothing is read for it."""
        return self.etags(key)[self.name(key)]

    def names(self, key: str) -> list[str]:
        """See Storage."""
        return sorted({name.rstrip("/") for name in self._names(key)})

    def folders(self, key: str) -> list[str]:
        """See Storage."""
        return sorted(name.rstrip("/") for name in self._names(key) if name.endswith("/"))

    def delete(self, key: str) -> None:
        """See Storage."""
        self._require_lease()
        names = list(self.etags(key))
        for start in range(0, len(names), DELETE_BATCH):
            batch = [{"Key": name} for name in names[start : start + DELETE_BATCH]]
            with self._explained("deleted", key):
                answer = self._clients("s3").delete_objects(
                    Bucket=self.bucket, Delete={"Objects": batch, "Quiet": True}
                )
            for refused in answer.get("Errors", []):
                raise dg.Failure(f"{refused['Key']} could not be deleted: {refused['Message']}")

    def scratch_dir(self) -> Path:
        """See Storage."""
        folder = Path(ROOT, self.bucket, self.name("tmp"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent, by operation."""
        return self._clients.requests

    def usage(self) -> Mapping[str, float]:
        """See DeploymentResource."""
        sizes = (
            found["Size"]
            for page in self._pages(Prefix=self.name(""))
            for found in page.get("Contents", [])
        )
        return request_usage(self.requests) | {"s3_stored_bytes": sum(sizes)}

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """See DeploymentResource."""
        # A request for each part of a raw file, and a few hundred for all else.
        return {"s3_write_requests": 1_000 + scanned_bytes / PART_BYTES, "s3_read_requests": 2_000}

    def etags(self, key: str) -> dict[str, str]:
        """Names in the bucket and ETags of the file, or of all that is in the folder."""
        name = self.name(key)
        return {
            found["Key"]: found["ETag"]
            for page in self._pages(Prefix=name)
            for found in page.get("Contents", [])
            if found["Key"] == name or found["Key"].startswith(f"{name}/")
        }

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield look("credentials", self._identity)
        yield look("bucket", self._reach)
        yield look("right to write", self._write_nothing)
        yield look("bucket versioning", self._versioning)
        yield look("bucket lifecycle", self._lifecycle)

    def _identity(self) -> tuple[str, str]:
        return self._clients("sts").get_caller_identity()["Arn"], ""

    def _reach(self) -> tuple[str, str]:
        region = self._clients("s3").head_bucket(Bucket=self.bucket).get("BucketRegion")
        own = self._clients.session.region_name
        is_far = bool(region) and region != own
        found = f"{self.bucket} in {region or own}"
        return found, f"{REGION}: it is {own}" if is_far else ""

    def _write_nothing(self) -> tuple[str, str]:
        # A condition that nothing meets: S3 looks at the rights first, and then writes nothing.
        place = self._place("doctor")
        try:
            self._clients("s3").put_object(**place, Body=b"", IfMatch='"none"')
        except self._clients("s3").exceptions.ClientError as error:
            if error_code(error) not in (*REFUSED, *ABSENT):
                raise
        return self.root, ""

    def _versioning(self) -> tuple[str, str]:
        status = self._clients("s3").get_bucket_versioning(Bucket=self.bucket).get("Status", "off")
        return status.lower(), "" if status == "Enabled" else "switch it on: see docs/aws.md"

    def _lifecycle(self) -> tuple[str, str]:
        s3 = self._clients("s3")
        try:
            rules = s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)["Rules"]
        except s3.exceptions.ClientError as error:
            if error_code(error) != "NoSuchLifecycleConfiguration":
                raise
            rules = []
        return f"{len(rules)} rules", "" if rules else "add those of docs/aws.md: old files pile up"

    def _names(self, key: str) -> Iterator[str]:
        """The names directly below a folder; those of folders end with `/`."""
        folder = self.name(f"{key}/")
        for page in self._pages(Prefix=folder, Delimiter="/"):
            for found in page.get("CommonPrefixes", []):
                yield found["Prefix"].removeprefix(folder)
            for found in page.get("Contents", []):
                yield found["Key"].removeprefix(folder)

    def _read(self, key: str) -> tuple[bytes, str] | None:
        """Content and ETag."""
        with self._explained("read", key):
            s3 = self._clients("s3")
            try:
                answer = s3.get_object(**self._place(key))
            except s3.exceptions.ClientError as error:
                if error_code(error) in ABSENT:
                    return None
                raise
            return answer["Body"].read(), answer["ETag"]

    def _fetch(self, name: str, etag: str, copy: Path) -> None:
        note = copy.with_name(f"{copy.name}.etag")
        if copy.exists() and note.exists() and note.read_text() == etag:
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        part = copy.with_name(f"{copy.name}.part")
        with self._explained("read", self._key(name)), part.open("wb") as writer:
            self._clients("s3").download_fileobj(self.bucket, name, writer)
        note.unlink(missing_ok=True)
        part.replace(copy)
        note.write_text(etag)

    def _pages(self, **which: str) -> Iterator[dict[str, Any]]:
        with self._explained("listed", self._key(which["Prefix"])):
            paginator = self._clients("s3").get_paginator("list_objects_v2")
            yield from paginator.paginate(Bucket=self.bucket, **which)

    def _key(self, name: str) -> str:
        return name.removeprefix(self.name(""))

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.name(key)}

    def _explained(self, done: str, key: str) -> AbstractContextManager[None]:
        return explained(f"{self.address(key)} could not be {done}")

    def _require_lease(self) -> None:
        if self._lease and self._lease.is_lost:
            raise dg.Failure(
                f"this run stood still for more than {self.lease_seconds:.0f} s and lost its lock "
                f"on {self.root}, so it writes nothing more: run the refresh again",
                allow_retries=False,
            )


def request_usage(requests: Mapping[str, int]) -> dict[str, float]:
    """S3 requests by their two prices, from counts by operation (deletes are free)."""
    operations = {
        name.removeprefix("s3."): count
        for name, count in requests.items()
        if name.startswith("s3.")
    }
    deletes = sum(count for name, count in operations.items() if name.startswith("Delete"))
    reads = sum(count for name, count in operations.items() if name.startswith(("Get", "Head")))
    return {
        "s3_write_requests": sum(operations.values()) - deletes - reads,
        "s3_read_requests": reads,
    }
