"""The invented catalogue has IMDb's shape, its dirt and its skew, and the answers planted in it.

Nothing here checks how the files are later read: that belongs to the tests of the stages.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from rec_platform.choices import SAMPLE_MARKER
from rec_platform.sample import writer as sample
from rec_platform.sample.studios import FIRST_YEAR, TRADES

TITLES = 4_000
NULL = r"\N"
ORIGINAL_GENRES = (
    "Action Adventure Animation Biography Comedy Crime Documentary Drama Family Fantasy Film-Noir "
    "History Horror Music Musical Mystery News Romance Sci-Fi Sport Thriller War Western"
)
Rows = list[dict[str, str]]


def read(folder: Path, table: str) -> Rows:
    """Reads a file as IMDb means it: no quoting, and nothing but a newline ends a line."""
    text = gzip.decompress((folder / f"{table}.tsv.gz").read_bytes()).decode()
    lines = text.removesuffix("\n").split("\n")
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "not" / "there" / "yet"
    sample.write_sample(out, TITLES)
    return out


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, Rows]:
    return {table: read(folder, table) for table in sample.COLUMNS}


@pytest.fixture(scope="module")
def basics(tables: dict[str, Rows]) -> dict[str, dict[str, str]]:
    return {row["tconst"]: row for row in tables["title.basics"]}


@pytest.fixture(scope="module")
def votes(tables: dict[str, Rows]) -> dict[str, int]:
    return {row["tconst"]: int(row["numVotes"]) for row in tables["title.ratings"]}


def test_the_same_seed_gives_the_same_bytes_and_the_rows_of_each_file(
    folder: Path, tables: dict[str, Rows], tmp_path: Path
) -> None:
    counts = sample.write_sample(tmp_path, TITLES)
    for name in sample.FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert counts == {f"{table}.tsv.gz": len(rows) for table, rows in tables.items()}
    assert counts["title.basics.tsv.gz"] == TITLES


def test_another_seed_gives_another_catalogue(folder: Path, tmp_path: Path) -> None:
    sample.write_sample(tmp_path, 100, seed=1)
    here = [row["primaryTitle"] for row in read(tmp_path, "title.basics")]
    there = [row["primaryTitle"] for row in read(folder, "title.basics")]
    assert len(set(here) & set(there)) < 10


def test_a_smaller_catalogue_is_the_beginning_of_a_larger_one(
    tables: dict[str, Rows], tmp_path: Path
) -> None:
    sample.write_sample(tmp_path, 100)
    rows = read(tmp_path, "title.basics")
    assert len(rows) == 100
    assert rows == tables["title.basics"][:100]


def test_progress_ends_with_the_number_of_titles(tmp_path: Path) -> None:
    seen: list[int] = []
    sample.write_sample(tmp_path, 500, progress=seen.append)
    assert seen == [240, 480, 500]


def test_the_marker_is_there_only_when_all_is_written(tmp_path: Path) -> None:
    sample.write_sample(tmp_path, 100)
    assert "100 invented titles" in (tmp_path / SAMPLE_MARKER).read_text()

    def fail(done: int) -> None:
        assert not (tmp_path / SAMPLE_MARKER).exists(), "left from the set before"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        sample.write_sample(tmp_path, 2_500, progress=fail)
    assert not (tmp_path / SAMPLE_MARKER).exists()
    sample.write_sample(tmp_path, 100)  # over what was left unfinished


@pytest.mark.parametrize("titles", [0, -3])
def test_less_than_one_title_is_refused_before_a_file_is_written(
    titles: int, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"at least 1 title, got {titles}"):
        sample.write_sample(tmp_path / "out", titles)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match="at least 1 title"):
        next(sample.franchises(titles))


@pytest.mark.parametrize("marker", [SAMPLE_MARKER, sample.UNFINISHED_MARKER])
def test_a_sample_replaces_a_sample_whole_or_half_written(tmp_path: Path, marker: str) -> None:
    sample.write_sample(tmp_path, 30)
    (tmp_path / SAMPLE_MARKER).rename(tmp_path / marker)
    sample.write_sample(tmp_path, 20)
    assert {path.name for path in tmp_path.iterdir()} == {*sample.FILES, SAMPLE_MARKER}
    assert len(read(tmp_path, "title.basics")) == 20


def test_a_sample_that_is_interrupted_can_be_written_again(tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample.write_sample(tmp_path, 30, progress=interrupt)
    assert not (tmp_path / SAMPLE_MARKER).exists()
    sample.write_sample(tmp_path, 30)
    assert (tmp_path / SAMPLE_MARKER).exists()


@pytest.mark.parametrize("name", ["title.basics.tsv.gz", "title.basics.tsv", "letter.txt"])
def test_a_folder_with_files_that_are_no_sample_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match="no sample: choose an empty folder"):
        sample.write_sample(tmp_path, 30)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_one_title_is_a_catalogue(tmp_path: Path) -> None:
    assert sample.write_sample(tmp_path, 1)["title.basics.tsv.gz"] == 1
    assert not list(sample.franchises(1))


def test_memory_does_not_grow_with_the_size(tmp_path: Path) -> None:
    peaks: list[int] = []
    for titles in (720, 2_400):
        tracemalloc.start()
        sample.write_sample(tmp_path, titles)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_every_row_has_its_columns_and_no_carriage_return(folder: Path) -> None:
    for table, columns in sample.COLUMNS.items():
        packed = (folder / f"{table}.tsv.gz").read_bytes()
        text = gzip.decompress(packed).decode()
        assert packed[3:8] == b"\0" * 5, "a name or a time in the gzip header"
        assert text.split("\n")[0] == columns.replace(" ", "\t")
        assert "\r" not in text
        tabs = {line.count("\t") for line in text.removesuffix("\n").split("\n")}
        assert tabs == {len(columns.split()) - 1}
        assert "\t\t" not in text, "an empty field: null is written as \\N"


def test_ids_ascend_and_every_reference_exists(tables: dict[str, Rows]) -> None:
    titles = [row["tconst"] for row in tables["title.basics"]]
    people = [row["nconst"] for row in tables["name.basics"]]
    assert titles == [f"tt{number:07d}" for number in range(1, TITLES + 1)]
    assert people == sorted(set(people))
    assert {row["nconst"] for row in tables["title.principals"]} <= set(people)
    assert [row["tconst"] for row in tables["title.crew"]] == titles
    known = {t for row in tables["name.basics"] for t in row["knownForTitles"].split(",")}
    assert known - {NULL} <= set(titles)


def test_a_title_names_a_person_once_for_each_category(tables: dict[str, Rows]) -> None:
    seen = Counter((r["tconst"], r["nconst"], r["category"]) for r in tables["title.principals"])
    assert set(seen.values()) == {1}
    categories = {row["category"] for row in tables["title.principals"]}
    assert categories == {"actress", "self", *TRADES}


def test_types_years_and_gaps_are_shared_out_as_in_imdb(tables: dict[str, Rows]) -> None:
    rows = tables["title.basics"]
    types = Counter(row["titleType"] for row in rows)
    assert 0.70 < types["movie"] / TITLES < 0.80
    assert set(types) == {"movie", "short", "tvSeries", "tvEpisode", "tvMovie", "video"}
    assert 0.003 < sum(row["isAdult"] == "1" for row in rows) / TITLES < 0.02
    years = [int(row["startYear"]) for row in rows if row["startYear"] != NULL]
    assert len(years) < TITLES
    assert FIRST_YEAR <= min(years) < 1940
    assert 2 <= sum(year > sample.LATEST_YEAR for year in years) <= 40
    assert sum(year >= 2000 for year in years) > TITLES / 2
    for column in ("runtimeMinutes", "genres"):
        assert 0 < sum(row[column] == NULL for row in rows) < TITLES / 5
    ended = [row for row in rows if row["endYear"] != NULL]
    assert {row["titleType"] for row in ended} == {"tvSeries"}
    assert all(row["startYear"] <= row["endYear"] for row in ended)


def test_genres_are_sorted_skewed_and_at_most_three(tables: dict[str, Rows]) -> None:
    lists = [r["genres"].split(",") for r in tables["title.basics"] if r["genres"] != NULL]
    assert all(len(names) <= 3 and names == sorted(set(names)) for names in lists)
    counts = Counter(itertools.chain.from_iterable(lists))
    assert set(counts) >= set(ORIGINAL_GENRES.split())
    assert counts.most_common(1)[0][0] == "Drama"


def test_ratings_are_skewed_and_some_titles_have_none(tables: dict[str, Rows]) -> None:
    rows = tables["title.ratings"]
    assert 0.80 < len(rows) / TITLES < 0.90
    assert all(1 <= float(row["averageRating"]) <= 10 for row in rows)
    assert all(len(row["averageRating"].partition(".")[2]) == 1 for row in rows)
    votes = sorted(int(row["numVotes"]) for row in rows)
    assert votes[0] >= 5
    assert votes[-1] > 500 * votes[len(votes) // 2]


def test_few_us_rows_have_a_language(tables: dict[str, Rows]) -> None:
    movies = {r["tconst"] for r in tables["title.basics"] if r["titleType"] == "movie"}
    us = [row for row in tables["title.akas"] if row["region"] == "US"]
    assert 0.55 < len(movies & {row["titleId"] for row in us}) / len(movies) < 0.70
    languages = Counter(row["language"] for row in us)
    assert set(languages) == {NULL, "en"}
    assert 0.005 < languages["en"] / len(us) < 0.03


def test_every_title_has_its_original_aka_and_one_to_six_more(tables: dict[str, Rows]) -> None:
    originals = [row for row in tables["title.akas"] if row["isOriginalTitle"] == "1"]
    assert [row["titleId"] for row in originals] == [r["tconst"] for r in tables["title.basics"]]
    assert [row["title"] for row in originals] == [
        row["originalTitle"] for row in tables["title.basics"]
    ]
    assert {(row["region"], row["types"]) for row in originals} == {(NULL, "original")}
    more = Counter(row["titleId"] for row in tables["title.akas"])
    assert {count - 1 for count in more.values()} <= set(range(1, 7))
    assert any("\x02" in row["types"] for row in tables["title.akas"])
    assert any("\x02" in row["attributes"] for row in tables["title.akas"])


def test_a_quarter_of_the_titles_is_foreign_in_several_scripts(tables: dict[str, Rows]) -> None:
    rows = tables["title.basics"]
    foreign = [r["originalTitle"] for r in rows if r["originalTitle"] != r["primaryTitle"]]
    assert 0.18 < len(foreign) / TITLES < 0.34
    text = "".join(foreign)
    for first, last in (("À", "ž"), ("А", "я"), ("ぁ", "ヿ"), ("ऀ", "ॿ")):
        assert any(first <= letter <= last for letter in text)


def test_titles_are_as_unruly_as_real_ones(tables: dict[str, Rows]) -> None:
    titles = [r["primaryTitle"] for r in tables["title.basics"] if r["titleType"] == "movie"]
    for mark in ("'", ":", ",", "é", "7"):
        assert any(mark in title for title in titles)
    assert any(title.count('"') % 2 for title in titles)
    repeated = len(titles) - len(set(titles))
    assert 5 < repeated < 0.05 * len(titles)


def test_people_have_mostly_names_of_their_own_and_lived_when_they_worked(
    tables: dict[str, Rows], basics: dict[str, dict[str, str]]
) -> None:
    people = tables["name.basics"]
    names = Counter(row["primaryName"] for row in people)
    assert sum(count == 1 for count in names.values()) > 0.75 * len(people)
    latest = str(sample.LATEST_YEAR)
    dated = {t for t, row in basics.items() if row["startYear"] <= latest}  # null sorts after
    for row in people:
        titles = row["knownForTitles"].split(",")
        years = [int(basics[t]["startYear"]) for t in titles if t in dated]
        if row["birthYear"] != NULL:
            assert all(int(row["birthYear"]) + 15 <= year for year in years)
        if row["deathYear"] != NULL:
            assert all(year <= int(row["deathYear"]) for year in years)


def test_some_actors_return_in_a_later_block(tables: dict[str, Rows]) -> None:
    blocks = {
        ((int(row["tconst"][2:]) - 1) // sample.BLOCK_SIZE, (int(row["nconst"][2:]) - 1) // 40)
        for row in tables["title.principals"]
    }
    guests = [(here, home) for here, home in blocks if here != home]
    assert len(guests) > 50
    assert all(home < here for here, home in guests)


def test_franchise_films_pass_every_selection_but_the_seed_one(
    tables: dict[str, Rows], basics: dict[str, dict[str, str]], votes: dict[str, int]
) -> None:
    in_us = {row["titleId"] for row in tables["title.akas"] if row["region"] == "US"}
    groups = list(sample.franchises(TITLES))
    films = [tconst for group in groups for tconst in group]
    assert len(groups) > 40
    assert len(films) == len(set(films)) < TITLES / 8
    for tconst in films:
        row = basics[tconst]
        assert (row["titleType"], row["isAdult"]) == ("movie", "0")
        assert row["primaryTitle"] == row["originalTitle"]
        assert tconst in in_us
        assert votes[tconst] > 200
        assert int(row["startYear"]) <= sample.LATEST_YEAR


def test_a_franchise_shares_its_stem_genres_leads_and_rhythm(
    tables: dict[str, Rows], basics: dict[str, dict[str, str]]
) -> None:
    cast: dict[str, set[str]] = {}
    for row in tables["title.principals"]:
        if row["category"] in ("actor", "actress", "self"):
            cast.setdefault(row["tconst"], set()).add(row["nconst"])
    for group in sample.franchises(TITLES):
        films = [basics[tconst] for tconst in group]
        years = [int(film["startYear"]) for film in films]
        assert 2 <= len(group) <= 5
        if int(group[-1][2:]) < TITLES - sample.BLOCK_SIZE:
            assert all(2 <= b - a <= 4 for a, b in itertools.pairwise(years))
            stem = films[0]["primaryTitle"]
            assert all(film["primaryTitle"].startswith(stem) for film in films)
        assert len({film["genres"] for film in films}) == 1
        assert len(set.intersection(*(cast[tconst] for tconst in group))) >= 3


def test_a_franchise_has_heroes_with_first_name_and_surname(
    tables: dict[str, Rows], basics: dict[str, dict[str, str]]
) -> None:
    heroes: dict[str, set[str]] = {}
    for row in tables["title.principals"]:
        if row["category"] in ("actor", "actress"):
            heroes.setdefault(row["tconst"], set()).update(json.loads(row["characters"]))
    bearers = Counter(itertools.chain.from_iterable(heroes.values()))
    for group in sample.franchises(TITLES):
        if "Documentary" not in basics[group[0]]["genres"]:
            shared = set.intersection(*(heroes[tconst] for tconst in group))
            full = {name for name in shared if len(name.split()) > 1}
            assert any(bearers[name] < 10 for name in full)


def test_popular_films_are_more_often_franchises(votes: dict[str, int]) -> None:
    films = {tconst for group in sample.franchises(TITLES) for tconst in group}
    popular = sorted(votes, key=lambda tconst: -votes[tconst])[: len(votes) // 10]
    assert len(films & set(popular)) / len(popular) > 2 * len(films) / len(votes)


def test_a_franchise_cut_by_the_end_of_the_catalogue_keeps_what_is_written() -> None:
    for titles in range(1, 200, 5):
        for group in sample.franchises(titles):
            assert len(group) >= 2
            assert all(int(tconst[2:]) <= titles for tconst in group)
