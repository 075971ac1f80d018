"""Raw assets: IMDb's files, fetched when they changed, verified, kept as they came.

A new copy replaces the last good one only after it was read whole. What the files mean does not
belong here (see sql/).
"""

import gzip
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import requests
from pydantic import PrivateAttr
from urllib3.exceptions import HTTPError

from rec_platform.sample import MARKER
from rec_platform.storage import Storage
from rec_platform.warehouse import RAW_PREFIX, scan_tsv

IMDB = "https://datasets.imdbws.com"
CHUNK_BYTES = 1 << 20
ATTEMPTS = 5
PREVIEW_ROWS = 5


@dataclass(frozen=True)
class RawFile:
    """One of IMDb's files: what it must look like to be taken."""

    name: str
    description: str
    columns: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    key: str | None = None  # a column whose values are unique
    is_required: bool = False

    @property
    def asset(self) -> str:
        """The asset's and the table's name."""
        return RAW_PREFIX + self.name

    @property
    def file(self) -> str:
        """The file's name at its source."""
        return self.name.replace("_", ".") + ".tsv.gz"

    @property
    def storage_key(self) -> str:
        """Where its last good copy is kept."""
        return f"raw/{self.name}/{self.file}"

    @property
    def state_key(self) -> str:
        """Where what is known of that copy is kept."""
        return f"raw/{self.name}/state.json"


RAW_FILES = (
    RawFile(
        "title_basics",
        "Every title: type, names, years, runtime, genres.",
        (
            *("tconst", "titleType", "primaryTitle", "originalTitle", "isAdult"),
            *("startYear", "endYear", "runtimeMinutes", "genres"),
        ),
        numbers=("isAdult", "startYear", "endYear", "runtimeMinutes"),
        key="tconst",
        is_required=True,
    ),
    RawFile(
        "title_akas",
        "The names of titles by region and language.",
        (
            *("titleId", "ordering", "title", "region", "language"),
            *("types", "attributes", "isOriginalTitle"),
        ),
        numbers=("ordering", "isOriginalTitle"),
        is_required=True,
    ),
    RawFile(
        "title_ratings",
        "Mean rating and number of votes of titles that have five votes or more.",
        ("tconst", "averageRating", "numVotes"),
        numbers=("averageRating", "numVotes"),
        key="tconst",
        is_required=True,
    ),
    RawFile(
        "title_crew", "Directors and writers.", ("tconst", "directors", "writers"), key="tconst"
    ),
    RawFile(
        "title_principals",
        "Leading cast and crew, in order of billing.",
        ("tconst", "ordering", "nconst", "category", "job", "characters"),
        numbers=("ordering",),
    ),
    RawFile(
        "name_basics",
        "People: names, years, professions.",
        (
            *("nconst", "primaryName", "birthYear", "deathYear"),
            *("primaryProfession", "knownForTitles"),
        ),
        numbers=("birthYear", "deathYear"),
        key="nconst",
    ),
)


@dataclass(frozen=True)
class RawState:
    """What is known of the last good copy of a raw file.

    `version` is what the source tells copies apart by: ETag and Last-Modified, or size and time.
    """

    source: str
    version: Mapping[str, str]
    rows: int
    bytes: int
    sha256: str
    fetched_at: str
    is_missing: bool = False


def read_state(storage: Storage, file: RawFile) -> RawState | None:
    """What is known of the last good copy, or None where there is none."""
    content = storage.read(file.state_key)
    if content is None or file.file not in storage.names(f"raw/{file.name}"):
        return None
    return RawState(**json.loads(content))


# Sources


class SourceMissingError(Exception):
    """The source has no such file."""


class SourceFailedError(Exception):
    """The source could not be read to its end; its text says why and what to do."""


