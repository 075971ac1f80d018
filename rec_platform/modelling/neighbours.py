# pyright: standard
"""Neighbours: the rules that find the titles most like each title.

A rule is a function from the catalogue to blocks of neighbours. It never holds more than one block
of pairs, so memory stays bounded as the catalogue grows. What titles are compared by is in
parts.py, which pairs the blend compares in candidates.py, the weights in release/blend.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from rec_platform.choices import SimilarityRule
from rec_platform.modelling.candidates import Candidates
from rec_platform.modelling.parts import Parts
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    PART_SCALE,
    PARTS,
    WEIGHTS,
    balanced,
)
from rec_platform.release.schema import NEIGHBOURS, SCORE_DIGITS

BLOCK_ROWS = 4_096


@dataclass(frozen=True)
class Catalogue:
    """What a rule sees; all arrays have the same order of titles.

    Attributes:
        matrix: (titles, columns), float32 in 0..1.
        cluster: (titles,), int.
        distance: (titles,), Euclidean, to the cluster's centroid.
        parts: what the titles are compared by.
    """

    matrix: np.ndarray
    cluster: np.ndarray
    distance: np.ndarray
    parts: Parts


@dataclass(frozen=True)
class Block:
    """The neighbours of some titles, best first.

    Attributes:
        titles: (rows,), positions in the catalogue.
        neighbours: (rows, count), positions, never the title itself; -1 where there are no more.
        scores: (rows, count), in 0..1, falling along a row.
    """

    titles: np.ndarray
    neighbours: np.ndarray
    scores: np.ndarray


def blend(
    catalogue: Catalogue, count: int, weights: Mapping[str, float] = WEIGHTS
) -> Iterator[Block]:
    """The neighbours with the highest weighted mean of the parts of likeness.

    The best at both ends of the balance knob and in its middle are kept, so that the site can turn
    the knob. They are ranked as in the middle.

    Args:
        catalogue: the titles.
        count: how many neighbours each title gets.
        weights: by name of the part; others than the default are for `benchmarks/tuning.py`.
    """
    parts = catalogue.parts
    candidates_of = Candidates(parts, catalogue.matrix, weights)
    places_of_knob = [
        _weights(weights, balance) for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS)
    ]
    for start in range(0, len(parts), BLOCK_ROWS):
        titles = candidates_of.order[start : start + BLOCK_ROWS]
        candidates = candidates_of.of(titles)
        row, column = np.nonzero(candidates >= 0)
        compared = parts.between(titles[row], candidates[row, column])
        scores = np.full((len(places_of_knob), *candidates.shape), -1, dtype="float32")
        for place, turned in enumerate(places_of_knob):
            scores[place, row, column] = compared @ (turned / turned.sum() / PART_SCALE)
        best = _ranks(scores).min(axis=0)
        # Where two are equally good at some place of the knob, the better in the middle wins.
        order = np.lexsort((-scores[1], best), axis=1)[:, :count]
        order = np.take_along_axis(
            order, np.argsort(-np.take_along_axis(scores[1], order, 1), 1, kind="stable"), 1
        )
        yield Block(
            titles,
            np.take_along_axis(candidates, order, axis=1),
            np.take_along_axis(scores[1], order, axis=1),
        )


def nearest(catalogue: Catalogue, count: int) -> Iterator[Block]:
    """The true nearest neighbours in the matrix, by Euclidean distance d; the score is 1/(1+d).

    A k-d tree (Bentley 1975) finds them exactly, in about n log n for so few columns.
    """
    matrix = catalogue.matrix
    # Many titles share all columns but a few, which makes balancing by medians slow.
    tree = KDTree(matrix, balanced_tree=False)
    count = min(count, len(matrix) - 1)
    for start in range(0, len(matrix), BLOCK_ROWS):
        titles = np.arange(start, min(start + BLOCK_ROWS, len(matrix)))
        distances, neighbours = tree.query(matrix[titles], k=count + 1, workers=-1)
        # The title itself is among them at distance 0, unless it has too many twins.
        is_other = neighbours != titles[:, np.newaxis]
        is_other[is_other.all(axis=1), -1] = False
        shape = (len(titles), count)
        yield Block(
            titles,
            neighbours[is_other].reshape(shape),
            1 / (1 + distances[is_other].reshape(shape)),
        )


def original_2020(catalogue: Catalogue, count: int) -> Iterator[Block]:
    """The 2020 original's rule: of the same cluster, those about as far from the centroid.

    The score is 1/(1+|difference of the distances|). To this rule, titles on opposite sides of the
    centroid look alike. It is kept only as a baseline.
    """
    for cluster in np.unique(catalogue.cluster):
        members = np.flatnonzero(catalogue.cluster == cluster)
        # In order of distance, a title's nearest are among the `count` before and after it.
        members = members[np.argsort(catalogue.distance[members], kind="stable")]
        distance = catalogue.distance[members]
        steps = np.array([step for step in range(-count, count + 1) if step])
        for start in range(0, len(members), BLOCK_ROWS):
            places = np.arange(start, min(start + BLOCK_ROWS, len(members)))
            window = places[:, np.newaxis] + steps
            is_inside = (window >= 0) & (window < len(members))
            window = np.clip(window, 0, len(members) - 1)
            difference = np.abs(distance[window] - distance[places, np.newaxis])
            difference[~is_inside] = np.inf
            best = np.argsort(difference, axis=1, kind="stable")[:, :count]
            difference = np.take_along_axis(difference, best, axis=1)
            neighbours = members[np.take_along_axis(window, best, axis=1)]
            neighbours[~np.isfinite(difference)] = -1
            yield Block(members[places], neighbours, 1 / (1 + difference))


RULES: dict[SimilarityRule, Callable[[Catalogue, int], Iterator[Block]]] = {
    SimilarityRule.original_2020: original_2020,
    SimilarityRule.nearest: nearest,
    SimilarityRule.blend: blend,
}


def to_lists(blocks: Iterable[Block], title_count: int) -> np.ndarray:
    """Blocks as one table, (titles, NEIGHBOURS) positions or -1."""
    lists = np.full((title_count, NEIGHBOURS), -1)
    for block in blocks:
        lists[block.titles, : block.neighbours.shape[1]] = block.neighbours
    return lists


def weigh_lists(lists: np.ndarray, parts: np.ndarray, balance: float) -> np.ndarray:
    """All lists as `release.recommend.weigh()` orders each at a place of the balance knob.

    Args:
        lists: (titles, count) positions or -1, as in the knob's middle.
        parts: (titles, count, parts) uint8.
        balance: in 0..1.
    """
    if balance == BALANCE:
        return lists
    weights = list(balanced(WEIGHTS, balance).values())
    total = np.zeros(lists.shape)
    for column, weight in enumerate(weights):
        total += parts[:, :, column] * weight
    scores = np.where(lists >= 0, np.round(total / (sum(weights) * PART_SCALE), SCORE_DIGITS), -1)
    return np.take_along_axis(lists, np.argsort(-scores, axis=1, kind="stable"), axis=1)


def _weights(weights: Mapping[str, float], balance: float) -> np.ndarray:
    turned = balanced(weights, balance)
    return np.array([turned[name] for name in PARTS])


def _ranks(scores: np.ndarray) -> np.ndarray:
    """The place of each score along the last axis, 0 for the highest."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(scores.shape[-1]), axis=-1)
    return ranks
