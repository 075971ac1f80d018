# pyright: standard
"""Candidates: the titles that the blend weighs as a title's neighbours.

They come from six sides: what every title has (genres, era, fame and rating), shared people,
characters and keywords, rare words in the title, and the series. How they are weighed does not
belong here (see neighbours.py).
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import pairwise
from weakref import proxy

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from rec_platform.modelling.facts import to_bytes
from rec_platform.modelling.parts import Parts
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    LEAST_PULL,
    LIKENESS,
    OFFSET,
    PRIORS,
    UNITS,
    WEIGHTS,
    knob,
)
from rec_platform.release.formulas import ERA_YEARS, FAME_DECADES, RATING_SPAN, RATING_WIDTH

# How many come from each side. Siblings all come.
NEAREST_CANDIDATES = {HIDDEN_GEMS: 40, BALANCE: 96, CROWD_PLEASERS: 40}  # by place of the knob
PEOPLE_CANDIDATES = 32
CHARACTER_CANDIDATES = 8
KEYWORD_CANDIDATES = 16
WORD_CANDIDATES = 8
# Titles; what more titles have finds no candidates.
COMMON_WORD = 100
COMMON_KEYWORD = 300
# What genres may cost, unless few titles cost less: appeal outvotes more where its pull is strong.
MOST_COST = (5.0, 7.0)
STRONG_LEVEL = -1  # a pull of about a half
RARE_COMBINATION = 64  # titles
FEWEST = 256  # titles in a tree
TREES = 4  # kept: those of the blocks that threads work on
GATED = 100  # the cost of a closed gate
HIDDEN_DECADES = 2.5  # of votes fewer: where to look for hidden gems
LEAST_WEIGHT = 0.5  # of fame and rating: at 0 the peak of the priors would be infinitely far
# Squared, the distances in years, in decades of votes and in points of rating are about what the
# blend takes off a score, at its usual distances; the last two where the pull is 1.
YEAR_COST = 0.085 / ERA_YEARS  # by the default weight of era
FAME_COST = 1 / (1 + OFFSET) / FAME_DECADES**2  # by a weight of 1
RATING_COST = 1 / (1 + OFFSET) / RATING_WIDTH  # likewise


class Candidates:
    """Finds candidates for the titles of a catalogue.

    Args:
        parts: what the titles are compared by.
        weights: of the blend, by name of the part.

    Attributes:
        order: (titles,) positions. Titles that are asked for in this order share their trees.
    """

    def __init__(self, parts: Parts, weights: Mapping[str, float] = WEIGHTS) -> None:
        self._nearest = _Nearest(parts, weights)
        self._sides = (
            self._nearest.of,
            _Strongest(parts.people, PEOPLE_CANDIDATES).of,
            _Strongest(parts.characters, CHARACTER_CANDIDATES).of,
            _Strongest(_rare(parts.keywords, COMMON_KEYWORD), KEYWORD_CANDIDATES).of,
            _Strongest(_rare(parts.words, COMMON_WORD), WORD_CANDIDATES).of,
            _Siblings(parts.series).of,
        )
        self.order = self._nearest.order
        self._format = parts.format

    def of(self, titles: np.ndarray) -> np.ndarray:
        """The candidates of some titles, each once, all of the title's own format.

        Args:
            titles: (rows,) positions.

        Returns:
            (rows, columns) positions, never the title itself; -1 where there are no more.
        """
        candidates = np.sort(np.hstack([side(titles) for side in self._sides]), axis=1)
        is_repeated = candidates[:, 1:] == candidates[:, :-1]
        candidates[:, 1:][is_repeated] = -1
        is_other = self._format[candidates] != self._format[titles][:, np.newaxis]
        candidates[is_other | (candidates == titles[:, np.newaxis])] = -1
        return candidates


class _Nearest:
    """Finds the titles that the blend may like best by what every title has.

    What genres and tone cost depends on the two combinations of genres alone. So the titles of one
    combination share a k-d tree (Bentley 1975) of those that may be in their lists. Its axes are
    year, fame, rating and the root of that cost, scaled so that the squared distance is about what
    the blend takes off. The priors add about a straight line to that parabola. Their sum has its
    peak where the parabola has it, shifted: the tree is asked at the shifted place. How much fame
    and rating count depends on the pull of the title, of which there are a few trees.
    """

    def __init__(self, parts: Parts, weights: Mapping[str, float]) -> None:
        self._parts, self._weights = parts, weights
        self._year_cost = YEAR_COST * weights["era"] / LIKENESS["era"]
        self._fame_cost = FAME_COST * max(LEAST_WEIGHT, weights["fame"])
        self._rating_cost = RATING_COST * max(LEAST_WEIGHT, weights["rating"])
        self._most_famous = max(float(parts.fame.max()), 1.0)
        self._cost = parts.tone * (weights["tone"] / LIKENESS["tone"])
        self._cost -= weights["genres"] * np.array(UNITS["genres"])[to_bytes(parts.overlap)]
        self._mix_cost = -weights["mix"] * np.array(UNITS["mix"])[to_bytes(parts.mix)]
        self._facts = np.column_stack([parts.year, parts.fame, parts.rating]).astype("float64")
        own_pull = parts.pulls()
        level = np.log2(np.maximum(own_pull, LEAST_PULL))
        # Beside equal fame and rating the priors of little known titles count less.
        self._prior_share = np.minimum(own_pull / LEAST_PULL, 1)
        # The titles of a rare combination share one tree, for their mean pull.
        counts = np.bincount(parts.combination)
        means = np.bincount(parts.combination, level) / counts
        is_rare = counts[parts.combination] <= RARE_COMBINATION
        self._level = np.rint(np.where(is_rare, means[parts.combination], level)).astype(int)
        by_combination = np.argsort(parts.combination, kind="stable")
        starts = np.searchsorted(parts.combination[by_combination], np.arange(len(self._cost) + 1))
        self._members = [by_combination[start:end] for start, end in pairwise(starts)]
        self._sizes = np.diff(starts)
        self.order = np.lexsort((self._level, parts.combination))
        # The titles of a common combination are asked for in several blocks, by several threads.
        # A proxy: in a circle with its own cache, this would outlive its use.
        self._tree = lru_cache(maxsize=TREES)(partial(_Nearest._make_tree, proxy(self)))

    def of(self, titles: np.ndarray) -> np.ndarray:
        """Candidates for titles: (rows, columns) positions, -1 for none."""
        nearest = np.full((len(titles), sum(NEAREST_CANDIDATES.values())), -1)
        for rows, combination, level in self._groups(titles):
            tree, listed, scale = self._tree(combination, level)
            start = 0
            for balance, count in NEAREST_CANDIDATES.items():
                best = self._facts[titles[rows]] + self._shift(titles[rows], balance)
                asked = np.column_stack([best * scale, np.zeros(len(rows))])
                ranks = range(1, min(count, len(listed)) + 1)
                _, near = tree.query(asked, k=ranks)
                nearest[rows, start : start + len(ranks)] = listed[near]
                start += count
        return nearest

    def _make_tree(self, combination: int, level: int) -> tuple[KDTree, np.ndarray, np.ndarray]:
        """The tree of the titles that may be listed, these titles, and the scale of its axes."""
        listed, cost = self._listed(combination, level)
        pulled = np.array([self._fame_cost, self._rating_cost]) * 2.0**level
        scale = np.sqrt([self._year_cost, *pulled])
        places = np.column_stack([self._facts[listed] * scale, np.sqrt(cost)])
        return KDTree(places, balanced_tree=False, compact_nodes=False), listed, scale

    def _groups(self, titles: np.ndarray) -> Iterator[tuple[np.ndarray, int, int]]:
        """Rows of titles that share a tree, with their combination and the level of their pull."""
        keys = np.column_stack([self._parts.combination[titles], self._level[titles]])
        groups, group = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(group, kind="stable")
        ends = np.searchsorted(group[order], np.arange(len(groups)), side="right")
        for rows, (combination, level) in zip(
            np.split(order, ends[:-1]), groups.tolist(), strict=True
        ):
            yield rows, combination, level

    def _listed(self, combination: int, level: int) -> tuple[np.ndarray, np.ndarray]:
        """The titles that may be listed under this combination, and what their genres cost.

        Those of closed gates and of other genres fill up where there are too few, but none of
        another format.
        """
        cost = self._cost[combination] + (1 - 2.0**level) * self._mix_cost[combination]
        cost += GATED * ~self._parts.passes_gate[combination]
        formats = self._parts.formats
        of_format = np.flatnonzero(formats == formats[combination])
        order = of_format[np.argsort(cost[of_format], kind="stable")]
        few = np.searchsorted(np.cumsum(self._sizes[order]), FEWEST) + 1
        most = MOST_COST[level >= STRONG_LEVEL]
        kept = order[: max(np.searchsorted(cost[order], most, side="right"), few)]
        members = np.concatenate([self._members[other] for other in kept])
        return members, np.repeat(cost[kept], self._sizes[kept])

    def _shift(self, titles: np.ndarray, balance: float) -> np.ndarray:
        """How far from a title's own year, fame and rating its best neighbours are: (rows, 3)."""
        _, votes, rating = self._facts[titles].T
        if balance == HIDDEN_GEMS:  # there, equal fame counts nothing
            lower = np.full(len(titles), -HIDDEN_DECADES)
            return np.column_stack([np.zeros(len(titles)), lower, np.zeros(len(titles))])
        factors = knob(balance)
        # The slope of a prior's logarithm at the title, over twice the slope of the parabola.
        popularity, quality = (self._weights[name] * factors[name] for name in PRIORS)
        share = self._prior_share[titles]
        popularity *= share / (votes + OFFSET * self._most_famous)
        quality *= share / (rating - 1 + OFFSET * RATING_SPAN)
        return np.column_stack(
            [
                np.zeros(len(titles)),
                popularity / (2 * self._fame_cost),
                quality / (2 * self._rating_cost),
            ]
        )