class ImdbSource(dg.ConfigurableResource):
    """Where IMDb's files come from: a base URL, or a folder of `*.tsv.gz` or `*.tsv`."""

    location: str = IMDB
    timeout_seconds: float = 60
    pause_seconds: float = 1  # before the second attempt; doubled before each further one

    _session: requests.Session = PrivateAttr(default_factory=requests.Session)

    @property
    def kind(self) -> str:
        """`imdb`, `sample` for invented files, or `other`."""
        if self.location.rstrip("/") == IMDB:
            return "imdb"
        return "sample" if Path(self.location, MARKER).is_file() else "other"

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
        if self.location.startswith(("http://", "https://")):
            return self._download(f"{self.location.rstrip('/')}/{file}", known, part, log)
        return self._copy(file, known, part)

    def _copy(self, file: str, known: Mapping[str, str], part: Path) -> dict[str, str] | None:
        folder = Path(self.location)
        if not folder.is_dir():
            raise SourceFailedError(
                f"the source {self.location} is neither a folder nor an http(s) address: "
                "set --source (REC_IMDB_SOURCE)"
            )
        found = [path for path in (folder / file, folder / file[: -len(".gz")]) if path.is_file()]
        if not found:
            raise SourceMissingError
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

    def _download(
        self, url: str, known: Mapping[str, str], part: Path, log: logging.Logger
    ) -> dict[str, str] | None:
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                log.warning(f"{problem}; attempt {attempt + 1} of {ATTEMPTS} goes on from there")
                time.sleep(self.pause_seconds * 2 ** (attempt - 1))
            try:
                return self._download_rest(url, known, part)
            except (requests.RequestException, HTTPError) as error:
                size = part.stat().st_size if part.exists() else 0
                problem = f"{url} broke off after {size:,} bytes ({_reason(error)})"
        raise SourceFailedError(
            f"{problem} in {ATTEMPTS} attempts: what has come is kept, so run the refresh again "
            "when the source answers"
        )

    def _download_rest(
        self, url: str, known: Mapping[str, str], part: Path
    ) -> dict[str, str] | None:
        """Fetch what is missing of a file after an attempt that was cut, or all of it."""
        # Beside the part stands the version that it is a part of.
        begun = part.with_suffix(".version.json")
        part_version = json.loads(begun.read_text()) if begun.exists() and part.exists() else {}
        offset = part.stat().st_size if part_version else 0
        headers = _range_headers(part_version, offset) if offset else _condition_headers(known)
        timeout = (min(10, self.timeout_seconds), self.timeout_seconds)
        with self._session.get(url, headers=headers, stream=True, timeout=timeout) as response:
            if response.status_code == requests.codes.not_modified:
                return None
            if response.status_code in (403, 404, 410):  # S3 says 403 for a key that is not there
                raise SourceMissingError
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                begun.unlink()
            response.raise_for_status()
            version = _version(response)
            if response.status_code != requests.codes.partial_content:
                offset = 0
                begun.write_text(json.dumps(version))
            total = offset + int(response.headers.get("Content-Length", 0))
            _require_space(part.parent, total - offset, url)
            with (
                part.open("ab" if offset else "wb") as writer,
                _progress(part, offset, total) as tick,
            ):
                # Not iter_content: it would unpack a Content-Encoding, and the file is kept as gz.
                for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
                    writer.write(chunk)
                    tick(len(chunk))
        begun.unlink()
        return version


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code}"
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return "the server stopped answering"
    return "the connection was lost" if "onnection" in str(error) else str(error)


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


