"""A release that was made before the blend was a product is served as it was."""

import struct
from pathlib import Path

import pytest

from rec_platform.release import weighted_sum
from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import basket, recommendations
from rec_platform.release.schema import Cluster, Title, pack
from rec_platform.release.writer import write_lookup
from rec_platform_tests.release.entries import entries

# As the release of 0.1.0 kept them.
WEIGHTS = {
    "series": 10.0,
    "people": 2.0,
    "title": 2.0,
    "genres": 1.6,
    "era": 4.3,
    "runtime": 0.3,
    "fame": 16.0,
    "rating": 5.5,
    "cluster": 0.2,
    "popularity": 15.0,
    "quality": 12.0,
}
PRIORS = ("popularity", "quality")
TITLES = [
    Title(f"tt{at}", f"Film {at}", f"Film {at}", 2000, 90, [], 7.0, 500 - at, [], None, None, 0, 0)
    for at in range(1, 4)
]
WELL_KNOWN = bytes(240 if name in PRIORS else 150 for name in WEIGHTS)
ALIKE = bytes(100 if name in PRIORS else 220 for name in WEIGHTS)


def mean(parts: bytes, factor: float) -> float:
    """The weighted mean, with the weights of the priors times a factor."""
    weights = [weight * (factor if name in PRIORS else 1) for name, weight in WEIGHTS.items()]
    return sum(p * w for p, w in zip(parts, weights, strict=True)) / sum(weights) / 255


@pytest.fixture
def old(tmp_path: Path) -> Lookup:
    scores = mean(ALIKE, 1), mean(WELL_KNOWN, 1)
    neighbours = pack(struct.pack("<2I", 3, 2), struct.pack("<2f", *scores), ALIKE + WELL_KNOWN)
    write_lookup(
        tmp_path / "lookup.sqlite",
        release={"title_count": 3, "weights": WEIGHTS},
        clusters=[Cluster(0, "All", 3, [], 2000, 2000, 7.0, 500, [], [])],
        **entries((title, "") for title in TITLES),
        neighbours=[neighbours],
    )
    return Lookup(tmp_path / "lookup.sqlite")


def test_it_has_the_parts_that_such_a_release_has() -> None:
    assert tuple(WEIGHTS) == weighted_sum.PARTS


@pytest.mark.parametrize(
    ("balance", "factor", "first"),
    [(HIDDEN_GEMS, 0.4, "tt3"), (BALANCE, 1, "tt3"), (CROWD_PLEASERS, 1.6, "tt2")],
)
def test_its_lists_are_scored_by_the_weighted_mean(
    old: Lookup, balance: float, factor: float, first: str
) -> None:
    listed = recommendations(old, TITLES[0], balance=balance)
    assert listed[0].title.title_id == first
    by_id = {"tt3": ALIKE, "tt2": WELL_KNOWN}
    for row in listed:
        assert row.score == pytest.approx(mean(by_id[row.title.title_id], factor), abs=1e-6)
        assert list(row.parts) == list(WEIGHTS)
    assert [row.title for row in basket(old, TITLES[:1], balance=balance)] == [
        row.title for row in listed
    ]


def test_its_weights_are_told_as_the_knob_turns_them(old: Lookup) -> None:
    assert old.rule.turned(BALANCE, 0.5) == WEIGHTS
    turned = old.rule.turned(HIDDEN_GEMS, 0.5)
    assert turned == pytest.approx(
        {name: weight * (0.4 if name in PRIORS else 1) for name, weight in WEIGHTS.items()}
    )
    with pytest.raises(ValueError, match="from 0 to 1"):
        old.rule.turned(1.1, 0.5)
