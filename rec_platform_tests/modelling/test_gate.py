from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rec_platform.choices import GatedFigure
from rec_platform.modelling.gate import compared, no_worse, worse
from rec_platform.modelling.scorecard import DEFAULT, ORIGINAL, Scorecard

JUDGED = [GatedFigure.p9, GatedFigure.r9, GatedFigure.bad9]
ALONE = [GatedFigure.coverage, GatedFigure.siblings]


def planted(
    figures: dict[str, float] | None = None,
    ratings: str = "a",
    judgements: str = "a",
    seed_rule: float = 0.1,
) -> Scorecard:
    """A scorecard by these ratings and judgements, without the figures of what is ''."""
    usual = {"coverage": 0.8, "siblings": 0.9}
    usual |= {"ndcg": 0.4, "tail_ndcg": 0.2} if ratings else {}
    usual |= {"p9": 0.8, "r9": 0.4, "bad9": 0.1} if judgements else {}
    rows = {DEFAULT: usual | (figures or {}), ORIGINAL: {"ndcg": seed_rule}}

    def facts(fingerprint: str) -> dict[str, Any] | None:
        return {"fingerprint": fingerprint} if fingerprint else None

    return Scorecard(rows, ratings=facts(ratings), judgements=facts(judgements))


def test_what_falls_by_the_share_passes_and_what_falls_by_more_does_not():
    assert worse(planted({"ndcg": 0.361}), planted(), 0.1) == {}
    (reason,) = worse(planted({"ndcg": 0.359}), planted(), 0.1).values()
    assert reason == (
        "ndcg fell from 0.400, in the serving release, to 0.359: by 10%, more than 10%"
    )


def test_of_bad_pairs_fewer_are_better():
    assert worse(planted({"bad9": 0.01}), planted(), 0) == {}
    assert worse(planted({"bad9": 0.109}), planted(), 0.1) == {}
    (reason,) = worse(planted({"bad9": 0.115}), planted(), 0.1).values()
    assert reason.startswith("bad9 rose from 0.100, in the serving release, to 0.115: by 15%")
    (reason,) = worse(planted({"bad9": 0.1}), planted({"bad9": 0}), 0.1).values()
    assert reason == "bad9 rose from 0.000, in the serving release, to 0.100"


@pytest.mark.parametrize("figure", list(GatedFigure))
def test_every_gated_figure_is_compared(figure: GatedFigure):
    value = 0.3 if figure is GatedFigure.bad9 else 0.15
    assert set(worse(planted({figure: value}), planted(), 0.2)) == {figure}


def test_judgements_are_told_first_then_the_tail_and_coverage_and_last_what_rewards_fame():
    nothing = planted(dict.fromkeys(GatedFigure, 0.0) | {"bad9": 1})
    assert list(worse(nothing, planted(), 0.1)) == [
        *("p9", "r9", "bad9", "tail_ndcg", "coverage", "siblings", "ndcg")
    ]


def test_a_rise_is_no_reason():
    assert worse(planted({"ndcg": 0.9, "coverage": 1}), planted(), 0) == {}


@pytest.mark.parametrize("better", [{"p9": 0.81}, {"r9": 0.41}, {"bad9": 0.09}])
def test_what_is_liked_together_may_fall_where_judgements_rise(better: dict[str, float]):
    made = planted({"ndcg": 0.2} | better)
    assert worse(made, planted(), 0.1) == {}
    told = no_worse(made, planted(), 0.1)
    assert told.startswith("no worse in p9, r9, bad9, tail_ndcg, coverage, siblings; ndcg fell ")
    assert told.endswith("as it may where judgements rise")


