"""The whole graph, end to end: what it makes, what it repeats, and what it survives.

Runs are real ones of the `refresh` job on invented files; what each stage does in detail belongs to
that stage's own tests.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rec_platform.assets.costs import read_receipts
from rec_platform.release.recommend import recommendations
from rec_platform.resources.storage import LocalStorage
from rec_platform.sample.writer import franchises
from rec_platform_tests.conftest import TITLES, Platform, clean_environment, remade, rows

OPTIONAL = ("title_crew", "title_principals", "name_basics")


def table(platform: Platform, name: str) -> Any:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(f"FROM '{platform.root}/tables/{name}.parquet'").df()


# What a refresh makes


def test_a_release_has_every_selected_title_with_its_cluster_and_its_neighbours(
    released: Platform,
):
    lookup, titles = released.serving(), table(released, "titles")
    listed = [
        title
        for cluster in lookup.clusters()
        for title in lookup.cluster_titles(cluster.cluster, limit=TITLES)
    ]
    assert {title.title_id for title in listed} == set(titles["title_id"])
    assert len(listed) == len(titles) == lookup.release["title_count"] > TITLES / 5
    assert sum(cluster.title_count for cluster in lookup.clusters()) == len(titles)
    for title in listed:
        ids = [found.title.title_id for found in recommendations(lookup, title)]
        assert len(set(ids)) == 9 and title.title_id not in ids
    assert all(title in lookup.search(title.title, limit=50) for title in listed[:50])


def test_the_people_of_a_film_are_those_of_the_files(released: Platform):
    lookup = released.serving()
    names = dict(
        line.decode().split("\t")[:2] for line in rows(released.source / "name.basics.tsv.gz")
    )
    crew = (line.decode().split("\t") for line in rows(released.source / "title.crew.tsv.gz"))
    directors = {title_id: people.split(",") for title_id, people, _ in crew}
    shown = lookup.cluster_titles(0, limit=TITLES)
    assert len(shown) > 20
    for title in shown:
        expected = [person for person in directors[title.title_id] if person in names]
        shown_directors = title.credited("director")
        assert [credit.person_id for credit in shown_directors] == list(dict.fromkeys(expected))
        assert all(credit.name == names[credit.person_id] for credit in shown_directors)


def test_most_franchise_films_have_another_of_their_franchise_among_the_first_nine(
    released: Platform,
):
    lookup = released.serving()
    found = films = 0
    for franchise in franchises(TITLES):
        for film in franchise:
            (title,) = lookup.titles([film])
            others = {also.title.title_id for also in recommendations(lookup, title)}
            films += 1
            found += bool(others & (set(franchise) - {film}))
    assert films > 50
    assert found / films > 0.95


def test_the_year_ceiling_is_recorded_and_naming_it_repeats_the_run(platform: Platform):
    recorded = platform.serving().release["recipe"]["year_max"]
    published = datetime.fromisoformat(platform.serving().release["created_at"])
    assert recorded == published.year == datetime.now(UTC).year
    before = platform.files()
    done = platform.refresh("--year-max", str(recorded))
    assert (done.exit_code, platform.files()) == (0, before)
    assert "nothing has changed" in done.stderr


def test_the_same_files_make_the_same_lists_in_another_place(
    released: Platform, platform: Platform
):
    done = platform.refresh("--root", "elsewhere")
    assert done.exit_code == 0, done.stderr
    first, second = released.run("export"), platform.run("export", "--root", "elsewhere")
    assert first.stdout == second.stdout
    assert first.stdout.count("\n") == 1 + 9 * released.serving().release["title_count"]


@dataclass(frozen=True)
class Changed:
    """The released platform after another recipe, where there never were optional files."""

    platform: Platform
    before: dict[str, bytes]
    summary: str


@pytest.fixture(scope="module")
def changed(
    first_release: Platform, dagster_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Changed:
    platform = first_release.copied(tmp_path_factory.mktemp("changed"))
    for name in OPTIONAL:
        (platform.source / f"{name.replace('_', '.')}.tsv.gz").unlink()
        shutil.rmtree(platform.root / "raw" / name)
    before = platform.files()
    with clean_environment(dagster_home), pytest.MonkeyPatch.context() as patch:
        patch.setenv("REC_MIN_TITLE_SHARE", "0")  # fewer titles, and on purpose
        done = platform.refresh("--clusters", "4", "--year-max", "1999", "--rule", "original_2020")
    assert done.exit_code == 0, done.stderr
    return Changed(platform, before, done.stdout)


def test_without_crew_principals_and_names_it_runs_and_says_what_is_missing(changed: Changed):
    missing = "without title_crew, title_principals, name_basics: the source has none"
    assert missing in changed.summary
    lookup = changed.platform.serving()
    assert lookup.release["missing_files"] == list(OPTIONAL)
    assert set(lookup.release["files"]) == {"title_basics", "title_akas", "title_ratings"}
    title = lookup.cluster_titles(0)[0]
    assert title.credits == [] and recommendations(lookup, title)


def test_another_recipe_makes_a_new_release_and_leaves_the_old_one_as_it_was(changed: Changed):
    lookup = changed.platform.serving()
    recipe = lookup.release["recipe"]
    assert (recipe["clusters"], recipe["year_max"], recipe["rule"]) == (4, 1999, "original_2020")
    assert lookup.tiles is None  # filters reach the neighbours of this rule, not all by the blend
    years = [title.year for number in range(4) for title in lookup.cluster_titles(number, TITLES)]
    assert max(years) <= 1999 and len(years) == lookup.release["title_count"]
    for part in ("up to 1999", "4 clusters", "original_2020 neighbours"):
        assert part in changed.summary
    after = changed.platform.files()
    assert {name for name in changed.before if after.get(name) != changed.before[name]} == {
        "current.json"
    }


def test_what_fails_after_the_publication_does_not_deny_that_there_was_one(platform: Platform):
    shutil.rmtree(platform.root / "receipts")
    (platform.root / "receipts").symlink_to(platform.folder / "nowhere")
    (platform.releases / ".DS_Store").write_bytes(b"\0")
    done = platform.refresh("--clusters", "8")
    assert done.exit_code == 1 and "cost_receipt: " in done.stderr
    assert "nothing was published" not in done.stderr
    assert "a new release was published and serves" in done.stderr.splitlines()[-1]
    assert platform.serving().release["recipe"]["clusters"] == 8


# What a refresh repeats


def test_a_second_refresh_with_nothing_changed_does_no_work_and_says_so(platform: Platform):
    before = platform.files()
    tables = {path: path.stat().st_mtime_ns for path in (platform.root / "tables").iterdir()}
    done = platform.refresh()
    assert done.exit_code == 0
    assert "nothing has changed" in done.stderr
    assert platform.files() == before
    assert {path: path.stat().st_mtime_ns for path in tables} == tables
    receipts = read_receipts(LocalStorage(root=str(platform.root)))
    assert [receipt.outcome for receipt in receipts] == ["unchanged", "published"]
    assert remade() == set()


def test_a_file_with_another_date_and_the_same_bytes_is_no_change(platform: Platform):
    before = platform.files()
    for file in platform.source.iterdir():
        os.utime(file, ns=(1, 1))
    assert "nothing has changed" in platform.refresh().stderr
    assert platform.files() == before


def test_an_optional_file_that_is_gone_leaves_its_last_good_copy_in_use(platform: Platform):
    before = platform.files()
    (platform.source / "title.principals.tsv.gz").unlink()
    done = platform.refresh()
    assert "stays in use" in done.stderr
    assert "nothing has changed" in done.stderr
    assert platform.files() == before


def test_a_rollback_lasts_until_something_changes(platform: Platform):
    first = platform.serving().path.parent.name
    assert platform.refresh("--clusters", "4").exit_code == 0
    assert platform.run("rollback").exit_code == 0
    assert "nothing has changed" in platform.refresh("--clusters", "4").stderr
    assert platform.serving().path.parent.name == first


def test_the_environment_reaches_what_has_no_option(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_MIN_VOTES", "300")
    monkeypatch.setenv("REC_MIN_TITLE_SHARE", "0.1")
    monkeypatch.setenv("REC_SEED", "7")
    done = platform.refresh("--clusters", "3")
    assert done.exit_code == 0, done.stderr
    lookup = platform.serving()
    assert (lookup.release["recipe"]["seed"], lookup.release["recipe"]["min_votes"]) == (7, 300)
    assert min(found.votes for found in lookup.cluster_titles(0, TITLES)) >= 300


def test_a_serving_release_that_was_damaged_is_made_anew(platform: Platform):
    import dagster as dg

    from rec_platform.definitions import define

    lookup = platform.serving().path
    lookup.write_bytes(lookup.read_bytes()[:-1])
    run = (
        define(os.environ | {"REC_ROOT": str(platform.root)})
        .resolve_job_def("refresh")
        .execute_in_process(
            run_config={"loggers": {"progress": {}}},
            asset_selection=[dg.AssetKey("recipe")],
        )
    )
    assert [str(event.step_key) for event in run.get_asset_materialization_events()] == ["recipe"]
