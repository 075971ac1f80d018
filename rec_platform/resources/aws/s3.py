"""Where the platform keeps its files on AWS: a prefix of an S3 bucket."""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from rec_platform.choices import ROOT
from rec_platform.resources.aws.clients import Clients, explained
from rec_platform.resources.aws.conditional import StoredObject, read_object, write_if
from rec_platform.resources.aws.doctor import diagnose_bucket, probe_bucket
from rec_platform.resources.aws.lease import Lease, LeaseTakenError, held
from rec_platform.resources.base import Finding
from rec_platform.resources.storage import (
    LOCK_KEY,
    Storage,
    StorageConflictError,
    StorageLockedError,
)

PART_BYTES = 8 * 1024 * 1024  # of an upload: boto3's default
DELETE_BATCH = 1_000  # objects, S3's limit


class S3Storage(Storage):
    """A prefix of an S3 bucket.

    Files go up in parts, each with a checksum that S3 compares. They come down to a local copy,
    which is used again while it is what was downloaded and the object's ETag is the same. Every
    write is whole, as S3's writes are. The lock is a lease.
    """

    root: str = ""  # s3://bucket/prefix
    lease_seconds: float = Field(default=30, ge=3)  # less leaves no time to renew it

    _lease_clients: Clients = PrivateAttr(default_factory=Clients)

    @cached_property
    def clients(self) -> Clients:
        """Clients that change nothing any more once this process has lost its lease on the root."""
        return Clients(self._require_lease)

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
        """The file's address, for people and for Athena."""
        return f"s3://{self.bucket}/{self.name(key)}"

    def key(self, address: str) -> str:
        """The key of the file, or folder, with this address."""
        return address.removeprefix(self.address("")).rstrip("/")

    @contextmanager
    def _lock(self) -> Generator[None]:
        with self._explained("locked", LOCK_KEY):
            # Other clients than ours: a late renewal is sent, and S3 refuses it if it must.
            lease = Lease(self._lease_clients("s3"), self._place(LOCK_KEY), self.lease_seconds)
            try:
                lease.acquire()
            except LeaseTakenError as error:
                raise StorageLockedError(
                    f"another refresh has been working in {self.root}: {error}. Wait until it "
                    "ends, or use another --root (REC_ROOT)"
                ) from None
        try:
            self._prune_copies()
            yield
        finally:
            lease.release()

    def _require_lease(self) -> None:
        """See that no lease of this process on this root is lost; it may hold none."""
        for lease in held(self._place(LOCK_KEY)):
            if not lease.is_held():
                raise dg.Failure(
                    f"this run stood still for more than {lease.seconds:.0f} s and lost its lock "
                    f"on {self.root}, so it writes nothing more: run the refresh again",
                    allow_retries=False,
                )

    def read(self, key: str) -> bytes | None:
        """See Storage."""
        current = self._read(key)
        return current.content if current else None

    def write(self, key: str, content: bytes) -> None:
        """See Storage."""
        with self._explained("written", key):
            self.clients("s3").put_object(**self._place(key), Body=content)

    def compare_and_swap(self, key: str, old: bytes | None, new: bytes) -> None:
        """See Storage."""
        current = self._read(key)
        content, etag = (current.content, current.etag) if current else (None, None)
        with self._explained("written", key):
            if content == old and write_if(self.clients("s3"), self._place(key), new, etag):
                return
        raise StorageConflictError(f"{self.address(key)} was written by somebody else")

    def put(self, file: Path, key: str) -> None:
        """See Storage."""
        place = self._place(key)
        with self._explained("written", key), file.open("rb") as reader:
            self.clients("s3").upload_fileobj(reader, place["Bucket"], place["Key"])
        file.unlink()

    def fetch(self, key: str) -> Path:
        """See Storage."""
        copy = self.scratch_dir() / "copies" / key
        etags = self.etags(key)
        if not etags:
            shutil.rmtree(copy, ignore_errors=True)
            copy.unlink(missing_ok=True)
        for name, etag in etags.items():
            self._fetch(name, etag)
        # A file that is gone from S3 must not be taken for a part of the folder.
        for path in copy.rglob("*"):
            if path.is_file() and self.name(f"{key}/{path.relative_to(copy)}") not in etags:
                path.unlink()
        return copy

    def digest(self, key: str) -> str | None:
        """The object's ETag: S3 makes a new one for new content, and nothing is read for it."""
        return self.etags(key).get(self.name(key))

    def names(self, key: str) -> list[str]:
        """See Storage."""
        return sorted({name.rstrip("/") for name in self._names(key)})

    def folders(self, key: str) -> list[str]:
        """See Storage."""
        return sorted(name.rstrip("/") for name in self._names(key) if name.endswith("/"))

    def delete(self, key: str) -> None:
        """See Storage."""
        names = list(self.etags(key))
        for start in range(0, len(names), DELETE_BATCH):
            batch = [{"Key": name} for name in names[start : start + DELETE_BATCH]]
            with self._explained("deleted", key):
                answer = self.clients("s3").delete_objects(
                    Bucket=self.bucket, Delete={"Objects": batch, "Quiet": True}
                )
            for refused in answer.get("Errors", []):
                raise dg.Failure(f"{refused['Key']} could not be deleted: {refused['Message']}")

    def scratch_dir(self) -> Path:
        """See Storage."""
        base = Path(os.environ.get("REC_SCRATCH_DIR") or ROOT)
        folder = base.absolute() / self.bucket / self.name("tmp")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent, by operation."""
        return self.clients.requests + self._lease_clients.requests

    def usage(self) -> Mapping[str, float]:
        """See DeploymentResource."""
        # With older versions and what was deleted: both are paid for until they expire.
        sizes = (
            version["Size"]
            for page in self._pages("list_object_versions", Prefix=self.name(""))
            for version in page.get("Versions", [])
        )
        return request_usage(self.requests) | {"s3_stored_bytes": sum(sizes)}

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """See DeploymentResource."""
        # A request for each part of a raw file, and a few hundred for everything else.
        return {"s3_write_requests": 1_000 + scanned_bytes / PART_BYTES, "s3_read_requests": 2_000}

    def etags(self, key: str) -> dict[str, str]:
        """Names in the bucket and ETags of the file, or of all that is in the folder."""
        name = self.name(key)
        return {
            entry["Key"]: entry["ETag"]
            for page in self._pages(Prefix=name)
            for entry in page.get("Contents", [])
            if entry["Key"] == name or entry["Key"].startswith(f"{name}/")
        }

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield from diagnose_bucket(self.clients, self._place)

    def probe(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield from probe_bucket(self.clients, self._place)

    def _names(self, key: str) -> Iterator[str]:
        """The names directly below a folder; those of folders end with `/`."""
        folder = self.name(f"{key}/" if key else "")
        for page in self._pages(Prefix=folder, Delimiter="/"):
            for entry in page.get("CommonPrefixes", []):
                yield entry["Prefix"].removeprefix(folder)
            for entry in page.get("Contents", []):
                yield entry["Key"].removeprefix(folder)

    def _read(self, key: str) -> StoredObject | None:
        with self._explained("read", key):
            return read_object(self.clients("s3"), self._place(key))

    def _fetch(self, name: str, etag: str) -> None:
        """Download an object, unless its local copy is still what its note says."""
        key = self._key(name)
        copy = self.scratch_dir() / "copies" / key
        note = self.scratch_dir() / "notes" / f"{key}.note"
        if copy.is_file() and note.is_file() and note.read_text() == f"{etag} {_sha256(copy)}":
            return
        for folder in (copy.parent, note.parent):
            folder.mkdir(parents=True, exist_ok=True)
        part = note.with_suffix(".part")
        with self._explained("read", key), part.open("wb") as writer:
            self.clients("s3").download_fileobj(self.bucket, name, writer)
        note.write_text(f"{etag} {_sha256(part)}")  # fits no copy until the part is in its place
        part.replace(copy)

    def _prune_copies(self) -> None:
        """Delete the local copies, and their notes, of objects that are gone."""
        folders = [self.scratch_dir() / name for name in ("copies", "notes")]
        if not any(folder.exists() for folder in folders):
            return  # a fresh machine needs no list of the bucket
        pages = self._pages(Prefix=self.name(""))
        keys = {self._key(entry["Key"]) for page in pages for entry in page.get("Contents", [])}
        for folder in folders:
            for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder comes first
                if path.is_dir():
                    with suppress(OSError):  # it is not empty
                        path.rmdir()
                elif path.relative_to(folder).as_posix().removesuffix(".note") not in keys:
                    path.unlink()

    def _pages(self, operation: str = "list_objects_v2", **which: str) -> Iterator[dict[str, Any]]:
        with self._explained("listed", self._key(which["Prefix"])):
            paginator = self.clients("s3").get_paginator(operation)
            yield from paginator.paginate(Bucket=self.bucket, **which)

    def _key(self, name: str) -> str:
        return name.removeprefix(self.name(""))

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.name(key)}

    def _explained(self, done: str, key: str) -> AbstractContextManager[None]:
        return explained(f"{self.address(key)} could not be {done}")


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


def _sha256(file: Path) -> str:
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
