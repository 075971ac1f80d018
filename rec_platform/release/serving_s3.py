"""The serving release from S3: fetched when the pointer moves, verified as it arrives.

Standard library only: boto3 takes longer to import than all that the Lambda does at start, and
what is needed of it is one kind of request, GET of an object, signed with AWS Signature Version 4
(https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Writing to S3 does
not belong here (see storage.py).
"""

import hashlib
import hmac
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from rec_platform.release.lookup import LOOKUP_FILE, Lookup, LookupFileError
from rec_platform.release.serving import CHECK_SECONDS, MANIFEST_FILE, POINTER_FILE, ServingRelease

SILENCE_SECONDS = 5  # of S3, after which it is given up
FETCH_SECONDS = 20  # for the pointer and a whole release; API Gateway gives up after 29
CHUNK_BYTES = 1024 * 1024
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class Credentials(NamedTuple):
    """Keys of AWS; a Lambda finds those of its role in its environment."""

    access_key: str
    secret_key: str
    session_token: str
    region: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Credentials":
        """The keys in these variables.

        Raises:
            LookupFileError: one is missing.
        """
        access_key, secret_key = (
            environment.get(f"AWS_{name}", "") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
        )
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION", "")
        if not (access_key and secret_key and region):
            raise LookupFileError(
                "to read from S3, set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION"
            )
        return cls(access_key, secret_key, environment.get("AWS_SESSION_TOKEN", ""), region)


class ServingS3Release(ServingRelease):
    """The release that a prefix of a bucket points to; its pointer is looked at once a minute.

    A fetched file loses its name as soon as it is open: what is not served any more leaves the
    disk with its last reader, and nothing is left to clean up. The request that finds the pointer
    moved waits for the new release; when S3 is slow or broken it is answered from the old one.

    Args:
        root: `s3://bucket/prefix`, where `releases` is.
        check_seconds: how long not to look again.
    """

    def __init__(self, root: str, check_seconds: float = CHECK_SECONDS) -> None:
        super().__init__(Path(root), check_seconds)
        self._bucket, _, prefix = root.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/releases".lstrip("/")
        self._etag = ""
        self._deadline = 0.0

    def has_moved(self) -> bool:
        """Whether it is time to look."""
        return self._is_due()

    def _newer(self) -> Lookup | None:
        self._deadline = time.monotonic() + FETCH_SECONDS
        if self._lookup:  # who comes meanwhile need not ask a thread
            self._due = time.monotonic() + self._check_seconds
        try:
            with self._get(POINTER_FILE, {"If-None-Match": self._etag}) as pointer:
                if pointer.status == 304:
                    return None
                release_id = json.load(pointer)["release_id"]
                etag = pointer.headers["ETag"]
            if self._lookup and self._lookup.path.parent.name == release_id:
                self._etag = etag
                return None
            return self._fetch(release_id, etag)
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            place = f"s3://{self._bucket}/{self._prefix}"
            raise LookupFileError(f"{place} cannot be read: {error!r}") from error

    def _fetch(self, release_id: str, etag: str) -> Lookup:
        with TemporaryDirectory(prefix="rec_platform-") as folder:
            file = Path(folder, Path(release_id).name, LOOKUP_FILE)
            file.parent.mkdir()
            with self._get(f"{release_id}/{MANIFEST_FILE}") as manifest:
                expected = json.load(manifest)["sha256"]
            with self._get(f"{release_id}/{LOOKUP_FILE}") as content:
                checksum = _save(content, file)
            if self._lookup:  # a release that is damaged is not fetched again and again
                self._etag = etag
            if checksum != expected:
                raise LookupFileError(f"release {release_id} is damaged: its checksum differs")
            lookup = Lookup(file)
            self._etag = etag
            return lookup

    @contextmanager
    def _get(self, key: str, headers: Mapping[str, str] | None = None) -> Iterator[HTTPResponse]:
        """The answer to a GET of an object below `releases`: 200, or 304 where that was asked.

        Raises:
            OSError: S3 cannot be reached, answers otherwise, or not in time.
        """
        credentials = Credentials.of(os.environ)
        host, path, is_secure = address(self._bucket, f"{self._prefix}/{key}", credentials.region)
        signed = sign(credentials, host, path, datetime.now(UTC))
        kind = HTTPSConnection if is_secure else HTTPConnection
        with closing(kind(host, timeout=SILENCE_SECONDS)) as connection:
            connection.connect()
            # The timeout is of one read from the socket: an answer that drips would never meet it.
            left = self._deadline - time.monotonic()
            hang_up = threading.Timer(left, _hang_up, [connection.sock])
            hang_up.start()
            try:
                wanted = {name: text for name, text in (headers or {}).items() if text}
                connection.request("GET", path, headers={**signed, **wanted})
                answer = connection.getresponse()
                if answer.status not in (200, 304):
                    told = answer.read(300).decode(errors="replace")
                    raise OSError(f"S3 answers {answer.status} for {key}: {told}")
                yield answer
            except (OSError, HTTPException) as error:
                if time.monotonic() < self._deadline:
                    raise
                raise TimeoutError(f"not whole after {FETCH_SECONDS} s") from error
            finally:
                hang_up.cancel()


def _hang_up(connected: socket.socket) -> None:
    """End what another thread reads from; closing it would not wake that thread."""
    with suppress(OSError):  # it has ended
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # below TLS, if any


def _save(content: HTTPResponse, file: Path) -> str:
    """Write what arrives to a file; its SHA-256."""
    checksum = hashlib.sha256()
    with file.open("wb") as writer:
        while chunk := content.read(CHUNK_BYTES):
            checksum.update(chunk)
            writer.write(chunk)
    if content.length:
        raise ConnectionError(f"cut off, {content.length} bytes are missing")
    return checksum.hexdigest()


def address(bucket: str, key: str, region: str) -> tuple[str, str, bool]:
    """Host, path, and whether by HTTPS: as AWS_ENDPOINT_URL(_S3) says, or Amazon's own."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    path = quote(f"/{key}", safe="/~")
    if endpoint:
        parts = urlsplit(endpoint)
        return parts.netloc, f"{parts.path.rstrip('/')}/{bucket}{path}", parts.scheme == "https"
    if "." in bucket:  # no certificate is for a name with more dots
        return f"s3.{region}.amazonaws.com", f"/{bucket}{path}", True
    return f"{bucket}.s3.{region}.amazonaws.com", path, True


def sign(credentials: Credentials, host: str, path: str, at: datetime) -> dict[str, str]:
    """The headers of a signed GET of an object.

    Args:
        credentials: who asks.
        host: with its port where that is not the scheme's own.
        path: percent-encoded, without a query.
        at: when it is sent; S3 refuses what is a quarter of an hour off.
    """
    timestamp = f"{at:%Y%m%dT%H%M%SZ}"
    headers = {"host": host, "x-amz-content-sha256": EMPTY_SHA256, "x-amz-date": timestamp}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(headers)  # in order of the alphabet, as asked for
    told = "".join(f"{name}:{text}\n" for name, text in headers.items())
    request = f"GET\n{path}\n\n{told}\n{names}\n{EMPTY_SHA256}"
    scope = f"{at:%Y%m%d}/{credentials.region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={key.hex()}"
    )
    return headers
