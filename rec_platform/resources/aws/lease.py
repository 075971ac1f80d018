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
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

from rec_platform.release.clock import Moment
from rec_platform.resources.aws.clients import error_code

REFUSED = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
ABSENT = ("NoSuchKey", "404")

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
        while not self._write(IfNoneMatch="*"):
            current = self._read()
            if current is None:
                continue  # released in between
            etag, content, age = current
            if age > self.seconds:
                if self._write(IfMatch=etag):
                    break
            elif last_etag not in (None, etag):
                raise LeaseTakenError(f"{content['holder']} since {content['since']}")
            last_etag = etag
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
                self._client.delete_object(**self.place, IfMatch=self._etag)

    def _keep(self) -> None:
        while not self._is_lost and not self._ended.wait(self.seconds / 3):
            self._renew()

    def _renew(self) -> None:
        with self._writing, suppress(Exception):  # a network error, say: it is tried again
            self._is_lost = self._is_lost or not self._write(IfMatch=self._etag)

    def _write(self, **condition: str) -> bool:
        """Write the object if it is still what the condition says."""
        content = {"holder": self._holder, "since": self._since, "id": uuid4().hex}
        body = json.dumps(content).encode()
        began = Moment()
        try:
            answer = self._client.put_object(**self.place, Body=body, **condition)
            etag = answer["ETag"]
        except self._client.exceptions.ClientError as error:
            if error_code(error) not in (*REFUSED, *ABSENT):
                raise
            # If the answer to a write was lost, the retry is refused because of that same write.
            current = self._read()
            if current is None or current[1] != content:
                return False
            etag = current[0]
        self._etag, self._renewed = etag, began
        return True

    def _read(self) -> tuple[str, dict[str, str], float] | None:
        """ETag, content, and seconds since it was written, by S3's own clock."""
        try:
            answer = self._client.get_object(**self.place)
        except self._client.exceptions.ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        age = (now - answer["LastModified"]).total_seconds()
        return answer["ETag"], json.loads(answer["Body"].read()), age


def held(place: dict[str, str]) -> list[Lease]:
    """The leases on an object that this process took and has not released, lost ones included.

    All that works below one prefix asks here, so it shares one lease however it was constructed.
    """
    return [lease for lease in tuple(_HELD) if lease.place == place]
