"""K-Means: where it is fitted and how titles are assigned.

What the clusters mean does not belong here (see profiles.py).
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.resources.base import DeploymentResource

if TYPE_CHECKING:
    import numpy as np

RESTARTS = 50
SAMPLE_ROWS = 3_000
HALVES = 3


@dataclass(frozen=True)
class KMeansModel:
    """A fitted K-Means.

    Attributes:
        centroids: (k, columns), float64, in the matrix's unit; the largest cluster first.
        mean_squared_distance: of the titles to their centroids; inertia divided by titles.
        iterations: of Lloyd's algorithm on all titles.
        artefact: where the engine keeps the model itself; empty where it keeps none.
        metadata: what else the Dagster UI is to show of the fit.
    """

    centroids: "np.ndarray"
    mean_squared_distance: float
    iterations: int
    artefact: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assignment:
    """What cluster each title is in.

    Attributes:
        cluster: (titles,), int: the row of its centroid in the model.
        distance: (titles,), float64, Euclidean, to that centroid.
        metadata: what the Dagster UI is to show of the assignment.
    """

    cluster: "np.ndarray"
    distance: "np.ndarray"
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Clustering(DeploymentResource):
    """Fits K-Means and assigns titles to its clusters."""

    @abstractmethod
    def fit(self, matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
        """Fit K-Means to a matrix (titles, columns) of float32 in 0..1.

        Raises:
            dg.Failure: there are fewer different titles than clusters.
        """

    @abstractmethod
    def assign(self, matrix: "np.ndarray", model: KMeansModel) -> Assignment:
        """Find each title's cluster: the nearest centroid's."""


class ScikitLearnClustering(Clustering):
    """scikit-learn in this process.

    Restarts are what finds the better optimum, and a sample shows which start is best: k-means++
    is tried 50 times on a sample, then Lloyd's algorithm goes on from the best on all titles.
    """

    def fit(self, matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
        """See Clustering."""
        import numpy as np
        from sklearn.cluster import KMeans
        from threadpoolctl import threadpool_limits

        sample = _sample(matrix, seed)
        require_different_titles(sample, clusters)
        # One thread: several would add up in any order, and the same input would give another
        # last digit on the next run.
        with threadpool_limits(limits=1):
            start = KMeans(clusters, n_init=RESTARTS, random_state=seed).fit(sample)
            model = KMeans(clusters, init=start.cluster_centers_, n_init=1, max_iter=300).fit(
                matrix
            )
        largest_first = np.argsort(-np.bincount(model.labels_, minlength=clusters), kind="stable")
        return KMeansModel(
            centroids=model.cluster_centers_[largest_first].astype("float64"),
            mean_squared_distance=float(model.inertia_) / len(matrix),
            iterations=int(model.n_iter_),
        )

    def assign(self, matrix: "np.ndarray", model: KMeansModel) -> Assignment:
        """See Clustering."""
        import numpy as np
        from sklearn.metrics import pairwise_distances_argmin

        cluster = pairwise_distances_argmin(matrix.astype("float64"), model.centroids)
        distance = np.linalg.norm(matrix - model.centroids[cluster], axis=1)
        return Assignment(cluster, distance)


def require_different_titles(matrix: "np.ndarray", clusters: int) -> None:
    """See that there can be so many clusters.

    Raises:
        dg.Failure: there are fewer different titles.
    """
    import numpy as np

    if len(np.unique(matrix, axis=0)) < clusters:
        raise dg.Failure(
            f"{len(matrix):,} titles are too few, or too alike, for {clusters} clusters: "
            "ask for fewer with --clusters (REC_CLUSTERS), or select more titles with --preset",
            allow_retries=False,
        )


def quality_by_cluster_count(
    matrix: "np.ndarray", counts: list[int], seed: int
) -> list[tuple[int, float, float]]:
    """How well other numbers of clusters would fit, judged on a sample.

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
    quality = []
    # One thread: fits this small spend more time on handing out the work than on doing it.
    with threadpool_limits(limits=1):
        for count in counts:
            if count < min(different, len(sample) - 1):
                model = KMeans(count, n_init=2, random_state=seed).fit(sample)
                silhouette = silhouette_score(
                    sample, model.labels_, sample_size=min(2_000, len(sample)), random_state=seed
                )
                quality.append((count, float(model.inertia_) / len(sample), float(silhouette)))
    return quality


def cluster(matrix: "np.ndarray", fitted: "np.ndarray", clusters: int, seed: int) -> Assignment:
    """Assign titles by a model fitted to other ones, or the same, in this process.

    Raises:
        dg.Failure: there are fewer different titles to fit to than clusters.
    """
    here = ScikitLearnClustering()
    return here.assign(matrix, here.fit(fitted, clusters, seed))


def stability(matrix: "np.ndarray", clusters: int, seed: int) -> float | None:
    """How alike the clusters come out when K-Means sees other titles.

    Returns:
        The mean adjusted Rand index (Hubert and Arabie 1985; 1 the same, 0 chance) of each two of
        the models that are fitted to random halves, and then assign all titles; None where a half
        has fewer different titles than clusters.
    """
    from itertools import combinations

    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(seed)
    halves = [random.permutation(matrix)[: len(matrix) // 2] for _ in range(HALVES)]
    try:
        found = [cluster(matrix, half, clusters, seed).cluster for half in halves]
    except dg.Failure:
        return None
    return float(np.mean([adjusted_rand_score(*pair) for pair in combinations(found, 2)]))


def _sample(matrix: "np.ndarray", seed: int) -> "np.ndarray":
    import numpy as np

    if len(matrix) <= SAMPLE_ROWS:
        return matrix
    chosen = np.random.default_rng(seed).choice(len(matrix), SAMPLE_ROWS, replace=False)
    return matrix[np.sort(chosen)]
