"""The serving release from S3: fetched when the pointer moves, verified as it arrives.

boto3 takes longer to import than everything else that a Lambda does at start. Only one kind of
request is needed: GET of an object, signed with AWS Signature Version 4
(https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Writing to S3
belongs in the platform's resources.
"""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from rec_platform.release.clock import Moment
from rec_platform.release.lookup import Lookup, LookupFileError
from rec_platform.release.manifests import MANIFEST_FILE, POINTER_FILE
from rec_platform.release.schema import LOOKUP_FILE
from rec_platform.release.serving import CHECK_SECONDS, ServingRelease

SILENCE_SECONDS = 5  # without a byte from S3, after which a request fails
FETCH_SECONDS = 20  # for the pointer and a whole release; API Gateway gives up after 29
CHUNK_BYTES = 1024 * 1024
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class S3Settings(NamedTuple):
    """How to reach S3: keys, region, and the endpoint if it is not Amazon's own.

    On Lambda, the environment holds the keys of the function's role.
    """

    access_key: str
    secret_key: str
    session_token: str
    region: str
    endpoint: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "S3Settings":
        """The settings in these variables; an empty variable counts as unset.

        Raises:
            LookupFileError: a variable is not set; the error names it.
        """

        def first(*names: str) -> str:
            return next((environment[name] for name in names if environment.get(name)), "")

        settings = cls(
            access_key=first("AWS_ACCESS_KEY_ID"),
            secret_key=first("AWS_SECRET_ACCESS_KEY"),
            session_token=first("AWS_SESSION_TOKEN"),
            region=first("AWS_REGION", "AWS_DEFAULT_REGION"),
            endpoint=first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        )
        needed = {
            "AWS_ACCESS_KEY_ID": settings.access_key,
            "AWS_SECRET_ACCESS_KEY": settings.secret_key,
            "AWS_REGION": settings.region,
        }
        if missing := [name for name, text in needed.items() if not text]:
            raise LookupFileError(f"to read a release from S3, set {', '.join(missing)}")
        return settings


class ServingS3Release(ServingRelease):
    """The release that a prefix of a bucket points to; its pointer is checked once a minute.

    A fetched file is unlinked as soon as it is open: its space is freed with its last reader, and
    nothing is left to clean up. The request that finds the pointer moved waits for the new release;
    if S3 is slow or fails, that request is answered from the old one.

    Args:
        root: `s3://bucket/prefix` that holds `releases`.
        settings: how to reach S3.
        check_seconds: how long to wait before another look at the pointer.
    """

    def __init__(
        self, root: str, settings: S3Settings, check_seconds: float = CHECK_SECONDS
    ) -> None:
        super().__init__(Path(root), check_seconds)
        self._settings = settings
        self._bucket, _, prefix = root.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/releases".lstrip("/")
        self._etag = ""
        self._deadline = 0.0

    def has_moved(self) -> bool:
        """Whether it is time to look at the pointer."""
        return self._is_due()

    def _newer(self) -> Lookup | None:
        self._deadline = time.monotonic() + FETCH_SECONDS
        if self._lookup:  # concurrent callers use it, and start no thread meanwhile
            self._looked = Moment()
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
            if self._lookup:  # do not fetch a damaged release again and again
                self._etag = etag
            if checksum != expected:
                raise LookupFileError(f"release {release_id} is damaged: its checksum differs")
            lookup = Lookup(file)
            self._etag = etag
            return lookup

    @contextmanager
    def _get(self, key: str, headers: Mapping[str, str] | None = None) -> Generator[HTTPResponse]:
        """The response to a GET of an object below `releases`: 200, or 304 if conditional.

        Raises:
            OSError: S3 cannot be reached, is too slow, or answers with another status.
        """
        host, path, is_secure = address(self._bucket, f"{self._prefix}/{key}", self._settings)
        signed = sign(self._settings, host, path, datetime.now(UTC))
        kind = HTTPSConnection if is_secure else HTTPConnection
        with closing(kind(host, timeout=SILENCE_SECONDS)) as connection:
            connection.connect()
            # The timeout applies to one read from the socket. A trickling response never meets it.
            left = self._deadline - time.monotonic()
            hang_up = threading.Timer(left, _hang_up, [connection.sock])
            hang_up.start()
            try:
                asked = {name: text for name, text in (headers or {}).items() if text}
                connection.request("GET", path, headers={**signed, **asked})
                answer = connection.getresponse()
                if answer.status not in (200, 304):
                    told = answer.read(300).decode(errors="replace")
                    raise OSError(f"S3 answers {answer.status} for {key}: {told}")
                yield answer
            except (OSError, HTTPException) as error:
                if time.monotonic() < self._deadline:
                    raise
                raise TimeoutError(f"not complete after {FETCH_SECONDS} s") from error
            finally:
                hang_up.cancel()


def _hang_up(connected: socket.socket) -> None:
    """End a connection that another thread reads from; to close it would not wake that thread."""
    with suppress(OSError):  # it ended by itself
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # below TLS, if any


def _save(content: HTTPResponse, file: Path) -> str:
    """Write a response to a file; returns its SHA-256."""
    checksum = hashlib.sha256()
    with file.open("wb") as writer:
        while chunk := content.read(CHUNK_BYTES):
            checksum.update(chunk)
            writer.write(chunk)
    if content.length:
        raise ConnectionError(f"cut off: {content.length} bytes are missing")
    return checksum.hexdigest()


def address(bucket: str, key: str, settings: S3Settings) -> tuple[str, str, bool]:
    """Host, path, and whether by HTTPS, of an object at the endpoint or at Amazon."""
    path = quote(f"/{key}", safe="/~")
    if settings.endpoint:
        url = urlsplit(settings.endpoint)
        return url.netloc, f"{url.path.rstrip('/')}/{bucket}{path}", url.scheme == "https"
    amazon = f"s3.{settings.region}.amazonaws.com"
    if "." in bucket:  # Amazon's certificate covers no host name with more dots
        return amazon, f"/{bucket}{path}", True
    return f"{bucket}.{amazon}", path, True


def sign(settings: S3Settings, host: str, path: str, at: datetime) -> dict[str, str]:
    """The headers of a signed GET of an object.

    Args:
        settings: keys and region.
        host: with its port, unless that is the scheme's default.
        path: percent-encoded, without a query.
        at: when the request is sent; S3 refuses one that is 15 minutes off.
    """
    timestamp = f"{at:%Y%m%dT%H%M%SZ}"
    headers = {"host": host, "x-amz-content-sha256": EMPTY_SHA256, "x-amz-date": timestamp}
    if settings.session_token:
        headers["x-amz-security-token"] = settings.session_token
    names = ";".join(headers)  # in alphabetical order, as the signature requires
    told = "".join(f"{name}:{text}\n" for name, text in headers.items())
    request = f"GET\n{path}\n\n{told}\n{names}\n{EMPTY_SHA256}"
    scope = f"{at:%Y%m%d}/{settings.region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{settings.secret_key}".encode()
    for text in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"):
        key = hmac.digest(key, text.encode(), "sha256")
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={settings.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={key.hex()}"
    )
    return headers
