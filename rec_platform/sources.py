"""Where IMDb's files come from: a web address, or a folder; fetched only when they changed.

What comes is kept byte for byte. Whether it is any good does not belong here (see raw.py).
"""

import gzip
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import requests
from pydantic import PrivateAttr
from urllib3.exceptions import HTTPError, ReadTimeoutError

from rec_platform.choices import IMDB
from rec_platform.sample import MARKER

CHUNK_BYTES = 1 << 20
ABSENT = (403, 404, 410)  # S3 says 403 for a key that is not there
ATTEMPTS = 5  # in a row, without getting any further


class SourceMissingError(Exception):
    """The source has no such file; its text says how it said so."""


class SourceFailedError(Exception):
    """The source could not be read to its end; its text says why and what to do."""


class ImdbSource(dg.ConfigurableResource):
    """Where IMDb's files come from: a base URL, or a folder of `*.tsv.gz` or `*.tsv`."""

    location: str = IMDB
    timeout_seconds: float = 60
    pause_seconds: float = 1  # after the first failure; doubled after each further one

    _session: requests.Session = PrivateAttr(default_factory=requests.Session)

    @property
    def kind(self) -> str:
        """`imdb`, `sample` for invented files, or `other`."""
        if self.location.rstrip("/") == IMDB:
            return "imdb"
        return "sample" if Path(self.location, MARKER).is_file() else "other"

    def address(self, file: str) -> str:
        """Where a person finds the file."""
        return f"{self.location.rstrip('/')}/{file}"

    def size(self, file: str) -> int:
        """How many bytes a file has, 0 where there is none.

        Raises:
            SourceFailedError: the source does not say.
        """
        if not self.location.startswith(("http://", "https://")):
            return next((path.stat().st_size for path in self._found(file)), 0)
        url = self.address(file)
        headers = {"Accept-Encoding": "identity"}
        try:
            with self._session.head(url, headers=headers, timeout=self.timeout_seconds) as answer:
                if answer.status_code in ABSENT:
                    return 0
                answer.raise_for_status()
                return int(answer.headers["Content-Length"])
        except (requests.RequestException, KeyError) as error:
            raise SourceFailedError(f"{url} does not tell its size: {error}") from None

    def fetch(
        self, file: str, known: Mapping[str, str], part: Path, log: logging.Logger
    ) -> dict[str, str] | None:
        """Fetch a file to `part`, unless it is still the version that is known.

        Returns:
            The version fetched, or None when it is the known one.

        Raises:
            SourceMissingError: there is no such file.
            SourceFailedError: it could not be read to its end.
        """
        try:
            if self.location.startswith(("http://", "https://")):
                return self._download(self.address(file), known, part, log)
            return self._copy(file, known, part)
        except OSError as error:
            raise SourceFailedError(
                f"{self.address(file)} could not be copied to {part.parent} ({error}): "
                "free some space or set the rights right, or use another --root (REC_ROOT)"
            ) from None

    def _copy(self, file: str, known: Mapping[str, str], part: Path) -> dict[str, str] | None:
        folder = Path(self.location)
        if not folder.is_dir():
            raise SourceFailedError(
                f"the source {self.location} is neither a folder nor an http(s) address: "
                "set --source (REC_IMDB_SOURCE)"
            )
        found = self._found(file)
        if not found:
            raise SourceMissingError(f"{self.location} has no {file}, packed or unpacked")
        (origin, *_) = found
        status = origin.stat()
        version = {"size": str(status.st_size), "modified_ns": str(status.st_mtime_ns)}
        if version == known:
            return None
        with origin.open("rb") as reader, part.open("wb") as raw_writer:
            if origin.suffix == ".gz":
                shutil.copyfileobj(reader, raw_writer, CHUNK_BYTES)
            else:
                with gzip.GzipFile("", "wb", 6, raw_writer, mtime=0) as writer:
                    shutil.copyfileobj(reader, writer, CHUNK_BYTES)
        return version

    def _found(self, file: str) -> list[Path]:
        """The file in the folder, packed before unpacked."""
        packed = Path(self.location, file)
        return [path for path in (packed, packed.with_suffix("")) if path.is_file()]

    def _download(
        self, url: str, known: Mapping[str, str], part: Path, log: logging.Logger
    ) -> dict[str, str] | None:
        failures, farthest = 0, 0
        while True:
            try:
                return self._download_rest(url, known, part)
            except (requests.RequestException, HTTPError) as error:
                size = part.stat().st_size if part.exists() else 0
                failures = failures + 1 if size <= farthest else 1
                farthest = max(farthest, size)
                problem = f"{url}: {_reason(error)}, after {size:,} bytes"
            if failures == ATTEMPTS:
                raise SourceFailedError(
                    f"{problem}, {ATTEMPTS} times in a row. What has come is kept: "
                    "run the refresh again when the source answers, and it goes on from there"
                )
            log.warning(f"{problem}; trying again ({failures + 1} of {ATTEMPTS})")
            time.sleep(self.pause_seconds * 2 ** (failures - 1))

    def _download_rest(
        self, url: str, known: Mapping[str, str], part: Path
    ) -> dict[str, str] | None:
        """Fetch what is missing of a file after an attempt that was cut, or all of it."""
        # Beside the part stands the version that it is a part of.
        note = part.with_suffix(".version.json")
        begun = json.loads(note.read_text()) if note.exists() and part.exists() else {}
        offset = part.stat().st_size if begun.get("url") == url else 0
        headers = _range_headers(begun, offset) if offset else _condition_headers(known)
        timeout = (min(10, self.timeout_seconds), self.timeout_seconds)
        with self._session.get(url, headers=headers, stream=True, timeout=timeout) as response:
            if response.status_code == requests.codes.not_modified:
                return None
            if response.status_code in ABSENT:
                raise SourceMissingError(f"{url} answers {response.status_code}")
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                part.unlink()
            response.raise_for_status()
            version = _version(response)
            is_rest = response.status_code == requests.codes.partial_content
            if is_rest and {"url": url} | version != begun:
                part.unlink()
                raise requests.ConnectionError("the server sent the rest of another version")
            if not is_rest:
                offset = 0
                part.unlink(missing_ok=True)  # before the note says that it is of this version
                note.write_text(json.dumps({"url": url} | version))
            missing = int(response.headers.get("Content-Length", 0))
            _require_space(part.parent, missing, url)
            with part.open("ab") as writer, _progress(part, offset, missing) as advance:
                # Not iter_content: it would unpack a Content-Encoding, and the file is kept as gz.
                for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
                    writer.write(chunk)
                    advance(len(chunk))
        note.unlink()
        return version


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code}"
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return "the server stopped answering"
    if isinstance(error, requests.exceptions.SSLError) or not isinstance(
        error, requests.ConnectionError | HTTPError
    ):
        return str(error)
    is_begun = isinstance(error, HTTPError) or "aborted" in str(error)
    return "the connection was lost" if is_begun else "the server cannot be reached"


