"""A few odd rows are set aside if the tables can go without them; others refuse the file."""

import gzip
from pathlib import Path

import pytest

from rec_platform.ingest.errors import UnsoundFileError
from rec_platform.ingest.files import RawFile
from rec_platform.ingest.rows import repack, set_odd_rows_aside
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.keeper import (
    AKAS,
    BASICS,
    CREW,
    GOOD_ROWS,
    NAMES,
    OTHER,
    PRINCIPALS,
    RATINGS,
    TITLE,
    Keeper,
    put,
    rows_of,
    table,
)

EPISODE = r"tt0900001	tvEpisode	The Mill	The Mill	0	2019	\N	\N	Reality-TV"
FILMS = [TITLE.replace("0001", f"{number:04d}") for number in range(1, 150)]
ODD_ROWS = {
    "a tab in its name": EPISODE.replace("The Mill", "The\tMill", 1).encode(),
    "too few fields": EPISODE.rpartition("\t")[0].encode(),
    "a wrong number": EPISODE.replace("2019", "soon").encode(),
    "not UTF-8": EPISODE.encode().replace(b"Mill", b"M\xfcll"),
    "a NUL byte": EPISODE.replace("Mill", "M\0ll").encode(),
    "a CR": EPISODE.replace("Mill", "M\rll").encode(),
}
SHOWN = "odd rows set aside, the tables go without them: 1. The first: line 151 "


@pytest.mark.parametrize("odd", ODD_ROWS.values(), ids=ODD_ROWS)
def test_an_odd_row_that_is_no_films_is_set_aside_counted_and_shown(
    copies: Keeper, caplog: pytest.LogCaptureFixture, odd: bytes
) -> None:
    put(copies, rows_of(*FILMS, odd, OTHER.replace("tt0000002", "tt0000900")))
    state, _ = copies.refresh()
    assert (state.rows, state.set_aside) == (len(FILMS) + 1, 1)
    assert SHOWN in caplog.text
    warehouse = DuckDBWarehouse(root=str(copies.root))
    ids = set(warehouse.read("raw_title_basics", "tconst")["tconst"])
    assert len(ids) == state.rows and "tt0000900" in ids and "tt0900001" not in ids
    assert copies.refresh() == (state, False)
    assert [path.name for path in copies.storage.scratch_dir().iterdir()] == []


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            [*FILMS, *[ODD_ROWS["a tab in its name"]] * 2],
            "line 151 has 10 fields",
        ),  # too many of them
        ([*FILMS[:90], ODD_ROWS["a tab in its name"]], "line 92 has 10 fields"),
        ([*FILMS, OTHER.replace("Loud", "Loud\t", 1)], "line 151 has 10 fields"),  # a film's
        ([*FILMS, "tt0900001"], "line 151 has 1 fields"),  # nobody can tell whose
    ],
    ids=["more than one in 10,000", "one of few", "a film's", "of an unknown type"],
)
def test_odd_rows_that_are_many_or_a_films_refuse_the_file(
    taken: Keeper, lines: list[str | bytes], problem: str
) -> None:
    before = taken.kept()
    put(taken, rows_of(*lines))
    assert problem in taken.failure()
    assert taken.kept() == before


def many(file: RawFile, *ends: bytes) -> bytes:
    """A table of 149 sound rows, then what is given."""
    rows = [GOOD_ROWS[file.name].replace("0000001", f"{n:07d}", 1) for n in range(1, 150)]
    return gzip.compress(table(file, *rows) + b"".join(ends))


def odd_rows(file: RawFile) -> dict[str, bytes]:
    """Rows of a file that are odd each in its way, without line ends."""
    row = GOOD_ROWS[file.name].replace("0000001", "0000900", 1).encode()
    odd = {
        "a tab in a value": row.replace(b"\t", b"\tx\t", 1),
        "one more field, null": row + b"\t\\N",
        "too few fields": row.rpartition(b"\t")[0],
        "not UTF-8": row.replace(b"\t", b"\xfc\t", 1),
        "a NUL byte": row + b"\0",
        "a CR": row + b"\r",
        "nothing": b"",
    }
    for column in file.numbers:
        values = row.split(b"\t")
        values[file.columns.index(column)] = b"many"
        odd[f"a wrong {column}"] = b"\t".join(values)
    return odd


