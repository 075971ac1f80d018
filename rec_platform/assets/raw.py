"""Raw assets: IMDb's files, fetched when they changed, verified, kept as they came.

A new copy replaces the last good one only after it was read whole. Where files come from does not
belong here (see sources.py), nor what they mean (see sql/).
"""

import codecs
import gzip
import hashlib
import json
import logging
import re
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from rec_platform.resources.imdb import ImdbSource, SourceFailedError, SourceMissingError
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import RAW_PREFIX, scan_tsv

CHUNK_BYTES = 1 << 20
PREVIEW_ROWS = 5
NULL = r"\N"
LONGEST_LINE_BYTES = 2_000_000  # DuckDB reads no longer ones
LAST_STAYS = "The last good copy and the serving release stay as they are."

# Numbers that every engine's CAST takes, and none rounds (DuckDB makes 13 of 12.5, Athena fails).
INTEGER = "[0-9]{1,9}"
DECIMAL = "[0-9]{1,9}([.][0-9]{1,9})?"


@dataclass(frozen=True)
class RawFile:
    """One of IMDb's files: what it must look like to be taken."""

    name: str
    description: str
    columns: tuple[str, ...]
    numbers: Mapping[str, str] = field(default_factory=dict)  # column: pattern
    key: str | None = None  # the first column, where its values are unique
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
        return f"raw/{self.name}.json"  # beside the folder, of which Athena reads every file


