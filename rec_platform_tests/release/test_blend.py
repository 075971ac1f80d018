"""Likeness, appeal, and the knob that turns appeal alone."""

import math

import pytest

from rec_platform.release.blend import (
    APPEAL,
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    LIKENESS,
    PART_SCALE,
    PARTS,
    PRIORS,
    UNKNOWN_ORIGIN,
    WEIGHTS,
    Blend,
    alike,
    knob,
    pull,
    total,
)
from rec_platform.release.schema import Neighbour

FULL = bytes([PART_SCALE] * len(PARTS))
STRANGERS: dict[str, float] = {
    **dict.fromkeys(("series", "people", "characters", "keywords", "title"), 0.0),
    "origin": UNKNOWN_ORIGIN,
}


def pair(**parts: float) -> bytes:
    """The bytes of two titles that have all in common but what is named, in 0..1."""
    return bytes(round(parts.get(name, 1) * PART_SCALE) for name in PARTS)


def likeness(stored: bytes) -> float:
    return total(stored[: len(LIKENESS)], LIKENESS)


def test_the_parts_are_those_of_likeness_then_those_of_appeal() -> None:
    assert list(PARTS) == [*LIKENESS, *APPEAL] == list(WEIGHTS)
    assert set(PRIORS) < set(APPEAL)
    assert all(weight > 0 for weight in WEIGHTS.values())


def test_all_in_common_takes_nothing_off() -> None:
    assert total(FULL, WEIGHTS) == pytest.approx(0)


@pytest.mark.parametrize("name", [name for name in PARTS if name not in ("genres", "tone")])
def test_a_part_takes_off_its_weight_times_its_logarithm(name: str) -> None:
    for byte in (0, 51, 204):
        part = byte / 255
        expected = WEIGHTS[name] * math.log((part + 0.1) / 1.1)
        assert total(pair(**{name: part}), WEIGHTS) == pytest.approx(expected)


def test_a_third_of_the_genres_in_common_is_nearly_all() -> None:
    enough, half = likeness(pair(genres=0.372)), likeness(pair(genres=0.2))
    assert enough == pytest.approx(-0.2 * (1 - 95 / 255))
    assert half == pytest.approx(3 * math.log(0.3 / 0.47) - 0.2 * 0.8)


def test_a_closed_gate_takes_off_more_than_any_tone() -> None:
    assert likeness(pair(tone=0)) < likeness(pair(tone=1 / 255)) - 50
    assert alike(likeness(pair(tone=0))) < 0.001


def test_films_of_the_same_genres_and_year_are_85_percent_alike_without_a_shared_name() -> None:
    assert alike(likeness(pair(**STRANGERS))) == pytest.approx(0.852, abs=1e-3)
    assert alike(likeness(FULL)) > 0.99
    ten_years = pair(**STRANGERS | {"era": math.exp(-1)})
    assert alike(likeness(ten_years)) == pytest.approx(0.73, abs=0.01)


def test_an_unknown_origin_is_as_far_from_the_same_one_as_from_another() -> None:
    same, unknown, other = (
        likeness(pair(**STRANGERS | {"origin": part})) for part in (1, UNKNOWN_ORIGIN, 0)
    )
    assert same - unknown == pytest.approx(unknown - other, abs=0.01)
    assert same - other == pytest.approx(LIKENESS["origin"] * math.log(11))


def test_without_characters_keywords_and_origins_films_are_as_alike_as_before() -> None:
    """Held against the logistic curve of the parts that are left."""
    names = ("characters", "keywords", "origin")
    left = {name: weight for name, weight in LIKENESS.items() if name not in names}
    strangers = -math.log(11) * (left["series"] + left["people"] + left["title"])
    for parts in ({"series": 0.0}, {"people": 0.3, "genres": 0.1}, {"era": 0.0, "tone": 0.5}):
        stored = pair(**STRANGERS | parts)
        kept = [byte for byte, name in zip(stored, PARTS, strict=True) if name in left]
        expected = 1 / (1 + math.exp(-(total(kept, left) - strangers + 3.5) / 2))
        assert alike(likeness(stored)) == pytest.approx(expected, abs=1e-9)


