"""Clustering: where K-Means is fitted. What it computes is in modelling/kmeans.py."""

from abc import abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from rec_platform.modelling import kmeans
from rec_platform.modelling.kmeans import KMeansModel
from rec_platform.resources.base import DeploymentResource

if TYPE_CHECKING:
    import numpy as np


class Clustering(DeploymentResource):
    """Fits K-Means."""

    @abstractmethod
    def fit(self, matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
        """Fit K-Means to a matrix (titles, columns) of float32 in 0..1.

        Raises:
            dg.Failure: there are fewer different titles than clusters.
        """


class ScikitLearnClustering(Clustering):
    """scikit-learn in this process."""

    def fit(self, matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
        """See Clustering."""
        with too_few_titles_fail():
            return kmeans.fit(matrix, clusters, seed)


@contextmanager
def too_few_titles_fail() -> Generator[None, None, None]:
    """Turn the error about too few different titles into a failure that says what to do.

    Raises:
        dg.Failure: there are fewer different titles than clusters.
    """
    try:
        yield
    except kmeans.TooFewTitlesError as error:
        raise dg.Failure(
            f"{error}: ask for fewer with --clusters (REC_CLUSTERS), or select more titles with "
            "--preset",
            allow_retries=False,
        ) from None
