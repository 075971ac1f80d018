"""The gate in front of a release, on invented films whose likes and judgements are planted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rec_platform.modelling.scorecard import DEFAULT
from rec_platform_tests.alone import launch, reason
from rec_platform_tests.assets.people import write_judgements
from rec_platform_tests.conftest import Platform, clean_environment


@pytest.fixture(scope="module")
def rated_release(
    first_release: Platform,
    ratings: Path,
    dagster_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Platform:
    """The released platform after it was told of ratings: not to be changed."""
    platform = first_release.copied(tmp_path_factory.mktemp("rated"))
    with clean_environment(dagster_home), pytest.MonkeyPatch.context() as patch:
        patch.setenv("REC_RATINGS_SOURCE", str(ratings))
        done = platform.refresh()
    assert done.exit_code == 0, done.stderr
    return platform


@pytest.fixture
def rated(
    rated_release: Platform,
    ratings: Path,
    environment: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Platform:
    del environment
    monkeypatch.setenv("REC_RATINGS_SOURCE", str(ratings))
    return rated_release.copied(tmp_path / "rated")


def test_new_ratings_are_a_change_and_the_same_ones_are_none(
    rated: Platform, first_release: Platform
):
    assert rated.serving().path.name != first_release.serving().path.parent.name
    assert rated.serving().release["scorecard"]["ratings"]["users"] > 10
    assert "nothing has changed" in rated.refresh().stderr


def test_a_worse_release_is_not_published_and_the_old_one_serves(
    rated: Platform, monkeypatch: pytest.MonkeyPatch
):
    before = rated.files()
    done = rated.refresh("--rule", "original_2020")
    assert done.exit_code == 1
    reason = done.stderr.splitlines()[-2]
    assert "scorecard: check release_is_no_worse failed: tail_ndcg fell from" in reason
    assert "below the 2020 original's" in reason and "; ndcg fell from" in reason
    assert reason.endswith("If that is right, set REC_FORCE=tail_ndcg,ndcg once")
    assert rated.files() == before
    # Another figure's name is no pass.
    monkeypatch.setenv("REC_FORCE", "ndcg,coverage")
    done = rated.refresh("--rule", "original_2020")
    assert done.exit_code == 1
    assert "set REC_FORCE=tail_ndcg once" in done.stderr
    assert rated.files() == before


def test_forced_by_name_a_worse_release_is_published_and_then_stays(
    rated: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_FORCE", "ndcg,tail_ndcg")
    done = rated.refresh("--rule", "original_2020")
    assert done.exit_code == 0, done.stderr
    recipe = rated.serving().release["recipe"]
    assert (recipe["rule"], recipe["force"]) == ("original_2020", "ndcg,tail_ndcg")
    # That it was forced once is no reason to build it again.
    monkeypatch.delenv("REC_FORCE")
    assert "nothing has changed" in rated.refresh("--rule", "original_2020").stderr


def test_a_worse_release_is_not_published_alone_either_unless_the_recipe_forces_it(
    rated: Platform, monkeypatch: pytest.MonkeyPatch
):
    before = rated.files()
    monkeypatch.setenv("REC_RULE", "original_2020")
    assert rated.refresh("--rule", "original_2020").exit_code == 1
    assert launch(rated, "cluster_lookup").success
    told = reason(launch(rated, "release"))
    assert "scorecard: check release_is_no_worse failed: tail_ndcg fell from" in told
    assert "set REC_FORCE=tail_ndcg,ndcg once" in told
    assert rated.files() == before
    assert launch(rated, "recipe", REC_FORCE="tail_ndcg,ndcg").success
    assert launch(rated, "release").success
    assert rated.serving().release["recipe"]["rule"] == "original_2020"


def test_a_release_that_people_judge_worse_is_not_published_unless_forced(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_judgements(tmp_path / "pairs.csv")
    monkeypatch.setenv("REC_JUDGEMENTS_SOURCE", str(tmp_path / "pairs.csv"))
    assert platform.refresh().exit_code == 0
    manifest = platform.serving().path.parent / "manifest.json"
    content = json.loads(manifest.read_text())
    content["scorecard"]["figures"][DEFAULT] |= {"p9": 2, "r9": 2}
    manifest.write_text(json.dumps(content))
    done = platform.refresh("--rule", "nearest")
    assert done.exit_code == 1
    reason = done.stderr.splitlines()[-2]
    assert "failed: p9 fell from 2.000" in reason and "; r9 fell from 2.000" in reason
    assert reason.endswith("If that is right, set REC_FORCE=p9,r9 once")
    monkeypatch.setenv("REC_FORCE", "p9,r9")
    assert platform.refresh("--rule", "nearest").exit_code == 0


def test_a_catalogue_of_another_selection_is_no_measure(
    rated: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("REC_RATINGS_SOURCE")
    done = rated.refresh("--rule", "original_2020", "--preset", "world")
    assert done.exit_code == 0, done.stderr


def test_a_catalogue_of_another_size_is_no_measure(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    manifest = platform.serving().path.parent / "manifest.json"
    content = json.loads(manifest.read_text())
    content["scorecard"]["figures"][DEFAULT]["coverage"] *= 2
    # A version of this program that knew no judgements scored it: its figures count all the same.
    del content["scorecard"]["judgements"]
    content["scorecard"]["of_old"] = 1
    manifest.write_text(json.dumps(content))
    done = platform.refresh("--rule", "original_2020")
    assert done.exit_code == 1 and "coverage fell from" in done.stderr
    manifest.write_text(json.dumps(content | {"title_count": 2 * content["title_count"]}))
    monkeypatch.setenv("REC_MIN_TITLE_SHARE", "0")
    assert platform.refresh("--rule", "original_2020").exit_code == 0


def test_a_source_that_cannot_be_read_stops_the_refresh_before_any_work(
    released: Platform, tmp_path: Path
):
    platform = released.copied(tmp_path / "copy")
    before = platform.files()
    (tmp_path / "pairs.csv").write_text("title_1,title_2,rating\nOne,Two,perhaps\n")
    for variable, location, told in (
        ("REC_RATINGS_SOURCE", "nowhere", "the ratings in nowhere: ratings.csv cannot be read"),
        ("REC_JUDGEMENTS_SOURCE", str(tmp_path / "pairs.csv"), "line 2 is rated 'perhaps'"),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, location)
            done = platform.refresh()
        assert done.exit_code == 1
        reason = done.stderr.splitlines()[-2]
        assert reason.startswith("recipe: the ") and told in reason and variable in reason
        assert platform.files() == before
