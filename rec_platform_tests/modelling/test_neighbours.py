from collections.abc import Mapping
from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from rec_platform.choices import SimilarityRule
from rec_platform.modelling import neighbours as rules
from rec_platform.modelling.lists import to_lists, weigh_lists
from rec_platform.modelling.neighbours import (
    RULES,
    Catalogue,
    blend,
    nearest,
    original_2020,
)
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    LIKENESS,
    PARTS,
    PRIORS,
    WEIGHTS,
    Blend,
    alike,
    total,
)
from rec_platform.release.schema import LIST_LENGTH, Neighbour
from rec_platform_tests.modelling.catalogues import catalogue, lists, placed


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one block even for few titles."""
    monkeypatch.setattr(rules, "BLOCK_ROWS", 32)


def test_nearest_are_the_true_nearest_neighbours() -> None:
    titles = catalogue(200)
    distances = cdist(titles.matrix, titles.matrix)
    np.fill_diagonal(distances, np.inf)
    expected = np.argsort(distances, axis=1)[:, :10].tolist()
    assert lists(list(nearest(titles, 10))) == dict(enumerate(expected))


def test_the_score_of_nearest_falls_with_the_distance() -> None:
    titles = placed(np.array([[0.0], [0.6], [0.25]], "float32"), np.zeros(3), np.zeros(3))
    (block,) = nearest(titles, 2)
    assert block.neighbours.tolist() == [[2, 1], [2, 0], [0, 1]]
    assert block.scores[0] == pytest.approx([1 / 1.25, 1 / 1.6])


def test_a_block_says_how_each_neighbour_was_compared() -> None:
    titles = catalogue(150)
    for block in blend(titles, 20):
        row, column = np.nonzero(block.neighbours >= 0)
        expected = titles.parts.between(block.titles[row], block.neighbours[row, column])
        assert block.compared is not None
        assert (block.compared[row, column] == expected).all()


def test_a_title_with_many_twins_is_never_its_own_neighbour() -> None:
    titles = placed(np.zeros((100, 3), "float32"), np.zeros(100), np.zeros(100))
    for title, neighbours in lists(list(nearest(titles, 24))).items():
        assert title not in neighbours
        assert len(set(neighbours)) == 24


def test_the_2020_original_takes_the_same_cluster_and_the_closest_distance() -> None:
    titles = catalogue(150)
    for title, neighbours in lists(list(original_2020(titles, 9))).items():
        others = np.flatnonzero(titles.cluster == titles.cluster[title])
        others = others[others != title]
        differences = np.abs(titles.distance[others] - titles.distance[title])
        expected = np.sort(differences)[:9]
        taken = np.abs(titles.distance[neighbours] - titles.distance[title])
        assert set(neighbours) <= set(others)
        assert len(set(neighbours)) == 9
        assert taken == pytest.approx(expected)


def test_the_2020_original_gives_what_there_is_in_a_small_cluster() -> None:
    distance = np.array([0.1, 0.2, 0.9, 0.5])
    titles = placed(np.zeros((4, 1), "float32"), np.array([0, 0, 0, 1]), distance)
    assert lists(list(original_2020(titles, 9))) == {0: [1, 2], 1: [0, 2], 2: [1, 0], 3: []}


@pytest.mark.parametrize("rule", list(RULES))
def test_every_rule_scores_within_bounds(rule: SimilarityRule) -> None:
    for block in RULES[rule](catalogue(300), 24):
        assert ((block.scores >= 0) & (block.scores <= 1)).all()


@pytest.mark.parametrize("rule", [SimilarityRule.nearest, SimilarityRule.original_2020])
def test_a_rule_without_appeal_ranks_by_a_falling_score(rule: SimilarityRule) -> None:
    for block in RULES[rule](catalogue(300), 24):
        assert (np.diff(block.scores, axis=1) <= 0).all()


@pytest.mark.parametrize("rule", list(RULES))
def test_every_rule_holds_one_block_at_a_time(rule: SimilarityRule) -> None:
    blocks = list(RULES[rule](catalogue(300), 5))
    assert max(len(block.titles) for block in blocks) <= 32
    assert sorted(title for block in blocks for title in block.titles) == list(range(300))


def test_fewer_titles_than_neighbours_are_all_neighbours() -> None:
    assert lists(list(nearest(catalogue(3), 24))).keys() == {0, 1, 2}
    assert all(len(row) == 2 for row in lists(list(nearest(catalogue(3), 24))).values())


# The blend


def compared(titles: Catalogue, title: int, others: np.ndarray) -> list[bytes]:
    parts = titles.parts.between(np.full(len(others), title), others)
    return [row.tobytes() for row in parts]


OWN = WEIGHTS | {"series": 9.0, "era": 0.0, "fame": 0.0, "quality": 80.0}


def points(
    titles: Catalogue,
    title: int,
    others: np.ndarray,
    balance: float,
    weights: Mapping[str, float] = WEIGHTS,
) -> list[float]:
    """What ranks a title's neighbours, worked out pair by pair with unrounded priors."""
    parts = titles.parts
    turned = Blend(weights).turned(balance, float(parts.popularity[title]))
    pair = {name: 0 if name in PRIORS else weight for name, weight in turned.items()}
    return [
        total(stored, pair)
        + turned["popularity"] * np.log((parts.popularity[other] + 0.1) / 1.1)
        + turned["quality"] * np.log((parts.quality[other] + 0.1) / 1.1)
        for stored, other in zip(compared(titles, title, others), others, strict=True)
    ]


