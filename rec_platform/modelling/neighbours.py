# pyright: standard
"""Neighbours: the rules that find the titles most like each title.

A rule is a function from the catalogue to blocks of neighbours. It never holds more than a few
blocks of pairs, so memory stays bounded as the catalogue grows. What titles are compared by is in
parts.py, which pairs the blend compares in candidates.py, the weights in release/blend.py.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.spatial import KDTree
from scipy.special import expit

from rec_platform.choices import SimilarityRule
from rec_platform.modelling.candidates import Candidates
from rec_platform.modelling.list_rules import give_place, is_beyond, ranked
from rec_platform.modelling.parts import Parts
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    LEAST_PULL,
    LIKENESS,
    MIDDLE,
    OFFSET,
    PAIRED,
    PARTS,
    PRIORS,
    UNITS,
    WEIGHTS,
    WIDTH,
    knob,
    strangers,
)
from rec_platform.release.schema import SERIES_MOST

BLOCK_ROWS = 2_048
THREADS = 2  # NumPy and SciPy compute without Python's lock for most of the time
PLACES = (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS)  # of the knob, whose best are kept


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
        scores: (rows, count), in 0..1, how alike; what is best may also be what appeals most.
        compared: (rows, count, parts) uint8, of a rule that compares its neighbours part by part.
    """

    titles: np.ndarray
    neighbours: np.ndarray
    scores: np.ndarray
    compared: np.ndarray | None = None


def blend(
    catalogue: Catalogue, count: int, weights: Mapping[str, float] = WEIGHTS
) -> Iterator[Block]:
    """The neighbours that are most alike and appeal most: see release/blend.py.

    The best at both ends of the balance knob and in its middle are kept, so that the site can turn
    the knob. They are ranked as in the middle; their scores are the share that they are alike.

    Args:
        catalogue: the titles.
        count: how many neighbours each title gets.
        weights: by name of the part.
    """
    candidates_of = Candidates(catalogue.parts, weights)
    blocks = np.split(candidates_of.order, range(BLOCK_ROWS, len(catalogue.parts), BLOCK_ROWS))
    turned = [_turned(weights, balance) for balance in PLACES]
    own = [own_appeal(catalogue.parts, row) for row in turned]
    pulls = [catalogue.parts.pulls(balance) for balance in PLACES]
    make = partial(_blended, catalogue.parts, candidates_of, weights, turned, own, pulls, count)
    with ThreadPoolExecutor(THREADS) as pool:
        made: deque[Future[Block]] = deque()
        for block in blocks:
            made.append(pool.submit(make, block))
            if len(made) > THREADS:  # all at once would wait in memory
                yield made.popleft().result()
        while made:
            yield made.popleft().result()


def _turned(weights: Mapping[str, float], balance: float) -> dict[str, float]:
    """The weights of appeal as the knob turns them."""
    return {name: weights[name] * factor for name, factor in knob(balance).items()}


def _blended(
    parts: Parts,
    candidates_of: Candidates,
    weights: Mapping[str, float],
    turned: list[dict[str, float]],
    own: list[np.ndarray],
    pulls: list[np.ndarray],
    count: int,
    titles: np.ndarray,
) -> Block:
    """See blend(); titles are (rows,) positions."""
    candidates = candidates_of.of(titles)
    row, column = np.nonzero(candidates >= 0)
    compared = parts.between(titles[row], candidates[row, column])
    likeness = totals(compared, {name: weights[name] for name in LIKENESS})
    scores = np.full((len(PLACES), *candidates.shape), -np.inf)
    others = candidates[row, column]
    for place, turned_weights in enumerate(turned):
        own_pulls = pulls[place][titles[row]]
        appeals = appeal(own[place][others], compared, own_pulls, turned_weights)
        scores[place, row, column] = likeness + appeals
    middle = scores[PLACES.index(BALANCE)]
    scores[:, is_beyond(SERIES_MOST, candidates, parts.series, middle)] = -np.inf
    is_directors = np.zeros(candidates.shape, dtype=bool)
    is_directors[row, column] = parts.is_by_same_director(titles[row], others)
    give_place(middle, is_directors)
    shares = np.zeros(candidates.shape)
    shares[row, column] = _alike(likeness, weights)
    ranks = ranked(scores)
    in_middle = ranks[PLACES.index(BALANCE)]
    # Where two are equally good at some place of the knob, the better in the middle wins.
    order = _lowest(ranks.min(axis=0) * candidates.shape[1] + in_middle, count)
    ordered = np.argsort(np.take_along_axis(in_middle, order, axis=1), axis=1)
    order = np.take_along_axis(order, ordered, axis=1)
    is_kept = np.take_along_axis(middle, order, axis=1) > -np.inf
    pair = np.zeros(candidates.shape, dtype=int)
    pair[row, column] = np.arange(len(row))
    return Block(
        titles,
        np.where(is_kept, np.take_along_axis(candidates, order, axis=1), -1),
        np.take_along_axis(shares, order, axis=1),
        compared[np.take_along_axis(pair, order, axis=1)] if len(row) else None,
    )


