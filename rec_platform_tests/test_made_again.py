"""Which assets a change makes again, and that no release says what it is not.

The mechanism itself is tested on small assets in assets/test_made_of.py.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from rec_platform_tests.alone import reason
from rec_platform_tests.conftest import REPOSITORY, Platform, remade

pytestmark = pytest.mark.slow

ELIGIBLE = {"eligible_titles", "eligible_akas"}
LOOKUP = {"cluster_lookup", "release"}
LISTS = {"similar_titles", "scorecard", *LOOKUP}
CLUSTERS = {"kmeans_model", "title_clusters", "scorecard", *LOOKUP}


def definitions(platform: Platform, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Any:
    from rec_platform.definitions import define

    monkeypatch.chdir(platform.folder)
    return define(os.environ | {"REC_IMDB_SOURCE": "sample"} | variables)


def materialize(definitions: dg.Definitions, *assets: str) -> dg.ExecuteInProcessResult:
    """Materialise some assets as a person does in the Dagster UI, without their checks."""
    with dg.DagsterInstance.get() as instance:
        chosen = [definitions.resolve_assets_def(name) for name in assets]
        return dg.materialize(chosen, instance=instance, raise_on_error=False)


def change_field(platform: Platform, name: str, column: str, row_id: str, suffix: str) -> None:
    """Append something to a value of the row with this id."""
    file = platform.source / f"{name}.tsv.gz"
    header, *rows = gzip.decompress(file.read_bytes()).decode().splitlines()
    place = header.split("\t").index(column)
    for number, row in enumerate(rows):
        fields = row.split("\t")
        if fields[0] == row_id:
            fields[place] += suffix
            rows[number] = "\t".join(fields)
    file.write_bytes(gzip.compress("\n".join([header, *rows, ""]).encode()))


def give_votes(platform: Platform) -> None:
    """Give one title of the catalogue ten times its votes."""
    (title_id,) = platform.serving().clusters()[0].popular_titles[:1]
    change_field(platform, "title.ratings", "numVotes", title_id, "0")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--clusters", "5"], {"recipe", *CLUSTERS}),
        (["--rule", "nearest"], {"recipe", *LISTS}),
        (["--weights", '{"era": 9}'], {"recipe", *LISTS}),
        (["--features", "original_2020"], {"recipe", "scaled_matrix", *CLUSTERS}),
        (["--rule", "original_2020", "--clusters", "5"], {"recipe", *CLUSTERS, *LISTS}),
        (
            ["--year-max", "2100"],  # unrated titles of years to come may be in the catalogue, too
            {"recipe", *ELIGIBLE, "titles", "title_akas", "title_origins", *LOOKUP},
        ),
    ],
)
def test_another_recipe_makes_again_what_reads_it(
    platform: Platform, options: list[str], expected: set[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_FORCE", "siblings,coverage")
    done = platform.refresh(*options)
    assert done.exit_code == 0, done.stderr
    assert remade() == expected


def test_where_nothing_has_changed_no_table_is_read(platform: Platform):
    """Importing what reads them would take longer than all the rest."""
    command = [sys.executable, "-X", "importtime", "-m", "rec_platform.cli", "refresh"]
    done = subprocess.run(
        [*command, "--source", "sample"],
        cwd=platform.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "nothing has changed" in done.stderr
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "dagster" in loaded
    assert not loaded & {"duckdb", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "sqlglot"}


def test_other_votes_leave_names_and_people_alone(platform: Platform):
    give_votes(platform)
    assert platform.refresh().exit_code == 0
    tables = {"titles", "selection", "title_series", "scaled_matrix"}
    assert remade() == {"raw_title_ratings", *tables, *CLUSTERS, *LISTS}


def test_another_persons_name_is_read_by_people_alone(platform: Platform):
    title = platform.serving().cluster_titles(0, limit=1)[0]
    change_field(platform, "name.basics", "primaryName", title.credits[0].person_id, " Jr.")
    assert platform.refresh().exit_code == 0
    assert remade() == {"raw_name_basics", "title_people", "title_credits", *LOOKUP}


@pytest.mark.parametrize("table", ["titles", "title_series", "similar_titles"])
def test_a_table_that_was_wiped_is_made_again_and_nothing_below_it(platform: Platform, table: str):
    (platform.root / "tables" / f"{table}.parquet").unlink()
    done = platform.refresh()
    assert "nothing has changed" in done.stderr
    assert f"the table {table}: missing, damaged or changed" in done.stderr
    assert remade() == {table}


def test_a_lookup_of_parts_that_do_not_belong_together_is_refused(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    before = platform.files()
    other = definitions(platform, monkeypatch, REC_CLUSTERS="5")
    assert materialize(other, "recipe").success
    result = materialize(other, "cluster_lookup", "release")
    assert not result.success
    assert "kmeans_model was made with clusters=9, and the recipe says 5" in reason(result)
    assert platform.files() == before
    # The lookup that was built before says what it is: publishing it again changes nothing.
    assert materialize(other, "release").success and platform.files() == before

    assert platform.refresh("--clusters", "5").exit_code == 0
    lookup = platform.serving()
    assert lookup.release["recipe"]["clusters"] == len(lookup.clusters()) == 5


def test_a_lookup_of_tables_of_two_downloads_is_refused(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    give_votes(platform)
    single = definitions(platform, monkeypatch)
    assert materialize(single, "raw_title_ratings").success
    result = materialize(single, "cluster_lookup")
    assert "titles was made of another raw_title_ratings" in reason(result)


@pytest.mark.parametrize("asset", ["title_clusters", "similar_titles", "scorecard"])
def test_nothing_is_made_of_tables_of_two_selections(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, asset: str
):
    """NumPy would complain of shapes, or nobody of anything."""
    few = definitions(platform, monkeypatch, REC_MIN_VOTES="2000")
    assert materialize(few, "recipe", "titles").success
    told = reason(materialize(few, asset))
    assert "was made of another titles" in told
    assert (platform.root / "made_of" / f"{asset}.json").exists()


def raise_ratings(table: Path) -> None:
    import duckdb

    changed = table.with_suffix(".changed")
    with duckdb.connect() as connection:
        rows = f"SELECT * REPLACE (rating + 0.5 AS rating) FROM '{table}'"
        connection.execute(f"COPY ({rows}) TO '{changed}' (FORMAT parquet)")
    changed.replace(table)


def test_nothing_is_made_from_a_table_that_was_changed_and_a_refresh_heals_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    before = platform.files()
    raise_ratings(platform.root / "tables" / "titles.parquet")
    (platform.root / "build" / "lookup.sqlite").unlink()
    single = definitions(platform, monkeypatch)
    assert "titles was changed after it was made" in reason(materialize(single, "cluster_lookup"))
    (platform.root / "made_of" / "scaled_matrix.json").unlink()
    assert "titles was changed after it was made" in reason(materialize(single, "scaled_matrix"))
    done = platform.refresh()
    assert done.exit_code == 0 and "nothing has changed" in done.stderr
    assert remade() == {"titles", "scaled_matrix", "cluster_lookup"}
    assert platform.files() == before


def test_nothing_is_made_from_a_raw_copy_that_was_changed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    with (platform.root / "raw" / "title_ratings" / "title.ratings.tsv.gz").open("ab") as file:
        file.write(gzip.compress(b"tt0000001\t1.0\t9\n"))
    (platform.root / "tables" / "titles.parquet").unlink()
    single = definitions(platform, monkeypatch)
    assert "raw_title_ratings was changed after" in reason(materialize(single, "titles"))


def test_a_lookup_that_was_changed_is_not_published(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    import sqlite3

    before = platform.files()
    lookup = platform.root / "build" / "lookup.sqlite"
    with sqlite3.connect(lookup) as connection:
        connection.execute("UPDATE titles SET rating = 9.9")
    connection.close()
    single = definitions(platform, monkeypatch)
    assert "the lookup is missing, or was changed" in reason(materialize(single, "release"))
    assert platform.files() == before


def test_what_a_check_stops_is_not_published_by_hand(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    before = platform.files()
    few = definitions(platform, monkeypatch, REC_MIN_VOTES="2000")
    specs = few.resolve_all_asset_specs()
    names = [spec.key.to_user_string() for spec in specs]
    tables = [name for name in names if not name.startswith("raw_")]
    assert materialize(few, *[name for name in tables if name not in ("release", "cost_receipt")])
    told = reason(materialize(few, "release"))
    assert "not published. titles: check titles_are_enough failed: " in told
    assert "set REC_MIN_TITLE_SHARE=0" in told
    assert platform.files() == before

    allowances = {"REC_MIN_TITLE_SHARE": "0", "REC_FORCE": "siblings,coverage"}
    allowed = definitions(platform, monkeypatch, REC_MIN_VOTES="2000", **allowances)
    assert materialize(allowed, "recipe").success and materialize(allowed, "release").success
    assert platform.serving().release["recipe"]["min_votes"] == 2_000


def test_a_release_names_the_source_of_its_files_whatever_the_environment_says(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    elsewhere = definitions(platform, monkeypatch, REC_IMDB_SOURCE="elsewhere", REC_CLUSTERS="5")
    made = ("recipe", "kmeans_model", "title_clusters", "similar_titles", "scorecard")
    for asset in (*made, "cluster_lookup", "release"):
        assert materialize(elsewhere, asset).success
    release = platform.serving().release
    assert (release["source"], release["source_kind"]) == ("sample", "sample")


def test_after_a_rollback_a_refresh_that_changes_nothing_is_not_judged_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    first = platform.serving().path.parent.name
    monkeypatch.setenv("REC_MIN_VOTES", "2000")
    monkeypatch.setenv("REC_MIN_TITLE_SHARE", "0")
    monkeypatch.setenv("REC_FORCE", "siblings,coverage")
    monkeypatch.setenv("REC_RULE", "original_2020")
    assert platform.refresh("--rule", "original_2020").exit_code == 0
    monkeypatch.delenv("REC_FORCE")
    assert platform.run("rollback").exit_code == 0
    done = platform.refresh("--rule", "original_2020")
    assert done.exit_code == 0 and "nothing has changed" in done.stderr, done.stderr
    assert platform.serving().path.parent.name == first


def statuses(definitions: dg.Definitions) -> dict[str, str]:
    """What the Dagster UI says of each asset: FRESH or STALE."""
    from dagster._core.definitions.data_version import CachingStaleStatusResolver
    from dagster._core.loader import LoadingContextForTest

    graph = definitions.resolve_asset_graph()
    with dg.DagsterInstance.get() as instance:
        resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
        return {
            key.to_user_string(): resolver.get_status(key).name
            for key in graph.materializable_asset_keys
        }


def test_the_ui_calls_nothing_stale_after_a_refresh_or_a_table_made_anew(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    assert platform.refresh().exit_code == 0
    same = definitions(platform, monkeypatch)
    assert set(statuses(same).values()) == {"FRESH"}
    (platform.root / "tables" / "titles.parquet").unlink()
    assert materialize(same, "titles").success
    assert set(statuses(same).values()) == {"FRESH"}

    other = definitions(platform, monkeypatch, REC_CLUSTERS="5")
    assert materialize(other, "recipe").success
    stale = {asset for asset, status in statuses(other).items() if status == "STALE"}
    assert {"kmeans_model", "cluster_lookup"} <= stale
    assert not stale & {"raw_title_basics", "title_people", "title_akas", "recipe"}
    assert platform.refresh("--clusters", "5").exit_code == 0
    assert set(statuses(other).values()) == {"FRESH"}
