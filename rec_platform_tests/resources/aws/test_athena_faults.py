"""Athena's warehouse on Athena's bad days: queries that fail, hang, are stopped or lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from rec_platform.resources.aws.athena import AthenaWarehouse
from rec_platform.resources.aws.queries import OLD_SECONDS
from rec_platform_tests.emulators import REPOSITORY, Emulators
from rec_platform_tests.emulators.faulty_proxy import EXPIRED_JSON, LOST, THROTTLED
from rec_platform_tests.resources.aws.athena_bench import RECIPE, SELECT, fresh, keys

pytestmark = pytest.mark.aws


def wait_until_old(athena: AthenaWarehouse) -> None:
    """Wait until the last query was sent so long ago that it belongs to an earlier run."""
    client = athena._storage.clients("athena")
    ids = client.list_query_executions(WorkGroup=athena.workgroup)["QueryExecutionIds"]
    queries = client.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
    sent = max(query["Status"]["SubmissionDateTime"].timestamp() for query in queries)
    while time.time() < sent + OLD_SECONDS + 1:  # HTTP dates have whole seconds
        time.sleep(0.05)


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
    glue = athena._storage.clients("glue")
    tables = glue.get_tables(DatabaseName=athena.database)["TableList"]
    assert {table["Name"] for table in tables} == {"recipe", "next"}
    wait_until_old(athena)  # Athena would now lead to the query that failed
    athena.create("next", SELECT + " -- changed")


def test_the_workgroups_limit_is_heeded(athena: AthenaWarehouse, emulators: Emulators):
    noise = pd.DataFrame({"value": np.random.default_rng(0).random(2_000_000)})  # 16 MB
    athena.write("noise", [noise])
    client = athena._storage.clients("athena")
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
    athena._storage.clients("athena").create_work_group(
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
    client, before = athena._storage.clients("athena"), len(emulators.queries())

    def stop() -> None:
        while len(emulators.queries()) == before:
            time.sleep(0.05)
        group = client.list_query_executions(WorkGroup=athena.workgroup)
        for query_id in group["QueryExecutionIds"]:
            client.stop_query_execution(QueryExecutionId=query_id)

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
    client = athena._storage.clients("athena")
    ids = client.list_query_executions(WorkGroup=athena.workgroup)["QueryExecutionIds"]
    executions = client.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
    executions.sort(key=lambda execution: execution["Status"]["SubmissionDateTime"])
    return [execution["Status"]["State"] for execution in executions]


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
    client = athena._storage.clients("athena")
    wait_until_old(athena)
    for query_id in client.list_query_executions(WorkGroup=athena.workgroup)["QueryExecutionIds"]:
        client.stop_query_execution(QueryExecutionId=query_id)  # while the process was dead
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


@pytest.mark.parametrize("operation", ["CreateDatabase", "CreateTable"])
def test_what_glue_made_although_its_answer_was_lost_is_used(
    athena: AthenaWarehouse, emulators: Emulators, operation: str
):
    emulators.proxy.play(f"AWSGlue.{operation}", 1, LOST)
    athena.write("recipe", [RECIPE])
    assert emulators.proxy.played == 1
    assert athena.read("recipe", "preset")["preset"].tolist() == ["english_like"]


def test_another_workgroup_asks_the_same_again(athena: AthenaWarehouse, emulators: Emulators):
    athena.write("recipe", [RECIPE])
    athena.create("next", SELECT)
    client = athena._storage.clients("athena")
    client.create_work_group(Name="other", Configuration={"BytesScannedCutoffPerQuery": 10_000_000})
    other = AthenaWarehouse(
        root=athena.root, database=athena.database, workgroup="other", poll_seconds=0.05
    )
    other.forget("next")
    other.create("next", SELECT)
    assert other.read("next", "preset")["next_year"].tolist() == [2025]
    # The same statement, too: Athena refuses a token that comes back with another workgroup.
    for warehouse in (athena, other):
        folder = f"{athena.root}/asked/"
        warehouse._queries.execute(
            f"UNLOAD (\nSELECT 1 AS one\n) TO '{folder}' WITH (format = 'PARQUET')"
        )
        athena._storage.delete("asked")


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
