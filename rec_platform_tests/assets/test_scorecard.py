"""The scorecard on invented films whose likes are planted, and the gate in front of a release."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rec_platform.assets.markdown import to_markdown
from rec_platform.assets.scorecard import score
from rec_platform.assets.similar import read_lists
from rec_platform.assets.stored import read_quality, read_scorecard
from rec_platform.modelling.neighbours import weigh_lists
from rec_platform.modelling.scorecard import (
    COLUMNS,
    DEFAULT,
    KNOB,
    ORIGINAL,
    UPPER_MARK,
    Scorecard,
)
from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import lists as served_lists
from rec_platform.release.schema import LIST_LENGTH, Title
from rec_platform.resources.ratings import RatingsSource
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform.sample.writer import franchises
from rec_platform_tests.conftest import TITLES, Platform, clean_environment

NO_RATINGS = {"coverage", "siblings", "diversity", "novelty"}


def warehouse(platform: Platform) -> DuckDBWarehouse:
    return DuckDBWarehouse(root=str(platform.root))


def storage(platform: Platform) -> LocalStorage:
    return LocalStorage(root=str(platform.root))


def title_ids(platform: Platform) -> list[str]:
    return warehouse(platform).read("titles", order_by="title_id")["title_id"].to_list()


def all_titles(lookup: Lookup) -> list[Title]:
    return [title for number in range(9) for title in lookup.cluster_titles(number, limit=TITLES)]


def write_ratings(folder: Path) -> None:
    """Two users for each franchise, who like all its films and the first one of the next."""
    films = [film for franchise in franchises(TITLES) for film in franchise]
    folder.mkdir()
    movies = {film: number for number, film in enumerate(films, start=1)}
    links = [f"{number},{film.removeprefix('tt')}" for film, number in movies.items()]
    (folder / "links.csv").write_text("\n".join(["movieId,imdbId", *links, ""]))
    rows = [
        f"{2 * number + user},{movies[film]},5.0"
        for number, (franchise, following) in enumerate(pairwise(franchises(TITLES)))
        for user in range(2)
        for film in (*franchise, following[0])
    ]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating", *rows, ""]))


# The lists


@pytest.mark.parametrize("balance", [HIDDEN_GEMS, 0.3, BALANCE, CROWD_PLEASERS])
@pytest.mark.parametrize("weights", ["default", "own"])
def test_what_is_scored_is_what_is_served(
    released: Platform, weighed: Platform, weights: str, balance: float
):
    platform = {"default": released, "own": weighed}[weights]
    ids = title_ids(platform)
    stored, parts = read_lists(warehouse(platform), len(ids))
    titles = warehouse(platform).read("titles", order_by="title_id")
    lookup = platform.serving()
    popularity = np.array([lookup.popularity(votes) for votes in titles["votes"]])
    scored = weigh_lists(stored, parts, popularity, balance, lookup.rule.weights)[:, :LIST_LENGTH]
    rows = pd.DataFrame(served_lists(lookup, LIST_LENGTH, balance))
    served = rows.groupby(0)[2].apply(list)
    assert len(served) == len(ids) > TITLES / 5
    assert {ids[title]: [ids[other] for other in row] for title, row in enumerate(scored)} == (
        served.to_dict()
    )


# The figures


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movielens") / "small"
    write_ratings(folder)
    return folder


@pytest.fixture(scope="module")
def scored(first_release: Platform, ratings: Path) -> Scorecard:
    source = RatingsSource(location=str(ratings))
    return score(storage(first_release), warehouse(first_release), source)


def test_who_likes_franchises_finds_them_in_the_lists_and_by_no_baseline(scored: Scorecard):
    ndcg = {name: row["ndcg"] for name, row in scored.figures.items()}
    assert ndcg[DEFAULT] > 0.5
    # Not "nearest": it may list a whole franchise, where ours holds three films of it.
    baselines = (ORIGINAL, "random in cluster", "random", "most voted")
    assert all(ndcg[name] < ndcg[DEFAULT] for name in baselines)
    assert ndcg[ORIGINAL] < ndcg[DEFAULT] * 0.8 and ndcg["random"] < 0.1
    # Of each franchise two users: where both are in one half the upper mark has not seen it.
    assert 0.2 < ndcg[UPPER_MARK] < 0.9


def test_every_row_has_every_figure_and_intervals_that_hold_the_means(scored: Scorecard):
    assert {DEFAULT, ORIGINAL, UPPER_MARK, "random in cluster"} < set(scored.figures)
    for name, row in scored.figures.items():
        assert set(row) == set(COLUMNS), name
        bounds = scored.intervals[name]
        assert set(bounds) == set(COLUMNS) - NO_RATINGS
        assert all(low <= row[figure] <= high for figure, (low, high) in bounds.items())
    low, high = scored.intervals[DEFAULT]["ndcg"]
    assert low < high


def test_the_most_voted_are_new_to_nobody_and_random_lists_reach_all(scored: Scorecard):
    figures = scored.figures
    assert min(figures, key=lambda name: figures[name]["novelty"]) == "most voted"
    assert figures["random"]["coverage"] == 1 and figures["most voted"]["coverage"] < 0.1


def test_the_same_release_has_the_same_scorecard(
    scored: Scorecard, first_release: Platform, ratings: Path
):
    source = RatingsSource(location=str(ratings))
    assert score(storage(first_release), warehouse(first_release), source) == scored


def test_clusters_are_judged_too(scored: Scorecard, first_release: Platform):
    assert scored.clusters["clusters"] == 9
    assert 0.1 < scored.clusters["stability"] <= 1
    assert scored.clusters["silhouette"] in [quality[2] for quality in scored.clusters["quality"]]
    assert [quality[0] for quality in scored.clusters["quality"]] == [
        count for count, *_ in read_quality(storage(first_release))
    ]


@pytest.mark.parametrize("weights", ["default", "own"])
def test_both_ends_of_the_knob_are_scored_by_the_weights_of_the_release(
    released: Platform, weighed: Platform, weights: str
):
    platform = {"default": released, "own": weighed}[weights]
    lookup, figures = platform.serving(), read_scorecard(storage(platform)).figures
    votes = {title.title_id: title.votes for title in all_titles(lookup)}
    bits = -np.log2(np.array([*votes.values()]) / sum(votes.values()))
    surprise = dict(zip(votes, bits, strict=True))
    for name, balance in KNOB.items():
        shown = [surprise[row[2]] for row in served_lists(lookup, LIST_LENGTH, balance)]
        assert figures[name]["novelty"] == pytest.approx(np.mean(shown), abs=1e-4)


def test_without_ratings_it_says_so_and_scores_what_needs_none(released: Platform):
    made = read_scorecard(storage(released))
    assert made.ratings is None and "set REC_RATINGS_SOURCE" in made.note
    assert list(made.figures) == list(KNOB)
    assert all(set(figures) == NO_RATINGS for figures in made.figures.values())
    assert made.figures[DEFAULT]["siblings"] == 1  # the row of the series is on the page
    assert made.note in to_markdown(made)


def test_ratings_of_other_films_are_told_and_do_no_harm(released: Platform, tmp_path: Path):
    (tmp_path / "links.csv").write_text("movieId,imdbId\n1,9999998\n2,9999999\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n1,1,5\n1,2,5\n2,1,5\n2,2,5\n")
    source = RatingsSource(location=str(tmp_path))
    made = score(storage(released), warehouse(released), source)
    assert made.ratings is None and "hardly any user" in made.note
    assert set(made.figures[DEFAULT]) == NO_RATINGS


def test_the_scorecard_is_in_the_release_and_in_its_manifest(released: Platform):
    lookup = released.serving()
    content = json.loads(json.dumps(lookup.release["scorecard"]))
    assert Scorecard(**content) == read_scorecard(storage(released))
    manifest = json.loads((lookup.path.parent / "manifest.json").read_text())
    assert manifest["scorecard"] == content


# The command


def test_the_command_prints_the_serving_releases_scorecard(released: Platform):
    done = released.run("scorecard")
    assert done.exit_code == 0
    assert done.stdout == to_markdown(read_scorecard(storage(released))) + "\n"


def test_the_command_scores_the_serving_release_anew_by_other_ratings(
    released: Platform, ratings: Path, scored: Scorecard
):
    done = released.run("scorecard", "--ratings", str(ratings))
    assert done.exit_code == 0, done.stderr
    assert done.stdout == to_markdown(scored) + "\n"
    assert done.stdout.startswith("| lists ") and "users," in done.stdout


def test_the_command_says_which_ratings_it_cannot_read(released: Platform):
    done = released.run("scorecard", "--ratings", "nowhere")
    assert done.exit_code == 1
    assert "ratings.csv cannot be read" in done.stderr and "nowhere" in done.stderr


def test_releases_without_their_tables_cannot_be_scored_anew(
    released: Platform, ratings: Path, tmp_path: Path
):
    shutil.copytree(released.releases, tmp_path / "data" / "releases")
    done = Platform(tmp_path).run("scorecard", "--ratings", str(ratings))
    assert done.exit_code == 1
    assert "tables in data are no longer those of the serving release" in done.stderr


# The gate


@pytest.fixture(scope="module")
def rated_release(
    first_release: Platform,
    ratings: Path,
    dagster_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Platform:
    """The released platform after it was told of ratings: not to be changed."""
    platform = Platform(tmp_path_factory.mktemp("rated"))
    shutil.copytree(first_release.folder, platform.folder, dirs_exist_ok=True)
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
    shutil.copytree(rated_release.folder, tmp_path / "rated")
    return Platform(tmp_path / "rated")


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
    assert "scorecard: check release_is_no_worse failed: ndcg fell from" in reason
    assert "below the 2020 original's" in reason and "; tail_ndcg fell from" in reason
    assert reason.endswith("If that is right, set REC_FORCE=ndcg,tail_ndcg once")
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
    manifest.write_text(json.dumps(content))
    done = platform.refresh("--rule", "original_2020")
    assert done.exit_code == 1 and "coverage fell from" in done.stderr
    manifest.write_text(json.dumps(content | {"title_count": 2 * content["title_count"]}))
    monkeypatch.setenv("REC_MIN_TITLE_SHARE", "0")
    assert platform.refresh("--rule", "original_2020").exit_code == 0


def test_a_missing_ratings_folder_stops_the_refresh_before_any_work(
    released: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(released.folder, tmp_path / "copy")
    platform = Platform(tmp_path / "copy")
    monkeypatch.setenv("REC_RATINGS_SOURCE", "nowhere")
    before = platform.files()
    done = platform.refresh()
    assert done.exit_code == 1
    reason = done.stderr.splitlines()[-2]
    assert reason.startswith("recipe: the ratings in nowhere: ratings.csv cannot be read")
    assert "REC_RATINGS_SOURCE" in reason
    assert platform.files() == before
