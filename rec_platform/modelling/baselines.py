# pyright: standard
"""Baselines: lists made by other means, to compare a release's lists with.

Lists are arrays (titles, count) of positions in the catalogue, best first, -1 where there are no
more. How good they are is in ranking.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from rec_platform.choices import FeaturePreset, SimilarityRule
from rec_platform.modelling import kmeans
from rec_platform.modelling.features import PRESETS, min_max
from rec_platform.modelling.lists import to_lists
from rec_platform.modelling.neighbours import Catalogue, alike, nearest, original_2020
from rec_platform.modelling.scorecard import (
    IN_CLUSTER,
    MOST_VOTED,
    NEAREST,
    ORIGINAL,
    RANDOM,
    UPPER_MARK,
)
from rec_platform.release.schema import NEIGHBOURS

SHRINKAGE = 10  # users
BLOCK_ROWS = 512  # of titles, each with as many columns as there are liked titles


class Lists(NamedTuple):
    """Lists that are scored.

    Attributes:
        name: the row of the scorecard.
        lists: (titles, NEIGHBOURS) positions or -1.
        alike: how alike their maker says that pairs are, (pairs,) of two arrays of positions; None
            if it says nothing of pairs.
    """

    name: str
    lists: np.ndarray
    alike: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


def baselines(
    catalogue: Catalogue,
    titles: pd.DataFrame,
    likes: list[np.ndarray] | None,
    clusters: int,
    kmeans_seed: int,
) -> Iterator[Lists]:
    """Make every baseline, one after another.

    Args:
        catalogue: the titles as the rules see them.
        titles: the table of that name, in the same order.
        likes: for each user the positions of liked titles, for the upper mark; None for none.
        clusters: how many the original's rule gets.
        kmeans_seed: of these clusters.
    """
    count = len(titles)
    near = partial(alike, SimilarityRule.nearest, catalogue)
    yield Lists(NEAREST, to_lists(nearest(catalogue, NEIGHBOURS), count), near)
    original = as_the_original(catalogue, titles, clusters, kmeans_seed)
    as_near = partial(alike, SimilarityRule.original_2020, original)
    yield Lists(ORIGINAL, to_lists(original_2020(original, NEIGHBOURS), count), as_near)
    yield Lists(IN_CLUSTER, at_random(catalogue.cluster))
    yield Lists(RANDOM, at_random(np.zeros(count, dtype=int)))
    yield Lists(MOST_VOTED, most_voted(titles["votes"].to_numpy()))
    if likes:
        liked = partial(item_knn_alike, likes, count)
        yield Lists(UPPER_MARK, item_knn(likes, count, NEIGHBOURS), liked)


def as_the_original(
    catalogue: Catalogue, titles: pd.DataFrame, clusters: int, kmeans_seed: int
) -> Catalogue:
    """The catalogue as the 2020 original saw it: in its own columns, clustered by them."""
    matrix = min_max(PRESETS[FeaturePreset.original_2020](titles))[0].to_numpy("float32")
    assignment = kmeans.assign(matrix, kmeans.fit(matrix, clusters, kmeans_seed).centroids)
    return replace(
        catalogue, matrix=matrix, cluster=assignment.cluster, distance=assignment.distance
    )


def at_random(group: np.ndarray, seed: int = 0) -> np.ndarray:
    """Random lists of titles of the same group: those that follow in a shuffled ring of it.

    Args:
        group: (titles,) int.
        seed: of the shuffle.
    """
    random = np.random.default_rng(seed)
    lists = np.full((len(group), NEIGHBOURS), -1)
    for number in np.unique(group):
        ring = random.permutation(np.flatnonzero(group == number))
        steps = np.arange(1, min(NEIGHBOURS, len(ring) - 1) + 1)
        places = (np.arange(len(ring))[:, np.newaxis] + steps) % len(ring)
        lists[ring, : len(steps)] = ring[places]
    return lists


def most_voted(votes: np.ndarray) -> np.ndarray:
    """The same list for every title, except that none is in its own list.

    Args:
        votes: (titles,)
    """
    best = np.argsort(-votes, kind="stable")[: NEIGHBOURS + 1]
    lists = np.tile(best, (len(votes), 1))
    is_own = lists == np.arange(len(votes))[:, np.newaxis]
    order = np.argsort(is_own, axis=1, kind="stable")
    return np.take_along_axis(np.where(is_own, -1, lists), order, axis=1)[:, :NEIGHBOURS]


def item_knn(
    likes: list[np.ndarray], title_count: int, count: int, shrinkage: float = SHRINKAGE
) -> np.ndarray:
    """The lists of collaborative filtering: users who like this title also like those.

    The cosine of the two titles' likes, shrunk where few people like them (Sarwar et al. 2001;
    Bell and Koren 2007): n(both) / (sqrt(n(first) n(second)) + shrinkage).

    Args:
        likes: for each user the positions of the titles that the user likes.
        title_count: how many titles there are.
        count: the length of a list.
        shrinkage: in users.
    """
    titles, column = np.unique(np.concatenate(likes), return_inverse=True)
    row = np.repeat(np.arange(len(likes)), [len(liked) for liked in likes])
    shape = (len(likes), len(titles))
    liked_by = sparse.csr_array((np.ones(len(row), "float32"), (row, column)), shape=shape)
    roots = np.sqrt(np.asarray(liked_by.sum(axis=0)).ravel())
    lists = np.full((title_count, count), -1)
    count = min(count, len(titles) - 1)
    for start in range(0, len(titles), BLOCK_ROWS):
        block = np.arange(start, min(start + BLOCK_ROWS, len(titles)))
        both = (liked_by[:, block].T @ liked_by).toarray()
        both[np.arange(len(block)), block] = 0
        alike = both / (np.outer(roots[block], roots) + shrinkage)
        best = np.argsort(-alike, axis=1, kind="stable")[:, :count]
        is_alike = np.take_along_axis(alike, best, axis=1) > 0
        lists[titles[block], :count] = np.where(is_alike, titles[best], -1)
    return lists


def item_knn_alike(
    likes: list[np.ndarray],
    title_count: int,
    first: np.ndarray,
    second: np.ndarray,
) -> np.ndarray:
    """How alike item_knn() says that pairs are: (pairs,), 0 where nobody likes both.

    Args:
        likes: for each user the positions of the titles that the user likes.
        title_count: how many titles there are.
        first: (pairs,) positions.
        second: (pairs,) positions.
    """
    row = np.repeat(np.arange(len(likes)), [len(liked) for liked in likes])
    shape = (len(likes), title_count)
    liked_by = sparse.csc_array((np.ones(len(row)), (row, np.concatenate(likes))), shape=shape)
    roots = np.sqrt(np.asarray(liked_by.sum(axis=0)).ravel())
    both = np.asarray(liked_by[:, first].multiply(liked_by[:, second]).sum(axis=0)).ravel()
    return both / (roots[first] * roots[second] + SHRINKAGE)
