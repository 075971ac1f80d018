"""Athena's warehouse, through the real clients, beside DuckDB's."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from rec_platform.assets.raw import refresh_file
from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.aws.athena import AthenaWarehouse
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.storage import LocalStorage, Storage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform.sample.writer import write_sample
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.resources.aws.athena_bench import RECIPE, SELECT, fresh, keys
from rec_platform_tests.sql_files import SQL

pytestmark = pytest.mark.aws


def fetch_raw(storage: Storage) -> None:
    for file in RAW_FILES:
        refresh_file(file, ImdbSource(location="sample"), storage, logging.getLogger())


def sort(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(frame.columns), ignore_index=True)


def test_every_table_is_the_one_that_duckdb_makes_types_and_all(athena: AthenaWarehouse):
    write_sample(Path("sample"), 400)
    fetch_raw(S3Storage(root=athena.root))
    fetch_raw(LocalStorage(root="data"))
    duckdb = DuckDBWarehouse(root="data")
    for warehouse in (athena, duckdb):
        warehouse.write("recipe", [RECIPE])
    for table, sql in SQL.items():
        made = athena.create(table, sql)
        duckdb.create(table, sql)
        assert made["athena_scanned_bytes"] > 0
        columns = ", ".join(duckdb.column_types(table))
        ours, theirs = athena.read(table, columns), duckdb.read(table, columns)
        pd.testing.assert_frame_equal(ours, theirs)
        assert athena.row_count(table) == len(theirs) > 10
        assert set(athena.column_types(table)) == set(duckdb.column_types(table))
        assert len(athena.head(table, 3)) == 3
    for select in (
        "SELECT title_id, votes FROM titles WHERE runtime_minutes IS NULL OR votes > 9000",
        "SELECT count(*) AS row_count, max(rating) AS best FROM titles",
        "SELECT title_id, runtime_minutes FROM titles -- a comment at the end",
    ):
        pd.testing.assert_frame_equal(sort(athena.query(select)), sort(duckdb.query(select)))
    assert not keys(athena, "queries")


def test_values_of_every_kind_come_back_as_they_were(athena: AthenaWarehouse):
    frames = [
        pd.DataFrame(
            {
                "text": ['say "hi"', "tab\there", "Amélie \N{MOVIE CAMERA}"],
                "whole": [1, 2, 2**40],
                "small": pd.Series([1, 2, 3], dtype="int32"),
                "real": [0.1, 1e-300, 3.0],
                "single": pd.Series([0.1, 0.2, 0.3], dtype="float32"),
            }
        ),
    ] * 2
    duckdb = DuckDBWarehouse()
    for warehouse in (athena, duckdb):
        warehouse.write("kinds", iter(frames))
    expected = pd.concat(frames, ignore_index=True)
    pd.testing.assert_frame_equal(sort(athena.read("kinds", "text, whole")), sort(expected))
    pd.testing.assert_frame_equal(
        sort(athena.query("SELECT * FROM kinds")), sort(duckdb.query("SELECT * FROM kinds"))
    )


def test_an_answer_without_rows_has_its_columns(athena: AthenaWarehouse):
    athena.write("recipe", [RECIPE])
    frame = athena.query("SELECT preset, year_max FROM recipe WHERE year_max < 0")
    assert frame.empty and list(frame.columns) == ["preset", "year_max"]
    assert frame["year_max"].dtype == "int64"
    athena.create("nothing", "SELECT preset FROM recipe WHERE year_max < 0")
    assert list(athena.read("nothing", "preset").columns) == ["preset"]
    assert athena.row_count("nothing") == 0


def test_a_table_without_rows_is_made_once(athena: AthenaWarehouse, emulators: Emulators):
    athena.write("recipe", [RECIPE])
    nothing = f"{SELECT} WHERE year_max < 0"
    athena.create("nothing", nothing)
    before = len(emulators.queries())
    assert athena.create("nothing", nothing)["is_reused"]
    assert len(emulators.queries()) == before


def test_a_table_whose_files_are_gone_is_made_again(athena: AthenaWarehouse):
    athena.write("recipe", [RECIPE])
    athena.create("next", SELECT)
    S3Storage(root=athena.root).delete("tables/next")
    assert not athena.create("next", SELECT)["is_reused"]
    assert athena.read("next", "preset")["next_year"].tolist() == [2025]


def test_a_table_may_become_what_it_was_as_often_as_one_likes(
    athena: AthenaWarehouse, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rec_platform.resources.aws.athena.ATTEMPTS", 1)
    before = len(emulators.queries())
    for year in (2024, 1999) * 3:
        athena.write("recipe", [RECIPE.assign(year_max=year)])
        athena.create("next", SELECT)
        assert athena.read("next", "preset")["next_year"].tolist() == [year + 1]
    assert len(emulators.queries()) == before + 6


def test_the_catalogue_names_columns_in_lower_case(athena: AthenaWarehouse):
    write_sample(Path("sample"), 100)
    fetch_raw(S3Storage(root=athena.root))
    athena.write("scaled", [pd.DataFrame({"Sci-Fi": [1.0], "Drama": [0.0]})])
    assert athena.query("SELECT primaryTitle AS title FROM raw_title_basics")["title"].notna().all()
    assert athena.query("SELECT drama AS drama FROM scaled")["drama"].tolist() == [0]
    assert list(athena.read("scaled", "Drama").columns) == ["Sci-Fi", "Drama"]
    assert "primarytitle" in athena.column_types("raw_title_basics")


def test_a_column_without_any_value_is_text_in_the_file_as_in_the_catalogue(
    athena: AthenaWarehouse,
):
    import pyarrow.parquet as pq

    frame = pd.DataFrame({"title_id": ["tt1", "tt2"], "note": [None, None]}, dtype=object)
    athena.write("notes", [frame])
    (name,) = keys(athena, "tables/notes")
    storage = S3Storage(root=athena.root)
    schema = pq.read_schema(storage.fetch(storage.key(f"s3://{BUCKET}/{name}")))
    assert athena.column_types("notes") == {"title_id": "string", "note": "string"}
    assert str(schema.field("note").type) == "string"
    assert athena.query("SELECT note FROM notes")["note"].isna().all()


def test_a_database_that_athena_could_not_name_is_refused():
    with pytest.raises(ValueError, match=r"REC_ATHENA_DATABASE='Rec-Platform'"):
        AthenaWarehouse.from_environment({"REC_ATHENA_DATABASE": "Rec-Platform"}, "REC_ATHENA_")


def test_what_is_there_already_is_not_made_again_and_a_change_of_its_sources_makes_it_anew(
    athena: AthenaWarehouse, emulators: Emulators
):
    athena.write("recipe", [RECIPE])
    assert not athena.create("next", SELECT)["is_reused"]
    before = len(emulators.queries())
    athena.write("recipe", [RECIPE])
    assert fresh(athena.root.rpartition("/")[2]).create("next", SELECT)["is_reused"]
    assert len(emulators.queries()) == before
    athena.write("recipe", [RECIPE.assign(year_max=1999)])
    assert not athena.create("next", SELECT)["is_reused"]
    assert athena.read("next", "preset")["next_year"].tolist() == [2000]


def test_a_new_version_of_a_table_deletes_old_versions_and_nothing_else_beside_them(
    athena: AthenaWarehouse,
):
    prefix = athena.root.rpartition("/")[2]
    for name in ("recipe/notes/a.parquet", "recipe/2024-1/a.parquet", "recipe/a.csv"):
        athena._storage.clients("s3").put_object(
            Bucket=BUCKET, Key=f"{prefix}/tables/{name}", Body=b""
        )
    others = keys(athena, "tables/recipe")
    for year in (2020, 2021, 2022, 2023):
        athena.write("recipe", [RECIPE.assign(year_max=year)])
    left = keys(athena, "tables/recipe")
    assert {*others} < {*left} and len(left) == len(others) + 2


def test_a_reader_never_finds_the_table_missing(athena: AthenaWarehouse):
    athena.write("recipe", [RECIPE])
    athena.create("next", SELECT)
    reader, seen, is_done = fresh(athena.root.rpartition("/")[2]), set[int](), threading.Event()
    problems: list[BaseException] = []

    def read() -> None:
        try:
            while not is_done.is_set():
                (year,) = reader.read("next", "preset")["next_year"]
                seen.add(int(year))
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for year in range(1900, 1912):
        athena.write("recipe", [RECIPE.assign(year_max=year)])
        athena.create("next", SELECT)
    is_done.set()
    thread.join()
    assert not problems and len(seen) > 3
    assert len({key.split("/")[-2] for key in keys(athena, "tables/next")}) == 2  # and the last


def test_a_tables_hash_follows_its_columns_and_rows_and_not_their_order(
    athena: AthenaWarehouse, emulators: Emulators
):
    frame = pd.DataFrame({"title": ["Alien", "Brazil", None], "year": [1979, 1985, 1999]})

    def content_hash(*frames: pd.DataFrame) -> str | None:
        athena.write("titles", frames)
        return athena.content_hash("titles")

    before = content_hash(frame)
    assert before
    assert content_hash(frame[::-1]) == before
    assert content_hash(frame[2:], frame[:2]) == before
    for other in (
        frame.assign(year=[1979, 1985, 2000]),
        frame.assign(title=["Alien", "Brazil", ""]),
        frame.rename(columns={"year": "begin"}),
        frame.astype({"year": "int32"}),
        pd.concat([frame, frame[:1]]),
    ):
        assert content_hash(other) not in (before, None)
    assert not [query for query in emulators.queries() if athena.database in query]


def test_a_table_that_athena_made_has_the_hash_of_its_rows(athena: AthenaWarehouse):
    athena.write("recipe", [RECIPE])
    athena.create("copied", "SELECT * FROM recipe")
    assert athena.content_hash("copied") == athena.content_hash("recipe")


def test_what_is_missing_or_cannot_be_read_has_no_hash_or_another(athena: AthenaWarehouse):
    assert athena.content_hash("recipe") is None
    assert athena.content_hash("raw_title_basics") is None
    athena.write("recipe", [RECIPE])
    whole = athena.content_hash("recipe")
    assert whole
    storage = S3Storage(root=athena.root)
    (name,) = keys(athena, "tables/recipe")
    key = storage.key(f"s3://{storage.bucket}/{name}")
    storage.write(key, b"no Parquet")
    assert athena.content_hash("recipe") is None
    storage.delete(key)
    # A table without files is one without rows.
    assert athena.content_hash("recipe") not in (None, whole)


def test_a_digest_follows_a_tables_files_and_columns_and_reads_neither(athena: AthenaWarehouse):
    assert athena.digest("recipe") is None
    assert athena.digest("raw_title_basics") is None
    athena.write("recipe", [RECIPE])
    made = athena.digest("recipe")
    assert made and AthenaWarehouse(**athena.model_dump()).digest("recipe") == made
    storage = S3Storage(root=athena.root)
    (name,) = keys(athena, "tables/recipe")
    key = storage.key(f"s3://{storage.bucket}/{name}")
    whole = storage.read(key) or b""
    storage.write(key, b"no Parquet")
    assert athena.digest("recipe") not in (None, made)
    storage.write(key, whole)
    assert athena.digest("recipe") == made
    storage.delete(key)
    assert athena.digest("recipe") not in (None, made)


def test_a_table_that_was_changed_is_made_again_once_it_is_forgotten(athena: AthenaWarehouse):
    storage = S3Storage(root=athena.root)
    athena.write("recipe", [RECIPE])
    whole = athena.content_hash("recipe")
    athena.create("next", SELECT)
    hashes = {"recipe": whole, "next": athena.content_hash("next")}
    for table in hashes:
        (name,) = keys(athena, f"tables/{table}")
        storage.write(storage.key(f"s3://{storage.bucket}/{name}"), b"no Parquet")
        athena.forget(table)
    athena.write("recipe", [RECIPE])
    athena.create("next", SELECT)
    assert {table: athena.content_hash(table) for table in hashes} == hashes


def test_a_table_that_is_not_there_is_named(athena: AthenaWarehouse):
    for ask in (
        lambda: athena.read("titles", "title_id"),
        lambda: athena.create("titles", "SELECT * FROM raw_title_basics"),
    ):
        with pytest.raises(dg.Failure, match="materialise the asset"):
            ask()


def test_what_was_scanned_is_counted_with_the_least_that_is_billed(athena: AthenaWarehouse):
    athena.write("recipe", [RECIPE])
    athena.create("next", SELECT)
    athena.query("SELECT count(*) AS n FROM next")
    used = athena.usage()
    assert used["athena_bytes"] == 20_000_000
    assert used["s3_write_requests"] > 0 and used["s3_read_requests"] > 0
    assert athena.plan(1_000)["athena_bytes"] > used["athena_bytes"]


def test_without_a_root_it_says_what_to_set(emulators: Emulators):
    del emulators
    with pytest.raises(dg.Failure, match="set REC_ROOT"):
        AthenaWarehouse().create("next", SELECT)
