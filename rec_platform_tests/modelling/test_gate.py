from __future__ import annotations

from dataclasses import replace

import pytest

from rec_platform.choices import GatedFigure
from rec_platform.modelling.gate import compared, no_worse, worse
from rec_platform.modelling.scorecard import DEFAULT, ORIGINAL, Scorecard


def planted(
    figures: dict[str, float] | None = None, fingerprint: str = "a", seed_rule: float = 0.1
) -> Scorecard:
    usual = {"ndcg": 0.4, "tail_ndcg": 0.2, "coverage": 0.8, "siblings": 0.9}
    rows = {DEFAULT: usual | (figures or {}), ORIGINAL: {"ndcg": seed_rule}}
    ratings = {"fingerprint": fingerprint, "users": 9, "asked": 99}
    return Scorecard(rows, {}, ratings, "", {})


def test_what_falls_by_the_share_passes_and_what_falls_by_more_does_not():
    assert worse(planted({"ndcg": 0.361}), planted(), 0.1) == {}
    (reason,) = worse(planted({"ndcg": 0.359}), planted(), 0.1).values()
    assert "ndcg fell from 0.400, in the serving release, to 0.359: by 10%" in reason


@pytest.mark.parametrize("figure", list(GatedFigure))
def test_every_gated_figure_is_compared(figure: GatedFigure):
    assert set(worse(planted({figure: 0.15}), planted(), 0.2)) == {figure}


def test_a_rise_is_no_reason():
    assert worse(planted({"ndcg": 0.9, "coverage": 1}), planted(), 0) == {}


def test_by_other_ratings_only_what_needs_none_is_compared():
    new = planted({"ndcg": 0.2, "tail_ndcg": 0.1, "coverage": 0.4}, "b")
    assert set(worse(new, planted(), 0.1)) == {GatedFigure.coverage}
    assert compared(new, planted()) == [GatedFigure.coverage, GatedFigure.siblings]
    without = replace(new, ratings=None, figures={DEFAULT: {"coverage": 0.8, "siblings": 0.1}})
    assert set(worse(without, planted(), 0.1)) == {GatedFigure.siblings}


def test_below_the_seed_rule_is_too_low_even_for_a_first_release():
    assert worse(planted(seed_rule=0.4), None, 0.1) == {}
    (reason,) = worse(planted(seed_rule=0.41), None, 0.1).values()
    assert reason == "ndcg is 0.400, below the 2020 original's 0.410"


def test_what_was_not_compared_is_named():
    assert no_worse([]).startswith("not compared: no release serves")
    assert no_worse(list(GatedFigure)) == "no worse in ndcg, tail_ndcg, coverage, siblings"
    assert no_worse([GatedFigure.coverage, GatedFigure.siblings]) == (
        "no worse in coverage, siblings; not compared, for lack of the same ratings: ndcg, "
        "tail_ndcg"
    )
