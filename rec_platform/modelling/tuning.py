# pyright: standard
"""Tuning: a search for weights of the blend that suit people's own judgements and likes.

Candidates are compared once and weighed many times, so that a step of the search costs a fraction
of a second. They are those of the default weights. What is searched for is the highest

    2 (p9 + r9) + NDCG + tail NDCG - 2 / n x the sum over the parts of ln(weight / default)^2

among the weights whose lists show no fewer titles than the default's; n is the number of judged
pairs and of users. p9 and r9 are as in ranking.py, but of lists with a soft end: a judged pair
counts by a logistic function of its rank, so that a step towards the nine is a gain before it
reaches them. The last term is a normal prior around the default, as in ridge regression: the fewer
people said something, the nearer the weights stay. The terms of a source that there is not are left
out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from rec_platform.modelling.candidates import Candidates
from rec_platform.modelling.list_rules import give_place, is_beyond
from rec_platform.modelling.neighbours import appeal, own_appeal, totals
from rec_platform.modelling.parts import Parts
from rec_platform.modelling.ranking import coverage, gains, most_liked
from rec_platform.release.blend import LIKENESS, WEIGHTS
from rec_platform.release.schema import LIST_LENGTH, SERIES_MOST

JUDGED = 2.0  # what p9 and r9 count
PRIOR = 2.0  # 1 / (2 x 0.5^2): a standard deviation of a half of a weight's logarithm
SOFTNESS = 2.0  # ranks
BLOCK_ROWS = 4_096
MOST_USERS = 500
MOST_LISTS = 10_000  # but all that judgements and likes need
# The gate hangs on it, and of weights only the ratios order a list.
FIXED = "tone"
FIRST_STEP, LEAST_STEP = 0.2, 0.02  # of a weight's logarithm
FARTHEST = np.log(10)  # likewise, either way
GROWTH = 1.5  # of the step, after a gain; a fourth of it is taken back after a loss
DIGITS = 3  # of a weight


@dataclass(frozen=True)
class Half:
    """What people said, one half of it; all by positions in the catalogue.

    Attributes:
        first: (pairs,) of judged titles.
        second: (pairs,) the other title of each.
        is_ok: (pairs,) bool.
        likes: for each user the titles that the user likes.
    """

    first: np.ndarray
    second: np.ndarray
    is_ok: np.ndarray
    likes: list[np.ndarray]


def goal(figures: Mapping[str, float]) -> float:
    """What the search raises, without its prior; see above.

    Args:
        figures: p9 and r9, ndcg and tail_ndcg; those that are missing count 0.
    """
    judged = figures.get("p9", 0.0) + figures.get("r9", 0.0)
    return JUDGED * judged + figures.get("ndcg", 0.0) + figures.get("tail_ndcg", 0.0)


def search(
    parts: Parts, half: Half, steps: int, seed: int, told: Callable[[int], None] = lambda _: None
) -> dict[str, float]:
    """Weights that suit one half: a (1+1) evolution strategy with the one-fifth rule.

    Each step multiplies the weights by random factors, and is kept if it is a gain. Steps grow
    after a gain and shrink after a loss, so that about one in five is a gain (Rechenberg 1973).
    One that has become too small is as large as the first again, to leave a hill for a higher one.
    No weight becomes more than ten times its default, or less than a tenth. Parts in which no
    candidates differ keep theirs.

    Args:
        parts: what the titles are compared by.
        half: what is tuned on.
        steps: how many weights are tried.
        seed: of the random factors.
        told: called with the number of steps that were done.
    """
    random = np.random.default_rng(seed)
    bench = Bench(parts, half, random)
    names = [name for name in WEIGHTS if name != FIXED and bench.tells_apart(name)]
    people = len(half.is_ok) + min(MOST_USERS, len(half.likes))
    prior = PRIOR / max(1, people)
    least = bench.figures(WEIGHTS)["coverage"]

    def weights_at(place: np.ndarray) -> dict[str, float]:
        factors = dict(zip(names, np.exp(place).tolist(), strict=True))
        return {name: _rounded(weight * factors.get(name, 1)) for name, weight in WEIGHTS.items()}

    def reached(place: np.ndarray) -> float:
        figures = bench.figures(weights_at(place))
        if figures["coverage"] < least:
            return -np.inf
        return goal(figures) - prior * float(place @ place)

    best = np.zeros(len(names))
    most, step = reached(best), FIRST_STEP
    for done in range(1, steps + 1):
        tried = np.clip(best + step * random.normal(size=len(names)), -FARTHEST, FARTHEST)
        if (gain := reached(tried)) > most:
            best, most, step = tried, gain, step * GROWTH
        else:
            step *= GROWTH**-0.25
            if step < LEAST_STEP:  # a hill is climbed: look for another one from here
                step = FIRST_STEP
        told(done)
    return weights_at(best)


class Bench:
    """Lists of the default weights' candidates, which any weights order, and how good they are.

    Args:
        parts: what the titles are compared by.
        half: what the lists are judged by.
        random: draws the users, and the titles whose lists only coverage needs.
    """

    def __init__(self, parts: Parts, half: Half, random: np.random.Generator) -> None:
        self._parts, self._half = parts, half
        users = random.permutation(len(half.likes))[:MOST_USERS]
        self._likes = [half.likes[user] for user in np.sort(users)]
        self._head = most_liked(self._likes, len(parts))
        self._tail_likes = [liked[~self._head[liked]] for liked in self._likes]
        self._titles = self._drawn(random)
        self._candidates, self._compared = _compare(parts, self._titles)
        self._row, self._column = np.nonzero(self._candidates >= 0)
        self._others = self._candidates[self._row, self._column]
        self._pulls = parts.pulls()[self._titles].astype("float32")[self._row]
        self._is_directors = np.zeros(self._candidates.shape, dtype=bool)
        self._is_directors[self._row, self._column] = parts.is_by_same_director(
            self._titles[self._row], self._others
        )
        self._crowded, self._in_crowd = _crowded(self._candidates, parts.series)
        self._judged = [*self._judged_cells()]

    def tells_apart(self, name: str) -> bool:
        """Whether any two candidates differ in a part."""
        column = self._compared[:, [*WEIGHTS].index(name)]
        return bool(len(column)) and bool(column.min() < column.max())

    def figures(self, weights: Mapping[str, float]) -> dict[str, float]:
        """How good the lists of these weights are: goal()'s figures and coverage."""
        scores = self._scores(weights)
        lists = self._lists(scores)
        figures = {"coverage": coverage(lists)}
        if len(self._half.is_ok):
            figures |= self._judgements(scores)
        if self._likes:
            scores[self._row, self._column] = np.where(
                self._head[self._others], -np.inf, scores[self._row, self._column]
            )
            figures |= self._liked(lists, self._lists(scores))
        return figures

    def _drawn(self, random: np.random.Generator) -> np.ndarray:
        """The titles whose lists are weighed: (rows,) positions."""
        needed = np.unique(np.concatenate([self._half.first, self._half.second, *self._likes]))
        others = np.setdiff1d(np.arange(len(self._parts)), needed)
        others = random.permutation(others)[: max(0, MOST_LISTS - len(needed))]
        return np.concatenate([needed, np.sort(others)]).astype("int64")

    def _judged_cells(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For either direction of the judged pairs: which are candidates, their row and column."""
        place = np.full(len(self._parts), -1)
        place[self._titles] = np.arange(len(self._titles))
        half = self._half
        for title, other in ((half.first, half.second), (half.second, half.first)):
            rows = place[title]
            is_other = self._candidates[rows] == other[:, np.newaxis]
            pair, column = np.nonzero(is_other)
            yield pair, rows[pair], column

    def _scores(self, weights: Mapping[str, float]) -> np.ndarray:
        """What orders the candidates in the knob's middle: (rows, columns), -inf for none."""
        likeness = totals(self._compared, {name: weights[name] for name in LIKENESS})
        scores = np.full(self._candidates.shape, -np.inf, dtype="float32")
        own = own_appeal(self._parts, weights)[self._others]
        appeals = appeal(own, self._compared, self._pulls, weights)
        scores[self._row, self._column] = likeness + appeals
        rows = self._crowded
        beyond = is_beyond(SERIES_MOST, self._in_crowd, self._parts.series, scores[rows])
        scores[rows] = np.where(beyond, -np.inf, scores[rows])
        give_place(scores, self._is_directors)
        return scores

    def _lists(self, scores: np.ndarray) -> np.ndarray:
        """The lists of nine, of all titles: (titles, LIST_LENGTH) positions or -1."""
        best = np.argpartition(-scores, LIST_LENGTH, axis=1)[:, :LIST_LENGTH]
        reached = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-reached, axis=1, kind="stable")
        best, reached = (np.take_along_axis(cells, order, axis=1) for cells in (best, reached))
        lists = np.full((len(self._parts), LIST_LENGTH), -1)
        lists[self._titles] = np.where(
            reached > -np.inf, np.take_along_axis(self._candidates, best, axis=1), -1
        )
        return lists

    def _judgements(self, scores: np.ndarray) -> dict[str, float]:
        """p9 and r9, with a soft end of the list; a pair is in the nine of either of its titles."""
        share = np.zeros(len(self._half.is_ok))
        for pair, row, column in self._judged:
            own = scores[row, column]
            rank = 1 + (scores[row] > own[:, np.newaxis]).sum(axis=1)
            near = expit((LIST_LENGTH + 0.5 - rank) / SOFTNESS) * (own > -np.inf)
            share[pair] = np.maximum(share[pair], near)
        is_ok = self._half.is_ok
        return {
            "p9": float(share[is_ok].sum() / max(share.sum(), 1e-9)),
            "r9": float(share[is_ok].sum() / max(1, is_ok.sum())),
        }

    def _liked(self, lists: np.ndarray, tail_lists: np.ndarray) -> dict[str, float]:
        ndcg, _, asked = gains(lists, self._likes).sum(axis=0)
        tail, _, tail_asked = gains(tail_lists, self._tail_likes).sum(axis=0)
        return {"ndcg": float(ndcg / max(1, asked)), "tail_ndcg": float(tail / max(1, tail_asked))}


