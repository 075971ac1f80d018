"""Athena's warehouse, through the real clients, beside DuckDB's, and on Athena's bad days."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from rec_platform.assets.raw import refresh_file
from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.aws.athena import AthenaWarehouse
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.storage import LocalStorage, S3Storage, Storage
from rec_platform.resources.warehouse import SQL_FOLDER, DuckDBWarehouse
from rec_platform.sample.writer import write_sample
from rec_platform_tests.emulators import BUCKET, REPOSITORY, Emulators
from rec_platform_tests.emulators.faulty_proxy import EXPIRED_JSON, LOST, THROTTLED

pytestmark = pytest.mark.aws

RECIPE = pd.DataFrame([{"preset": "english_like", "year_max": 2024, "min_votes": 0}])
SELECT = "SELECT preset, year_max + 1 AS next_year FROM recipe"


@pytest.fixture
def athena(
    emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AthenaWarehouse:
    """A database and a prefix of its own."""
    del emulators
    monkeypatch.chdir(tmp_path)
    return fresh(tmp_path.name)


def fresh(name: str, max_seconds: float = 60) -> AthenaWarehouse:
    """What another process would use."""
    database = "".join(letter if letter.isalnum() else "_" for letter in name)
    return AthenaWarehouse(
        root=f"s3://{BUCKET}/{name}",
        database=database,
        max_seconds=max_seconds,
        poll_seconds=0.05,
    )


def fetch_raw(storage: Storage) -> None:
    for file in RAW_FILES:
        refresh_file(file, ImdbSource(location="sample"), storage, logging.getLogger())


def sort(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(frame.columns), ignore_index=True)


def keys(athena: AthenaWarehouse, folder: str) -> list[str]:
    return sorted(S3Storage(root=athena.root).etags(folder))


def test_every_table_is_the_one_that_duckdb_makes_types_and_all(athena: AthenaWarehouse):
    write_sample(Path("sample"), 400)
    fetch_raw(S3Storage(root=athena.root))
    fetch_raw(LocalStorage(root="data"))
    duckdb = DuckDBWarehouse(root="data")
    for warehouse in (athena, duckdb):
        warehouse.write("recipe", [RECIPE])
    for table in ("titles", "title_people", "title_akas"):
        sql = (SQL_FOLDER / f"{table}.sql").read_text()
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
        athena._clients("s3").put_object(Bucket=BUCKET, Key=f"{prefix}/tables/{name}", Body=b"")
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


@pytest.mark.parametrize(
    ("fate", "says"),
    [
        ("fail HIVE_BAD_DATA: not a number", r"next: Athena says 'HIVE_BAD_DATA: not a number' of"),
        ("fail Query cancelled! : Bytes scanned limit was exceeded", "raise the limit of the work"),
    ],
)
def test_a_query_that_fails_leaves_nothing_and_the_old_table_stays(
    athena: AthenaWarehouse, emulators: Emulators, fate: str, says: str
):
    athena.write("recipe", [RECIPE])
    athena.create("next", SELECT)
    before = keys(athena, "tables/next")
    emulators.tell_athena(fate)
    with pytest.raises(dg.Failure, match=says):
        athena.create("next", SELECT + " -- changed")
    assert keys(athena, "tables/next") == before and not keys(athena, "queries")
    assert athena.read("next", "preset")["next_year"].tolist() == [2025]
    glue = athena._clients("glue")
    tables = glue.get_tables(DatabaseName=athena.database)["TableList"]
    assert {table["Name"] for table in tables} == {"recipe", "next"}
    time.sleep(3.5)  # Athena would now lead to the query that failed
    athena.create("next", SELECT + " -- changed")


def test_the_workgroups_limit_is_heeded(athena: AthenaWarehouse, emulators: Emulators):
    noise = pd.DataFrame({"value": np.random.default_rng(0).random(2_000_000)})  # 16 MB
    athena.write("noise", [noise])
    client = athena._clients("athena")
    client.create_work_group(
        Name="narrow", Configuration={"BytesScannedCutoffPerQuery": 10_000_000}
    )
    narrow = AthenaWarehouse(
        root=athena.root, database=athena.database, workgroup="narrow", poll_seconds=0.05
    )
    with pytest.raises(dg.Failure, match=r"Bytes scanned limit.*raise the limit of .* narrow"):
        narrow.create("most", "SELECT max(value) AS most FROM noise")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "no limit a query: run `aws athena update-work-group"),
        ({"BytesScannedCutoffPerQuery": 10**12}, "1000.0 GB a query"),
        ({"EnforceWorkGroupConfiguration": True}, "EnforceWorkGroupConfiguration=false"),
    ],
)
def test_a_workgroup_that_would_let_a_query_scan_anything_is_refused(
    athena: AthenaWarehouse, settings: dict[str, object], says: str
):
    name = f"group{len(settings)}{'Enforce' in str(settings)}"
    athena._clients("athena").create_work_group(
        Name=name, Configuration={"EnforceWorkGroupConfiguration": False, **settings}
    )
    loose = AthenaWarehouse(root=athena.root, workgroup=name)
    with pytest.raises(dg.Failure) as failure:
        loose.query("SELECT 1 AS one")
    assert says in str(failure.value.description)
    assert any(says in f"{finding.found}: {finding.fix}" for finding in loose.diagnose())


def test_a_query_that_takes_too_long_is_stopped(athena: AthenaWarehouse, emulators: Emulators):
    athena.write("recipe", [RECIPE])
    emulators.tell_athena("stall")
    slow = fresh(athena.root.rpartition("/")[2], max_seconds=0.5)
    with pytest.raises(dg.Failure, match="was stopped after"):
        slow.create("next", SELECT)
    states = stopped(athena)
    assert states[-1] == "CANCELLED"


def test_a_query_that_somebody_stopped_is_told(athena: AthenaWarehouse, emulators: Emulators):
    athena.write("recipe", [RECIPE])
    emulators.tell_athena("stall")
    client, before = athena._clients("athena"), len(emulators.queries())

    def stop() -> None:
        while len(emulators.queries()) == before:
            time.sleep(0.05)
        group = client.list_query_executions(WorkGroup=athena.workgroup)
        for found in group["QueryExecutionIds"]:
            client.stop_query_execution(QueryExecutionId=found)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(dg.Failure, match="somebody stopped it: run the refresh again"):
        athena.create("next", SELECT)
    thread.join()
    assert not keys(athena, "tables/next")


def test_an_interrupt_stops_the_query(athena: AthenaWarehouse, emulators: Emulators):
    athena.write("recipe", [RECIPE])
    emulators.tell_athena("stall")

    def interrupt() -> None:
        # Before its first look, the query's number may not be known: the next run would find it.
        while not emulators.proxy.asked("GetQueryExecution"):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        athena.create("next", SELECT)
    thread.join()
    assert stopped(athena)[-1] == "CANCELLED"


def stopped(athena: AthenaWarehouse) -> list[str]:
    client = athena._clients("athena")
    ids = client.list_query_executions(WorkGroup=athena.workgroup)["QueryExecutionIds"]
    found = client.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
    found.sort(key=lambda execution: execution["Status"]["SubmissionDateTime"])
    return [execution["Status"]["State"] for execution in found]


def test_a_process_that_was_killed_finds_its_query_again(
    athena: AthenaWarehouse, emulators: Emulators
):
    athena.write("recipe", [RECIPE])
    emulators.tell_athena("stall")
    before = len(emulators.queries())
    program = (
        "import sys; from rec_platform.resources.aws.athena import AthenaWarehouse\n"
        "AthenaWarehouse(root=sys.argv[1], database=sys.argv[2]).create('next', sys.argv[3])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, athena.root, athena.database, SELECT],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    ) as process:
        while len(emulators.queries()) == before:
            time.sleep(0.05)
            assert process.poll() is None
        process.kill()
    client = athena._clients("athena")
    time.sleep(3.5)
    for found in client.list_query_executions(WorkGroup=athena.workgroup)["QueryExecutionIds"]:
        client.stop_query_execution(QueryExecutionId=found)  # its fate: cancelled while it was dead
    athena.create("next", SELECT)
    assert len(emulators.queries()) == before + 2
    assert athena.create("next", SELECT)["is_reused"]


def test_a_query_whose_answer_was_lost_runs_once(athena: AthenaWarehouse, emulators: Emulators):
    athena.write("recipe", [RECIPE])
    before = len(emulators.queries())
    emulators.proxy.play("StartQueryExecution", 1, LOST)
    athena.create("next", SELECT)
    assert emulators.proxy.played == 1
    assert len(emulators.queries()) == before + 1


def test_throttling_is_sat_out(athena: AthenaWarehouse, emulators: Emulators):
    athena.write("recipe", [RECIPE])
    emulators.proxy.play("StartQueryExecution", 2, 400, THROTTLED)
    emulators.proxy.play("GetQueryExecution", 2, 400, THROTTLED)
    athena.create("next", SELECT)
    assert emulators.proxy.played == 4


def test_throttling_that_does_not_end_is_told_and_the_query_is_found_again(
    athena: AthenaWarehouse, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rec_platform.resources.aws.clients.ATTEMPTS", 2)
    athena.write("recipe", [RECIPE])
    emulators.proxy.play("GetQueryExecution", 99, 400, THROTTLED)
    with pytest.raises(dg.Failure, match=r"TooManyRequests.*what is done is not done again"):
        athena.create("next", SELECT)
    emulators.proxy.reset()
    before = len(emulators.queries())
    athena.create("next", SELECT)
    assert len(emulators.queries()) == before


def test_credentials_that_expire_half_way_are_named_with_the_cure(
    athena: AthenaWarehouse, emulators: Emulators
):
    athena.write("recipe", [RECIPE])
    emulators.proxy.play("GetQueryExecution", 99, 400, EXPIRED_JSON)
    with pytest.raises(dg.Failure, match=r"ExpiredToken.*aws sso login"):
        athena.create("next", SELECT)
    before = len(emulators.queries())
    emulators.proxy.reset()
    athena.create("next", SELECT)  # finds the query that went on without us
    assert len(emulators.queries()) == before


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
