"""Verification: a fetched file is read whole before it may replace the last good copy."""

import codecs
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rec_platform.ingest.errors import UnsoundFileError, UnsoundRowError
from rec_platform.ingest.files import RawFile, scan_tsv
from rec_platform.ingest.rows import (
    CHUNK_BYTES,
    FORBIDDEN,
    first_bad_line,
    repack,
    set_odd_rows_aside,
    unpacked,
)

if TYPE_CHECKING:
    import duckdb

LINE_END, TAB = b"\n\t"


class Verified(NamedTuple):
    """What a sound file holds.

    Attributes:
        rows: without the header and without rows that were set aside.
        set_aside: odd rows that were taken out, which the tables can go without.
        first_odd: where the first one of these is, and what is odd about it.
        new_columns: those after the ones that the tables need.
    """

    rows: int
    set_aside: int = 0
    first_odd: str = ""
    new_columns: tuple[str, ...] = ()


class _Scan(NamedTuple):
    rows: int = 0
    repeated: int = 0  # rows beyond the first of each key
    complaint: str = ""
    is_refused: bool = False  # by DuckDB, which cannot unpack each gz: see repack()


def verify(path: Path, file: RawFile) -> Verified:
    """Read a fetched file whole. A few odd rows are taken out of it, see rows.py.

    Raises:
        UnsoundFileError: the file is not what IMDb's file should be.
    """
    header = _verify_header(path, file)
    new_columns = tuple(header[len(file.columns) :])
    try:
        return Verified(_verify_rows(path, file, header), new_columns=new_columns)
    except UnsoundRowError:
        set_aside, first_odd = set_odd_rows_aside(path, file, len(header))
        if not set_aside:
            raise
    rows = _verify_rows(path, file, header)
    return Verified(rows, set_aside, first_odd, new_columns)


def _verify_rows(path: Path, file: RawFile, header: list[str]) -> int:
    """Check a file's bytes here and its rows by DuckDB, both at once.

    Each unpacks the file: DuckDB reads a gz with all cores, but what comes through a pipe with one.
    """
    with ThreadPoolExecutor(1) as pool:
        counting = pool.submit(_count_lines, path)
        scan = _scan(path, file)
        lines, tabs = counting.result()  # first: a broken gz explains a failed scan
    if scan.is_refused:
        repack(path)
        scan = _scan(path, file)
    rows = lines - 1
    complaint = scan.complaint
    if not complaint and scan.rows != rows:
        complaint = f"{rows:,} lines give {scan.rows:,} rows"
    if not complaint and tabs != lines * (
        len(header) - 1
    ):  # DuckDB takes one more field if it is null
        complaint = "some rows have too many fields"
    if complaint:
        raise UnsoundRowError(first_bad_line(path, file, len(header)) or complaint)
    if rows == 0:
        raise UnsoundFileError("it has a header and no rows")
    if scan.repeated:
        raise UnsoundFileError(
            f"{scan.repeated:,} of {rows:,} rows repeat a {file.key}: {_repetition(path, file)}"
        )
    return rows


def _verify_header(path: Path, file: RawFile) -> list[str]:
    with path.open("rb") as raw_reader:
        if raw_reader.read(200).lstrip().startswith(b"<"):
            raise UnsoundFileError("it is a web page, no gz file (an error page, a login?)")
    with unpacked(path) as reader:
        line = reader.readline(10_000)
    if not line:
        raise UnsoundFileError("it is empty")
    if line.lstrip().startswith(b"<"):
        raise UnsoundFileError("it holds a web page instead of a table")
    try:
        header = line.decode().removesuffix("\n").removesuffix("\r").split("\t")
    except UnicodeDecodeError:
        raise UnsoundFileError("its header, line 1, is not UTF-8") from None
    known, new = header[: len(file.columns)], header[len(file.columns) :]
    # New columns at the end harm nobody, if SQL can tell all names apart.
    is_clear = all(map(str.isidentifier, new)) and len({*map(str.lower, header)}) == len(header)
    if tuple(known) == file.columns and is_clear:
        return header
    missing = [name for name in file.columns if name not in header]
    unknown = [name for name in header if name not in file.columns]
    if missing or unknown:
        raise UnsoundFileError(
            "its header, line 1,"
            + (f" lacks {', '.join(missing)}" if missing else "")
            + (" and" if missing and unknown else "")
            + (f" has an unknown {', '.join(map(repr, unknown))[:200]}" if unknown else "")
        )
    raise UnsoundFileError(
        f"its columns, line 1, are in another order: {', '.join(header)} "
        f"instead of {', '.join(file.columns)}"
    )


def _count_lines(path: Path) -> tuple[int, int]:
    """Unpack the whole file: only the checksum at its end proves that nothing is missing.

    Returns:
        How many lines it has, and how many tabs.
    """
    import numpy as np

    lines = tabs = 0
    text = codecs.getincrementaldecoder("utf-8")()
    with unpacked(path) as reader:
        while chunk := reader.read(CHUNK_BYTES):
            try:
                text.decode(chunk)
            except UnicodeDecodeError as error:
                raise _not_utf_8(error, lines) from None
            for byte, name in FORBIDDEN.items():
                if (place := chunk.find(byte)) >= 0:
                    line = lines + chunk.count(b"\n", 0, place) + 1
                    raise UnsoundRowError(f"line {line:,} holds {name}: only LF ends a line")
            # Where every eighth byte is counted, bytes.count() takes several times as long.
            codes = np.frombuffer(chunk, dtype="uint8")
            lines += int(np.count_nonzero(codes == LINE_END))
            tabs += int(np.count_nonzero(codes == TAB))
    return lines, tabs


def _not_utf_8(error: UnicodeDecodeError, lines_before: int) -> UnsoundRowError:
    start = error.object.rfind(b"\n", 0, error.start) + 1
    line = lines_before + error.object.count(b"\n", 0, start) + 1
    text = error.object[start : start + 120].partition(b"\n")[0].decode(errors="replace")
    return UnsoundRowError(f"line {line:,} is not UTF-8 (it reads {text!r})")


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
        complaint = str(error).partition("\n")[0]  # a full disk is an IOException, too
        return _Scan(complaint=complaint, is_refused="GZIP" in complaint)
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
    with unpacked(path) as reader:
        lines = [
            number for number, line in enumerate(reader, 1) if line.startswith(f"{key}\t".encode())
        ]
    return f"{key} stands in lines {', '.join(map(str, lines[:5]))}"
