import gzip
import re
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from rec_platform.resources.keywords import KeywordsSource
from rec_platform_tests.conftest import REPOSITORY

TITLES = pd.Series(["tt0000012", "tt0114709", "tt12345678"])
HEADER = "title_id\tkeyword\tweight\n"
SQL = re.findall(
    r"```sql\n-- (.*?)\n(.*?)```", (REPOSITORY / "docs" / "keywords.md").read_text(), re.DOTALL
)


def write(folder: Path, content: str | bytes, name: str = "keywords.tsv") -> KeywordsSource:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return KeywordsSource(location=str(path))


def rows(source: KeywordsSource, titles: "pd.Series[str]" = TITLES) -> list[tuple[object, ...]]:
    return list(source.read(titles).itertuples(index=False, name=None))


def failure(source: KeywordsSource) -> str:
    with pytest.raises(dg.Failure) as raised:
        source.read(TITLES)
    return str(raised.value.description)


def test_titles_of_the_catalogue_get_their_keywords_and_weights(tmp_path: Path) -> None:
    lines = "tt0114709\ttoys\t0.5\ntt9\ttoys\t1\ntt0000012\tsea\t0\ntt0114709\tsea\t1\n"
    assert rows(write(tmp_path, HEADER + lines)) == [
        ("tt0000012", "sea", 0.0),
        ("tt0114709", "toys", 0.5),
        ("tt0114709", "sea", 1.0),
    ]


@pytest.mark.parametrize("blank", ["\n", "\r\n", " \n", "\t\t\n"])
def test_blank_lines_are_no_rows(tmp_path: Path, blank: str) -> None:
    lines = ["tt0114709\ttoys\t1\n", "tt0000012\tsea\t1\n"]
    source = write(tmp_path, f"{HEADER}{blank}{lines[0]}{blank}{lines[1]}{blank}{blank}")
    assert rows(source) == [("tt0000012", "sea", 1.0), ("tt0114709", "toys", 1.0)]


def test_without_a_column_of_weights_every_weight_is_one(tmp_path: Path) -> None:
    source = write(tmp_path, "title_id\tkeyword\ntt0114709\ttoys\ntt0000012\tsea")
    assert rows(source) == [("tt0000012", "sea", 1.0), ("tt0114709", "toys", 1.0)]


@pytest.mark.parametrize("written", ["Time Travel", " time  travel ", "TIME\u00a0TRAVEL"])
def test_case_and_blanks_make_no_other_keyword(tmp_path: Path, written: str) -> None:
    assert rows(write(tmp_path, f"{HEADER}tt0114709\t{written}\t1\n")) == [
        ("tt0114709", "time travel", 1.0)
    ]


def test_of_the_same_keyword_the_highest_weight_counts_in_whatever_order(tmp_path: Path) -> None:
    lines = [f"tt0114709\t{word}\t{weight}\n" for word, weight in (("Sea", 0.2), ("sea", 0.7))]
    for order in (lines, lines[::-1]):
        assert rows(write(tmp_path, HEADER + "".join(order))) == [("tt0114709", "sea", 0.7)]


def test_a_packed_file_and_one_of_a_spreadsheet_are_read_like_a_plain_one(tmp_path: Path) -> None:
    plain = f'{HEADER}tt0114709\tthe "sea"\t0.5\n'
    expected = [("tt0114709", 'the "sea"', 0.5)]
    assert rows(write(tmp_path, plain)) == expected
    assert rows(write(tmp_path, gzip.compress(plain.encode()), "keywords.tsv.gz")) == expected
    spreadsheet = plain.replace("\n", "\r\n").encode("utf-8-sig")
    assert rows(write(tmp_path, spreadsheet)) == expected


def test_without_a_file_there_are_no_keywords_and_the_columns_keep_their_types(
    tmp_path: Path,
) -> None:
    empty = KeywordsSource().read(TITLES)
    some = write(tmp_path, f"{HEADER}tt0114709\tsea\t1\n").read(TITLES)
    assert empty.empty and not some.empty
    assert empty.dtypes.to_dict() == some.dtypes.to_dict()
    assert list(empty.columns) == ["title_id", "keyword", "weight"]


def test_the_fingerprint_is_that_of_the_content(tmp_path: Path) -> None:
    first = write(tmp_path, HEADER, "first.tsv")
    assert first.fingerprint() == write(tmp_path, HEADER, "same.tsv").fingerprint()
    assert first.fingerprint() != write(tmp_path, f"{HEADER}tt1\tsea\t1\n", "o.tsv").fingerprint()
    assert KeywordsSource().fingerprint() == ""