def _range_headers(part_version: Mapping[str, str], offset: int) -> dict[str, str]:
    # If-Range: the rest of the same version, or the whole of a newer one.
    validator = part_version.get("etag", part_version.get("last_modified", ""))
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
def _progress(part: Path, done: int, total: int) -> Iterator[Any]:
    """A progress bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task(part.stem, total=total or None, completed=done)
        yield lambda count: bar.advance(task, count)


# Verification


def verify(path: Path, file: RawFile) -> int:
    """Read a fetched file whole and return its number of rows.

    Raises:
        dg.Failure: it is not what IMDb's file should be; the text says what is wrong, and where.
    """
    _verify_gzip(path, file)
    _verify_header(path, file)
    import duckdb

    counts = f"count(*), count(DISTINCT {file.key})" if file.key else "count(*), count(*)"
    try:
        with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
            # Counting a column is what makes DuckDB convert its values.
            scan = f"SELECT {counts}, count(COLUMNS(*)) FROM {scan_tsv(path, file.numbers)}"
            rows, distinct, *_ = connection.execute(scan).fetchall()[0]
    except duckdb.Error as error:
        raise refusal(file, _row_problem(error)) from None
    if rows == 0:
        raise refusal(file, "it has a header and no rows")
    if rows != distinct:
        raise refusal(
            file, f"{rows - distinct:,} of {rows:,} rows repeat a {file.key} or have none"
        )
    return rows


def refusal(file: RawFile, problem: str) -> dg.Failure:
    """The failure of a file that is not taken."""
    return dg.Failure(
        f"{file.file} is not taken: {problem}. Its last good copy and the serving release stay as "
        "they are. Look at the file where --source (REC_IMDB_SOURCE) points to, or fetch it again.",
        allow_retries=False,
    )


def _verify_gzip(path: Path, file: RawFile) -> None:
    """Unpack it all: the checksum at its end is the one proof that nothing is missing."""
    with path.open("rb") as reader:
        start = reader.read(200).lstrip()
    if start[:1] == b"<":
        raise refusal(file, "it is a web page, not a gz file (an error page, a login, a proxy?)")
    try:
        with gzip.open(path) as reader:
            while reader.read(CHUNK_BYTES):
                pass
    except EOFError:
        raise refusal(file, "it is cut off: the gz stream ends too early") from None
    except (OSError, ValueError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
        raise refusal(file, f"it is no intact gz file ({error})") from None


def _verify_header(path: Path, file: RawFile) -> None:
    with gzip.open(path, "rb") as reader:
        line = reader.readline(10_000)
    try:
        header = line.decode("utf-8").rstrip("\r\n").split("\t")
    except UnicodeDecodeError:
        raise refusal(file, "its header is not UTF-8") from None
    if header[0].lstrip().startswith("<"):
        raise refusal(file, "it holds a web page instead of a table")
    missing = [name for name in file.columns if name not in header]
    unknown = [name for name in header if name not in file.columns]
    if missing or unknown:
        found = f"; unexpected instead: {', '.join(unknown)[:200]}" if unknown else ""
        raise refusal(file, f"its header lacks {', '.join(missing) or 'nothing'}{found}")
    if tuple(header) != file.columns:
        raise refusal(file, f"its columns are in another order: {', '.join(header)}")


def _row_problem(error: Exception) -> str:
    """What DuckDB found wrong, without its advice on its own options."""
    lines = [line.strip() for line in str(error).splitlines()]
    place = next((line for line in lines if "CSV Error on Line" in line), "")
    line_number = place.rpartition(":")[2].strip() or "?"
    row = next((line for line in lines if line.startswith("Original Line")), "")
    text = row.partition(":")[2].strip()[:120]
    finding = next(
        (
            line
            for line in lines
            if line.startswith(("Expected Number", "Invalid unicode", "Error"))
        ),
        lines[0],
    )
    finding = finding.replace(
        "(byte sequence mismatch) detected. This file is not utf-8 encoded.", ""
    )
    finding = finding.replace("Invalid unicode", "text that is not UTF-8")
    return f"line {line_number}: {finding.strip()} (the line reads {text!r})"


# Assets


def refresh_file(
    file: RawFile, source: ImdbSource, storage: Storage, log: logging.Logger
) -> tuple[RawState, bool]:
    """Bring the last good copy of a file up to date.

    Returns:
        What is known of the copy, and whether it is a new one.

    Raises:
        dg.Failure: the source could not be read, or what it holds is not taken.
    """
    last = read_state(storage, file)
    is_known = last is not None and last.source == source.location
    part = storage.workplace() / (file.file + ".part")
    try:
        known = last.version if last and is_known else {}
        version = source.fetch(file.file, known, part, log)
    except SourceMissingError:
        if file.is_required:
            raise refusal(file, f"{source.location} does not have it, and it is required") from None
        log.warning(f"{source.location} has no {file.file}: going on without {file.description}")
        part.write_bytes(gzip.compress(("\t".join(file.columns) + "\n").encode(), mtime=0))
        version, rows, is_missing = {}, 0, True
    except SourceFailedError as error:
        raise dg.Failure(f"{error}. The serving release stays.", allow_retries=False) from None
    else:
        if version is None and last is not None:
            return last, False
        try:
            rows, is_missing = verify(part, file), False
        except dg.Failure:
            part.unlink()
            raise
    with part.open("rb") as reader:
        checksum = hashlib.file_digest(reader, "sha256").hexdigest()
    state = RawState(
        source=source.location,
        version=version or {},
        rows=rows,
        bytes=part.stat().st_size,
        sha256=checksum,
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
        is_missing=is_missing,
    )
    storage.put(part, file.storage_key)
    storage.write(file.state_key, json.dumps(asdict(state), indent=1).encode())
    return state, last is None or last.sha256 != checksum


def _raw_asset(file: RawFile) -> dg.AssetsDefinition:
    schema = dg.TableSchema(
        [
            dg.TableColumn(name, "number" if name in file.numbers else "text")
            for name in file.columns
        ]
    )

    @dg.asset(
        name=file.asset,
        group_name="raw",
        kinds={"gz", "tsv"},
        owners=["team:data"],
        description=f"{file.description} IMDb's `{file.file}` as it came, "
        + ("required." if file.is_required else "optional: empty where the source lacks it."),
        metadata={"dagster/column_schema": schema},
    )
    def raw_asset(
        context: dg.AssetExecutionContext, source: ImdbSource, storage: Storage
    ) -> dg.MaterializeResult[Any]:
        state, is_new = refresh_file(file, source, storage, context.log)
        if not is_new:
            context.log.info(f"{file.file} is unchanged at {state.source}")
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": state.rows,
                "is_new": is_new,
                "is_missing": state.is_missing,
                "bytes": state.bytes,
                "source": state.source,
                "fetched_at": state.fetched_at,
                "sha256": state.sha256,
                "preview": _preview(storage.local(file.storage_key), schema),
            },
            data_version=dg.DataVersion(state.sha256),
        )

    return raw_asset


def _preview(path: Path, schema: dg.TableSchema) -> dg.TableMetadataValue:
    with gzip.open(path, "rt", encoding="utf-8") as reader:
        header, *lines = [reader.readline() for _ in range(PREVIEW_ROWS + 1)]
    names = header.rstrip("\r\n").split("\t")
    rows = [line.rstrip("\r\n").split("\t") for line in lines if line]
    records = [dg.TableRecord(dict(zip(names, row, strict=True))) for row in rows]
    return dg.MetadataValue.table(records, schema)


raw_assets = [_raw_asset(file) for file in RAW_FILES]
