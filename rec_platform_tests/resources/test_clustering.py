import dagster as dg
import numpy as np
import pytest

from rec_platform.modelling.kmeans import assign
from rec_platform.resources.clustering import ScikitLearnClustering


def test_two_groups_of_titles_are_two_clusters() -> None:
    matrix = np.array([[0, 0], [0, 0.1], [1, 1]], "float32")
    model = ScikitLearnClustering().fit(matrix, 2, seed=0)
    assignment = assign(matrix, model.centroids)
    assert assignment.cluster.tolist() == [0, 0, 1]
    assert assignment.distance == pytest.approx([0.05, 0.05, 0])


def test_too_few_different_titles_is_a_failure_that_says_what_to_do() -> None:
    with pytest.raises(dg.Failure, match=r"50 titles are too few.*--clusters.*--preset") as raised:
        ScikitLearnClustering().fit(np.zeros((50, 3), "float32"), 4, seed=0)
    assert not raised.value.allow_retries