SOUND = "tt0114709\tsea\t1\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "its first line reads '', not the header"),
        (SOUND, "its first line reads 'tt0114709 sea 1', not the header"),
        ("title_id,keyword\n", "first line reads 'title_id,keyword', not the header"),
        ("title_id\n", "first line reads 'title_id', not the header"),
        (f"{HEADER}{SOUND}tt0114709\tsea\n", "line 3 has 2 fields instead of 3"),
        (f"{HEADER}{SOUND}\n\ntt9\n", "line 5 has 1 fields instead of 3"),
        (f"{HEADER}tt9\tsea\t1\t2\n", "line 2 has 4 fields instead of 3"),
        (f"{HEADER}tt0114709\t \t1\n", "line 2 has no keyword"),
        (f"{HEADER}{SOUND}tt9\tsea\thigh\n", "line 3 has the weight 'high', which must be"),
        (f"{HEADER}tt0114709\tsea\t\n", "line 2 has the weight '', which must be a number"),
        (f"{HEADER}tt0114709\tsea\t1.01\n", "line 2 has the weight '1.01', which must be"),
        (f"{HEADER}tt0114709\tsea\t-0.1\n", "line 2 has the weight '-0.1', which must be"),
        (f"{HEADER}tt0114709\tsea\tnan\n", "line 2 has the weight 'nan', which must be"),
        (f"{HEADER}{SOUND}tt9\t\xff\t1\n".encode("latin-1"), "line 3 is not UTF-8"),
        (gzip.compress(HEADER.encode(), mtime=0), "line 1 is not UTF-8"),
        (HEADER, "none of its titles is in the catalogue"),
        (f"{HEADER}114709\tsea\t1\n", "Ids are IMDb's, such as tt0000012"),
    ],
)
def test_an_odd_file_is_an_error_that_names_the_line_and_what_to_do(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    source = write(tmp_path, content)
    says = failure(source)
    assert told in says
    assert source.location in says and "REC_KEYWORDS_SOURCE" in says and "docs/keywords.md" in says


@pytest.mark.parametrize(
    "content",
    [HEADER.encode(), gzip.compress((HEADER + SOUND * 9_000).encode(), mtime=0)[:60]],
    ids=["not packed", "cut off"],
)
def test_a_damaged_packed_file_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    assert "it cannot be read beyond line" in failure(write(tmp_path, content, "keywords.tsv.gz"))


def test_a_file_that_is_not_there_is_an_error_before_it_is_read(tmp_path: Path) -> None:
    for location in (tmp_path / "nowhere.tsv", tmp_path):
        source = KeywordsSource(location=str(location))
        assert "it cannot be read" in failure(source)
        for use in (source.require_files, source.fingerprint):
            with pytest.raises(dg.Failure, match="cannot be read"):
                use()


# How a file is made, as docs/keywords.md says

INVENTED = {
    # DuckDB guesses a file's form from its first 20,480 lines, in which nothing is quoted here.
    "tags.csv": "userId,movieId,tag,timestamp\n" + "1,1,Sea,9\n" * 20_480 + "2,1, sea,9\n"
    '2,1,sea,10\n1,2,"say ""now""",9\n3,3,lost,9\n',
    "links.csv": "movieId,imdbId,tmdbId\n1,0114709,862\n2,12345678,\n",
    "genome-scores.csv": "movieId,tagId,relevance\n1,1,0.91325\n1,2,0.0251\n2,2,0.5\n",
    "genome-tags.csv": "tagId,tag\n1,sea\n2,007 (series)\n",
    "wikidata.csv": "title_id,keyword,weight\r\ntt0114709,sea,1.0\r\ntt0114709,sea film,0.5\r\n"
    'tt12345678,"rise, and fall",0.8\r\n',
    "tmdb.csv": 'id,imdb_id,keywords\n1,tt0114709,"sea, Time Travel, sea"\n2,,sea\n3,tt12345678,\n',
}
EXPECTED = [
    [("tt0114709", "sea", 0.67), ("tt12345678", 'say "now"', 0.5)],
    [("tt0114709", "sea", 0.91), ("tt12345678", "007 (series)", 0.5)],
    [("tt0114709", "sea", 1.0), ("tt12345678", "rise, and fall", 0.8)],
    [("tt0114709", "sea", 1.0), ("tt0114709", "time travel", 1.0)],
]


@pytest.mark.parametrize(
    ("reads", "sql", "expected"),
    [(*told, expected) for told, expected in zip(SQL, EXPECTED, strict=True)],
    ids=["tags", "genome", "wikidata", "tmdb"],
)
def test_a_statement_that_is_told_makes_a_file_that_is_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reads: str,
    sql: str,
    expected: list[tuple[object, ...]],
) -> None:
    for name in reads.split(", "):
        (tmp_path / name).write_text(INVENTED[name], newline="")
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(sql)
    assert rows(KeywordsSource(location="keywords.tsv")) == expected
