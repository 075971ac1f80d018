"""sql/*.sql on DuckDB, over tiny raw files whose every row is there for a reason."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from rec_platform.assets.features import (
    describe_columns,
    is_comparable,
    table_assets,
    year_of_the_run,
)
from rec_platform.assets.made_of import table_metadata
from rec_platform.resources.warehouse import SQL_FOLDER, DuckDBWarehouse
from rec_platform_tests.assets.raw_rows import build, write_raw
from rec_platform_tests.keeper import Keeper

SQL_FILES = sorted(SQL_FOLDER.glob("*.sql"))

ROWS = {
    "title_basics": """
        tt01|movie|Plain|Plain|0|1999|-|90|Drama
        tt02|movie|Translated|Traduit|0|1999|-|90|Drama
        tt03|movie|English|English|0|1999|-|-|-
        tt04|movie|Abroad|Abroad|0|1999|-|90|Drama
        tt05|movie|Adult|Adult|1|1999|-|90|Drama
        tt06|short|Short|Short|0|1999|-|90|Drama
        tt07|movie|Unrated|Unrated|0|1999|-|90|Drama
        tt08|movie|Undated|Undated|0|-|-|90|Drama
        tt09|movie|Future|Future|0|2027|-|90|Drama
        tt10|movie|"Quoted|"Quoted|0|1999|-|90|Comedy,Drama
        tt11|movie|-|-|0|1999|-|90|Drama
        tt12|movie|Unflagged|Unflagged|0|1999|-|90|Adult,Drama
        tt13|movie|Alike|Alike|0|1999|-|90|Young Adult""",
    "title_akas": """
        tt01|1|Plain|-|-|original|-|1
        tt01|2|Plain|US|-|imdbDisplay|-|0
        tt01|3|Uni|DE|-|-|-|0
        tt01|4|Uni|AT|-|-|-|0
        tt01|5|Plain too|US|-|working|-|0
        tt02|1|Translated|US|-|-|-|0
        tt02|2|Traduit|FR|-|-|-|0
        tt03|1|English|US|en|-|-|0
        tt03|2|English|US|-|-|-|0
        tt04|1|Abroad|GB|en|-|-|0
        tt05|1|Adult|US|en|-|-|0
        tt06|1|Short|US|en|-|-|0
        tt07|1|Unrated|US|en|-|-|0
        tt08|1|Undated|US|en|-|-|0
        tt09|1|Future|US|en|-|-|0
        tt10|1|"Quoted|US|-|-|-|0
        tt11|1|-|US|-|-|-|0
        tt12|1|Unflagged|US|en|-|-|0
        tt13|1|Alike|US|-|-|-|0""",
    "title_ratings": "\n".join(f"tt{n:02}|5.5|{n * 10}" for n in range(1, 14) if n != 7),
    "title_crew": """
        tt01|nm2,nm1|-
        tt02|nm1|nm3
        tt04|nm9|-""",
    "title_principals": """
        tt01|1|nm4|actress|-|["She"]
        tt01|2|nm3|actor|-|["He"]
        tt01|3|nm3|actor|-|["His twin"]
        tt01|4|nm1|director|-|-
        tt01|5|nm5|composer|-|-
        tt01|6|nm2|archive_footage|-|["Himself"]
        tt01|7|nm2|archive_sound|-|-
        tt06|1|nm4|actress|-|-""",
    "name_basics": "\n".join(f"nm{number}|Person {number}|-|-|-|-" for number in range(1, 6)),
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    return write_raw(tmp_path_factory.mktemp("root"), ROWS)


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("world", ["tt01", "tt02", "tt03", "tt04", "tt10", "tt11", "tt13"]),
        ("us_release", ["tt01", "tt02", "tt03", "tt10", "tt11", "tt13"]),
        ("english_like", ["tt01", "tt03", "tt10", "tt13"]),
        ("original_2020", ["tt03", "tt12"]),
    ],
)
def test_a_preset_selects_its_titles_once_each(
    warehouse: DuckDBWarehouse, preset: str, expected: list[str]
) -> None:
    assert build(warehouse, preset) == expected


def test_an_old_release_of_the_2020_original_is_comparable_by_its_former_name(
    copies: Keeper,
) -> None:
    state, _ = copies.refresh()
    choices = {"preset": "original_2020", "min_votes": 0, "year_max": 2026, "title_types": "movie"}
    for preset, expected in (("seed", True), ("original_2020", True), ("world", False)):
        manifest = {"source": state.source, "recipe": choices | {"preset": preset}}
        assert is_comparable(copies.storage, manifest, choices) is expected
    assert not is_comparable(copies.storage, {}, choices)


def test_votes_and_years_bound_the_selection(warehouse: DuckDBWarehouse) -> None:
    assert build(warehouse, "world", min_votes=100) == ["tt10", "tt11", "tt13"]
    assert "tt09" in build(warehouse, "world", year_max=2027)
    assert build(warehouse, "world", year_max=1998) == []


def test_the_types_of_titles_are_chosen(warehouse: DuckDBWarehouse) -> None:
    assert build(warehouse, "world", title_types="short") == ["tt06"]
    movies = build(warehouse, "world")
    assert build(warehouse, "world", title_types="movie,short") == sorted([*movies, "tt06"])


def test_titles_are_typed_and_nulls_have_a_meaning(warehouse: DuckDBWarehouse) -> None:
    build(warehouse, "world")
    assert warehouse.column_types("titles") == {
        "title_id": "varchar",
        "title": "varchar",
        "original_title": "varchar",
        "title_type": "varchar",
        "year": "integer",
        "end_year": "integer",
        "runtime_minutes": "integer",
        "genres": "varchar",
        "rating": "double",
        "votes": "integer",
    }
    titles = warehouse.read("titles", order_by="title_id").set_index("title_id")
    assert titles.loc["tt10", "title"] == '"Quoted'
    assert titles.loc["tt11", "title"] == "tt11"
    assert titles.loc["tt03", "genres"] == ""
    assert pd.isna(titles.loc["tt03", "runtime_minutes"])


def test_other_names_are_listed_once_and_the_own_ones_not_at_all(
    warehouse: DuckDBWarehouse,
) -> None:
    build(warehouse, "world")
    akas = warehouse.read("title_akas", order_by="title_id, name")
    assert list(akas.itertuples(index=False, name=None)) == [("tt01", "Plain too"), ("tt01", "Uni")]


def test_people_keep_their_role_and_their_order(warehouse: DuckDBWarehouse) -> None:
    build(warehouse, "world")
    people = warehouse.read("title_people", order_by="title_id, role, billing")
    assert list(people[["title_id", "name", "role"]].itertuples(index=False, name=None)) == [
        ("tt01", "Person 4", "actor"),
        ("tt01", "Person 3", "actor"),
        ("tt01", "Person 5", "composer"),
        ("tt01", "Person 2", "director"),
        ("tt01", "Person 1", "director"),
        ("tt02", "Person 1", "director"),
        ("tt02", "Person 3", "writer"),
    ]


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.stem)
def test_an_asset_depends_on_the_tables_its_sql_names(path: Path) -> None:
    asset = next(found for found in table_assets if found.key == dg.AssetKey(path.stem))
    statement = sqlglot.parse_one(path.read_text(), read="athena")
    common = {expression.alias for expression in statement.find_all(exp.CTE)}
    named = {table.name for table in statement.find_all(exp.Table)} - common
    assert {key.to_user_string() for key in asset.dependency_keys} == named


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.stem)
def test_sql_is_one_described_select_without_clock_or_chance(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("-- ")
    (statement,) = sqlglot.parse(text, read="athena")
    assert isinstance(statement, exp.Select)
    forbidden = {"now", "current_date", "current_timestamp", "rand", "random", "uuid"}
    called = {function.sql_name().lower() for function in statement.find_all(exp.Func)}
    assert not called & forbidden


def test_metadata_shows_columns_rows_and_a_preview(warehouse: DuckDBWarehouse) -> None:
    build(warehouse, "world")
    metadata = table_metadata(warehouse, "titles", {"title": "its name"})
    assert metadata["dagster/row_count"] == 7
    assert [column.name for column in metadata["dagster/column_schema"].columns][:2] == [
        "title_id",
        "title",
    ]
    assert [column.description for column in metadata["dagster/column_schema"].columns][:2] == [
        None,
        "its name",
    ]
    assert metadata["preview"].records[0].data["year"] == 1999


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.stem)
def test_every_column_is_described_by_the_comment_beside_it(path: Path) -> None:
    described = describe_columns(path.read_text())
    assert described and all(described.values()), described


def test_a_failed_replacement_leaves_the_table_as_it_was(warehouse: DuckDBWarehouse) -> None:
    build(warehouse, "world")
    before = warehouse.read("titles", order_by="title_id")
    with pytest.raises(Exception, match="Conversion Error"):
        warehouse.create("titles", "SELECT CAST(title AS integer) AS year FROM titles")
    assert warehouse.read("titles", order_by="title_id").equals(before)


# The year ceiling


def test_the_year_ceiling_that_nobody_chose_is_the_clocks_year():
    assert year_of_the_run(2026, {}) == 2026
    for serving in (2026, 1999):
        assert year_of_the_run(2026, {"recipe": {"year_max": serving}}) == 2026


@pytest.mark.parametrize(
    ("clock", "says"),
    [
        (1999, "clock says 1999, and the serving release 20260101T000000Z-0000000a has titles up"),
        (2201, "clock says 2201, and the year ceiling is 2200 at most"),
    ],
)
def test_a_clock_that_cannot_be_right_chooses_no_year_ceiling(clock: int, says: str):
    serving = {"release_id": "20260101T000000Z-0000000a", "recipe": {"year_max": 2026}}
    with pytest.raises(dg.Failure) as raised:
        year_of_the_run(clock, serving)
    assert says in str(raised.value.description)
    assert "correct the clock" in str(raised.value.description)
