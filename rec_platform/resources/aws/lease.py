"""A lock in S3: an object that one process holds, and renews for as long as it works.

S3 has no locks, but writes that only succeed if the object is still the one that was read. A holder
that stops renewing is dead, and the next one takes over. Nobody compares clocks: how long ago the
object was written, S3 says itself.
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

from rec_platform.resources.aws.clients import error_code

REFUSED = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
ABSENT = ("NoSuchKey", "404")


class LeaseTakenError(Exception):
    """Another process holds it; its text says which, and since when."""


class Lease:
    """The right to write below one prefix.

    Args:
        client: an S3 client.
        place: `Bucket` and `Key` of the object.
        seconds: after so long without renewal others take over.
    """

    def __init__(self, client: Any, place: dict[str, str], seconds: float) -> None:
        self._client = client
        self._place = place
        self._seconds = seconds
        self._etag = ""
        self._holder = f"process {os.getpid()} on {socket.gethostname()}"
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._renewed = 0.0
        self._is_lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    @property
    def is_lost(self) -> bool:
        """Whether others may have taken over: it could not be renewed in time."""
        return self._is_lost or time.monotonic() - self._renewed > self._seconds

    def acquire(self) -> None:
        """Take it; where another process died with it, wait until it has run out.

        Raises:
            LeaseTakenError: another process is at work.
        """
        seen = None
        while not self._write(IfNoneMatch="*"):
            found = self._read()
            if found is None:
                continue  # given up in between
            etag, content, age = found
            if age > self._seconds:
                if self._write(IfMatch=etag):
                    break
            elif seen not in (None, etag):
                raise LeaseTakenError(f"{content['holder']} since {content['since']}")
            seen = etag
            time.sleep(self._seconds / 20)
        self._thread.start()

    def release(self) -> None:
        """Give it up, unless another process has taken over."""
        self._ended.set()
        self._thread.join()
        if not self.is_lost:
            with suppress(Exception):  # it runs out by itself, and must not hide why the work ended
                self._client.delete_object(**self._place, IfMatch=self._etag)

    def _keep(self) -> None:
        while not self._is_lost and not self._ended.wait(self._seconds / 3):
            with suppress(Exception):  # the network, say: there are two more chances
                self._is_lost = not self._write(IfMatch=self._etag)

    def _write(self, **condition: str) -> bool:
        """Write the object if it is still what the condition says."""
        content = {"holder": self._holder, "since": self._since, "id": uuid4().hex}
        body = json.dumps(content).encode()
        began = time.monotonic()
        try:
            answer = self._client.put_object(**self._place, Body=body, **condition)
            etag = answer["ETag"]
        except self._client.exceptions.ClientError as error:
            if error_code(error) not in (*REFUSED, *ABSENT):
                raise
            # A retry after a lost answer is refused because of its own first attempt.
            found = self._read()
            if found is None or found[1] != content:
                return False
            etag = found[0]
        self._etag, self._renewed = etag, began
        return True

    def _read(self) -> tuple[str, dict[str, str], float] | None:
        """ETag, content, and seconds since it was written, by S3's own clock."""
        try:
            answer = self._client.get_object(**self._place)
        except self._client.exceptions.ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        age = (now - answer["LastModified"]).total_seconds()
        return answer["ETag"], json.loads(answer["Body"].read()), age