def _version(response: requests.Response) -> dict[str, str]:
    names = {"etag": "ETag", "last_modified": "Last-Modified"}
    return {key: response.headers[name] for key, name in names.items() if name in response.headers}


def _condition_headers(known: Mapping[str, str]) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}
    if "etag" in known:
        headers["If-None-Match"] = known["etag"]
    elif "last_modified" in known:
        headers["If-Modified-Since"] = known["last_modified"]
    return headers


def _range_headers(begun: Mapping[str, str], offset: int) -> dict[str, str]:
    # If-Range: the rest of the same version, or the whole of a newer one.
    validator = begun.get("etag", begun.get("last_modified", ""))
    if not validator or validator.startswith("W/"):  # a weak ETag does not promise the same bytes
        return {"Accept-Encoding": "identity"}
    return {"Accept-Encoding": "identity", "Range": f"bytes={offset}-", "If-Range": validator}


def _require_space(folder: Path, size: int, url: str) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise SourceFailedError(
            f"{url} needs {size:,} bytes and {folder} has {free:,} left: free some space, "
            "or use another --root (REC_ROOT)"
        )


@contextmanager
def _progress(part: Path, done: int, missing: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task(part.stem, total=done + missing if missing else None, completed=done)
        yield lambda count: bar.advance(task, count)
