import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from rec_platform import similar
from rec_platform.parts import Parts
from rec_platform.similar import RULES, Block, Catalogue, nearest, seed


def catalogue(count: int, columns: int = 4, clusters: int = 3) -> Catalogue:
    random = np.random.default_rng(count)
    matrix = random.random((count, columns), dtype="float32")
    cluster = random.integers(0, clusters, count)
    return placed(matrix, cluster, random.random(count))


def placed(matrix: np.ndarray, cluster: np.ndarray, distance: np.ndarray) -> Catalogue:
    """Titles at these places, of which the rest is invented."""
    count = len(matrix)
    random = np.random.default_rng(count)
    people = pd.DataFrame(
        {
            "title_id": [f"tt{place}" for place in range(count) for _ in range(2)],
            "person_id": random.integers(0, count // 2 + 1, 2 * count).astype(str),
            "role": ["director", "actor"] * count,
        }
    )
    titles = pd.DataFrame(
        {
            "title_id": [f"tt{place}" for place in range(count)],
            "title": [f"Film {place % 7}" for place in range(count)],
            "year": random.integers(1950, 2020, count),
            "runtime_minutes": random.integers(80, 180, count),
            "genres": random.choice(["Drama", "Comedy,Romance", "Horror", ""], count),
            "rating": random.uniform(1, 10, count).round(1),
            "votes": random.integers(5, 100_000, count),
        }
    )
    series = np.where(random.random(count) < 0.2, random.integers(0, count // 4 + 1, count), -1)
    return Catalogue(matrix, cluster, distance, Parts(titles, people, cluster, series))


def lists(blocks: list[Block]) -> dict[int, list[int]]:
    return {
        int(title): [int(number) for number in row if number >= 0]
        for block in blocks
        for title, row in zip(block.titles, block.neighbours, strict=True)
    }


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one block even for few titles."""
    monkeypatch.setattr(similar, "BLOCK_ROWS", 32)


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


def test_the_seed_rule_takes_the_same_cluster_and_the_closest_distance() -> None:
    titles = catalogue(150)
    for title, neighbours in lists(list(seed(titles, 9))).items():
        others = np.flatnonzero(titles.cluster == titles.cluster[title])
        others = others[others != title]
        differences = np.abs(titles.distance[others] - titles.distance[title])
        expected = np.sort(differences)[:9]
        found = np.abs(titles.distance[neighbours] - titles.distance[title])
        assert set(neighbours) <= set(others)
        assert len(set(neighbours)) == 9
        assert found == pytest.approx(expected)


def test_the_seed_rule_gives_what_there_is_in_a_small_cluster() -> None:
    distance = np.array([0.1, 0.2, 0.9, 0.5])
    titles = placed(np.zeros((4, 1), "float32"), np.array([0, 0, 0, 1]), distance)
    assert lists(list(seed(titles, 9))) == {0: [1, 2], 1: [0, 2], 2: [1, 0], 3: []}


@pytest.mark.parametrize("rule", list(RULES))
def test_every_rule_ranks_by_a_falling_score_within_bounds(rule: similar.SimilarityRule) -> None:
    for block in RULES[rule](catalogue(300), 24):
        assert (np.diff(block.scores, axis=1) <= 0).all()
        assert ((block.scores >= 0) & (block.scores <= 1)).all()


@pytest.mark.parametrize("rule", list(RULES))
def test_every_rule_holds_one_block_at_a_time(rule: similar.SimilarityRule) -> None:
    blocks = list(RULES[rule](catalogue(300), 5))
    assert max(len(block.titles) for block in blocks) <= 32
    assert sorted(title for block in blocks for title in block.titles) == list(range(300))


def test_fewer_titles_than_neighbours_are_all_neighbours() -> None:
    assert lists(list(nearest(catalogue(3), 24))).keys() == {0, 1, 2}
    assert all(len(found) == 2 for found in lists(list(nearest(catalogue(3), 24))).values())
