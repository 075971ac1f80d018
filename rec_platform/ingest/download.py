"""One file from the web: fetched only when it changed, retried, resumed where it was cut.

The bytes are kept as they come. Which files there are is in files.py.
"""

import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from rec_platform.ingest.errors import SourceFailedError, SourceMissingError

CHUNK_BYTES = 1 << 20
ABSENT = (403, 404, 410)  # S3 says 403 for a key that is not there
ATTEMPTS = 5  # in a row, without getting any further


@dataclass(frozen=True)
class Download:
    """A file at an http(s) address.

    Attributes:
        timeout_seconds: for each answer and each piece of it.
        pause_seconds: after the first failure; doubled after each further one.
    """

    url: str
    timeout_seconds: float = 60
    pause_seconds: float = 1

    def size(self) -> int:
        """The file's size in bytes, 0 if there is no such file.

        Raises:
            SourceFailedError: the server does not report the size.
        """
        headers = {"Accept-Encoding": "identity"}
        try:
            with requests.head(
                self.url, headers=headers, timeout=self.timeout_seconds, allow_redirects=True
            ) as answer:
                if answer.status_code in ABSENT:
                    return 0
                answer.raise_for_status()
                return int(answer.headers["Content-Length"])
        except (requests.RequestException, KeyError) as error:
            raise SourceFailedError(f"{self.url} does not report its size: {error}") from None

    def fetch(
        self, known: Mapping[str, str], part: Path, log: logging.Logger
    ) -> dict[str, str] | None:
        """Fetch the file to `part`, unless the server still has the known version.

        Returns:
            The fetched version, or None if the server still has the known one.

        Raises:
            SourceMissingError: there is no such file.
            SourceFailedError: the file could not be read to its end.
        """
        failures, farthest = 0, 0
        while True:
            try:
                return self._fetch_rest(known, part)
            except (requests.RequestException, HTTPError) as error:
                size = part.stat().st_size if part.exists() else 0
                failures = failures + 1 if size <= farthest else 1
                farthest = max(farthest, size)
                problem = f"{self.url}: {_reason(error)}, after {size:,} bytes"
            if failures == ATTEMPTS:
                raise SourceFailedError(
                    f"{problem}, {ATTEMPTS} times in a row. The part that was fetched is kept: "
                    "run the refresh again when the source answers, and it resumes from there"
                )
            log.warning(f"{problem}; trying again ({failures + 1} of {ATTEMPTS})")
            time.sleep(self.pause_seconds * 2 ** (failures - 1))

    def _fetch_rest(self, known: Mapping[str, str], part: Path) -> dict[str, str] | None:
        """Fetch the rest of a file after an attempt that was cut, or all of it."""
        # The note beside the part says which version the part belongs to.
        note = part.with_suffix(".version.json")
        begun: dict[str, str] = (
            json.loads(note.read_text()) if note.exists() and part.exists() else {}
        )
        offset = part.stat().st_size if begun.get("url") == self.url else 0
        headers = _range_headers(begun, offset) if offset else _condition_headers(known)
        timeout = (min(10, self.timeout_seconds), self.timeout_seconds)
        with requests.get(self.url, headers=headers, stream=True, timeout=timeout) as response:
            if response.status_code == requests.codes.not_modified:
                if not headers.keys() & {"If-None-Match", "If-Modified-Since"}:
                    part.unlink(missing_ok=True)
                    raise requests.ConnectionError(
                        "the server says that nothing has changed, and was not asked"
                    )
                return None
            if response.status_code in ABSENT:
                raise SourceMissingError(f"{self.url} answers {response.status_code}")
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                part.unlink(missing_ok=True)
            response.raise_for_status()
            version = _version(response)
            is_rest = response.status_code == requests.codes.partial_content
            is_ours = {"url": self.url} | version == begun and _first_byte(response) == offset > 0
            if is_rest and not is_ours:
                part.unlink(missing_ok=True)
                raise requests.ConnectionError("the server sent another part than it was asked for")
            if not is_rest:
                offset = 0
                part.unlink(missing_ok=True)  # before the note claims it for this version
                note.write_text(json.dumps({"url": self.url} | version))
            missing = int(response.headers.get("Content-Length", 0))
            _require_space(part.parent, missing, self.url)
            with part.open("ab") as writer, _progress(part, offset, missing) as advance:
                # Not iter_content: it would undo a Content-Encoding, and the file is kept as gz.
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


def _first_byte(response: requests.Response) -> int | None:
    """Where a part of a file begins, as Content-Range has it (RFC 9110, 14.4)."""
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


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
def _progress(part: Path, done: int, missing: int) -> Generator[Callable[[int], None]]:
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
