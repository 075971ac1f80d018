"""The rows of a file, one by one: where a bad one is, and whether the file is sound without it."""

import gzip
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from isal import igzip, igzip_lib

from rec_platform.ingest.errors import UnsoundFileError
from rec_platform.ingest.files import INTEGER, NULL, RawFile

CHUNK_BYTES = 1 << 18  # fits into a processor's cache
ISAL_ERROR = cast("type[Exception]", igzip_lib.IsalError)  # to its stub it is no class
LONGEST_LINE_BYTES = 2_000_000  # DuckDB reads no longer ones
FORBIDDEN = {b"\0": "a NUL byte", b"\r": "a carriage return (CR)"}
# One odd row in this many is set aside, and one in a smaller file that is no mere handful of rows.
ROWS_FOR_AN_ODD_ONE = 10_000
FEWEST_ROWS = 100
# How an odd row starts that the tables can go without. In title.basics it must say that it is no
# film's. In files of names and credits any may go: one name or credit is lost. In title.ratings
# none may: a film would leave the catalogue. Nothing there was typed by hand, so it is damage.
DISPENSABLE = {
    "title_basics": re.compile(rb"tt[0-9]+\t(?!movie\t)[A-Za-z]+\t"),
    **dict.fromkeys(("title_akas", "title_crew", "title_principals"), re.compile(b"")),
    "name_basics": re.compile(b""),
}


@contextmanager
def unpacked(path: Path) -> Generator[igzip.IGzipFile]:
    """Read what a gz holds.

    Raises:
        UnsoundFileError: it is cut off or damaged.
    """
    try:
        with igzip.IGzipFile(path) as reader:
            yield reader
    except (EOFError, gzip.BadGzipFile, ISAL_ERROR) as error:
        raise _damage(path, error) from None


def _damage(path: Path, error: Exception) -> UnsoundFileError:
    """What Python's own reader says of a damaged gz: the fast one takes rubbish for a cut."""
    try:
        with gzip.open(path) as reader:
            while reader.read(CHUNK_BYTES):
                pass
    except EOFError:
        return UnsoundFileError("it is cut off: the gz stream ends too early")
    except (gzip.BadGzipFile, zlib.error) as known:
        error = known
    return UnsoundFileError(f"it is damaged, or no gz file at all ({error})")


def repack(path: Path) -> None:
    """Write a gz anew, as one member with a plain header."""
    _rewrite(path, lambda reader: iter(lambda: reader.read(CHUNK_BYTES), b""))


def _rewrite(path: Path, content: Callable[[igzip.IGzipFile], Iterable[bytes]]) -> None:
    """Replace a gz by what a function makes of what it holds; if that fails, leave it as it is."""
    anew = path.with_suffix(".anew")
    try:
        with (
            unpacked(path) as reader,
            anew.open("wb") as raw_writer,
            gzip.GzipFile("", "wb", 6, raw_writer, mtime=0) as writer,
        ):
            writer.writelines(content(reader))
        anew.replace(path)
    finally:
        anew.unlink(missing_ok=True)


def first_bad_line(path: Path, file: RawFile, width: int) -> str | None:
    """Read a bad file line by line to say where it is bad.

    DuckDB's reject tables cannot: they miss empty lines, wrong values and most invalid UTF-8.
    """
    with unpacked(path) as reader:
        reader.readline()
        for number, line in _lines(reader):
            if problem := _line_problem(line, file, width):
                return _told(number, line, problem)
    return None


def set_odd_rows_aside(path: Path, file: RawFile, width: int) -> tuple[int, str]:
    """Take the odd rows out of a file, if they are few and the tables can go without them.

    A line that has no end is never taken out: the file may be cut off there.

    Args:
        path: the file, which is written anew.
        file: what it should be.
        width: how many fields a row has.

    Returns:
        How many were taken out, and where the first one was; 0 if the file is left as it is.
    """
    dispensable = DISPENSABLE.get(file.name)
    if not dispensable:
        return 0, ""
    odd, first_odd = 0, ""

    def sound_lines(reader: igzip.IGzipFile) -> Iterator[bytes]:
        nonlocal odd, first_odd
        yield reader.readline()
        count = 0
        for number, line in _lines(reader):
            count += 1
            problem = _line_problem(line, file, width)
            if not problem:
                yield line
            elif line.endswith(b"\n") and dispensable.match(line):
                odd += 1
                first_odd = first_odd or _told(number, line, problem)
            else:
                raise _NeededRowError
        if odd > max(count // ROWS_FOR_AN_ODD_ONE, count >= FEWEST_ROWS):
            raise _NeededRowError

    try:
        _rewrite(path, sound_lines)
    except _NeededRowError:
        return 0, ""
    return odd, first_odd


class _NeededRowError(Exception):
    """The tables cannot go without the odd rows of a file."""


def _lines(reader: igzip.IGzipFile) -> Iterator[tuple[int, bytes]]:
    """The lines below the header, by number; one longer than DuckDB reads comes in pieces."""
    return enumerate(iter(lambda: reader.readline(LONGEST_LINE_BYTES), b""), 2)


def _told(number: int, line: bytes, problem: str) -> str:
    text = line[:120].decode(errors="replace").rstrip("\n")
    return f"line {number:,} {problem} (it reads {text!r})"


def _line_problem(line: bytes, file: RawFile, width: int) -> str | None:
    if line == b"\n":
        return "is empty"
    if len(line) == LONGEST_LINE_BYTES:
        return f"is longer than {LONGEST_LINE_BYTES:,} bytes"
    if not line.endswith(b"\n"):
        return "is the last one and has no line end: the file seems cut off"
    for byte, name in FORBIDDEN.items():
        if byte in line:
            return f"holds {name}: only LF ends a line"
    try:
        values = line.decode().removesuffix("\n").split("\t")
    except UnicodeDecodeError:
        return "is not UTF-8"
    if len(values) != width:
        return f"has {len(values)} fields instead of {width}"
    return _value_problem(dict(zip(file.columns, values, strict=False)), file)


def _value_problem(row: Mapping[str, str], file: RawFile) -> str | None:
    for name, pattern in file.numbers.items():
        if row[name] != NULL and not re.fullmatch(pattern, row[name]):
            kind = "a whole number" if pattern == INTEGER else "a number"
            return f"has {row[name][:40]!r} as {name}, which must be {kind}"
    if file.key and row[file.key] in ("", NULL):
        return f"has no {file.key}"
    return None
