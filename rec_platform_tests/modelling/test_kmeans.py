import numpy as np
import pytest

from rec_platform.modelling.kmeans import (
    TooFewTitlesError,
    assign,
    fit,
    quality_by_cluster_count,
    stability,
)


def planted(sizes: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points close around corners of a cube, and which corner each one is at."""
    random = np.random.default_rng(seed)
    corner = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.array([[number >> bit & 1 for bit in range(3)] for number in range(len(sizes))])
    points = centres[corner] + random.normal(0, 0.03, (len(corner), 3))
    return np.clip(points, 0, 1).astype("float32"), corner


def test_planted_clusters_are_found_and_the_largest_comes_first() -> None:
    points, corner = planted((20, 50, 40, 30))
    cluster = assign(points, fit(points, 4, seed=0).centroids).cluster
    assert cluster.tolist() == np.array([3, 0, 1, 2])[corner].tolist()


def test_distances_are_euclidean_and_give_the_mean_squared_distance() -> None:
    points, _ = planted((20, 50, 40, 30))
    model = fit(points, 4, seed=0)
    assignment = assign(points, model.centroids)
    cluster, distance = assignment.cluster, assignment.distance
    expected = np.sqrt(((points - model.centroids[cluster]) ** 2).sum(axis=1))
    assert distance == pytest.approx(expected)
    assert np.mean(distance**2) == pytest.approx(model.mean_squared_distance, rel=1e-5)


def test_the_same_seed_gives_the_same_model_to_the_last_bit() -> None:
    points = np.random.default_rng(1).random((7_000, 6), dtype="float32")
    first, second = (fit(points, 9, seed=3) for _ in range(2))
    assert first.centroids.tobytes() == second.centroids.tobytes()


def test_more_titles_than_the_sample_are_fitted_as_well_as_all_at_once() -> None:
    from sklearn.cluster import KMeans

    points, _ = planted((4_000, 3_000, 2_000, 1_000, 500))
    model = fit(points, 5, seed=0)
    whole = KMeans(5, n_init=10, random_state=0).fit(points)
    assert model.mean_squared_distance <= whole.inertia_ / len(points) * 1.001


@pytest.mark.parametrize("points", [np.eye(3, dtype="float32"), np.zeros((50, 3), "float32")])
def test_too_few_different_titles_is_an_error_that_counts_them(points: np.ndarray) -> None:
    with pytest.raises(TooFewTitlesError, match=f"^{len(points)} titles are too few.* 4 clusters"):
        fit(points, 4, seed=0)


def test_as_many_different_titles_as_clusters_are_enough() -> None:
    model = fit(np.eye(4, dtype="float32"), 4, seed=0)
    assert sorted(map(tuple, model.centroids)) == sorted(map(tuple, np.eye(4)))


def test_quality_is_best_at_the_planted_number_of_clusters() -> None:
    points, _ = planted((60, 60, 60, 60))
    quality = quality_by_cluster_count(points, [2, 3, 4, 5, 8], seed=0)
    silhouettes = {count: silhouette for count, _, silhouette in quality}
    distances = [distance for _, distance, _ in quality]
    assert max(silhouettes, key=silhouettes.__getitem__) == 4
    assert distances == sorted(distances, reverse=True)


def test_quality_leaves_out_counts_that_the_titles_do_not_allow() -> None:
    points, _ = planted((2, 2))
    assert [count for count, *_ in quality_by_cluster_count(points, [2, 3, 4, 9], 0)] == [2]


def test_quality_counts_titles_that_are_the_same_once() -> None:
    points = np.repeat(np.eye(3, 6, dtype="float32"), 10, axis=0)
    assert [count for count, *_ in quality_by_cluster_count(points, [2, 3, 4], 0)] == [2]


def test_the_distance_that_quality_tells_is_that_of_the_model() -> None:
    points, _ = planted((60, 60, 60, 60))
    ((_, distance, _),) = quality_by_cluster_count(points, [4], seed=0)
    assert distance == pytest.approx(fit(points, 4, seed=0).mean_squared_distance, rel=1e-5)


def test_planted_clusters_are_stable_and_chance_is_not() -> None:
    points, _ = planted((60, 60, 60, 60))
    assert stability(points, 4, seed=0) == 1
    noise = np.random.default_rng(0).random((200, 6), dtype="float32")
    by_chance = stability(noise, 4, seed=0)
    assert by_chance is not None and 0 < by_chance < 0.8
    assert stability(noise, 4, seed=0) == by_chance


def test_halves_with_too_few_different_titles_have_no_stability() -> None:
    points, _ = planted((2, 2))
    assert stability(points, 4, seed=0) is None


def test_stability_is_that_of_halves() -> None:
    points = np.eye(8, dtype="float32")
    assert stability(points, 4, seed=0) is not None
    assert stability(points, 5, seed=0) is None