def test_the_share_alike_is_calibrated_by_the_weights_themselves() -> None:
    own = LIKENESS | {"series": 20.0, "people": 1.0}
    unshared = pair(**STRANGERS)[: len(LIKENESS)]
    assert alike(total(unshared, own), own) == pytest.approx(0.852, abs=1e-3)
    assert alike(total(unshared, own)) < 0.001


def test_appeal_counts_by_a_power_of_the_titles_own_popularity() -> None:
    assert [pull(share) for share in (0, 0.25, 1)] == [0, 1 / 32, 1]
    assert [pull(share, HIDDEN_GEMS) for share in (0, 0.5, 1)] == [0.5] * 3
    assert pull(0.5, CROWD_PLEASERS) == pull(0.5)


def test_under_a_title_that_few_know_equal_fame_counts_more_than_fame() -> None:
    turned = Blend().turned(BALANCE, popularity=0.2)
    assert turned["popularity"] == pytest.approx(0.2**2.5 * APPEAL["popularity"])
    assert turned["fame"] == pytest.approx(0.25 * APPEAL["fame"])
    assert turned["rating"] == pytest.approx(0.25 * APPEAL["rating"])


def test_in_the_middle_the_knob_changes_nothing() -> None:
    assert Blend().turned(BALANCE, 1) == WEIGHTS | {"mix": 0}


def test_the_mix_of_genres_counts_where_appeal_does_not() -> None:
    known, unknown = (Blend().turned(BALANCE, share)["mix"] for share in (0.9, 0.25))
    assert unknown == pytest.approx(WEIGHTS["mix"] * 31 / 32)
    assert known < unknown / 2
    assert Blend().turned(HIDDEN_GEMS, 0.9)["mix"] == WEIGHTS["mix"] / 2


@pytest.mark.parametrize("balance", [0, 0.2, 0.5, 0.8, 1])
def test_the_knob_turns_no_weight_of_likeness(balance: float) -> None:
    turned = Blend().turned(balance, 0.7)
    assert {name: turned[name] for name in LIKENESS} == LIKENESS
    assert list(turned) == list(PARTS)


def test_the_knob_turns_the_priors_up_for_the_crowd_and_fame_away_for_hidden_gems() -> None:
    assert knob(CROWD_PLEASERS) == {
        "mix": 1,
        **{"fame": 1, "rating": 1, "popularity": 1.6, "quality": 1.6},
    }
    assert knob(0.75)["popularity"] == knob(0.75)["quality"] == 1.3
    assert knob(HIDDEN_GEMS) == pytest.approx(
        {"mix": 1, "fame": 0, "rating": 1, "popularity": -0.24, "quality": 0.4}
    )
    assert knob(0.25)["fame"] == 0.5 and knob(0.25)["popularity"] == pytest.approx(0.38)


@pytest.mark.parametrize("balance", [-0.01, 1.01, math.nan, math.inf])
def test_the_knob_does_not_turn_farther_than_its_ends(balance: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        Blend().turned(balance, 1)
    with pytest.raises(ValueError, match="from 0 to 1"):
        Blend().weigh([], balance, 1)


def test_a_part_that_is_missing_is_an_error() -> None:
    with pytest.raises(ValueError, match="argument"):
        total(FULL[1:], WEIGHTS)


def test_what_is_known_better_gains_as_the_knob_turns_to_the_crowd() -> None:
    known, hidden = pair(people=0), pair(people=0, popularity=0.5, fame=0.9)

    def lead(balance: float) -> float:
        turned = Blend().turned(balance, 0.9)
        return total(known, turned) - total(hidden, turned)

    leads = [lead(step / 10) for step in range(11)]
    assert leads == sorted(leads) and leads[0] < 0 < leads[-1]


def test_the_knob_orders_neighbours_and_changes_no_score() -> None:
    stored = [
        Neighbour(1, 0.6, pair(people=0, popularity=0.5, fame=0.8)),
        Neighbour(2, 0.9, pair(people=0)),
        Neighbour(3, 0.9, pair(people=0)),
    ]
    assert Blend().weigh(stored, BALANCE, 0.9) == stored
    assert Blend().weigh(stored, CROWD_PLEASERS, 0.9) == [stored[1], stored[2], stored[0]]
    assert Blend().weigh(stored[::-1], HIDDEN_GEMS, 0.9) == [stored[0], stored[2], stored[1]]
