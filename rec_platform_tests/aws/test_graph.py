"""The whole graph on emulated AWS, through the real clients, beside the local one."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rec_platform_tests.assets.notes import note
from rec_platform_tests.aws.policies import allowed
from rec_platform_tests.conftest import Platform, last_run, remade
from rec_platform_tests.emulators import Emulators
from rec_platform_tests.emulators.sagemaker_server import (
    BILLABLE_SECONDS,
    SageMakerServer,
)
from rec_platform_tests.reads import ORDER_ALONE, reads_of

pytestmark = pytest.mark.aws

KNOWN = Path(os.environ.get("REC_REAL_DATA", "unset")).resolve() / "imdb" / "known-5000"

# Without ratings and judgements the scorecard compares no titles part by part.
UNREAD_WITHOUT_RATINGS = {
    *("title_credits", "title_characters", "title_origins", "title_keywords"),
    "title_clusters",
}


def deployment(name: str, **variables: str) -> dict[str, Any]:
    from rec_platform.definitions import define

    return dict(define(os.environ | {"REC_DEPLOYMENT": name} | variables).resources or {})


def both(aws: Platform) -> tuple[dict[str, Any], dict[str, Any]]:
    """The resources of the local deployment and of AWS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(aws.folder)
        return deployment("local", REC_ROOT="local"), deployment("aws")