@pytest.mark.parametrize(
    ("figures", "reasons"),
    [
        ({}, ["ndcg"]),
        ({"p9": 0.79}, ["ndcg"]),
        ({"p9": 0.9, "r9": 0.39}, []),  # one is a little worse
        ({"p9": 0.9, "r9": 0.3}, ["r9", "ndcg"]),
        ({"p9": 0.9, "bad9": 0.2}, ["bad9", "ndcg"]),
        ({"p9": 0.9, "tail_ndcg": 0.1, "coverage": 0.1}, ["tail_ndcg", "coverage"]),
    ],
)
def test_it_may_not_where_none_rises_or_one_is_worse_and_nothing_else_may(
    figures: dict[str, float], reasons: list[str]
):
    assert list(worse(planted({"ndcg": 0.2} | figures), planted(), 0.1)) == reasons


@pytest.mark.parametrize("judgements", ["", "b"])
def test_judgements_that_are_not_the_same_excuse_nothing(judgements: str):
    better = {"p9": 0.9} if judgements else {}
    made = planted({"ndcg": 0.2} | better, judgements=judgements)
    assert list(worse(made, planted(), 0.1)) == ["ndcg"]


def test_by_other_people_only_what_needs_none_is_compared():
    made = planted({"ndcg": 0.2, "tail_ndcg": 0.1, "p9": 0.1, "coverage": 0.4}, "b", "b")
    assert set(worse(made, planted(), 0.1)) == {GatedFigure.coverage}
    assert compared(made, planted()) == ALONE
    assert compared(replace(made, judgements=planted().judgements), planted()) == [*JUDGED, *ALONE]
    without = planted({"siblings": 0.1}, "", "")
    assert set(worse(without, planted(), 0.1)) == {GatedFigure.siblings}


def test_below_the_seed_rule_is_too_low_even_for_a_first_release_and_where_judgements_rise():
    assert worse(planted(seed_rule=0.4), None, 0.1) == {}
    (reason,) = worse(planted(seed_rule=0.41), None, 0.1).values()
    assert reason == "ndcg is 0.400, below the 2020 original's 0.410"
    (reason,) = worse(planted({"ndcg": 0.09, "p9": 0.9}), planted(), 0.1).values()
    assert reason == "ndcg is 0.090, below the 2020 original's 0.100"


def test_what_was_compared_and_what_could_not_be_judged_is_named():
    assert no_worse(planted(), planted(), 0.1) == (
        "no worse in p9, r9, bad9, tail_ndcg, coverage, siblings, ndcg"
    )
    assert no_worse(planted(ratings="", judgements=""), planted(), 0.1) == (
        "no worse in coverage, siblings; "
        "not judged, for lack of judgements (REC_JUDGEMENTS_SOURCE): p9, r9, bad9; "
        "not judged, for lack of ratings (REC_RATINGS_SOURCE): tail_ndcg, ndcg"
    )
    assert no_worse(planted(ratings="b", judgements="b"), planted(), 0.1) == (
        "no worse in coverage, siblings; not compared, for lack of the same judgements: p9, r9, "
        "bad9; not compared, for lack of the same ratings: tail_ndcg, ndcg"
    )
    assert no_worse(planted(), None, 0.1) == (
        "not compared: no release serves that was made and scored alike"
    )
    assert "not judged, for lack of ratings" in no_worse(planted(ratings=""), None, 0.1)


def test_a_scorecard_of_other_columns_is_compared_by_what_both_have():
    former = Scorecard.of(
        {
            "figures": {DEFAULT: {"ndcg": 0.4, "coverage": 0.9, "of_old": 3.0}},
            "ratings": {"fingerprint": "a"},
            "of_old": 1,
        }
    )
    assert compared(planted(), former) == [GatedFigure.coverage, GatedFigure.ndcg]
    assert set(worse(planted(), former, 0.1)) == {GatedFigure.coverage}
    assert no_worse(planted({"coverage": 0.9}), former, 0.1) == (
        "no worse in coverage, ndcg; not compared, for lack of the same judgements: p9, r9, bad9; "
        "not compared, because a release lacks it: tail_ndcg, siblings"
    )
    # What has nothing that is known today is no measure, and does no harm.
    assert worse(planted(), Scorecard.of({"ndcg": 0.4}), 0.1) == {}
    assert compared(planted(), Scorecard.of({})) == []