@pytest.mark.parametrize("weights", [WEIGHTS, OWN], ids=["default", "own"])
def test_the_score_is_how_alike_the_parts_are_and_the_order_also_counts_appeal(
    weights: dict[str, float],
) -> None:
    titles = catalogue(150)
    likeness = {name: weights[name] for name in LIKENESS}
    for block in blend(titles, 20, weights):
        for title, neighbours, scores in zip(
            block.titles, block.neighbours, block.scores, strict=True
        ):
            others = neighbours[neighbours >= 0]
            expected = [
                alike(total(stored[: len(LIKENESS)], likeness), weights)
                for stored in compared(titles, title, others)
            ]
            assert scores[: len(others)] == pytest.approx(expected)
            ranked = points(titles, title, others, BALANCE, weights)
            last = others[LIST_LENGTH - 1 : LIST_LENGTH]
            if titles.parts.is_by_same_director(np.full(len(last), title), last).any():
                del ranked[LIST_LENGTH - 1]  # which may have the director's place
            assert ranked == sorted(ranked, reverse=True)
            assert title not in others
            assert len(set(others.tolist())) == len(others)


def test_the_best_at_either_end_of_the_knob_and_in_its_middle_are_kept() -> None:
    """Held against all pairs; of few titles all are candidates."""
    count, kept = 60, 24
    titles = catalogue(count)
    titles.parts.series[:] = -1
    neighbours = lists(list(blend(titles, kept)))
    for title in range(count):
        others = np.delete(np.arange(count), title)
        for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS):
            order = np.argsort(-np.array(points(titles, title, others, balance)), kind="stable")
            assert set(others[order][: kept // 3].tolist()) <= set(neighbours[title])


def test_a_catalogue_without_characters_keywords_and_origins_is_ranked_without_these_parts() -> (
    None
):
    titles = catalogue(150)
    without = WEIGHTS | {"characters": 0.0, "keywords": 0.0, "origin": 0.0}
    for block, other in zip(blend(titles, 48), blend(titles, 48, without), strict=True):
        assert block.neighbours.tolist() == other.neighbours.tolist()


def test_at_most_the_best_three_of_one_series_are_kept_wherever_the_knob_is() -> None:
    titles = catalogue(60)
    series = titles.parts.series
    series[:] = np.arange(60) % 6 - 1
    for title, neighbours in lists(list(blend(titles, 48))).items():
        listed = series[neighbours]
        for number in range(5):
            members = np.flatnonzero((series == number) & (np.arange(60) != title))
            order = np.argsort(-np.array(points(titles, title, members, BALANCE)), kind="stable")
            assert set(np.array(neighbours)[listed == number]) == set(members[order][:3])


@pytest.mark.parametrize("weights", [WEIGHTS, OWN], ids=["default", "own"])
def test_many_lists_are_weighed_as_each_one_is(weights: dict[str, float]) -> None:
    """Held against what the site does, for every stored neighbour."""
    titles = catalogue(120)
    blocks = list(blend(titles, 24, weights))
    stored = to_lists(blocks, 120)
    parts = np.zeros((*stored.shape, len(PARTS)), dtype="uint8")
    row, column = np.nonzero(stored >= 0)
    parts[row, column] = titles.parts.between(row, stored[row, column])
    popularity = titles.parts.popularity
    for balance in (HIDDEN_GEMS, 0.3, BALANCE, 0.9, CROWD_PLEASERS):
        weighed = weigh_lists(stored, parts, popularity, balance, weights)
        for title in range(120):
            one = [
                Neighbour(int(other), 0.5, parts[title, place].tobytes())
                for place, other in enumerate(stored[title])
                if other >= 0
            ]
            expected = Blend(weights).weigh(one, balance, float(popularity[title]))
            assert [row.number for row in expected] == weighed[title][: len(one)].tolist()


def test_the_blend_is_the_same_bytes_each_time() -> None:
    first, second = (list(blend(catalogue(300), 48)) for _ in range(2))
    for block, again in zip(first, second, strict=True):
        assert block.neighbours.tobytes() == again.neighbours.tobytes()
        assert block.scores.tobytes() == again.scores.tobytes()


@pytest.mark.parametrize("weights", [WEIGHTS, OWN], ids=["default", "own"])
@pytest.mark.parametrize("rule", list(SimilarityRule))
def test_how_alike_a_rule_says_that_pairs_are_is_the_score_of_those_it_lists(
    rule: SimilarityRule, weights: dict[str, float]
) -> None:
    titles = catalogue(150)
    count = 0
    rule_of_weights = partial(blend, weights=weights)
    find = rule_of_weights if rule is SimilarityRule.blend else RULES[rule]
    for block in find(titles, 9):
        row, column = np.nonzero(block.neighbours >= 0)
        pairs = block.titles[row], block.neighbours[row, column]
        said = rules.alike(rule, titles, *pairs, weights)
        assert said == pytest.approx(block.scores[row, column], abs=1e-6)
        count += len(row)
    assert count > 150


def test_the_2020_original_says_that_titles_of_two_clusters_are_not_alike() -> None:
    titles = placed(np.zeros((2, 1), "float32"), np.array([0, 1]), np.zeros(2))
    one, other = np.array([0]), np.array([1])
    assert rules.alike(SimilarityRule.original_2020, titles, one, other) == 0


def test_a_title_alone_has_no_neighbours():
    (block,) = blend(catalogue(1), 5)
    assert block.neighbours.size == 0 or (block.neighbours == -1).all()
