"""The serving release: the one that the pointer names, verified, and replaced when it moves.

This follows the pointer of a folder. Reading from a release belongs in lookup.py, following the
pointer of a bucket in serving_s3.py.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from rec_platform.release.clock import Moment
from rec_platform.release.lookup import Lookup, LookupFileError
from rec_platform.release.manifests import (
    MANIFEST_FILE,
    POINTER_FILE,
    instead,
    parse_manifest,
    parse_object,
)
from rec_platform.release.schema import LOOKUP_FILE

logger = logging.getLogger(__name__)

CHECK_SECONDS = 60  # between looks at a pointer that did not move, or after a failure to open
RETRY_SECONDS = 1  # the same while nothing serves
# Hashed at once. After each chunk the thread waits for the interpreter's lock, up to 5 ms if
# another thread is busy. hashlib.file_digest() uses 256 KiB chunks, so it would wait for seconds.
CHUNK_BYTES = 8 * 1024 * 1024


class ServingRelease:
    """The release that a folder of releases points to; a new one is opened when the pointer moves.

    Safe to share between threads. Opening a release takes a while, so a server asks has_moved() on
    each request, calls follow() in a thread if it has, and answers from current().

    Args:
        releases: the folder that holds `current.json` and one folder per release.
        check_seconds: how long to wait before another look at a pointer that did not move. Without
            it, each request would hash a release that cannot be opened.
    """

    def __init__(self, releases: Path, check_seconds: float = CHECK_SECONDS) -> None:
        self._releases = releases
        self._check_seconds = check_seconds
        self._looked: Moment | None = None
        self._wait = 0.0  # seconds from that look to the next one
        self._seen: tuple[int, int] | None = None
        self._lookup: Lookup | None = None
        self._following = threading.Lock()

    def has_moved(self) -> bool:
        """Whether a release other than the serving one may be there; costs one `stat`."""
        return self._lookup is None or self._is_due() or self._stat() != self._seen

    def follow(self) -> None:
        """Open the release that the pointer names, if it is not the serving one.

        One thread opens it. Meanwhile other threads use the old release, or wait if there is none.
        If the new release is damaged or unreachable, that is logged and the old one keeps serving.

        Raises:
            LookupFileError: the release is damaged or unreachable, and there is no old one.
        """
        if not self._following.acquire(blocking=self._lookup is None):
            return
        try:
            if self.has_moved():
                self._look()
        except LookupFileError as error:
            if self._lookup is None:
                raise
            logger.error("%s; release %s keeps serving", error, self._lookup.path.parent.name)
        finally:
            self._following.release()

    def current(self) -> Lookup:
        """The release that was opened last.

        Raises:
            LookupFileError: none was opened yet.
        """
        if self._lookup is None:
            raise LookupFileError("no release was opened yet")
        return self._lookup

    def lookup(self) -> Lookup:
        """The serving release, after following the pointer if it moved.

        Raises:
            LookupFileError: nothing was published here yet, or the first release is damaged.
        """
        if self.has_moved():
            self.follow()
        return self.current()

    def _look(self) -> None:
        try:
            if lookup := self._newer():
                # The old one is not closed here: a request may still read it. It closes when the
                # last request that holds it ends.
                self._lookup = lookup
                logger.info("release %s serves", lookup.path.parent.name)
        finally:  # set last, so that concurrent callers wait for the first release
            longest = self._check_seconds if self._lookup else RETRY_SECONDS
            self._wait = min(longest, self._check_seconds)
            self._looked = Moment()

    def _is_due(self) -> bool:
        return self._looked is None or self._looked.age() >= self._wait

    def _newer(self) -> Lookup | None:
        """The release that the pointer names, opened, or None if it names nothing new."""
        self._seen = self._stat()
        if self._lookup is None:
            return open_serving(self._releases)
        if self._seen is None:
            return None
        release_id = current_release(self._releases)
        if release_id == self._lookup.path.parent.name:
            return None
        return open_release(self._releases, release_id)

    def _stat(self) -> tuple[int, int] | None:
        try:
            status = (self._releases / POINTER_FILE).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns


def current_release(releases: Path) -> str:
    """The id of the release that serves.

    Raises:
        LookupFileError: there is none, or the pointer cannot be read.
    """
    pointer = releases / POINTER_FILE
    try:
        release_id = parse_object(pointer.read_bytes()).get("release_id")
    except FileNotFoundError:
        raise LookupFileError(f"no release in {releases}: run `rec-platform refresh`") from None
    except OSError as error:
        raise LookupFileError(f"{pointer} cannot be read: {error.strerror}") from error
    if not isinstance(release_id, str):
        raise LookupFileError(f"{pointer} is damaged: it names no release")
    return Path(release_id).name


def open_serving(releases: Path) -> Lookup:
    """Open the release that serves; if it is damaged, the newest one that is sound.

    Raises:
        LookupFileError: there is none.
    """
    try:
        return open_release(releases, current_release(releases))
    except LookupFileError as error:
        files = [*releases.glob(f"*/{MANIFEST_FILE}")]
        manifests = [parse_manifest(_read(file), file.parent.name) for file in files]
        pointer = parse_object(_read(releases / POINTER_FILE))
        others = instead(filter(None, manifests), pointer)
        if lookup := first_sound(others, partial(open_release, releases)):
            logger.error("%s; release %s serves instead", error, lookup.path.parent.name)
            return lookup
        raise


def first_sound(
    manifests: Iterable[Mapping[str, Any]], open_one: Callable[[str], Lookup]
) -> Lookup | None:
    """Open the first of these releases that is sound, or None if none is.

    Args:
        manifests: of releases, the best first.
        open_one: opens the release with an id, or raises LookupFileError.
    """
    for manifest in manifests:
        with suppress(LookupFileError):
            return open_one(manifest["release_id"])
    return None


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def open_release(releases: Path, release_id: str) -> Lookup:
    """Open a release after comparing its file with the checksum in its manifest.

    Raises:
        LookupFileError: it is missing or damaged.
    """
    manifest, file = (releases / release_id / name for name in (MANIFEST_FILE, LOOKUP_FILE))
    try:
        expected = parse_object(manifest.read_bytes()).get("sha256")
        checksum = _sha256(file)
    except OSError as error:
        raise LookupFileError(
            f"release {release_id} cannot be read: {error.filename}: {error.strerror}"
        ) from error
    if not isinstance(expected, str):
        raise LookupFileError(f"release {release_id} is damaged: {manifest} holds no checksum")
    if checksum != expected:
        raise LookupFileError(f"release {release_id} is damaged: the checksum of {file} differs")
    return Lookup(file)


def _sha256(path: Path) -> str:
    checksum = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            checksum.update(buffer[:size])
    return checksum.hexdigest()