def refresh_both(aws: Platform, source: str, *options: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REC_DEPLOYMENT", "local")
        local = aws.run("refresh", "--source", source, "--root", "local", *options)
    assert local.exit_code == 0, local.stderr
    done = aws.run("refresh", "--source", source, *options)
    assert done.exit_code == 0, done.stderr


def compare(aws: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    import dagster as dg
    import pandas as pd

    from rec_platform.assets.similar import similar_titles
    from rec_platform.assets.stored import read_matrix, read_model
    from rec_platform.modelling.kmeans import assign

    local, cloud = both(aws)
    monkeypatch.chdir(aws.folder)
    for table, order in (("titles", "title_id"), ("title_people", "title_id, person_id, role")):
        ours = cloud["warehouse"].read(table, order)
        theirs = local["warehouse"].read(table, order)
        columns = list(theirs.columns)
        pd.testing.assert_frame_equal(
            ours.sort_values(columns, ignore_index=True),
            theirs.sort_values(columns, ignore_index=True),
            check_dtype=False,
        )
    ids, matrix = read_matrix(cloud["warehouse"])
    local_ids, local_matrix = read_matrix(local["warehouse"])
    assert ids.tolist() == local_ids.tolist()
    np.testing.assert_allclose(matrix, local_matrix, atol=1e-6)
    ours, theirs = read_model(cloud["storage"]), read_model(local["storage"])
    assert ours.mean_squared_distance == pytest.approx(theirs.mean_squared_distance, rel=0.01)
    clusters = cloud["warehouse"].read("title_clusters", "title_id")
    assignment = assign(matrix, ours.centroids)
    assert (assignment.cluster == clusters["cluster"]).mean() > 0.999
    np.testing.assert_allclose(assignment.distance, clusters["distance"], atol=1e-12)
    # Under the same model, the same neighbours: those that this machine finds in AWS's clusters.
    local["warehouse"].write("title_clusters", [clusters])
    note(local["storage"], local["warehouse"], "title_clusters")
    assert dg.materialize([similar_titles], resources=local).success
    pd.testing.assert_frame_equal(
        cloud["warehouse"].read("similar_titles", "title_id, rank"),
        local["warehouse"].read("similar_titles", "title_id, rank"),
    )


def test_the_whole_graph_gives_on_aws_what_it_gives_on_this_machine(
    aws: Platform,
    server: SageMakerServer,
    recorded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
):
    from rec_platform.sample.writer import write_sample

    write_sample(aws.source, 1_000)
    refresh_both(aws, "sample")
    compare(aws, monkeypatch)
    _, assets = last_run()
    assert {"release", "cost_receipt", "raw_title_akas", "kmeans_model"} <= assets
    assert set(recorded) <= allowed("platform"), set(recorded) - allowed("platform")
    assert not [action for action in recorded if "Endpoint" in action]

    # What was used and what it costs stands beside each result.
    used = metadata()
    for table in ("titles", "title_people", "title_akas"):
        assert used[table]["athena_scanned_bytes"] > 0
        assert used[table]["dollars"] >= 10_000_000 / 2**40 * 5  # the least that a query costs
    assert used["kmeans_model"]["sagemaker_train:msd"] > 0
    assert used["kmeans_model"]["billable_seconds"] == BILLABLE_SECONDS
    assert used["kmeans_model"]["dollars"] > BILLABLE_SECONDS / 3600 * 0.1

    costs = aws.run("costs").stdout
    assert "sagemaker_training_seconds:ml.m5.large" in costs and "published" in costs
    total = float(costs.strip().rpartition("$")[2])
    assert 0 < total < 0.25
    plan = aws.run("costs", "--plan", "--source", "sample").stdout
    assert total < float(plan.strip().rpartition("$")[2]) < 0.25

    # A second refresh finds nothing changed, makes no table, asks no query and starts no job.
    jobs, recorded_before = len(server.jobs), Counter(recorded)
    done = aws.run("refresh", "--source", "sample")
    assert done.exit_code == 0 and "nothing has changed" in done.stderr
    assert len(server.jobs) == jobs == 1
    costly = {"glue:CreateTable", "glue:UpdateTable", "athena:StartQueryExecution"}
    assert "athena:StartQueryExecution" in recorded_before
    assert not (recorded - recorded_before).keys() & costly
    assert remade() == set()

    listed = aws.run("releases")
    assert listed.exit_code == 0 and listed.stdout.splitlines()[1].startswith("*")
    assert len(aws.run("export").stdout.splitlines()) > 100

    # On AWS, too, an asset reads what it declares, and nothing else.
    from rec_platform.definitions import define

    definitions = define(os.environ | {"REC_IMDB_SOURCE": "sample"})
    for asset, (declared, read) in reads_of(definitions).items():
        spared = UNREAD_WITHOUT_RATINGS if asset == "scorecard" else set[str]()
        assert read == declared - ORDER_ALONE.get(asset, set()) - spared, asset


def test_giving_up_is_allowed_too(
    aws: Platform,
    server: SageMakerServer,
    emulators: Emulators,
    recorded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
):
    import dagster as dg

    monkeypatch.chdir(aws.folder)
    monkeypatch.setattr("rec_platform.resources.aws.clients.ATTEMPTS", 1)
    monkeypatch.setattr("rec_platform.resources.aws.jobs.START_SECONDS", 0)
    cloud = deployment("aws", REC_ATHENA_MAX_SECONDS="0.3", REC_SAGEMAKER_MAX_SECONDS="1")
    emulators.tell_athena("stall")
    with pytest.raises(dg.Failure, match="was stopped"):
        cloud["warehouse"].query("SELECT 1 AS one")
    points = np.random.default_rng(0).random((20, 2)).astype("float32")
    server.fates = ["stall"]
    with pytest.raises(dg.Failure, match="was stopped"):
        cloud["clustering"].fit(points, 3, seed=0)
    file = cloud["storage"].scratch_dir() / "names.gz"
    file.write_bytes(bytes(20_000_000))
    emulators.proxy.play("^PUT .*partNumber=2", 1, 503)
    with pytest.raises(dg.Failure, match="SlowDown"):
        cloud["storage"].put(file, "raw/names.gz")
    ends = {"athena:StopQueryExecution", "s3:AbortMultipartUpload", "sagemaker:StopTrainingJob"}
    assert ends <= set(recorded) <= allowed("platform")


def metadata() -> dict[str, dict[str, Any]]:
    """What the Dagster UI shows of each asset that the last run made."""
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs(limit=1)
        logs = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    made = [log.asset_materialization for log in logs if log.asset_materialization]
    return {
        asset.asset_key.to_user_string(): {
            name: entry.value for name, entry in asset.metadata.items()
        }
        for asset in made
    }


def test_a_job_that_fails_leaves_the_last_release_and_a_receipt(
    aws: Platform, server: SageMakerServer
):
    from rec_platform.sample.writer import write_sample

    write_sample(aws.source, 300)
    assert aws.run("refresh", "--source", "sample").exit_code == 0
    before = aws.run("releases").stdout
    server.fates = ["AlgorithmError: bad data"]
    done = aws.run("refresh", "--source", "sample", "--clusters", "4")
    assert done.exit_code == 1
    assert "AlgorithmError: bad data" in done.stderr and "last line of the log" in done.stderr
    assert aws.run("releases").stdout == before
    assert "failed" in aws.run("costs").stdout


@pytest.mark.parametrize("rule", ["blend", "seed"])
def test_known_titles_are_the_same_on_aws_and_on_this_machine(
    aws: Platform, monkeypatch: pytest.MonkeyPatch, rule: str
):
    if not KNOWN.is_dir():
        pytest.skip("REC_REAL_DATA names no folder of real files")
    # The 2020 original's rule looks at clusters and distances.
    refresh_both(aws, str(KNOWN), "--preset", "us_release", "--rule", rule)
    compare(aws, monkeypatch)