def nearest(catalogue: Catalogue, count: int) -> Iterator[Block]:
    """The true nearest neighbours in the matrix, by Euclidean distance d; the score is 1/(1+d).

    A k-d tree (Bentley 1975) finds them exactly, in about n log n for so few columns.
    """
    for members in _groups(catalogue.parts.format):
        matrix = catalogue.matrix[members]
        # Many titles share all columns but a few, which makes balancing by medians slow.
        tree = KDTree(matrix, balanced_tree=False)
        nearest_count = min(count, len(matrix) - 1)
        for start in range(0, len(matrix), BLOCK_ROWS):
            places = np.arange(start, min(start + BLOCK_ROWS, len(matrix)))
            ranks = range(1, nearest_count + 2)
            distances, neighbours = tree.query(matrix[places], k=ranks, workers=-1)
            # The title itself is among them at distance 0, unless it has too many twins.
            is_other = neighbours != places[:, np.newaxis]
            is_other[is_other.all(axis=1), -1] = False
            shape = (len(places), nearest_count)
            yield Block(
                members[places],
                members[neighbours[is_other].reshape(shape)],
                1 / (1 + distances[is_other].reshape(shape)),
            )


def original_2020(catalogue: Catalogue, count: int) -> Iterator[Block]:
    """The 2020 original's rule: of the same cluster, those about as far from the centroid.

    The score is 1/(1+|difference of the distances|). To this rule, titles on opposite sides of the
    centroid look alike. It is kept only as a baseline.
    """
    for members in _groups(catalogue.cluster, catalogue.parts.format):
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


def _groups(*labels: np.ndarray) -> list[np.ndarray]:
    """The positions of the titles that have the same labels."""
    table = pd.DataFrame(dict(enumerate(labels)))
    return [*table.groupby([*table]).indices.values()]


RULES: dict[SimilarityRule, Callable[[Catalogue, int], Iterator[Block]]] = {
    SimilarityRule.original_2020: original_2020,
    SimilarityRule.nearest: nearest,
    SimilarityRule.blend: blend,
}


def alike(
    rule: SimilarityRule,
    catalogue: Catalogue,
    titles: np.ndarray,
    neighbours: np.ndarray,
    weights: Mapping[str, float] = WEIGHTS,
) -> np.ndarray:
    """How alike a rule says that pairs are, listed or not: (pairs,) in 0..1.

    Args:
        rule: see above; a block's scores are what it says of the pairs that it lists.
        catalogue: the titles.
        titles: (pairs,) positions.
        neighbours: (pairs,) positions.
        weights: of the blend, by name of the part; no other rule has any.
    """
    if rule is SimilarityRule.blend:
        compared = catalogue.parts.between(titles, neighbours)
        return _alike(totals(compared, {name: weights[name] for name in LIKENESS}), weights)
    if rule is SimilarityRule.nearest:
        difference = catalogue.matrix[titles] - catalogue.matrix[neighbours]
        return 1 / (1 + np.linalg.norm(difference, axis=1))
    is_of_cluster = catalogue.cluster[titles] == catalogue.cluster[neighbours]
    difference = np.abs(catalogue.distance[titles] - catalogue.distance[neighbours])
    return is_of_cluster / (1 + difference)


def totals(compared: np.ndarray, weights: Mapping[str, float]) -> np.ndarray:
    """The weighted terms of some of the parts, added up: (pairs,) of (pairs, parts) bytes."""
    total = np.zeros(len(compared))
    for name, weight in weights.items():
        total += (weight * np.array(UNITS[name]))[compared[:, PARTS.index(name)]]
    return total


def own_appeal(parts: Parts, weights: Mapping[str, float]) -> np.ndarray:
    """What each title adds to its appeal by itself: (titles,). The site rounds priors to bytes.

    Args:
        parts: what the titles are compared by.
        weights: of appeal, by name of the part, as the knob turns them.
    """
    values = {"popularity": parts.popularity, "quality": parts.quality}
    return np.sum(
        [weights[name] * np.log((values[name] + OFFSET) / (1 + OFFSET)) for name in PRIORS], axis=0
    )


def appeal(
    own: np.ndarray, compared: np.ndarray, pulls: np.ndarray, weights: Mapping[str, float]
) -> np.ndarray:
    """What appeal adds to the likeness of pairs: (pairs,).

    Args:
        own: (pairs,) of own_appeal(), of the neighbours.
        compared: (pairs, parts) bytes.
        pulls: (pairs,) of the titles that they are neighbours of.
        weights: of appeal, by name of the part, as the knob turns them.
    """
    paired = {name: weights[name] for name in PAIRED}
    told = pulls * own + np.maximum(pulls, LEAST_PULL) * totals(compared, paired)
    return told + (1 - pulls) * totals(compared, {"mix": weights["mix"]})


def _alike(likeness: np.ndarray, weights: Mapping[str, float]) -> np.ndarray:
    """See release.blend.alike()."""
    return expit((likeness - strangers(weights) - MIDDLE) / WIDTH)


def _lowest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the lowest of each row are, in any order: (rows, count) columns, or all that there are.

    Args:
        values: (rows, columns), no two of a row the same.
        count: how many.
    """
    if count >= values.shape[1]:
        return np.argsort(values, axis=1)
    return np.argpartition(values, count, axis=1)[:, :count]
