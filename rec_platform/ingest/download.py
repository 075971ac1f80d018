"""One file from the web: fetched only when it changed, retried, resumed where it was cut.

The bytes are kept as they come. Which files there are is in files.py.
"""

import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from rec_platform.ingest.errors import (
    SizeUnknownError,
    SourceBusyError,
    SourceFailedError,
    SourceMissingError,
)
from rec_platform.ingest.faults import FAULTS, OddAnswerError, asked_pause, is_permanent, reason
from rec_platform.ingest.patience import Patience
from rec_platform.ingest.timed import timed_session
from rec_platform.release.manifests import parse_object

CHUNK_BYTES = 1 << 20
NO_SUCH_REST = (304, 416)  # to who asked for the rest of a file
ABSENT = (403, 404, 410)  # S3 says 403 for a key that is not there
GET_ALONE = (400, 405, 501)  # to a HEAD, by servers that answer a GET
STALL_SECONDS = 5  # without a byte, until the progress bar says so
ATTEMPTS = 5  # in a row, without getting any further
AGAIN = "Run the refresh again when the source answers"
KEPT = f"The part that was fetched is kept. {AGAIN}, and it resumes from there"
LONGEST_NUMBER = 18  # digits; of a size in bytes


@dataclass(frozen=True)
class Download:
    """A file at an http(s) address.

    Attributes:
        timeout_seconds: for each answer to begin, and for each piece of it.
        pause_seconds: after the first failure; doubled after each further one.
        patience: for all files that are fetched together.
    """

    url: str
    timeout_seconds: float = 60
    pause_seconds: float = 1
    patience: Patience = field(default_factory=Patience)

    def size(self) -> int:
        """The file's size in bytes, 0 if there is no such file.

        Raises:
            SizeUnknownError: the server answers and does not report the size.
            SourceBusyError: it may answer later.
            SourceFailedError: it will not answer.
        """
        headers = {"Accept-Encoding": "identity"}
        try:
            with (
                timed_session() as session,
                session.head(
                    self.url, headers=headers, timeout=self.timeout_seconds, allow_redirects=True
                ) as answer,
            ):
                if answer.status_code in ABSENT:
                    return 0
                if answer.status_code not in GET_ALONE:
                    answer.raise_for_status()
                    if size := _length(answer):
                        return size
        except FAULTS as error:
            kind = SourceFailedError if is_permanent(error) else SourceBusyError
            raise kind(f"{self.url} does not report its size: {reason(error)}") from None
        raise SizeUnknownError(f"{self.url} does not report its size")

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
        if not self.patience.left:
            raise SourceFailedError(
                f"{self.url} was not asked for: the source has kept this refresh waiting too long"
            )
        failures, farthest = 0, 0
        while True:
            begun = time.monotonic()
            try:
                version = self._fetch_rest(known, part)
            except FAULTS as error:
                fault = error
            else:
                self.patience.use(time.monotonic() - begun, is_further=True)
                return version
            seconds = time.monotonic() - begun
            size = part.stat().st_size if part.exists() else 0
            is_further = self.patience.is_fast(size - farthest, seconds)
            self.patience.use(seconds, is_further)
            failures = 1 if is_further else failures + 1
            farthest = max(farthest, size)
            problem = f"{self.url}: {reason(fault)}, after {size:,} bytes"
            if is_permanent(fault):
                raise SourceFailedError(problem)
            advice = KEPT if size else AGAIN
            if failures == ATTEMPTS:
                raise SourceFailedError(f"{problem}, {ATTEMPTS} times in a row. {advice}")
            pause = max(self.pause_seconds * 2 ** (failures - 1), asked_pause(fault))
            left = self.patience.left
            if pause >= left:  # the other files may still be fetched in what is left
                raise SourceFailedError(
                    f"{problem}. The next attempt would be in {pause:,.0f} s, and the source may "
                    f"keep this refresh waiting for {left:,.0f} s. {advice}"
                )
            self.patience.use(pause)
            log.warning(f"{problem}; trying again in {pause:.0f} s ({failures + 1} of {ATTEMPTS})")
            time.sleep(pause)

    def _fetch_rest(self, known: Mapping[str, str], part: Path) -> dict[str, str] | None:
        """Fetch the rest of a file after an attempt that was cut, or all of it."""
        # The note beside the part says which version the part belongs to.
        note = part.with_suffix(".version.json")
        noted = parse_object(note.read_bytes()) if note.exists() and part.exists() else {}
        begun = {key: text for key, text in noted.items() if isinstance(text, str)}
        offset = part.stat().st_size if begun.get("url") == self.url else 0
        headers = _range_headers(begun, offset) if offset else _condition_headers(known)
        seconds = min(self.timeout_seconds, self.patience.left)
        with (
            timed_session() as session,
            session.get(
                self.url, headers=headers, stream=True, timeout=(min(10, seconds), seconds)
            ) as response,
        ):
            is_asked = bool(headers.keys() & {"If-None-Match", "If-Modified-Since"})
            if response.status_code == requests.codes.not_modified and is_asked:
                return None
            if response.status_code in NO_SUCH_REST:
                part.unlink(missing_ok=True)
            _require_file(response)
            version = _version(response)
            is_rest = response.status_code == requests.codes.partial_content
            is_ours = {"url": self.url} | version == begun and _first_byte(response) == offset > 0
            if is_rest and not is_ours:
                part.unlink(missing_ok=True)
                raise OddAnswerError("the server sent another part than it was asked for")
            if not is_rest:
                offset = 0
                part.unlink(missing_ok=True)  # before the note claims it for this version
                note.unlink(missing_ok=True)  # it may be a link to nowhere
                note.write_text(json.dumps({"url": self.url} | version))
            missing = _length(response)
            _require_space(part.parent, missing, self.url)
            with part.open("ab") as writer, _progress(part, offset, missing) as advance:
                for chunk in self._chunks(response):
                    writer.write(chunk)
                    advance(len(chunk))
        note.unlink()
        return version

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        """An answer's body, as long as it comes fast enough.

        Raises:
            OddAnswerError: too few bytes came in the time that one may take.
        """
        started = window = time.monotonic()
        came = 0
        # Not iter_content: it would undo a Content-Encoding, and wait until a chunk is full.
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
            yield chunk
            came += len(chunk)
            now = time.monotonic()
            if now - started >= self.patience.total_left:
                raise OddAnswerError("the file is not complete")
            if (seconds := now - window) >= self.timeout_seconds:
                if not self.patience.is_fast(came, seconds):
                    least = f"{self.patience.least_speed:,.0f} bytes a second"
                    raise OddAnswerError(f"the server sends less than {least}")
                window, came = now, 0


