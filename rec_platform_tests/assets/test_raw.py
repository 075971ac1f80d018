"""A file is taken when it changed and is sound; any other leaves the last good copy as it was."""

import gzip
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from rec_platform.assets.raw import (
    RAW_FILES,
    RawFile,
    RawState,
    raw_assets,
    read_state,
    refresh_file,
)
from rec_platform.ingest.download import ATTEMPTS
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform.resources.imdb import IMDB, ImdbSource
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform.sample.writer import MARKER, write_sample
from rec_platform_tests.emulators import BUCKET, Emulators

FILES = {file.name: file for file in RAW_FILES}
BASICS, AKAS, RATINGS, CREW, PRINCIPALS, NAMES = RAW_FILES
LOG = logging.getLogger("test_raw")
REAL_DATA = os.environ.get("REC_REAL_DATA")

TITLE = r"tt0000001	movie	Quiet Tide	Quiet Tide	0	1999	\N	90	Drama,War"
OTHER = r"tt0000002	movie	Loud Shore	Loud Shore	0	2001	\N	\N	\N"


# Helpers


def table(file: RawFile, *rows: str) -> bytes:
    return "".join(f"{line}\n" for line in ("\t".join(file.columns), *rows)).encode()


def packed(file: RawFile, *rows: str) -> bytes:
    return gzip.compress(table(file, *rows), mtime=0)


def incompressible(file: RawFile, rows: int) -> bytes:
    """A sound file of some size, so that it can be cut in many places."""
    lines = (
        f"tt{n:07d}\tmovie\t{os.urandom(40).hex()}\t\\N\t0\t1999\t\\N\t90\tDrama"
        for n in range(rows)
    )
    return packed(file, *lines)


@dataclass
class Keeper:
    """A root with its storage, and a source that it is refreshed from."""

    root: Path
    source: ImdbSource

    @property
    def storage(self) -> LocalStorage:
        return LocalStorage(root=str(self.root))

    def refresh(self, file: RawFile = BASICS) -> tuple[RawState, bool]:
        return refresh_file(file, self.source, self.storage, LOG)

    def failure(self, file: RawFile = BASICS) -> str:
        with pytest.raises(dg.Failure) as caught:
            self.refresh(file)
        assert caught.value.allow_retries is False  # Dagster would repeat what cannot help
        return caught.value.description or ""

    def copy(self, file: RawFile = BASICS) -> bytes:
        return self.storage.fetch(file.storage_key).read_bytes()

    def kept(self) -> dict[str, bytes]:
        """All that later runs and readers go by."""
        files = self.root.glob("raw/**/*.*")
        return {str(path): path.read_bytes() for path in files}

    def part(self, file: RawFile = BASICS) -> Path:
        return self.storage.scratch_dir() / f"{file.file}.part"


# A web server that does as IMDb's, or as badly as it is told


