# pyright: standard
"""Candidates: the titles that the blend weighs as a title's neighbours.

They come from four sides: what every title has (genres, era, fame and rating), shared people, rare
words in the title, and the series. How they are weighed does not belong here (see neighbours.py).
"""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import KDTree
from sklearn.metrics import pairwise_distances

from rec_platform.modelling.parts import (
    ERA_YEARS,
    FAME_DECADES,
    RATING_SPAN,
    RATING_WIDTH,
    Parts,
)
from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS, balanced

# How many come from each side. Siblings all come.
NEAREST_CANDIDATES = {HIDDEN_GEMS: 32, BALANCE: 64, CROWD_PLEASERS: 32}  # by place of the knob
PEOPLE_CANDIDATES = 32
WORD_CANDIDATES = 8
COMMON_WORD = 100  # titles; a word that more titles have finds no candidates
GENRE_AXES = 4
LOOSENESS = 2  # a candidate may be (1 + this) times as far away as the one that it replaces


class Candidates:
    """Finds candidates for the titles of a catalogue.

    Args:
        parts: what the titles are compared by.
        matrix: (titles, columns), float32 in 0..1, for the distances between clusters.
        weights: of the blend, by name of the part.

    Attributes:
        order: (titles,) positions. Titles that are asked for in this order find what they need in
            the processor's cache.
    """

    def __init__(self, parts: Parts, matrix: np.ndarray, weights: Mapping[str, float]) -> None:
        self._parts = parts
        self._words = _rare(parts.words)
        self._nearest = _Nearest(parts, matrix, weights)
        self.order = self._nearest.order

    def of(self, titles: np.ndarray) -> np.ndarray:
        """The candidates of some titles, each once.

        Args:
            titles: (rows,) positions.

        Returns:
            (rows, columns) positions, never the title itself; -1 where there are no more.
        """
        sides = (
            self._nearest.of(titles),
            _strongest(self._parts.people, titles, PEOPLE_CANDIDATES),
            _strongest(self._words, titles, WORD_CANDIDATES),
            _siblings(self._parts.series, titles),
        )
        candidates = np.sort(np.hstack(sides), axis=1)
        is_repeated = candidates[:, 1:] == candidates[:, :-1]
        candidates[:, 1:][is_repeated] = -1
        candidates[candidates == titles[:, np.newaxis]] = -1
        return candidates


class _Nearest:
    """Finds the titles that the blend may like best by what every title has.

    A k-d tree (Bentley 1975) over genres, era, fame and rating, scaled so that the squared distance
    is about what the blend takes off. The priors add a straight line to that parabola. Their sum
    has its peak where the parabola has it, shifted: the tree is asked at the shifted place.
    Candidates come from the half of the clusters that is nearest to the title.
    """

    def __init__(self, parts: Parts, matrix: np.ndarray, weights: Mapping[str, float]) -> None:
        self._scale = np.sqrt(
            [
                weights["era"] / ERA_YEARS**2,
                weights["fame"] / FAME_DECADES**2,
                weights["rating"] / RATING_WIDTH,
            ]
        )
        facts = np.column_stack([parts.year, parts.fame, parts.rating])
        axes = _axes(parts.genres) * np.sqrt(weights["genres"] / 2)
        self._places = np.hstack([facts * self._scale, axes])
        self._weights = weights
        self._tree = KDTree(self._places, balanced_tree=False)
        self.order: np.ndarray = self._tree.indices
        self._most_famous = max(float(parts.fame.max()), 1.0)
        self._cluster = parts.cluster
        self._is_near = _is_near(matrix, parts.cluster)

    def of(self, titles: np.ndarray) -> np.ndarray:
        """Candidates for titles: (rows, count) positions, -1 for none."""
        nearest: list[np.ndarray] = []
        for balance, count in NEAREST_CANDIDATES.items():
            weights = balanced(self._weights, balance)
            slopes = [
                0,
                weights["popularity"] / self._most_famous,
                weights["quality"] / RATING_SPAN,
            ]
            places = self._places[titles]
            places[:, : len(slopes)] += np.array(slopes) / (2 * self._scale)
            ranks = range(1, min(count, len(self._places)) + 1)
            nearest.append(self._tree.query(places, k=ranks, eps=LOOSENESS, workers=-1)[1])
        candidates = np.hstack(nearest)
        is_near = self._is_near[titles[:, np.newaxis], self._cluster[candidates]]
        return np.where(is_near, candidates, -1)


def _is_near(matrix: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Whether a cluster is in the half that is nearest to a title: (titles, clusters)."""
    numbers = np.unique(cluster)
    centroids = [matrix[cluster == number].mean(axis=0) for number in numbers]
    order = pairwise_distances(matrix, np.array(centroids)).argsort(axis=1)
    nearest_half = order[:, : (len(numbers) + 1) // 2]
    is_near = np.zeros((len(matrix), int(numbers.max()) + 1), dtype=bool)
    np.put_along_axis(is_near, numbers[nearest_half], values=True, axis=1)
    return is_near


def _axes(genres: np.ndarray) -> np.ndarray:
    """Genres on a few axes, so that half the squared distance is about 1 - the cosine."""
    lengths = np.linalg.norm(genres, axis=1, keepdims=True)
    directions = genres / np.maximum(lengths, 1e-9)
    _, _, axes = np.linalg.svd(directions.T @ directions)
    return directions @ axes[:GENRE_AXES].T


def _rare(words: csr_array) -> csr_array:
    """The columns of words that few titles have, but more than one."""
    count = np.bincount(words.indices, minlength=words.shape[1])
    return words[:, np.flatnonzero((count > 1) & (count <= COMMON_WORD))]


def _strongest(matrix: csr_array, titles: np.ndarray, count: int) -> np.ndarray:
    """The titles whose rows have the largest products with those of some: (rows, count) or -1."""
    product = (matrix[titles] @ matrix.T).tocoo()
    row, other = product.coords
    is_other = titles[row] != other
    row, other, strength = row[is_other], other[is_other], product.data[is_other]
    order = np.lexsort((other, -strength, row))
    return _padded(len(titles), row[order], other[order], count)


def _siblings(series: np.ndarray, titles: np.ndarray) -> np.ndarray:
    """The others of a title's series: (rows, as many as the largest has) or -1."""
    members = np.argsort(series, kind="stable")
    starts = np.searchsorted(series[members], series[titles], side="left")
    ends = np.searchsorted(series[members], series[titles], side="right")
    sizes = np.where(series[titles] >= 0, ends - starts, 0)
    row = np.repeat(np.arange(len(titles)), sizes)
    steps = np.arange(len(row)) - np.repeat(sizes.cumsum() - sizes, sizes)
    return _padded(len(titles), row, members[np.repeat(starts, sizes) + steps], sizes.max())


def _padded(rows: int, row: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The first values of each row, which are in order of rows, as a table: (rows, count) or -1."""
    place = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    table = np.full((rows, count), -1)
    is_kept = place < count
    table[row[is_kept], place[is_kept]] = values[is_kept]
    return table
