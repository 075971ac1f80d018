"""A lock in S3: an object that one process holds and renews for as long as it works.

S3 has no locks, but it has conditional writes: a write succeeds only if the object is still the one
that was read. A holder that stops renewing is taken for dead, and the next process takes over. No
two clocks are compared: S3 itself says how long ago the object was written.
"""

import json
import os
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from rec_platform.release.clock import Moment
from rec_platform.resources.aws.conditional import delete_if, read_object, write_if

# The leases that this process took and has not released, lost ones included.
_HELD: "list[Lease]" = []


class LeaseTakenError(Exception):
    """Another process holds the lease; the text says which one, and since when."""


class Lease:
    """The right to write below one prefix.

    Args:
        client: an S3 client.
        place: `Bucket` and `Key` of the object.
        seconds: after so long without renewal, others take over.
    """

    def __init__(self, client: Any, place: dict[str, str], seconds: float) -> None:
        self.place = place
        self.seconds = seconds
        self._client = client
        self._etag = ""
        self._holder = f"process {os.getpid()} on {socket.gethostname()}"
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._renewed = Moment()
        self._is_lost = False
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def is_held(self) -> bool:
        """Whether no other process can have taken over.

        If this process or its machine stood still for too long, a late renewal tells: S3 refuses it
        if another process came before.
        """
        if self._is_late():
            self._renew()
        return not self._is_lost and not self._is_late()

    def _is_late(self) -> bool:
        return self._renewed.age() > self.seconds

    def acquire(self) -> None:
        """Take the lease. If its holder died, wait until it has run out.

        Raises:
            LeaseTakenError: another process is at work.
        """
        last_etag = None
        while not self._write(None):
            current = read_object(self._client, self.place)
            if current is None:
                continue  # released in between
            if current.age > self.seconds:
                if self._write(current.etag):
                    break
            elif last_etag not in (None, current.etag):
                content = json.loads(current.content)
                raise LeaseTakenError(f"{content['holder']} since {content['since']}")
            last_etag = current.etag
            time.sleep(self.seconds / 20)
        self._thread.start()
        _HELD.append(self)

    def release(self) -> None:
        """Give the lease up, unless another process has taken over."""
        self._ended.set()
        self._thread.join()
        _HELD.remove(self)
        if not self._is_lost and not self._is_late():
            # It runs out by itself, and an error here must not hide why the work ended.
            with suppress(Exception):
                delete_if(self._client, self.place, self._etag)

    def _keep(self) -> None:
        while not self._is_lost and not self._ended.wait(self.seconds / 3):
            self._renew()

    def _renew(self) -> None:
        with self._writing, suppress(Exception):  # a network error, say: it is tried again
            self._is_lost = self._is_lost or not self._write(self._etag)

    def _write(self, etag: str | None) -> bool:
        """Write the object if it still has this ETag, or if there still is none."""
        content = {"holder": self._holder, "since": self._since, "id": uuid4().hex}
        began = Moment()
        written = write_if(self._client, self.place, json.dumps(content).encode(), etag)
        if written is None:
            return False
        self._etag, self._renewed = written, began
        return True


def held(place: dict[str, str]) -> list[Lease]:
    """The leases on an object that this process took and has not released, lost ones included.

    All that works below one prefix asks here, so it shares one lease however it was constructed.
    """
    return [lease for lease in tuple(_HELD) if lease.place == place]