@dataclass
class Web:
    """What the server serves, how badly, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    modified: float = 1_700_000_000
    has_etag: bool = True
    has_date: bool = True
    is_resumable: bool = True
    cut_after: int = 0  # bytes, in the next `cuts` answers
    cuts: int = 0
    stall_after: int | None = None  # bytes, in every answer until it is None again
    refusals: list[int] = field(default_factory=list)  # statuses of the next answers
    on_cut: Callable[[], None] = lambda: None
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def validators(self, content: bytes) -> dict[str, str]:
        etag = {"ETag": f'"{hash(content):x}"'} if self.has_etag else {}
        date = {"Last-Modified": formatdate(self.modified, usegmt=True)} if self.has_date else {}
        return etag | date

    @property
    def ranges(self) -> list[str | None]:
        return [request.get("Range") for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, format: str, *args: object) -> None:
        """Not on stderr: the tests look at `answers`."""

    def do_GET(self) -> None:
        web = self.web
        web.requests.append(dict(self.headers))
        content = web.files.get(self.path.lstrip("/"))
        if web.refusals:
            self.answer(web.refusals.pop(0))
        elif content is None:
            self.answer(404)
        else:
            self.serve(content, web.validators(content))

    def serve(self, content: bytes, validators: dict[str, str]) -> None:
        known = (self.headers["If-None-Match"], self.headers["If-Modified-Since"])
        if set(validators.values()) & set(known):
            self.answer(304, validators)
            return
        first = 0
        if self.web.is_resumable and self.headers["If-Range"] in validators.values():
            first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if first >= len(content):
            self.answer(416)
        elif first:
            span = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self.answer(206, validators | {"Content-Range": span}, content[first:])
        else:
            self.answer(200, validators, content)

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        web = self.web
        web.answers.append(status)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if web.stall_after is not None:
            self.wfile.write(body[: web.stall_after])
            self.wfile.flush()
            web.is_over.wait()
            self.close_connection = True
        elif body and web.cuts:
            web.cuts -= 1
            self.wfile.write(body[: web.cut_after])
            web.on_cut()
            self.close_connection = True
        else:
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, for the server stalled, is what some tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    handler = type("ToldHandler", (Handler,), {"web": web})
    with Server(("127.0.0.1", 0), handler) as server:
        web.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield web
        web.is_over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def downloads(web: Web, tmp_path: Path) -> Keeper:
    web.files[BASICS.file] = incompressible(BASICS, 2_000)
    source = ImdbSource(location=web.url, timeout_seconds=10, pause_seconds=0.001)
    return Keeper(tmp_path / "root", source)


@pytest.fixture
def copies(tmp_path: Path) -> Keeper:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / BASICS.file).write_bytes(packed(BASICS, TITLE, OTHER))
    return Keeper(tmp_path / "root", ImdbSource(location=str(folder)))


def mirrored(web: Web, keeper: Keeper) -> ImdbSource:
    """The same files with the same validators at another address."""
    web.files[f"mirror/{BASICS.file}"] = web.files[BASICS.file]
    return keeper.source.model_copy(update={"location": f"{web.url}/mirror"})


def put(keeper: Keeper, content: bytes, file: RawFile = BASICS) -> None:
    Path(keeper.source.location, file.file).write_bytes(content)


# Downloads


def test_a_download_is_kept_as_it_came_and_described(web: Web, downloads: Keeper) -> None:
    state, is_new = downloads.refresh()
    content = web.files[BASICS.file]
    assert is_new
    assert downloads.copy() == content
    assert (state.rows, state.bytes, state.source) == (2_000, len(content), web.url)
    assert state.version == {
        "etag": web.validators(content)["ETag"],
        "last_modified": "Tue, 14 Nov 2023 22:13:20 GMT",
    }
    assert read_state(downloads.storage, BASICS) == state
    assert list((downloads.root / "tmp").iterdir()) == []


@pytest.mark.parametrize("has_etag", [True, False], ids=["by ETag", "by date"])
def test_an_unchanged_file_is_not_fetched_again(
    web: Web, downloads: Keeper, has_etag: bool
) -> None:
    web.has_etag = has_etag
    first, _ = downloads.refresh()
    assert downloads.refresh() == (first, False)
    assert web.answers == [200, 304]


def test_a_changed_file_replaces_the_last_copy(web: Web, downloads: Keeper) -> None:
    downloads.refresh()
    web.files[BASICS.file] = packed(BASICS, TITLE)
    state, is_new = downloads.refresh()
    assert (state.rows, is_new) == (1, True)
    assert downloads.copy() == web.files[BASICS.file]


def test_without_validators_the_file_is_fetched_again_but_the_same_bytes_are_nothing_new(
    web: Web, downloads: Keeper
) -> None:
    web.has_etag = web.has_date = False
    downloads.refresh()
    _, is_new = downloads.refresh()
    assert (web.answers, is_new) == ([200, 200], False)


def test_the_copy_of_another_source_is_not_taken_for_this_ones(web: Web, downloads: Keeper) -> None:
    first, _ = downloads.refresh()
    mirror = mirrored(web, downloads)
    state, _ = Keeper(downloads.root, mirror).refresh()
    assert "If-None-Match" not in web.requests[-1]
    assert (first.source, state.source) == (web.url, mirror.location)


@pytest.mark.parametrize("has_etag", [True, False], ids=["by ETag", "by date"])
def test_a_download_that_is_cut_goes_on_where_it_stopped(
    web: Web, downloads: Keeper, caplog: pytest.LogCaptureFixture, has_etag: bool
) -> None:
    web.has_etag = has_etag
    web.cut_after, web.cuts = 30_000, 2
    downloads.refresh()
    assert web.ranges == [None, "bytes=30000-", "bytes=60000-"]
    assert web.answers == [200, 206, 206]
    assert downloads.copy() == web.files[BASICS.file]
    assert f"{web.url}/{BASICS.file}: the connection was lost, after 30,000 bytes" in caplog.text


def test_cuts_that_get_further_each_time_are_no_reason_to_give_up(
    web: Web, downloads: Keeper
) -> None:
    web.cut_after, web.cuts = 5_000, 3 * ATTEMPTS
    downloads.refresh()
    assert downloads.copy() == web.files[BASICS.file]


def test_a_server_that_cannot_resume_gives_up_when_it_gets_no_further(
    web: Web, downloads: Keeper
) -> None:
    web.is_resumable = False
    web.cut_after, web.cuts = 30_000, 99
    assert "the connection was lost, after 30,000 bytes" in downloads.failure()
    assert web.answers == [200] * ATTEMPTS


@pytest.mark.parametrize("has_strong_etag", [True, False])
def test_only_the_same_version_is_resumed(
    web: Web, downloads: Keeper, has_strong_etag: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_strong_etag:  # it does not promise the same bytes
        monkeypatch.setattr(Web, "validators", lambda *_: {"ETag": 'W/"1"'})
    other = incompressible(BASICS, 1_500)
    web.cut_after, web.cuts = 30_000, 1
    web.on_cut = lambda: web.files.update({BASICS.file: other})
    state, _ = downloads.refresh()
    assert (web.ranges[1] is not None) == has_strong_etag
    assert web.answers == [200, 200]
    assert state.rows == 1_500
    assert downloads.copy() == other


def test_a_source_that_stops_answering_half_way_is_given_up_with_its_part_kept(
    web: Web, downloads: Keeper
) -> None:
    downloads.refresh()
    downloads.source = downloads.source.model_copy(update={"timeout_seconds": 0.2})
    before = downloads.kept()
    web.files[BASICS.file] = content = incompressible(BASICS, 1_000)
    web.cut_after, web.cuts = 20_000, 1
    web.on_cut = lambda: setattr(web, "stall_after", 0)
    told = downloads.failure()
    assert f"{web.url}/{BASICS.file}: the server stopped answering, after 20,000 bytes" in told
    assert "run the refresh again when the source answers" in told
    assert downloads.kept() == before
    assert downloads.part().read_bytes() == content[:20_000]

    web.stall_after = None  # another day
    state, is_new = Keeper(downloads.root, downloads.source).refresh()
    assert web.ranges[-1] == "bytes=20000-"
    assert (state.rows, is_new) == (1_000, True)
    assert downloads.copy() == content


def test_a_part_that_was_complete_but_not_taken_up_is_no_obstacle(
    web: Web, downloads: Keeper
) -> None:
    web.cut_after, web.cuts = len(web.files[BASICS.file]) - 1, 99
    web.is_resumable = False
    downloads.failure()
    web.cuts, web.is_resumable = 0, True
    with downloads.part().open("ab") as writer:  # as if killed right after the last byte
        writer.write(web.files[BASICS.file][-1:])
    downloads.refresh()
    assert web.answers[-2:] == [416, 200]
    assert downloads.copy() == web.files[BASICS.file]


def test_a_part_from_another_address_is_not_gone_on_with(web: Web, downloads: Keeper) -> None:
    web.cut_after, web.cuts = 30_000, 1
    web.on_cut = lambda: web.refusals.extend([503] * ATTEMPTS)
    downloads.failure()
    Keeper(downloads.root, mirrored(web, downloads)).refresh()
    assert web.ranges[-1] is None
    assert downloads.copy() == web.files[BASICS.file]


def test_a_storm_of_503_is_waited_for(
    web: Web, downloads: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    web.refusals = [503] * (ATTEMPTS - 1)
    downloads.refresh()
    assert web.answers == [503] * (ATTEMPTS - 1) + [200]
    assert f"the server answers 503, after 0 bytes; trying again (2 of {ATTEMPTS})" in caplog.text


def test_a_longer_storm_of_503_is_given_up(web: Web, downloads: Keeper) -> None:
    web.refusals = [503] * ATTEMPTS
    assert f"{web.url}/{BASICS.file}: the server answers 503" in downloads.failure()
    assert len(web.answers) == ATTEMPTS


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach(copies: Keeper) -> None:
    nowhere = ImdbSource(location="http://127.0.0.1:1", pause_seconds=0.001)
    told = Keeper(copies.root, nowhere).failure()
    assert f"http://127.0.0.1:1/{BASICS.file}: the server cannot be reached" in told


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_required_file_that_the_server_lacks_is_an_error(
    web: Web, downloads: Keeper, status: int
) -> None:
    downloads.refresh()
    before = downloads.kept()
    web.refusals = [status]
    told = downloads.failure()
    assert f"{BASICS.file} is required: {web.url}/{BASICS.file} answers {status}" in told
    assert "--source (REC_IMDB_SOURCE)" in told
    assert downloads.kept() == before


def test_an_optional_file_that_the_server_lacks_stays_an_empty_table(
    downloads: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    state, is_new = downloads.refresh(NAMES)
    assert (state.rows, state.is_missing, is_new) == (0, True, True)
    url = downloads.source.location
    assert f"{url}/{NAMES.file} answers 404: it is optional, so raw_name_basics" in caplog.text
    warehouse = DuckDBWarehouse(root=str(downloads.root))
    assert warehouse.row_count("raw_name_basics") == 0
    assert list(warehouse.column_types("raw_name_basics")) == list(NAMES.columns)
    assert downloads.refresh(NAMES)[1] is False


def test_an_optional_file_that_appears_is_taken(web: Web, downloads: Keeper) -> None:
    downloads.refresh(CREW)
    web.files[CREW.file] = packed(CREW, r"tt0000001	nm0000001	\N")
    state, is_new = downloads.refresh(CREW)
    assert (state.rows, state.is_missing, is_new) == (1, False, True)


def test_a_file_that_the_disk_has_no_room_for_is_not_begun(
    web: Web, downloads: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(downloads.storage.scratch_dir())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    told = downloads.failure()
    size = len(web.files[BASICS.file])
    assert f"{web.url}/{BASICS.file} needs {size:,} bytes" in told
    assert "has 1,000 left: free some space, or use another --root (REC_ROOT)" in told
    assert not downloads.part().exists()


class Screen(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_progress_bar_shows_on_a_terminal_only(
    downloads: Keeper, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen := Screen(is_terminal))
    downloads.refresh()
    assert (BASICS.file in screen.getvalue()) == is_terminal
    assert (screen.getvalue() == "") != is_terminal


# Folders


def test_a_packed_file_is_copied_as_it_is_and_again_only_when_it_changed(copies: Keeper) -> None:
    state, is_new = copies.refresh()
    assert (state.rows, is_new) == (2, True)
    assert copies.copy() == packed(BASICS, TITLE, OTHER)
    origin = Path(copies.source.location, BASICS.file)
    status = origin.stat()
    put(copies, b"x" * status.st_size)  # what is not read cannot be refused
    os.utime(origin, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert copies.refresh() == (state, False)
    put(copies, packed(BASICS, TITLE))
    changed, is_new = copies.refresh()
    assert (changed.rows, is_new) == (1, True)


def test_a_plain_file_is_packed_to_the_same_bytes_each_time(copies: Keeper) -> None:
    origin = Path(copies.source.location, BASICS.file)
    origin.unlink()
    plain = origin.with_suffix("")
    plain.write_bytes(table(BASICS, TITLE, OTHER))
    state, _ = copies.refresh()
    assert gzip.decompress(copies.copy()) == plain.read_bytes()
    assert copies.copy()[3:8] == bytes(5)  # neither a name nor the time of day
    os.utime(plain, (0, 0))
    again, is_new = copies.refresh()
    assert again.version != state.version
    assert (again.sha256, is_new) == (state.sha256, False)


def test_a_source_that_is_neither_folder_nor_address_is_an_error(copies: Keeper) -> None:
    told = Keeper(copies.root, ImdbSource(location="/no/such/folder")).failure()
    assert "the source /no/such/folder is neither a folder nor an http(s) address" in told
    assert "--source (REC_IMDB_SOURCE)" in told


def test_a_required_file_that_the_folder_lacks_is_an_error(copies: Keeper) -> None:
    told = copies.failure(RATINGS)
    assert f"{RATINGS.file} is required: {copies.source.location} has no {RATINGS.file}" in told


def test_an_optional_file_that_the_folder_lacks_stays_an_empty_table(
    copies: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    state, _ = copies.refresh(PRINCIPALS)
    assert (state.rows, state.is_missing) == (0, True)
    assert "it is optional, so raw_title_principals stays empty" in caplog.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_is_told_and_leaves_the_last_copy(copies: Keeper) -> None:
    copies.refresh()
    before = copies.kept()
    put(copies, incompressible(BASICS, 1_000))
    copies.part().symlink_to("/dev/full")
    told = copies.failure()
    assert f"{copies.source.location}/{BASICS.file} could not be copied to {copies.root}" in told
    assert "No space left on device" in told
    assert "free some space" in told
    assert copies.kept() == before


def test_a_source_knows_its_kind(tmp_path: Path) -> None:
    assert ImdbSource().kind == ImdbSource(location=f"{IMDB}/").kind == "imdb"
    assert ImdbSource(location=str(tmp_path)).kind == "other"
    (tmp_path / MARKER).touch()
    assert ImdbSource(location=str(tmp_path)).kind == "sample"


# Bad files


def rows_of(*lines: str | bytes) -> bytes:
    """A table of titles whose lines are given, packed."""
    head = "\t".join(BASICS.columns).encode()
    encoded = [line.encode() if isinstance(line, str) else line for line in lines]
    return gzip.compress(b"".join(line + b"\n" for line in (head, *encoded)), mtime=0)


def with_header(header: str) -> bytes:
    return gzip.compress(f"{header}\n{TITLE}\n".encode(), mtime=0)


HEADER = "\t".join(BASICS.columns)
SOUND = packed(BASICS, *(TITLE.replace("0001", f"{number:04d}") for number in range(1, 3000)))
PAGE = b"<!DOCTYPE html><html><body>Access denied</body></html>"
CRC = -8  # the last eight bytes of a gz file are its checksum and its length

BAD_FILES = {
    "cut in the middle": (SOUND[: len(SOUND) // 2], "cut off: the gz stream ends too early"),
    "cut by five bytes": (SOUND[:-5], "cut off: the gz stream ends too early"),
    "wrong checksum": (
        SOUND[:CRC] + bytes([SOUND[CRC] ^ 1]) + SOUND[CRC + 1 :],
        "it is damaged, or no gz file at all (CRC check failed",
    ),
    "flipped bits": (SOUND[:2000] + b"\xff" * 20 + SOUND[2020:], "it is damaged"),
    "rubbish after its end": (SOUND + b"rubbish", "it is damaged"),
    "web page": (PAGE, "it is a web page, no gz file"),
    "packed web page": (gzip.compress(PAGE), "it holds a web page instead of a table"),
    "plain text": (table(BASICS, TITLE), "it is damaged, or no gz file at all (Not a gzipped"),
    "empty": (b"", "it is empty"),
    "packed nothing": (gzip.compress(b""), "it is empty"),
    "a column less": (
        with_header(HEADER.removesuffix("\tgenres")),
        "its header, line 1, lacks genres",
    ),
    "a column more": (
        with_header(f"{HEADER}\tcolour"),
        "its header, line 1, has an unknown 'colour'",
    ),
    "a column renamed": (
        with_header(HEADER.replace("isAdult", "is_adult")),
        "its header, line 1, lacks isAdult and has an unknown 'is_adult'",
    ),
    "columns in another order": (
        with_header(HEADER.replace("tconst\ttitleType", "titleType\ttconst")),
        "its columns, line 1, are in another order: titleType, tconst, primaryTitle",
    ),
    "byte order mark": (with_header(f"\ufeff{HEADER}"), r"has an unknown '\ufefftconst'"),
    "UTF-16": (
        gzip.compress(f"{HEADER}\n{TITLE}\n".encode("utf-16")),
        "its header, line 1, is not UTF-8",
    ),
    "header only": (rows_of(), "it has a header and no rows"),
    "too few fields": (
        rows_of(TITLE, OTHER.rpartition("\t")[0]),
        "line 3 has 8 fields instead of 9 (it reads 'tt0000002",
    ),
    "too many fields": (rows_of(TITLE, f"{OTHER}\t"), "line 3 has 10 fields instead of 9"),
    "an empty line": (rows_of(TITLE, "", OTHER), "line 3 is empty"),
    "an empty line at the end": (rows_of(TITLE, ""), "line 3 is empty"),
    "a last line without end": (
        gzip.compress(table(BASICS, TITLE, OTHER)[:-1]),
        "line 3 is the last one and has no line end: the file seems cut off",
    ),
    "repeated ids": (
        rows_of(TITLE, OTHER, TITLE, OTHER.replace("Loud", "Low")),
        "2 of 4 rows repeat a tconst: tt000000",
    ),
    "one repeated id": (rows_of(TITLE, OTHER, OTHER), "tt0000002 stands in lines 3, 4"),
    "null id": (rows_of(TITLE, OTHER.replace("tt0000002", r"\N")), "line 3 has no tconst"),
    "empty id": (rows_of(TITLE, OTHER.replace("tt0000002", "")), "line 3 has no tconst"),
    "not UTF-8 in the header": (
        gzip.compress(table(BASICS, TITLE).replace(b"isAdult", b"isAd\xfclt")),
        "its header, line 1, is not UTF-8",
    ),
    "not UTF-8 in the key": (
        rows_of(TITLE, OTHER.encode().replace(b"tt", b"t\xff")),
        "line 3 is not UTF-8",
    ),
    "not UTF-8 in a title": (
        rows_of(TITLE, OTHER.encode().replace(b"Loud", b"L\xf6ud")),
        "line 3 is not UTF-8 (it reads 'tt0000002",
    ),
    "not UTF-8 in the first rows": (rows_of(TITLE.encode() + b"\xf6"), "line 2 is not UTF-8"),
    "not UTF-8 far below": (
        gzip.compress(gzip.decompress(SOUND) + OTHER.encode().replace(b"Loud", b"\xe4") + b"\n"),
        "line 3,001 is not UTF-8",
    ),
    "a NUL byte": (rows_of(TITLE, OTHER.replace("Loud", "Lo\0ud")), "line 3 holds a NUL byte"),
    "CRLF line ends": (
        gzip.compress(table(BASICS, TITLE).replace(b"\n", b"\r\n")),
        "line 1 holds a carriage return (CR): only LF ends a line",
    ),
    "one CRLF": (rows_of(TITLE, OTHER + "\r"), "line 3 holds a carriage return"),
    "a CR in a title": (rows_of(TITLE, OTHER.replace("Loud", "Lo\rud")), "line 3 holds a carriage"),
    "a line of megabytes": (
        rows_of(TITLE, OTHER.replace("Loud", "L" * 3_000_000)),
        "line 3 is longer than 2,000,000 bytes (it reads 'tt0000002\\tmovie\\tLLLL",
    ),
}  # fmt: skip

WRONG_NUMBERS = [
    *((BASICS, "startYear", value) for value in ("abc", "", "1e400", "1e3", "12.5", " 1999")),
    *((BASICS, "startYear", value) for value in ("0x7cf", "1_999", "99999999999", "NaN", "٣")),
    (BASICS, "isAdult", "no"),
    (BASICS, "runtimeMinutes", "Reality-TV"),
    (AKAS, "ordering", "first"),
    (AKAS, "isOriginalTitle", "true"),
    *((RATINGS, "averageRating", value) for value in ("good", "1e400", "inf", "nan", "7,5")),
    *((RATINGS, "numVotes", value) for value in ("12.5", "many", "3000000000000")),
    (PRINCIPALS, "ordering", "1.0"),
    (NAMES, "birthYear", "1950?"),
]

GOOD_ROWS = {
    "title_basics": TITLE,
    "title_akas": r"tt0000001	1	Quiet Tide	US	en	imdbDisplay	\N	0",
    "title_ratings": "tt0000001	7.5	1200",
    "title_crew": r"tt0000001	nm0000001,nm0000002	\N",
    "title_principals": r'tt0000001	1	nm0000001	actor	\N	["A \"B\" C"]',
    "name_basics": r"nm0000001	Ada Moor	1950	\N	actor,director	tt0000001",
}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """Good copies of all files; the tests show that nothing bad changes them, so they share it."""
    folder = tmp_path_factory.mktemp("source")
    keeper = Keeper(tmp_path_factory.mktemp("root"), ImdbSource(location=str(folder)))
    for file in RAW_FILES:
        put(keeper, packed(file, GOOD_ROWS[file.name]), file)
        assert keeper.refresh(file)[0].rows == 1
    assert len(keeper.kept()) == 2 * len(RAW_FILES)
    return keeper


@pytest.mark.parametrize(("content", "problem"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_a_reason_and_the_last_good_copy_stays(
    taken: Keeper, content: bytes, problem: str
) -> None:
    before = taken.kept()
    put(taken, content)
    told = taken.failure()
    assert told.startswith(f"{BASICS.file} is not taken: ")
    assert problem in told
    assert "The last good copy and the serving release stay as they are." in told
    assert f"Look at {taken.source.location}/{BASICS.file}: mend it, or fetch it again" in told
    assert "\n" not in told
    assert len(told) < 900
    assert taken.kept() == before


def test_a_mended_file_is_taken_after_a_bad_one(copies: Keeper) -> None:
    put(copies, PAGE)
    copies.failure()
    assert copies.kept() == {}
    put(copies, packed(BASICS, TITLE))
    assert copies.refresh()[0].rows == 1


@pytest.mark.parametrize(("file", "column", "value"), WRONG_NUMBERS)
def test_a_number_that_sql_could_not_cast_everywhere_is_refused(
    taken: Keeper, file: RawFile, column: str, value: str
) -> None:
    before = taken.kept()
    values = GOOD_ROWS[file.name].split("\t")
    if file.key:
        values[0] = "other"
    values[file.columns.index(column)] = value
    put(taken, packed(file, GOOD_ROWS[file.name], "\t".join(values)), file)
    told = taken.failure(file)
    kind = "a number" if column == "averageRating" else "a whole number"
    assert f"line 3 has {value!r} as {column}, which must be {kind}" in told
    assert taken.kept() == before


def test_a_bad_download_is_not_gone_on_with(web: Web, downloads: Keeper) -> None:
    sound = web.files[BASICS.file]
    web.files[BASICS.file] = PAGE
    told = downloads.failure()
    assert f"Look at {web.url}/{BASICS.file}" in told
    assert not downloads.part().exists()
    web.files[BASICS.file] = sound
    downloads.refresh()
    assert web.ranges == [None, None]
    assert downloads.copy() == sound


# Odd files that are sound


def test_quotes_backslashes_and_odd_characters_are_text(copies: Keeper) -> None:
    names = [
        '"Unbalanced',
        'Two "of" them',
        "Ends in \\",
        '\\"',
        "'Tis",
        "#hash",
        "a,b;c|d",
        "Nǐ hǎo 你好 🎬",
        "line\u2028separator\x85\x0b\x1c",
        "\ufeffmark",
        "x" * 1_500_000,
        "\\\\N",
    ]
    rows = [
        OTHER.replace("tt0000002", f"tt{number:07d}").replace("Loud Shore", name, 1)
        for number, name in enumerate(names)
    ]
    put(copies, packed(BASICS, *rows))
    state, _ = copies.refresh()
    assert state.rows == len(names)
    taken = DuckDBWarehouse(root=str(copies.root)).read("raw_title_basics", "tconst")
    assert list(taken["primaryTitle"]) == names


def test_null_may_stand_wherever_there_is_no_id(copies: Keeper) -> None:
    for file in RAW_FILES:
        nulls = "\t".join(["id0000001"] + [r"\N"] * (len(file.columns) - 1))
        put(copies, packed(file, nulls), file)
        assert copies.refresh(file)[0].rows == 1
        table = DuckDBWarehouse(root=str(copies.root)).read(file.asset, file.columns[0])
        assert list(table.iloc[0].isna()) == [False] + [True] * (len(file.columns) - 1)


def test_ids_may_repeat_where_a_title_has_several_rows(copies: Keeper) -> None:
    row = GOOD_ROWS["title_akas"]
    put(copies, packed(AKAS, row, row.replace("\t1\t", "\t2\t", 1)), AKAS)
    assert copies.refresh(AKAS)[0].rows == 2


def test_a_gz_file_of_several_members_is_read_to_its_end(copies: Keeper) -> None:
    put(copies, packed(BASICS, TITLE) + gzip.compress(f"{OTHER}\n".encode()))
    state, _ = copies.refresh()
    assert state.rows == 2
    assert DuckDBWarehouse(root=str(copies.root)).row_count("raw_title_basics") == 2


# The assets


def materialize(root: Path, source: ImdbSource) -> dg.ExecuteInProcessResult:
    resources = {"source": source, "storage": LocalStorage(root=str(root))}
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            raw_assets, resources=resources, instance=instance, raise_on_error=False
        )


def test_a_whole_catalogue_is_taken_and_shown(tmp_path: Path) -> None:
    counts = write_sample(tmp_path / "source", 300)
    result = materialize(tmp_path / "root", ImdbSource(location=str(tmp_path / "source")))
    assert result.success
    for file in RAW_FILES:
        (shown,) = result.asset_materializations_for_node(file.asset)
        assert shown.metadata["dagster/row_count"].value == counts[file.file]
        preview = shown.metadata["preview"]
        assert isinstance(preview, dg.TableMetadataValue)
        assert [len(record.data) for record in preview.records] == [len(file.columns)] * 5
        state = read_state(LocalStorage(root=str(tmp_path / "root")), file)
        assert state is not None
        assert (shown.tags or {})["dagster/data_version"] == state.sha256


def test_an_unsound_file_fails_its_asset_alone(tmp_path: Path) -> None:
    write_sample(tmp_path / "source", 300)
    (tmp_path / "source" / CREW.file).write_bytes(PAGE)
    result = materialize(tmp_path / "root", ImdbSource(location=str(tmp_path / "source")))
    failed = [event.step_key for event in result.all_events if event.is_step_failure]
    assert failed == [CREW.asset]


def test_a_state_without_its_copy_is_forgotten(copies: Keeper) -> None:
    state, _ = copies.refresh()
    copies.storage.delete(BASICS.storage_key)
    assert read_state(copies.storage, BASICS) is None
    again, is_new = copies.refresh()
    assert (again.sha256, is_new) == (state.sha256, True)
    assert copies.copy() == packed(BASICS, TITLE, OTHER)


def change_quietly(copy: Path, content: bytes) -> None:
    """Change a file and leave its size and its time as they were."""
    before = copy.stat()
    assert len(content) == before.st_size
    copy.write_bytes(content)
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("is_old", [False, True])
def test_a_copy_that_was_changed_is_fetched_again(
    copies: Keeper, caplog: pytest.LogCaptureFixture, is_old: bool
) -> None:
    state, _ = copies.refresh()
    if is_old:  # as 0.1.0 left it
        known = json.loads(copies.storage.read(BASICS.state_key) or b"")
        del known["digest"]
        copies.storage.write(BASICS.state_key, json.dumps(known).encode())
    sound = copies.copy()
    change_quietly(copies.storage.fetch(BASICS.storage_key), sound[:-9] + b"X" + sound[-8:])
    again, is_new = copies.refresh()
    assert (again.sha256, is_new, copies.copy()) == (state.sha256, True, sound)
    assert "is not the copy that was stored" in caplog.text
    assert copies.refresh() == (again, False)


def test_a_changed_copy_that_cannot_be_fetched_again_is_not_used(copies: Keeper) -> None:
    copies.refresh()
    copies.storage.fetch(BASICS.storage_key).write_bytes(b"changed")
    shutil.rmtree(copies.source.location)
    assert "neither a folder" in copies.failure()


@pytest.mark.aws
def test_an_object_that_was_changed_is_fetched_again(
    emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    sound = packed(BASICS, TITLE)
    (tmp_path / "source" / BASICS.file).write_bytes(sound)
    source = ImdbSource(location=str(tmp_path / "source"))
    storage = S3Storage(root=f"s3://{BUCKET}/{tmp_path.name}")
    assert refresh_file(BASICS, source, storage, LOG)[1]
    assert not refresh_file(BASICS, source, storage, LOG)[1]
    storage.write(BASICS.storage_key, packed(BASICS, OTHER))
    assert refresh_file(BASICS, source, storage, LOG)[1]
    assert storage.read(BASICS.storage_key) == sound


# Real data


@pytest.mark.real_data
@pytest.mark.skipif(not REAL_DATA, reason="REC_REAL_DATA is unset: no folder of real files")
@pytest.mark.parametrize(
    "folder", ["known-5000", "us-2022-09", "all-regions-2018-07", "all-regions-2022-09"]
)
def test_real_files_are_taken_with_all_their_rows(folder: str, tmp_path: Path) -> None:
    source = Path(REAL_DATA or "", "imdb", folder)
    keeper = Keeper(tmp_path, ImdbSource(location=str(source)))
    for file in RAW_FILES:
        state, _ = keeper.refresh(file)
        path = source / file.file
        assert state.is_missing == (not path.exists())
        if path.exists():
            counted = subprocess.run(
                f"gzip -dc '{path}' | wc -l", shell=True, check=True, capture_output=True
            )
            assert state.rows == int(counted.stdout) - 1
