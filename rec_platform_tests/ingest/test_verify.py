"""A bad file is refused, with the place where it is bad; an odd but sound one is taken."""

import gzip
import struct
import zlib

import pytest

from rec_platform.ingest.files import RAW_FILES, RawFile
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.keeper import (
    AKAS,
    BASICS,
    GOOD_ROWS,
    NAMES,
    OTHER,
    PRINCIPALS,
    RATINGS,
    TITLE,
    Keeper,
    packed,
    put,
    rows_of,
    table,
)

# Bad files


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
    "web page": (PAGE, "it holds a web page instead of a table"),
    "packed web page": (gzip.compress(PAGE), "it holds a web page instead of a table"),
    "an archive": (b"PK\3\4" + bytes(500), "its header, line 1, lacks tconst"),
    "empty": (b"", "it is empty"),
    "packed nothing": (gzip.compress(b""), "it is empty"),
    "a column less": (
        with_header(HEADER.removesuffix("\tgenres")),
        "its header, line 1, lacks genres",
    ),
    "a column more in the header alone": (
        with_header(f"{HEADER}\tcolour"),
        "line 2 has 9 fields instead of 10",
    ),
    "a column more in between": (
        with_header(HEADER.replace("isAdult", "colour\tisAdult")),
        "its header, line 1, has an unknown 'colour'",
    ),
    "a column twice": (with_header(f"{HEADER}\ttconst"), "are in another order: tconst"),
    "a column without a name": (with_header(f"{HEADER}\t"), "has an unknown ''"),
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
    "one more field, null": (rows_of(TITLE, OTHER + "\t\\N"), "line 3 has 10 fields instead of 9"),
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


@pytest.mark.parametrize(("content", "problem"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_a_reason_and_the_last_good_copy_stays(
    taken: Keeper, content: bytes, problem: str
) -> None:
    before = taken.kept()
    put(taken, content)
    told = taken.failure()
    assert told.startswith(f"{BASICS.file} is not used: ")
    assert problem in told
    assert "The last good copy and the serving release stay as they are." in told
    assert f"Look at {taken.source.location}/{BASICS.file}: correct it, or fetch it again" in told
    assert "\n" not in told
    assert len(told) < 900
    assert taken.kept() == before


def test_a_corrected_file_is_used_after_a_bad_one(copies: Keeper) -> None:
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


def with_fields(flags: int, fields: bytes) -> bytes:
    """A gz file with more fields in its header (RFC 1952, 2.3.1)."""
    content = packed(BASICS, TITLE)
    head = content[:3] + bytes([flags]) + content[4:10] + fields
    checksum = struct.pack("<H", zlib.crc32(head) & 0xFFFF) if flags & 2 else b""
    return head + checksum + content[10:]


UNREADABLE_BY_DUCKDB = {
    "text": with_fields(1, b""),
    "checksum of the header": with_fields(2, b""),
    "comment": with_fields(16, b"of a tool\0"),
    "comment of a later member": gzip.compress(b"") + with_fields(16, b"of a tool\0"),
    "zeros": packed(BASICS, TITLE) + bytes(3),
}


@pytest.mark.parametrize("content", UNREADABLE_BY_DUCKDB.values(), ids=UNREADABLE_BY_DUCKDB)
def test_a_gz_file_that_duckdb_would_refuse_is_packed_anew(copies: Keeper, content: bytes) -> None:
    put(copies, content)
    assert copies.refresh()[0].rows == 1
    assert DuckDBWarehouse(root=str(copies.root)).row_count("raw_title_basics") == 1
    assert copies.refresh()[1] is False


@pytest.mark.parametrize("file", RAW_FILES, ids=lambda file: file.name)
def test_new_columns_at_the_end_are_taken_with_a_warning(
    copies: Keeper, caplog: pytest.LogCaptureFixture, file: RawFile
) -> None:
    head, row, _ = table(file, GOOD_ROWS[file.name]).decode().split("\n")
    put(copies, gzip.compress(f"{head}\tcolour\tmood\n{row}\tred\t\\N\n".encode()), file)
    state, _ = copies.refresh(file)
    assert (state.rows, state.preview) == (1, [[*row.split("\t"), "red", r"\N"]])
    assert f"{file.file} has columns that nothing reads yet: colour, mood" in caplog.text
    taken = DuckDBWarehouse(root=str(copies.root)).read(file.asset, file.columns[0])
    assert list(taken.columns) == [*file.columns, "colour", "mood"]