RAW_FILES = (
    RawFile(
        "title_basics",
        "Every title: type, names, years, runtime, genres.",
        (
            *("tconst", "titleType", "primaryTitle", "originalTitle", "isAdult"),
            *("startYear", "endYear", "runtimeMinutes", "genres"),
        ),
        numbers=dict.fromkeys(("isAdult", "startYear", "endYear", "runtimeMinutes"), INTEGER),
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
        numbers={"ordering": INTEGER, "isOriginalTitle": INTEGER},
        is_required=True,
    ),
    RawFile(
        "title_ratings",
        "Mean rating and number of votes of titles that have five votes or more.",
        ("tconst", "averageRating", "numVotes"),
        numbers={"averageRating": DECIMAL, "numVotes": INTEGER},
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
        numbers={"ordering": INTEGER},
    ),
    RawFile(
        "name_basics",
        "People: names, years, professions.",
        (
            *("nconst", "primaryName", "birthYear", "deathYear"),
            *("primaryProfession", "knownForTitles"),
        ),
        numbers={"birthYear": INTEGER, "deathYear": INTEGER},
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
    preview: list[list[str]]
    is_missing: bool = False
    digest: str = ""  # of the copy as it was stored, see Storage; states of 0.1.0 have none


def read_state(storage: Storage, file: RawFile) -> RawState | None:
    """What is known of the last good copy, or None where there is none."""
    content = storage.read(file.state_key)
    if content is None or file.file not in storage.names(f"raw/{file.name}"):
        return None
    return RawState(**json.loads(content))


# Verification


class UnsoundFileError(Exception):
    """A file is not what IMDb's file should be; its text says what is wrong, and where."""


class _Findings(NamedTuple):
    rows: int = 0
    repeated: int = 0  # rows whose key another row has, too
    complaint: str = ""


def verify(path: Path, file: RawFile) -> int:
    """Read a fetched file whole and return its number of rows.

    Raises:
        UnsoundFileError: it is not what IMDb's file should be.
    """
    _verify_header(path, file)
    with ThreadPoolExecutor() as pool:  # side by side: both spend their time outside of Python
        counting = pool.submit(_count_lines, path)
        scanning = pool.submit(_scan, path, file)
    rows = counting.result() - 1  # first, for a broken gz explains what the scan stumbled over
    found = scanning.result()
    complaint = found.complaint
    if not complaint and found.rows != rows:
        complaint = f"{rows:,} lines give {found.rows:,} rows"
    if complaint:
        raise UnsoundFileError(_first_bad_line(path, file) or complaint)
    if rows == 0:
        raise UnsoundFileError("it has a header and no rows")
    if found.repeated:
        raise UnsoundFileError(
            f"{found.repeated:,} of {rows:,} rows repeat a {file.key}: {_repetition(path, file)}"
        )
    return rows


@contextmanager
def _unpacked(path: Path) -> Iterator[gzip.GzipFile]:
    try:
        with gzip.open(path) as reader:
            yield reader
    except EOFError:
        raise UnsoundFileError("it is cut off: the gz stream ends too early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnsoundFileError(f"it is damaged, or no gz file at all ({error})") from None


def _verify_header(path: Path, file: RawFile) -> None:
    with path.open("rb") as raw_reader:
        if raw_reader.read(200).lstrip().startswith(b"<"):
            raise UnsoundFileError("it is a web page, no gz file (an error page, a login?)")
    with _unpacked(path) as reader:
        line = reader.readline(10_000)
    if not line:
        raise UnsoundFileError("it is empty")
    if line.lstrip().startswith(b"<"):
        raise UnsoundFileError("it holds a web page instead of a table")
    try:
        header = line.decode().removesuffix("\n").removesuffix("\r").split("\t")
    except UnicodeDecodeError:
        raise UnsoundFileError("its header, line 1, is not UTF-8") from None
    missing = [name for name in file.columns if name not in header]
    unknown = [name for name in header if name not in file.columns]
    if missing or unknown:
        raise UnsoundFileError(
            "its header, line 1,"
            + (f" lacks {', '.join(missing)}" if missing else "")
            + (" and" if missing and unknown else "")
            + (f" has an unknown {', '.join(map(repr, unknown))[:200]}" if unknown else "")
        )
    if tuple(header) != file.columns:
        raise UnsoundFileError(
            f"its columns, line 1, are in another order: {', '.join(header)} "
            f"instead of {', '.join(file.columns)}"
        )


def _count_lines(path: Path) -> int:
    """Unpack it all: the checksum at its end is the one proof that nothing is missing."""
    lines = 0
    text = codecs.getincrementaldecoder("utf-8")()
    with _unpacked(path) as reader:
        while chunk := reader.read(CHUNK_BYTES):
            try:
                text.decode(chunk)
            except UnicodeDecodeError as error:
                raise _not_utf_8(error, lines) from None
            for byte, name in ((b"\0", "a NUL byte"), (b"\r", "a carriage return (CR)")):
                if (place := chunk.find(byte)) >= 0:
                    line = lines + chunk.count(b"\n", 0, place) + 1
                    raise UnsoundFileError(f"line {line:,} holds {name}: only LF ends a line")
            lines += chunk.count(b"\n")
    return lines


def _not_utf_8(error: UnicodeDecodeError, lines_before: int) -> UnsoundFileError:
    start = error.object.rfind(b"\n", 0, error.start) + 1
    line = lines_before + error.object.count(b"\n", 0, start) + 1
    text = error.object[start : start + 120].partition(b"\n")[0].decode(errors="replace")
    return UnsoundFileError(f"line {line:,} is not UTF-8 (it reads {text!r})")


def _scan(path: Path, file: RawFile) -> _Findings:
    """Read the columns whose values matter as the tables' SQL will, and the shape of every row."""
    import duckdb

    is_wrong = " OR ".join(
        f"NOT regexp_full_match({name}, '{pattern}')" for name, pattern in file.numbers.items()
    )
    columns = (
        "count(*)",
        f"count(nullif({file.key}, ''))" if file.key else "count(*)",
        f"count(DISTINCT {file.key})" if file.key else "count(*)",
        f"count(*) FILTER ({is_wrong or 'false'})",
    )
    try:
        with _connection(path) as connection:
            statement = f"SELECT {', '.join(columns)} FROM {scan_tsv(path)}"
            rows, keys, distinct, wrong = connection.execute(statement).fetchall()[0]
    except (duckdb.Error, UnicodeDecodeError) as error:
        return _Findings(complaint=str(error).partition("\n")[0])
    is_sound = keys == rows and not wrong
    return _Findings(rows, keys - distinct, "" if is_sound else "some values are wrong")


@contextmanager
def _connection(path: Path) -> Iterator[Any]:
    import duckdb

    options: dict[str, Any] = {
        "memory_limit": "1GB",
        "temp_directory": str(path.parent / "duckdb"),
    }
    with duckdb.connect(config=options) as connection:
        connection.execute("SET enable_progress_bar = false")
        yield connection


def _repetition(path: Path, file: RawFile) -> str:
    """One key that is repeated, and its lines."""
    query = f"SELECT {file.key} FROM {scan_tsv(path)} GROUP BY 1 HAVING count(*) > 1 LIMIT 1"
    with _connection(path) as connection:
        (key,) = connection.execute(query).fetchone()
    with _unpacked(path) as reader:
        lines = [
            number for number, line in enumerate(reader, 1) if line.startswith(f"{key}\t".encode())
        ]
    return f"{key} stands in lines {', '.join(map(str, lines[:5]))}"


def _first_bad_line(path: Path, file: RawFile) -> str | None:
    """Go through a file that is known to be bad, slowly, to tell people where to look."""
    with _unpacked(path) as reader:
        reader.readline()
        number = 1
        while line := reader.readline(LONGEST_LINE_BYTES):
            number += 1
            if problem := _line_problem(line, file):
                text = line[:120].decode(errors="replace").rstrip("\n")
                return f"line {number:,} {problem} (it reads {text!r})"
    return None


def _line_problem(line: bytes, file: RawFile) -> str | None:
    if line == b"\n":
        return "is empty"
    if len(line) == LONGEST_LINE_BYTES:
        return f"is longer than {LONGEST_LINE_BYTES:,} bytes"
    if not line.endswith(b"\n"):
        return "is the last one and has no line end: the file seems cut off"
    try:
        values = line.decode().removesuffix("\n").split("\t")
    except UnicodeDecodeError:
        return "is not UTF-8"
    if len(values) != len(file.columns):
        return f"has {len(values)} fields instead of {len(file.columns)}"
    return _value_problem(dict(zip(file.columns, values, strict=True)), file)


def _value_problem(row: Mapping[str, str], file: RawFile) -> str | None:
    for name, pattern in file.numbers.items():
        if row[name] != NULL and not re.fullmatch(pattern, row[name]):
            kind = "a whole number" if pattern == INTEGER else "a number"
            return f"has {row[name][:40]!r} as {name}, which must be {kind}"
    if file.key and row[file.key] in ("", NULL):
        return f"has no {file.key}"
    return None


# Assets


def refresh_file(
    file: RawFile, source: ImdbSource, storage: Storage, log: logging.Logger
) -> tuple[RawState, bool]:
    """Bring the last good copy of a file up to date.

    A copy that was changed since it was stored is fetched again. Nothing that reads it later
    compares a checksum: DuckDB ignores that of gz.

    Returns:
        What is known of the copy, and whether it is a new one.

    Raises:
        dg.Failure: the source could not be read, or what it holds is not taken.
    """
    last = read_state(storage, file)
    if last and storage.digest(file.storage_key) != (last.digest or last.sha256):
        log.warning(
            f"{file.storage_key} is not the copy that was stored on {last.fetched_at}: it is "
            "fetched again"
        )
        last = None
    known = last if last and last.source == source.location else None
    part = storage.scratch_dir() / (file.file + ".part")
    version, rows, is_missing = {}, 0, False
    try:
        version = source.fetch(file.file, known.version if known else {}, part, log)
        if version is None and known:
            return known, False
        rows = verify(part, file)
    except SourceFailedError as error:
        raise dg.Failure(f"{error}. {LAST_STAYS}", allow_retries=False) from None
    except UnsoundFileError as error:
        part.unlink()
        raise dg.Failure(
            f"{file.file} is not taken: {error}. {LAST_STAYS} "
            f"Look at {source.address(file.file)}: mend it, or fetch it again.",
            allow_retries=False,
        ) from None
    except SourceMissingError as error:
        if file.is_required:
            raise dg.Failure(
                f"{file.file} is required: {error}. {LAST_STAYS} "
                "Set --source (REC_IMDB_SOURCE) to where the file is.",
                allow_retries=False,
            ) from None
        if last and last.source == source.location and not last.is_missing:
            log.warning(f"{error}: the copy of {last.fetched_at} stays in use")
            return last, False
        log.warning(f"{error}: it is optional, so {file.asset} stays empty")
        part.write_bytes(gzip.compress(("\t".join(file.columns) + "\n").encode(), mtime=0))
        is_missing = True
    with part.open("rb") as reader:
        checksum = hashlib.file_digest(reader, "sha256").hexdigest()
    state = RawState(
        source=source.location,
        version=version or {},
        rows=rows,
        bytes=part.stat().st_size,
        sha256=checksum,
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
        preview=_preview(part),
        is_missing=is_missing,
    )
    storage.delete(file.state_key)  # nothing is known of the copy until its own state stands there
    storage.put(part, file.storage_key)
    state = replace(state, digest=storage.digest(file.storage_key))
    storage.write(file.state_key, json.dumps(asdict(state), indent=1).encode())
    return state, last is None or last.sha256 != checksum


def _preview(path: Path) -> list[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as reader:
        _, *lines = [reader.readline() for _ in range(PREVIEW_ROWS + 1)]
    return [line.removesuffix("\n").split("\t") for line in lines if line]


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
                "preview": dg.MetadataValue.table(
                    [
                        dg.TableRecord(dict(zip(file.columns, row, strict=True)))
                        for row in state.preview
                    ],
                    schema,
                ),
            },
            data_version=dg.DataVersion(state.sha256),
        )

    return raw_asset


raw_assets = [_raw_asset(file) for file in RAW_FILES]