def _require_file(response: requests.Response) -> None:
    """Raise unless an answer holds a file, or a part of one."""
    status = response.status_code
    if status in ABSENT:
        raise SourceMissingError(f"{response.url} answers {status}")
    if status == requests.codes.not_modified:
        raise OddAnswerError("the server says that nothing has changed, and was not asked")
    if status == requests.codes.requested_range_not_satisfiable:
        raise OddAnswerError("the server says that there is no such part of the file")
    response.raise_for_status()
    if status not in (requests.codes.ok, requests.codes.partial_content):
        raise OddAnswerError(f"the server answers {status}, which is no file", is_permanent=True)


def _length(response: requests.Response) -> int:
    """The bytes that an answer says to have, 0 if it does not say it."""
    text = response.headers.get("Content-Length", "0").strip()
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise OddAnswerError(f"the server tells a size that cannot be used ({text[:40]!r})", True)
    return int(text)


def _version(response: requests.Response) -> dict[str, str]:
    names = {"etag": "ETag", "last_modified": "Last-Modified"}
    return {key: response.headers[name] for key, name in names.items() if name in response.headers}


def _first_byte(response: requests.Response) -> int | None:
    """Where a part of a file begins, as Content-Range has it (RFC 9110, 14.4)."""
    text = response.headers.get("Content-Range", "")
    found = re.match(rf"bytes (\d{{1,{LONGEST_NUMBER}}})-", text)
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
        TextColumn("{task.fields[stall]}"),
    )
    console = Console(stderr=True)
    came = time.monotonic()

    def stall() -> str:
        seconds = time.monotonic() - came
        return f"nothing came for {seconds:.0f} s" if seconds >= STALL_SECONDS else ""

    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task(
            part.stem,
            total=done + missing if missing else None,
            completed=done,
            stall=_Live(stall),
        )

        def advance(count: int) -> None:
            nonlocal came
            came = time.monotonic()
            bar.advance(task, count)

        yield advance


@dataclass(frozen=True)
class _Live:
    """A text that is made anew each time it is shown."""

    text: Callable[[], str]

    def __format__(self, spec: str) -> str:
        return self.text()
