"""Verification: a fetched file is read whole before it may replace the last good copy."""

import codecs
import gzip
import re
import zlib
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rec_platform.ingest.files import INTEGER, NULL, RawFile, scan_tsv

if TYPE_CHECKING:
    import duckdb

CHUNK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 2_000_000  # DuckDB reads no longer ones


class UnsoundFileError(Exception):
    """A file is not what IMDb's file should be; the text says what is wrong, and where."""


class _Scan(NamedTuple):
    rows: int = 0
    repeated: int = 0  # rows beyond the first of each key
    complaint: str = ""


def verify(path: Path, file: RawFile) -> int:
    """Read a fetched file whole.

    Returns:
        Its number of rows, without the header.

    Raises:
        UnsoundFileError: the file is not what IMDb's file should be.
    """
    _verify_header(path, file)
    with ThreadPoolExecutor() as pool:  # in parallel: neither holds the interpreter lock
        counting = pool.submit(_count_lines, path)
        scanning = pool.submit(_scan, path, file)
    rows = counting.result() - 1  # first: a broken gz explains a failed scan
    scan = scanning.result()
    complaint = scan.complaint
    if not complaint and scan.rows != rows:
        complaint = f"{rows:,} lines give {scan.rows:,} rows"
    if complaint:
        raise UnsoundFileError(_first_bad_line(path, file) or complaint)
    if rows == 0:
        raise UnsoundFileError("it has a header and no rows")
    if scan.repeated:
        raise UnsoundFileError(
            f"{scan.repeated:,} of {rows:,} rows repeat a {file.key}: {_repetition(path, file)}"
        )
    return rows


@contextmanager
def _unpacked(path: Path) -> Generator[gzip.GzipFile]:
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
    """Unpack the whole file: only the checksum at its end proves that nothing is missing."""
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


def _scan(path: Path, file: RawFile) -> _Scan:
    """Check the shape of every row, and the values that the tables' SQL casts or joins on."""
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
        return _Scan(complaint=str(error).partition("\n")[0])
    is_sound = keys == rows and not wrong
    return _Scan(rows, keys - distinct, "" if is_sound else "some values are wrong")


@contextmanager
def _connection(path: Path) -> "Generator[duckdb.DuckDBPyConnection]":
    import duckdb

    options: dict[str, Any] = {
        "memory_limit": "1GB",
        "temp_directory": str(path.parent / "duckdb"),
    }
    with duckdb.connect(config=options) as connection:
        connection.execute("SET enable_progress_bar = false")
        yield connection


def _repetition(path: Path, file: RawFile) -> str:
    """One repeated key and its lines."""
    query = f"SELECT {file.key} FROM {scan_tsv(path)} GROUP BY 1 HAVING count(*) > 1 LIMIT 1"
    with _connection(path) as connection:
        ((key,),) = connection.execute(query).fetchall()
    with _unpacked(path) as reader:
        lines = [
            number for number, line in enumerate(reader, 1) if line.startswith(f"{key}\t".encode())
        ]
    return f"{key} stands in lines {', '.join(map(str, lines[:5]))}"


def _first_bad_line(path: Path, file: RawFile) -> str | None:
    """Read a bad file line by line to say where it is bad.

    DuckDB's reject tables cannot: they miss empty lines, wrong values and most invalid UTF-8.
    """
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
