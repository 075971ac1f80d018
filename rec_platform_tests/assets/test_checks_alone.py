"""Checks and a release that a person launches alone: what they find, and what they refuse."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from rec_platform.assets.notes import hash_content, read_note, write_note
from rec_platform.assets.release import checks
from rec_platform.definitions import define
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.alone import launch, reason
from rec_platform_tests.conftest import Platform

CHECKS = {spec.name: check for check in checks for spec in check.check_specs}
# A table, and rows of it that its check must find.
HARMS = {
    "titles_are_enough": ("titles", "* FROM titles LIMIT 3"),
    "titles_are_sound": ("titles", "* REPLACE (rating + 10 AS rating) FROM titles"),
    "matrix_is_scaled": ("scaled_matrix", "* REPLACE (year + 2 AS year) FROM scaled_matrix"),
    "clusters_are_filled": ("title_clusters", "* REPLACE (0 AS cluster) FROM title_clusters"),
    "every_title_has_neighbours": ("similar_titles", "* FROM similar_titles WHERE rank > 48"),
}
FEWER = "* FROM {} WHERE title_id <> (SELECT min(title_id) FROM {})"
MORE = "* FROM (FROM {} UNION ALL (SELECT * REPLACE ('tt9' AS title_id) FROM {} LIMIT 1))"
OTHER = "* REPLACE (replace(title_id, min(title_id) OVER (), 'tt9') AS title_id) FROM {}"
TWICE = "* FROM (FROM {} UNION ALL FROM {})"


def look(root: Path, check: str) -> dg.AssetCheckResult:
    """Launch a check alone."""
    result = CHECKS[check](LocalStorage(root=str(root)), DuckDBWarehouse(root=str(root)))
    assert isinstance(result, dg.AssetCheckResult)
    return result


def change(root: Path, table: str, rows: str) -> None:
    """Let an asset have made another table than it did."""
    storage, warehouse = LocalStorage(root=str(root)), DuckDBWarehouse(root=str(root))
    file = root / "tables" / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE {table} AS FROM '{file}'")
        connection.execute(f"COPY (SELECT {rows.replace('{}', table)}) TO '{file}'")
    note = read_note(storage, table)
    assert note
    content = hash_content(storage, warehouse, table, note.files)
    write_note(storage, table, replace(note, content=content or "", stored=""))


@pytest.fixture
def unpublished(platform: Platform) -> Platform:
    """A platform whose lookup is built and was never published."""
    shutil.rmtree(platform.releases)
    return platform


# A release alone


def test_a_release_alone_is_published_if_all_checks_pass(unpublished: Platform):
    assert launch(unpublished, "release").success
    assert unpublished.serving().release["title_count"] > 100


@pytest.mark.parametrize("check", HARMS)
def test_a_release_alone_is_not_published_if_a_check_fails(unpublished: Platform, check: str):
    asset, rows = HARMS[check]
    change(unpublished.root, asset, rows)
    told = reason(launch(unpublished, "release"))
    assert f"{asset}: check {check} failed: " in told
    assert "not published. " in told and "run the refresh job" in told
    assert not unpublished.releases.exists()


@pytest.mark.usefixtures("environment")
def test_a_release_asks_every_check():
    assert CHECKS.keys() == {key.name for key in define({}).resolve_asset_graph().asset_check_keys}
    assert CHECKS.keys() - HARMS.keys() == {"release_is_no_worse", "lookup_answers"}


def test_a_release_alone_is_not_published_if_the_checks_would_see_other_tables(
    unpublished: Platform,
):
    assert launch(unpublished, "recipe", REC_CLUSTERS="5").success
    assert launch(unpublished, "kmeans_model", "title_clusters", REC_CLUSTERS="5").success
    told = reason(launch(unpublished, "release", REC_CLUSTERS="5"))
    assert "scorecard was made of another kmeans_model" in told
    assert "the checks would see other tables than the lookup was made of" in told
    assert not unpublished.releases.exists()


# Checks alone


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_of_what_was_never_made_says_what_to_materialise(tmp_path: Path, check: str):
    with pytest.raises(dg.Failure, match=r"^[a-z_]+ is not made yet.*: materialise it$"):
        look(tmp_path, check)


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_of_what_is_gone_says_what_to_materialise(platform: Platform, check: str):
    for folder in ("tables", "build", "releases"):
        shutil.rmtree(platform.root / folder)
    with pytest.raises(dg.Failure, match=r"^[a-z_]+ is not made yet.*: materialise it$"):
        look(platform.root, check)


def counts(metadata: Mapping[str, object]) -> dict[str, int]:
    return {name: int(getattr(value, "value", value)) for name, value in metadata.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [FEWER, MORE, OTHER, TWICE])
@pytest.mark.parametrize(
    ("check", "table"),
    [
        ("matrix_is_scaled", "scaled_matrix"),
        ("clusters_are_filled", "title_clusters"),
        ("every_title_has_neighbours", "similar_titles"),
    ],
)
def test_a_check_counts_what_is_too_little_and_too_much_apart(
    platform: Platform, check: str, table: str, rows: str
):
    change(platform.root, table, rows)
    found = look(platform.root, check)
    assert not found.passed
    assert min(counts(found.metadata or {}).values()) >= 0
    # The other way round: the titles differ, and the table stays.
    if rows != TWICE:
        change(platform.root, "titles", rows)
        change(platform.root, table, FEWER)
        assert min(counts(look(platform.root, check).metadata or {"": 0}).values()) >= 0


@pytest.mark.parametrize(("clusters", "wrong"), [(5, "unknown_clusters"), (13, "empty_clusters")])
def test_clusters_of_another_recipe_are_counted_as_such(
    platform: Platform, clusters: int, wrong: str
):
    change(platform.root, "recipe", f"* REPLACE ({clusters} AS clusters) FROM recipe")
    found = counts(look(platform.root, "clusters_are_filled").metadata or {})
    assert {name: count for name, count in found.items() if count} == {wrong: 4}
