"""Files that were harmed at random: refused with a reason, or read exactly as they stand."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rec_platform.ingest.errors import UnsoundFileError
from rec_platform.ingest.files import NULL, RawFile, scan_tsv
from rec_platform.ingest.verify import verify
from rec_platform_tests.keeper import BASICS, OTHER, PRINCIPALS, TITLE, packed, table

ANY = settings(deadline=None, derandomize=True, max_examples=60)
PRINCIPAL = 'tt0000001\t1\tnm0000001\tactor\t\\N\t["Ada ""B"" Berg"]'
ROWS = {BASICS.name: (TITLE, OTHER), PRINCIPALS.name: (PRINCIPAL, PRINCIPAL)}
PIECES = [b"\t", b"\n", b"\r", b"\0", b'"', b"\\", b"\\N", b"'", b",", b"\xff", "é".encode(), b"9"]

# Where something is taken out, how much, and what is put there.
harm = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 8), st.sampled_from(PIECES) | st.binary()),
    max_size=3,
)


def harmed(content: bytes, harms: list[tuple[int, int, bytes]]) -> bytes:
    for start, length, piece in harms:
        content = content[:start] + piece + content[start + length :]
    return content


def require_refused_or_read_as_it_stands(content: bytes, file: RawFile) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, file.file)
        path.write_bytes(content)
        try:
            verified = verify(path, file)
        except UnsoundFileError as error:
            assert str(error)
            return
        lines = gzip.decompress(path.read_bytes()).decode().removesuffix("\n").split("\n")
        with duckdb.connect() as connection:
            rows = connection.execute(f"FROM {scan_tsv(path)}").fetchall()
    expected = [
        tuple(None if value == NULL else value for value in line.split("\t")) for line in lines[1:]
    ]
    assert verified.rows == len(rows)
    assert sorted(map(repr, rows)) == sorted(map(repr, expected))


@ANY
@given(st.sampled_from([BASICS, PRINCIPALS]), harm)
@example(BASICS, [])
@example(PRINCIPALS, [])
def test_a_table_harmed_at_random_is_refused_or_read_as_it_stands(
    file: RawFile, harms: list[tuple[int, int, bytes]]
) -> None:
    content = harmed(table(file, *ROWS[file.name]), harms)
    require_refused_or_read_as_it_stands(gzip.compress(content, mtime=0), file)


@ANY
@given(harm)
def test_a_gz_harmed_at_random_is_refused_or_read_as_it_stands(
    harms: list[tuple[int, int, bytes]],
) -> None:
    content = harmed(packed(BASICS, TITLE, OTHER), harms)
    require_refused_or_read_as_it_stands(content, BASICS)
