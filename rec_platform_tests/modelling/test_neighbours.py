import numpy as np
import pytest
from scipy.spatial.distance import cdist

from rec_platform.choices import SimilarityRule
from rec_platform.modelling import neighbours as rules
from rec_platform.modelling.neighbours import RULES, blend, nearest, original_2020
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    PARTS,
    WEIGHTS,
    balanced,
)
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
def test_every_rule_ranks_by_a_falling_score_within_bounds(rule: SimilarityRule) -> None:
    for block in RULES[rule](catalogue(300), 24):
        assert (np.diff(block.scores, axis=1) <= 0).all()
        assert ((block.scores >= 0) & (block.scores <= 1)).all()


@pytest.mark.parametrize("rule", list(RULES))
def test_every_rule_holds_one_block_at_a_time(rule: SimilarityRule) -> None:
    blocks = list(RULES[rule](catalogue(300), 5))
    assert max(len(block.titles) for block in blocks) <= 32
    assert sorted(title for block in blocks for title in block.titles) == list(range(300))


def test_fewer_titles_than_neighbours_are_all_neighbours() -> None:
    assert lists(list(nearest(catalogue(3), 24))).keys() == {0, 1, 2}
    assert all(len(row) == 2 for row in lists(list(nearest(catalogue(3), 24))).values())


# The blend


def weighed(parts: np.ndarray, balance: float) -> np.ndarray:
    """The scores of compared pairs, worked out one weight at a time."""
    weights = balanced(WEIGHTS, balance)
    terms = [parts[:, at] * weights[name] for at, name in enumerate(PARTS)]
    return np.sum(terms, axis=0) / (255 * sum(weights.values()))


def test_the_score_of_the_blend_is_the_weighted_sum_of_the_parts() -> None:
    titles = catalogue(150)
    for block in blend(titles, 20):
        for title, neighbours, scores in zip(
            block.titles, block.neighbours, block.scores, strict=True
        ):
            others = neighbours[neighbours >= 0]
            parts = titles.parts.between(np.full(len(others), title), others)
            assert scores[: len(others)] == pytest.approx(weighed(parts, BALANCE), abs=1e-6)
            assert title not in others
            assert len(set(others.tolist())) == len(others)


def test_the_best_at_either_end_of_the_knob_and_in_its_middle_are_kept() -> None:
    """Held against all pairs; in one cluster of few titles all are candidates."""
    count, kept = 60, 24
    titles = catalogue(count, clusters=1)
    neighbours = lists(list(blend(titles, kept)))
    for title in range(count):
        others = np.delete(np.arange(count), title)
        parts = titles.parts.between(np.full(count - 1, title), others)
        for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS):
            best = others[np.argsort(-weighed(parts, balance), kind="stable")]
            assert set(best[: kept // 3].tolist()) <= set(neighbours[title])


def test_the_blend_is_the_same_bytes_each_time() -> None:
    first, second = (list(blend(catalogue(300), 48)) for _ in range(2))
    for block, again in zip(first, second, strict=True):
        assert block.neighbours.tobytes() == again.neighbours.tobytes()
        assert block.scores.tobytes() == again.scores.tobytes()
