"""The scorecard on invented films whose likes and judgements are planted."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from rec_platform.assets.markdown import to_markdown
from rec_platform.assets.scorecard import score
from rec_platform.assets.similar import read_lists
from rec_platform.assets.stored import read_quality, read_scorecard
from rec_platform.definitions import define
from rec_platform.modelling.lists import weigh_lists
from rec_platform.modelling.scorecard import (
    COLUMNS,
    DEFAULT,
    IN_CLUSTER,
    KNOB,
    MOST_VOTED,
    NEAREST,
    ORIGINAL,
    RANDOM,
    UPPER_MARK,
    Scorecard,
)
from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS, WEIGHTS
from rec_platform.release.recommend import lists as served_lists
from rec_platform.release.schema import LIST_LENGTH
from rec_platform.resources.judgements import JudgementsSource
from rec_platform.resources.ratings import RatingsSource
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.assets.people import write_judgements
from rec_platform_tests.conftest import TITLES, Platform, all_titles

NO_PEOPLE = {"coverage", "siblings", "diversity", "novelty"}
JUDGED = {"p9", "r9", "bad9", "auc"}


def warehouse(platform: Platform) -> DuckDBWarehouse:
    return DuckDBWarehouse(root=str(platform.root))


def storage(platform: Platform) -> LocalStorage:
    return LocalStorage(root=str(platform.root))


def title_ids(platform: Platform) -> list[str]:
    return warehouse(platform).read("titles", order_by="title_id")["title_id"].to_list()


# The lists


@pytest.mark.parametrize("balance", [HIDDEN_GEMS, 0.3, BALANCE, CROWD_PLEASERS])
@pytest.mark.parametrize("weights", ["default", "own"])
def test_what_is_scored_is_what_is_served(
    released: Platform, weighed: Platform, weights: str, balance: float
):
    platform = {"default": released, "own": weighed}[weights]
    ids = title_ids(platform)
    stored, _, parts = read_lists(warehouse(platform), len(ids))
    titles = warehouse(platform).read("titles", order_by="title_id")
    lookup = platform.serving()
    popularity = np.array([lookup.popularity(votes) for votes in titles["votes"]])
    weights_ = WEIGHTS | lookup.rule.weights  # without those of parts that all pairs have alike
    scored = weigh_lists(stored, parts, popularity, balance, weights_)[:, :LIST_LENGTH]
    rows = pd.DataFrame(served_lists(lookup, LIST_LENGTH, balance))
    served = rows.groupby(0)[2].apply(list)
    assert len(served) == len(ids) > TITLES / 5
    assert {ids[title]: [ids[other] for other in row] for title, row in enumerate(scored)} == (
        served.to_dict()
    )


# The figures


@pytest.fixture(scope="module")
def judgements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("judgements") / "pairs.csv"
    write_judgements(path)
    return path


def scored_by(
    platform: Platform, ratings: Path | None = None, judgements: Path | None = None
) -> Scorecard:
    return score(
        storage(platform),
        warehouse(platform),
        RatingsSource(location=str(ratings or "")),
        JudgementsSource(location=str(judgements or "")),
    )


@pytest.fixture(scope="module")
def scored(first_release: Platform, ratings: Path, judgements: Path) -> Scorecard:
    return scored_by(first_release, ratings, judgements)


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
        says_nothing_of_pairs = name in (IN_CLUSTER, RANDOM, MOST_VOTED)
        assert set(COLUMNS) - set(row) == ({"auc"} if says_nothing_of_pairs else set()), name
        bounds = scored.intervals[name]
        assert set(bounds) == set(row) - NO_PEOPLE
        assert all(low <= row[figure] <= high for figure, (low, high) in bounds.items())
    low, high = scored.intervals[DEFAULT]["ndcg"]
    assert low < high


def test_the_most_voted_are_new_to_nobody_and_random_lists_reach_all(scored: Scorecard):
    figures = scored.figures
    assert min(figures, key=lambda name: figures[name]["novelty"]) == "most voted"
    assert figures["random"]["coverage"] == 1 and figures["most voted"]["coverage"] < 0.1


def test_the_same_release_has_the_same_scorecard(
    scored: Scorecard, first_release: Platform, ratings: Path, judgements: Path
):
    assert scored_by(first_release, ratings, judgements) == scored


def test_who_is_of_one_franchise_is_judged_alike_and_so_are_the_lists(scored: Scorecard):
    figures = scored.figures
    assert figures[DEFAULT]["p9"] > 0.9 and figures[DEFAULT]["bad9"] < 0.1
    assert figures[DEFAULT]["auc"] > 0.9 and figures[DEFAULT]["r9"] > 0.9
    assert all(figures[name]["r9"] < 0.5 for name in (RANDOM, MOST_VOTED)), figures
    # Neither the knob nor appeal changes how alike two films are.
    assert {figures[name]["auc"] for name in KNOB} == {figures[DEFAULT]["auc"]}


def test_the_pairs_left_out_of_tuning_are_scored_by_themselves(
    scored: Scorecard, first_release: Platform, judgements: Path, tmp_path: Path
):
    told = scored.judgements
    assert told
    left_out = pd.read_csv(judgements)
    is_tuning = [int(sha256(i.encode()).hexdigest(), 16) % 2 == 0 for i in left_out["title_id_1"]]
    left_out[~np.array(is_tuning)].to_csv(tmp_path / "left_out.csv", index=False)
    alone = scored_by(first_release, judgements=tmp_path / "left_out.csv")
    assert alone.judgements and alone.judgements["pairs"] == told["left_out_pairs"] < told["pairs"]
    assert set(told["left_out"]) == JUDGED
    for name, (mean, *bounds) in told["left_out"].items():
        assert mean == alone.figures[DEFAULT][name]
        assert bounds == alone.intervals[DEFAULT][name]
    said = f"By the {told['left_out_pairs']} pairs left out of tuning, default: p9"
    assert said in to_markdown(scored)


def test_judgements_alone_score_the_baselines_that_need_no_ratings(
    first_release: Platform, judgements: Path
):
    made = scored_by(first_release, judgements=judgements)
    assert "set REC_RATINGS_SOURCE" in made.note and "REC_JUDGEMENTS_SOURCE" not in made.note
    assert {NEAREST, ORIGINAL, RANDOM} < set(made.figures) and UPPER_MARK not in made.figures
    assert set(made.figures[ORIGINAL]) == NO_PEOPLE | JUDGED


def test_lists_of_another_rule_are_judged_by_what_that_rule_calls_alike(
    platform: Platform, judgements: Path
):
    assert platform.refresh("--rule", "nearest").exit_code == 0
    made = scored_by(platform, judgements=judgements)
    assert made.figures[DEFAULT]["auc"] == made.figures[NEAREST]["auc"]
    assert made.figures[DEFAULT]["r9"] == made.figures[NEAREST]["r9"]


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


def test_without_people_it_says_so_and_scores_what_needs_none(released: Platform):
    made = read_scorecard(storage(released))
    assert made.ratings is None and "set REC_RATINGS_SOURCE" in made.note
    assert made.judgements is None and "set REC_JUDGEMENTS_SOURCE" in made.note
    assert list(made.figures) == list(KNOB)
    assert all(set(figures) == NO_PEOPLE for figures in made.figures.values())
    assert made.figures[DEFAULT]["siblings"] == 1  # the row of the series is on the page
    assert made.note in to_markdown(made)


def test_sources_of_other_films_are_an_error_that_names_the_setting(
    released: Platform, tmp_path: Path
):
    (tmp_path / "links.csv").write_text("movieId,imdbId\n1,9999998\n2,9999999\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n1,1,5\n1,2,5\n2,1,5\n2,2,5\n")
    with pytest.raises(dg.Failure, match="REC_RATINGS_SOURCE"):
        scored_by(released, ratings=tmp_path)
    (tmp_path / "pairs.csv").write_text("title_1,title_2,rating\nNobody,Knows,OK\n")
    with pytest.raises(dg.Failure, match="REC_JUDGEMENTS_SOURCE"):
        scored_by(released, judgements=tmp_path / "pairs.csv")


def test_the_scorecard_is_in_the_release_and_in_its_manifest(released: Platform):
    lookup = released.serving()
    content = json.loads(json.dumps(lookup.release["scorecard"]))
    assert Scorecard(**content) == read_scorecard(storage(released))
    manifest = json.loads((lookup.path.parent / "manifest.json").read_text())
    assert manifest["scorecard"] == content


def test_the_asset_draws_each_frontier_against_ndcg(
    platform: Platform, ratings: Path, judgements: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(platform.folder)
    sources = {"REC_RATINGS_SOURCE": str(ratings), "REC_JUDGEMENTS_SOURCE": str(judgements)}
    definitions = define(os.environ | sources)
    made = dg.materialize([definitions.resolve_assets_def("scorecard")])
    (event,) = made.asset_materializations_for_node("scorecard")
    assert {"ndcg_and_p9", "ndcg_and_tail_ndcg", "ndcg_and_coverage"} <= event.metadata.keys()
    told = read_scorecard(storage(platform))
    assert told.ratings and told.judgements and told.note == ""


# The command


def test_the_command_prints_the_serving_releases_scorecard(released: Platform):
    done = released.run("scorecard")
    assert done.exit_code == 0
    assert done.stdout == to_markdown(read_scorecard(storage(released))) + "\n"


def test_the_command_scores_the_serving_release_anew_by_other_people(
    released: Platform, ratings: Path, judgements: Path, scored: Scorecard
):
    by = ("--ratings", str(ratings), "--judgements", str(judgements))
    done = released.run("scorecard", *by)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == to_markdown(scored) + "\n"
    assert done.stdout.startswith("| lists ") and "users," in done.stdout
    judged = released.run("scorecard", *by[2:])
    assert judged.exit_code == 0, judged.stderr
    assert " p9 " in judged.stdout and "NDCG" not in judged.stdout


@pytest.mark.parametrize(("option", "file"), [("ratings", "ratings.csv"), ("judgements", "no.csv")])
def test_the_command_says_which_file_it_cannot_read(released: Platform, option: str, file: str):
    done = released.run("scorecard", f"--{option}", "nowhere/no.csv")
    assert done.exit_code == 1
    assert f"{file} cannot be read" in done.stderr and "nowhere" in done.stderr


def test_releases_without_their_tables_cannot_be_scored_anew(
    released: Platform, ratings: Path, tmp_path: Path
):
    shutil.copytree(released.releases, tmp_path / "data" / "releases")
    done = Platform(tmp_path).run("scorecard", "--ratings", str(ratings))
    assert done.exit_code == 1
    assert "tables in data are no longer those of the serving release" in done.stderr


def test_the_doctor_looks_at_the_files_that_are_named(
    released: Platform, ratings: Path, monkeypatch: pytest.MonkeyPatch
):
    assert "ratings" not in released.run("doctor", "--source", "sample").stdout
    monkeypatch.setenv("REC_RATINGS_SOURCE", str(ratings))
    well = released.run("doctor", "--source", "sample")
    assert well.exit_code == 0 and f"{ratings} can be read" in " ".join(well.stdout.split())
    monkeypatch.setenv("REC_JUDGEMENTS_SOURCE", "nowhere.tsv")
    ill = released.run("doctor", "--source", "sample")
    assert ill.exit_code == 1
    assert "nowhere.tsv cannot be read" in " ".join(ill.stdout.split())
