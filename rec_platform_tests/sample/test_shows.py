"""A sample in the shape of IMDb: its shares of types, rated titles and rows, on a few blocks."""

from collections import Counter
from pathlib import Path

import pytest

from rec_platform.choices import SampleShape
from rec_platform.ingest.files import RAW_FILES
from rec_platform.ingest.verify import verify
from rec_platform.sample.writer import BLOCK_SIZE, COLUMNS, FILES, write_sample
from rec_platform_tests.sample.test_sample import NULL, Rows, read

TITLES = 12_000  # a thousandth of IMDb's
ROWS = {  # a thousandth of those of IMDb's files
    "title.akas": 55_000,
    "title.ratings": 1_700,
    "title.crew": 12_000,
    "title.principals": 95_000,
    "name.basics": 15_000,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    write_sample(out, TITLES, shape=SampleShape.imdb)
    return out


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, Rows]:
    return {table: read(folder, table) for table in COLUMNS}


def test_most_titles_are_episodes_and_half_of_the_films_are_rated(
    tables: dict[str, Rows],
) -> None:
    types = Counter(row["titleType"] for row in tables["title.basics"])
    assert types.total() == TITLES
    assert 0.74 < types["tvEpisode"] / TITLES < 0.80
    assert 0.055 < types["movie"] / TITLES < 0.065
    films = {row["tconst"] for row in tables["title.basics"] if row["titleType"] == "movie"}
    rated = {row["tconst"] for row in tables["title.ratings"]}
    assert 0.42 < len(films & rated) / len(films) < 0.52


@pytest.mark.parametrize("table", ROWS)
def test_each_file_has_its_share_of_rows(tables: dict[str, Rows], table: str) -> None:
    assert len(tables[table]) == pytest.approx(ROWS[table], rel=0.15)


def test_the_files_pass_the_verification_of_imdbs_own(folder: Path) -> None:
    for file in RAW_FILES:
        assert verify(folder / file.file, file).rows


def test_ids_ascend_and_are_those_of_the_other_files(tables: dict[str, Rows]) -> None:
    titles = [row["tconst"] for row in tables["title.basics"]]
    assert titles == [f"tt{number:07d}" for number in range(1, TITLES + 1)]
    assert [row["tconst"] for row in tables["title.crew"]] == titles
    assert [r["titleId"] for r in tables["title.akas"] if r["isOriginalTitle"] == "1"] == titles
    people = [row["nconst"] for row in tables["name.basics"]]
    assert len(set(people)) == len(people)
    assert {row["nconst"] for row in tables["title.principals"]} <= set(people)
    known = {t for row in tables["name.basics"] for t in row["knownForTitles"].split(",")}
    assert known - {NULL} <= set(titles)


def test_a_title_bills_its_people_from_one_on(tables: dict[str, Rows]) -> None:
    last, place = "", 0
    for row in tables["title.principals"]:
        place = place + 1 if row["tconst"] == last else 1
        assert int(row["ordering"]) == place
        last = row["tconst"]


def test_the_same_size_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, TITLES, shape=SampleShape.imdb)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("titles", [1, BLOCK_SIZE, 299, 301])
def test_a_sample_of_any_size_has_just_as_many_titles(tmp_path: Path, titles: int) -> None:
    counts = write_sample(tmp_path, titles, shape=SampleShape.imdb)
    assert counts["title.basics.tsv.gz"] == counts["title.crew.tsv.gz"] == titles