def _compare(parts: Parts, titles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The candidates of titles, and each compared with its title.

    Returns:
        (rows, columns) positions or -1, and (pairs, parts) uint8, by rows, stored by parts.
    """
    finder = Candidates(parts, WEIGHTS)
    row_of = np.full(len(parts), -1)
    row_of[titles] = np.arange(len(titles))
    asked = finder.order[row_of[finder.order] >= 0]
    blocks = []
    for start in range(0, len(asked), BLOCK_ROWS):
        some = asked[start : start + BLOCK_ROWS]
        # Those that there are come first.
        blocks.append((row_of[some], -np.sort(-finder.of(some), axis=1).astype("int32")))
    width = max(LIST_LENGTH + 1, *((block >= 0).sum(axis=1).max() for _, block in blocks))
    candidates = np.full((len(titles), width), -1, dtype="int32")
    for rows, block in blocks:
        candidates[rows, : block.shape[1]] = block[:, :width]
    row, column = np.nonzero(candidates >= 0)
    compared = np.empty((len(row), len(WEIGHTS)), dtype="uint8", order="F")
    for start in range(0, len(row), BLOCK_ROWS * width):
        pairs = slice(start, start + BLOCK_ROWS * width)
        compared[pairs] = parts.between(titles[row[pairs]], candidates[row[pairs], column[pairs]])
    return candidates, compared


def _crowded(candidates: np.ndarray, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows with more candidates of one series than a list holds, and only those candidates.

    Returns:
        (some rows,) places in `candidates`, and (some rows, columns) positions or -1.
    """
    number = np.where(candidates >= 0, series[candidates], -1)
    row, column = np.nonzero(number >= 0)
    _, group, count = np.unique(
        np.column_stack([row, number[row, column]]), axis=0, return_inverse=True, return_counts=True
    )
    is_many = count[group.ravel()] > SERIES_MOST
    row, column = row[is_many], column[is_many]
    rows = np.unique(row)
    crowd = np.full((len(rows), candidates.shape[1]), -1, dtype=candidates.dtype)
    crowd[np.searchsorted(rows, row), column] = candidates[row, column]
    return rows, crowd


def _rounded(weight: float) -> float:
    """As people read it, so that what is written is what was tried."""
    return float(f"{weight:.{DIGITS}g}")