@pytest.mark.parametrize(
    ("file", "odd"),
    [
        pytest.param(file, odd, id=f"{file.name}: {name}")
        for file in (AKAS, CREW, PRINCIPALS, NAMES)
        for name, odd in odd_rows(file).items()
    ],
)
def test_an_odd_row_of_names_or_credits_is_set_aside_counted_and_shown(
    copies: Keeper, caplog: pytest.LogCaptureFixture, file: RawFile, odd: bytes
) -> None:
    last = GOOD_ROWS[file.name].replace("0000001", "0000800", 1).encode()
    put(copies, many(file, odd + b"\n", last + b"\n"), file)
    state, _ = copies.refresh(file)
    assert (state.rows, state.set_aside) == (150, 1)
    assert f"{file.file}: {SHOWN}" in caplog.text
    kept = gzip.decompress(copies.copy(file)).splitlines()
    assert (len(kept), kept[-1]) == (151, last)
    assert DuckDBWarehouse(root=str(copies.root)).row_count(file.asset) == 150


@pytest.mark.parametrize("file", [AKAS, CREW, PRINCIPALS, NAMES], ids=lambda file: file.name)
def test_many_odd_rows_and_a_line_without_end_refuse_names_and_credits(
    taken: Keeper, file: RawFile
) -> None:
    before = taken.kept()
    odd = odd_rows(file)["too few fields"]
    put(taken, many(file, odd + b"\n", odd + b"\n"), file)
    assert "line 151 has " in taken.failure(file)
    put(taken, many(file, odd), file)  # plain text that was cut off in the middle of a row
    assert "line 151 is the last one and has no line end: the file" in taken.failure(file)
    put(taken, many(file, b"x" * 3_000_000 + b"\n"), file)
    assert "line 151 is longer than 2,000,000 bytes" in taken.failure(file)
    assert taken.kept() == before


def test_an_episode_without_line_end_refuses_the_file(taken: Keeper) -> None:
    before = taken.kept()
    put(taken, many(BASICS, ODD_ROWS["too few fields"]))
    assert "line 151 is the last one and has no line end: the file" in taken.failure()
    assert taken.kept() == before


@pytest.mark.parametrize("odd", [odd_rows(RATINGS)[name] for name in odd_rows(RATINGS)])
def test_an_odd_rating_refuses_the_file_because_a_film_would_be_lost(
    taken: Keeper, odd: bytes
) -> None:
    before = taken.kept()
    put(taken, many(RATINGS, odd + b"\n"), RATINGS)
    assert "line 151 " in taken.failure(RATINGS)
    assert taken.kept() == before


@pytest.mark.parametrize(
    ("sound", "odd", "taken_out"),
    [(98, 1, 0), (99, 1, 1), (98, 2, 0), (19_997, 2, 0), (19_998, 2, 2), (29_996, 4, 0)],
)
def test_one_odd_row_in_10_000_is_taken_out_and_one_of_100_or_more(
    tmp_path: Path, sound: int, odd: int, taken_out: int
) -> None:
    path = tmp_path / AKAS.file
    row = GOOD_ROWS[AKAS.name].encode() + b"\n"
    head = "\t".join(AKAS.columns).encode() + b"\n"
    before = gzip.compress(head + row * (sound - 1) + b"odd\n" * odd + row, 1)
    path.write_bytes(before)
    count, first = set_odd_rows_aside(path, AKAS, len(AKAS.columns))
    assert count == taken_out
    if taken_out:
        assert first.startswith(f"line {sound + 1:,} has 1 fields instead of 8 (it reads 'odd'")
        assert gzip.decompress(path.read_bytes()) == head + row * sound
    else:
        assert first == "" and path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


def test_a_gz_is_packed_anew_with_the_same_content(tmp_path: Path) -> None:
    path = tmp_path / "film.gz"
    content = bytes(range(256)) * 10_000
    path.write_bytes(gzip.compress(content[:1_000]) + gzip.compress(content[1_000:]))
    repack(path)
    assert gzip.decompress(path.read_bytes()) == content
    assert path.read_bytes()[3] == 0  # no name, no comment
    path.write_bytes(path.read_bytes()[:-9])
    cut = path.read_bytes()
    with pytest.raises(UnsoundFileError, match="cut off"):
        repack(path)
    assert path.read_bytes() == cut and [*tmp_path.iterdir()] == [path]
