import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from rec_platform.assets import similar
from rec_platform.assets.similar import (
    NEAREST_CANDIDATES,
    PEOPLE_CANDIDATES,
    RULES,
    WORD_CANDIDATES,
    Block,
    Catalogue,
    blend,
    nearest,
    read_catalogue,
    seed,
)
from rec_platform.modelling.parts import Parts
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    PARTS,
    WEIGHTS,
    balanced,
)
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.conftest import Platform


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
            found = neighbours[neighbours >= 0]
            parts = titles.parts.between(np.full(len(found), title), found)
            assert scores[: len(found)] == pytest.approx(weighed(parts, BALANCE), abs=1e-6)
            assert title not in found
            assert len(set(found.tolist())) == len(found)


def planted(count: int, **shared: str) -> Catalogue:
    """Titles of which the first two have what is named in common, and nothing else.

    They lie in clusters, genres, years and fame as far apart as there are.
    """
    random = np.random.default_rng(count)
    titles = pd.DataFrame(
        {
            "title_id": [f"tt{place}" for place in range(count)],
            "title": [f"Film {place}" for place in range(count)],
            "year": random.integers(1950, 2020, count),
            "runtime_minutes": 100,
            "genres": random.choice(["Drama", "Comedy,Romance", "Action"], count),
            "rating": random.uniform(3, 8, count).round(1),
            "votes": random.integers(100, 100_000, count),
        }
    )
    titles.loc[0, ["genres", "year", "votes"]] = ["War", 1930, 60]
    titles.loc[1, ["genres", "year", "votes"]] = ["Sci-Fi", 2020, 60]
    if word := shared.get("word"):
        titles.loc[[0, 1], "title"] = [f"{word} One", f"Two {word}"]
    people = pd.DataFrame(
        {
            "title_id": titles["title_id"],
            "person_id": [f"nm{place}" for place in range(count)],
            "role": "director",
        }
    )
    if director := shared.get("director"):
        people.loc[[0, 1], "person_id"] = director
    series = np.full(count, -1)
    if shared.get("series"):
        series[:2] = 7
    cluster = random.integers(1, 3, count)
    cluster[:2] = 0, 3
    matrix = np.eye(4, dtype="float32")[cluster]
    return Catalogue(matrix, cluster, np.zeros(count), Parts(titles, people, cluster, series))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> set[tuple[int, int]]:
    """The pairs of titles that are compared from now on."""
    pairs: set[tuple[int, int]] = set()
    between = Parts.between

    def watched(parts: Parts, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        pairs.update(zip(one.tolist(), other.tolist(), strict=True))
        return between(parts, one, other)

    monkeypatch.setattr(Parts, "between", watched)
    return pairs


@pytest.mark.parametrize("shared", [{"series": "Isle"}, {"director": "nm9"}, {"word": "Zephyr"}])
def test_what_shares_a_series_a_person_or_a_rare_word_is_weighed_however_far_it_lies(
    shared: dict[str, str], compared: set[tuple[int, int]]
) -> None:
    list(blend(planted(1_500), 48))
    assert (0, 1) not in compared
    list(blend(planted(1_500, **shared), 48))
    assert {(0, 1), (1, 0)} <= compared


def test_a_sibling_by_the_same_director_is_first_among_titles_of_its_kind() -> None:
    titles = planted(600, series="Isle", director="nm9")
    parts = titles.parts
    for values in (parts.year, parts.fame, parts.rating):
        values[:] = values[2]  # all alike but for genres, people and series
    found = lists(list(blend(titles, 48)))
    assert found[0][0] == 1 and found[1][0] == 0


def test_the_pairs_compared_grow_with_the_titles_and_not_with_their_square(
    compared: set[tuple[int, int]],
) -> None:
    most = sum(NEAREST_CANDIDATES.values()) + PEOPLE_CANDIDATES + WORD_CANDIDATES
    for count in (400, 800, 1_600):
        compared.clear()
        titles = catalogue(count)
        list(blend(titles, 48))
        series = titles.parts.series
        siblings = np.bincount(series[series >= 0]).max() - 1
        assert 48 * count <= len(compared) <= count * (most + siblings)


def test_the_best_at_either_end_of_the_knob_and_in_its_middle_are_kept() -> None:
    """Held against all pairs; in one cluster of few titles all are candidates."""
    count, kept = 60, 24
    titles = catalogue(count, clusters=1)
    found = lists(list(blend(titles, kept)))
    for title in range(count):
        others = np.delete(np.arange(count), title)
        parts = titles.parts.between(np.full(count - 1, title), others)
        for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS):
            best = others[np.argsort(-weighed(parts, balance), kind="stable")]
            assert set(best[: kept // 3].tolist()) <= set(found[title])


def test_the_blend_is_the_same_bytes_each_time() -> None:
    first, second = (list(blend(catalogue(300), 48)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.neighbours.tobytes() == other.neighbours.tobytes()
        assert one.scores.tobytes() == other.scores.tobytes()


def test_a_release_has_the_neighbours_that_come_out_once_more(released: Platform) -> None:
    warehouse = DuckDBWarehouse(root=str(released.root))
    titles = warehouse.read("titles", order_by="title_id")
    ids = titles["title_id"].to_numpy()
    stored = warehouse.read("similar_titles", order_by="title_id, rank")
    expected = stored.groupby("title_id")["similar_id"].apply(list).to_dict()
    found = lists(list(blend(read_catalogue(warehouse, titles), similar.NEIGHBOURS)))
    assert {ids[title]: ids[others].tolist() for title, others in found.items()} == expected
