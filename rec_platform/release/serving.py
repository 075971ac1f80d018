"""The serving release: the one that the pointer names, verified, and swapped when it moves.

Standard library only, for the site asks on each request. Reading from a release does not belong
here (see lookup.py), nor fetching one from afar (see serving_s3.py).
"""

import hashlib
import json
import logging
import threading
import time
from pathlib import Path

from rec_platform.release.lookup import LOOKUP_FILE, Lookup, LookupFileError

logger = logging.getLogger(__name__)

MANIFEST_FILE = "manifest.json"
POINTER_FILE = "current.json"
CHECK_SECONDS = 60  # between looks at a pointer that did not move, or at what it failed to open
RETRY_SECONDS = 1  # the same while nothing serves
# To hash. After each chunk the thread waits for the interpreter's lock, up to 5 ms when another one
# works: hashlib.file_digest(), with its quarter of a MiB, would wait for seconds.
CHUNK_BYTES = 8 * 1024 * 1024


class ServingRelease:
    """The release that a folder of releases points to, picked up anew when the pointer moves.

    Safe to share between threads. Opening a release takes a while, so it is apart from asking: a
    server asks has_moved() on each request, lets a thread follow(), and answers from current().

    Args:
        releases: the folder that holds `current.json` and one folder per release.
        check_seconds: how long not to look again at a pointer that did not move. Hashing a release
            that cannot be opened on each request would be dear.
    """

    def __init__(self, releases: Path, check_seconds: float = CHECK_SECONDS) -> None:
        self._releases = releases
        self._check_seconds = check_seconds
        self._due = 0.0
        self._seen: tuple[int, int] | None = None
        self._lookup: Lookup | None = None
        self._swap = threading.Lock()

    def has_moved(self) -> bool:
        """Whether there may be another release than the serving one; costs one `stat`."""
        return self._lookup is None or self._is_due() or self._stat() != self._seen

    def follow(self) -> None:
        """Open the release that the pointer names, where it is another one.

        One thread does it; the others go on with the old release, or wait for the first one. A
        release that is damaged or out of reach is logged, and the old one goes on serving.

        Raises:
            LookupFileError: the same, and there is no old one.
        """
        if not self._swap.acquire(blocking=self._lookup is None):
            return
        try:
            if self.has_moved():
                self._look()
        except LookupFileError as error:
            if self._lookup is None:
                raise
            logger.error("%s; release %s goes on serving", error, self._lookup.path.parent.name)
        finally:
            self._swap.release()

    def current(self) -> Lookup:
        """The release that was opened last.

        Raises:
            LookupFileError: none ever was.
        """
        if self._lookup is None:
            raise LookupFileError("no release was opened yet")
        return self._lookup

    def lookup(self) -> Lookup:
        """The serving release, followed where the pointer moved.

        Raises:
            LookupFileError: nothing was ever published here, or the first one is damaged.
        """
        if self.has_moved():
            self.follow()
        return self.current()

    def _look(self) -> None:
        try:
            if lookup := self._newer():
                # The old one is not closed: a request may still read it. It goes with the last.
                self._lookup = lookup
                logger.info("release %s serves", lookup.path.parent.name)
        finally:  # at the end, so that who comes meanwhile waits for the first one
            longest = self._check_seconds if self._lookup else RETRY_SECONDS
            self._due = time.monotonic() + min(longest, self._check_seconds)

    def _is_due(self) -> bool:
        return time.monotonic() >= self._due

    def _newer(self) -> Lookup | None:
        """Open what the pointer names, or None where it names nothing new."""
        self._seen = self._stat()
        if self._lookup is None:
            return open_release(self._releases, current_release(self._releases))
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


def serving_release(root: str) -> ServingRelease:
    """The serving release of a folder, or of `s3://bucket/prefix`, that holds `releases`."""
    if root.startswith("s3://"):
        from rec_platform.release.serving_s3 import ServingS3Release  # brings http and ssl

        return ServingS3Release(root)
    return ServingRelease(Path(root, "releases"))


def current_release(releases: Path) -> str:
    """The id of the release that serves.

    Raises:
        LookupFileError: there is none, or the pointer cannot be read.
    """
    pointer = releases / POINTER_FILE
    try:
        return Path(json.loads(pointer.read_text())["release_id"]).name
    except FileNotFoundError:
        raise LookupFileError(f"no release in {releases}: run `rec-platform refresh`") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LookupFileError(f"{pointer} cannot be read: {error}") from error


def open_release(releases: Path, release_id: str) -> Lookup:
    """Open a release after comparing its file with the checksum in its manifest.

    Raises:
        LookupFileError: it is missing or damaged.
    """
    folder = releases / release_id
    try:
        expected = json.loads((folder / MANIFEST_FILE).read_text())["sha256"]
        checksum = _sha256(folder / LOOKUP_FILE)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LookupFileError(f"release {release_id} cannot be read: {error}") from error
    if checksum != expected:
        raise LookupFileError(f"release {release_id} is damaged: its checksum differs")
    return Lookup(folder / LOOKUP_FILE)


def _sha256(path: Path) -> str:
    checksum = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            checksum.update(buffer[:size])
    return checksum.hexdigest()