def _rare(matrix: csr_array, most: int) -> csr_array:
    """The columns of what few titles have, but more than one."""
    count = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return matrix[:, np.flatnonzero((count > 1) & (count <= most))]


class _Strongest:
    """Finds the titles whose rows of a matrix have the largest products with those of others."""

    def __init__(self, matrix: csr_array, count: int) -> None:
        self._matrix, self._count = matrix, count
        self._columns = csr_array(matrix.T)  # for each column the titles that have it

    def of(self, titles: np.ndarray) -> np.ndarray:
        """Candidates for titles: (rows, columns) positions, -1 for none."""
        if not self._matrix.nnz:
            return np.empty((len(titles), 0), dtype=int)
        product = (self._matrix[titles] @ self._columns).tocoo()
        row, other = product.coords
        is_other = titles[row] != other
        row, other, strength = row[is_other], other[is_other], product.data[is_other]
        order = np.lexsort((other, -strength, row))
        return _padded(len(titles), row[order], other[order], self._count)


class _Siblings:
    """Finds the others of a title's series, all of them."""

    def __init__(self, series: np.ndarray) -> None:
        self._series = series
        self._members = np.argsort(series, kind="stable")
        self._sorted = series[self._members]

    def of(self, titles: np.ndarray) -> np.ndarray:
        """Candidates for titles: (rows, columns) positions, -1 for none."""
        series = self._series[titles]
        starts = np.searchsorted(self._sorted, series, side="left")
        ends = np.searchsorted(self._sorted, series, side="right")
        sizes = np.where(series >= 0, ends - starts, 0)
        row = np.repeat(np.arange(len(titles)), sizes)
        steps = np.arange(len(row)) - np.repeat(sizes.cumsum() - sizes, sizes)
        values = self._members[np.repeat(starts, sizes) + steps]
        return _padded(len(titles), row, values, sizes.max())


def _padded(rows: int, row: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The first values of each row, which are in order of rows, as a table: (rows, count) or -1."""
    place = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    table = np.full((rows, count), -1)
    is_kept = place < count
    table[row[is_kept], place[is_kept]] = values[is_kept]
    return table
