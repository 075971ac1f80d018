"""The weights, the knob that turns them, and the score."""

import math

import pytest

from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    PART_SCALE,
    PARTS,
    PRIORS,
    WEIGHTS,
    balanced,
    score,
)

FULL = bytes([PART_SCALE] * len(PARTS))


def test_the_parts_are_the_weights_in_their_order_and_the_priors_are_among_them() -> None:
    assert list(PARTS) == list(WEIGHTS)
    assert set(PRIORS) < set(PARTS)
    assert all(weight > 0 for weight in WEIGHTS.values())


def test_in_the_middle_the_knob_changes_nothing() -> None:
    assert balanced(WEIGHTS) == balanced(WEIGHTS, BALANCE) == WEIGHTS


@pytest.mark.parametrize(("balance", "factor"), [(0, 0.4), (0.25, 0.7), (0.75, 1.3), (1, 1.6)])
def test_the_knob_turns_the_priors_and_nothing_else(balance: float, factor: float) -> None:
    for name, weight in balanced(WEIGHTS, balance).items():
        expected = WEIGHTS[name] * (factor if name in PRIORS else 1)
        assert weight == pytest.approx(expected)


@pytest.mark.parametrize("balance", [-0.01, 1.01, math.nan, math.inf])
def test_the_knob_does_not_turn_farther_than_its_ends(balance: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        balanced(WEIGHTS, balance)


def test_the_score_is_the_weighted_mean_of_the_parts() -> None:
    assert score([255, 0, 51], [1, 2, 5]) == pytest.approx((1 + 5 * 0.2) / 8)


@pytest.mark.parametrize("balance", [HIDDEN_GEMS, BALANCE, CROWD_PLEASERS])
def test_the_score_is_0_for_nothing_and_1_for_everything_wherever_the_knob_is(
    balance: float,
) -> None:
    weights = [*balanced(WEIGHTS, balance).values()]
    assert score(bytes(len(PARTS)), weights) == 0
    assert score(FULL, weights) == pytest.approx(1)


def test_a_part_that_is_missing_is_an_error() -> None:
    with pytest.raises(ValueError, match="argument"):
        score(FULL[1:], [*WEIGHTS.values()])


def test_what_is_known_better_gains_as_the_knob_turns_to_the_crowd() -> None:
    """Of two neighbours the one with more of the priors gains on the other."""
    well_known = [255 if name in PRIORS else 100 for name in PARTS]
    alike = [80 if name in PRIORS else 200 for name in PARTS]

    def lead(balance: float) -> float:
        weights = [*balanced(WEIGHTS, balance).values()]
        return score(well_known, weights) - score(alike, weights)

    leads = [lead(step / 10) for step in range(11)]
    assert leads == sorted(leads) and leads[0] < leads[-1]
