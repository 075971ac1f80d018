# pyright: standard
"""K-Means: fit it to a matrix, assign titles to its clusters, and judge both.

Every function is seeded: the same input gives the same output to the last bit. What the clusters
mean does not belong here (see profiles.py). The packages are imported where they are used, because
Dagster loads this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

RESTARTS = 50
SAMPLE_ROWS = 3_000
SILHOUETTE_ROWS = 2_000
MAX_ITERATIONS = 300
HALVES = 3


class TooFewTitlesError(ValueError):
    """There are fewer different titles than clusters."""


@dataclass(frozen=True)
class KMeansModel:
    """A fitted K-Means.

    Attributes:
        centroids: (k, columns), float64, in the matrix's unit; the largest cluster first.
        mean_squared_distance: of the titles to their centroids; inertia divided by titles.
        iterations: of Lloyd's algorithm on all titles.
        metadata: what else the Dagster UI shows of the fit.
    """

    centroids: "np.ndarray"
    mean_squared_distance: float
    iterations: int
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Assignment:
    """The cluster of each title.

    Attributes:
        cluster: (titles,), int: the row of its centroid.
        distance: (titles,), float64, Euclidean, to that centroid.
    """

    cluster: "np.ndarray"
    distance: "np.ndarray"


def fit(matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
    """Fit K-Means to a matrix (titles, columns) of float32 in 0..1.

    k-means++ is tried `RESTARTS` times on a sample of the titles. Lloyd's algorithm then continues
    from the best of these on all titles.

    Raises:
        TooFewTitlesError: the sample has fewer different titles than clusters.
    """
    import numpy as np
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    sample = _sample(matrix, seed)
    require_different_titles(sample, clusters)
    # One thread: several add up in any order, and the last digit would differ from run to run.
    with threadpool_limits(limits=1):
        start = KMeans(clusters, n_init=RESTARTS, random_state=seed).fit(sample)
        model = KMeans(
            clusters, init=start.cluster_centers_, n_init=1, max_iter=MAX_ITERATIONS
        ).fit(matrix)
    largest_first = np.argsort(-np.bincount(model.labels_, minlength=clusters), kind="stable")
    return KMeansModel(
        centroids=model.cluster_centers_[largest_first].astype("float64"),
        mean_squared_distance=float(model.inertia_) / len(matrix),
        iterations=int(model.n_iter_),
    )


def assign(matrix: "np.ndarray", centroids: "np.ndarray") -> Assignment:
    """Assign each title of a matrix (titles, columns) to the nearest centroid (k, columns)."""
    import numpy as np
    from sklearn.metrics import pairwise_distances_argmin

    cluster = pairwise_distances_argmin(matrix.astype("float64"), centroids)
    distance = np.linalg.norm(matrix - centroids[cluster], axis=1)
    return Assignment(cluster, distance)


def require_different_titles(matrix: "np.ndarray", clusters: int) -> None:
    """Check that a matrix (titles, columns) can have so many clusters.

    Raises:
        TooFewTitlesError: it has fewer different titles.
    """
    import numpy as np

    if len(np.unique(matrix, axis=0)) < clusters:
        raise TooFewTitlesError(
            f"{len(matrix):,} titles are too few, or too alike, for {clusters} clusters"
        )


def quality_by_cluster_count(
    matrix: "np.ndarray", counts: list[int], seed: int
) -> list[tuple[int, float, float]]:
    """Judge how well other numbers of clusters would fit, on a sample of the titles.

    Returns:
        (clusters, mean squared distance, silhouette) for each count that the sample allows. The
        silhouette (Rousseeuw 1987, -1..1) tells how much nearer a title is to its own cluster
        than to the next one.
    """
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    sample = _sample(matrix, seed)
    different = len(np.unique(sample, axis=0))
    quality: list[tuple[int, float, float]] = []
    # One thread: fits this small spend more time on handing out the work than on doing it.
    with threadpool_limits(limits=1):
        for count in counts:
            if count < min(different, len(sample) - 1):
                model = KMeans(count, n_init=2, random_state=seed).fit(sample)
                silhouette = silhouette_score(
                    sample,
                    model.labels_,
                    sample_size=min(SILHOUETTE_ROWS, len(sample)),
                    random_state=seed,
                )
                quality.append((count, float(model.inertia_) / len(sample), float(silhouette)))
    return quality


def stability(matrix: "np.ndarray", clusters: int, seed: int) -> float | None:
    """Measure how alike the clusters are when K-Means is fitted to other titles.

    Returns:
        The adjusted Rand index (Hubert and Arabie 1985; 1 the same, 0 chance) of two models, mean
        over all pairs. Each model is fitted to a random half of the titles and assigns all of them.
        None if a half has fewer different titles than clusters.
    """
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(seed)
    halves = [random.permutation(matrix)[: len(matrix) // 2] for _ in range(HALVES)]
    try:
        labels = [assign(matrix, fit(half, clusters, seed).centroids).cluster for half in halves]
    except TooFewTitlesError:
        return None
    return float(np.mean([adjusted_rand_score(*pair) for pair in combinations(labels, 2)]))


def _sample(matrix: "np.ndarray", seed: int) -> "np.ndarray":
    import numpy as np

    if len(matrix) <= SAMPLE_ROWS:
        return matrix
    chosen = np.random.default_rng(seed).choice(len(matrix), SAMPLE_ROWS, replace=False)
    return matrix[np.sort(chosen)]
