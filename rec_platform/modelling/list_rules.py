# pyright: standard
"""The rules of a list beside the scores: few films of one series, a place for the director's film.

How candidates are scored belongs in neighbours.py.
"""

import numpy as np

from rec_platform.release.schema import LIST_LENGTH, SCORE_DIGITS

LOWEST = 10**6  # below all scores
NEAR = 4.0  # that a score may be below the last of the list: about what a shared director adds
STEP = 1e-5  # by which it is above that afterwards, more than scores are rounded to


def is_beyond(
    most: int, candidates: np.ndarray, series: np.ndarray, scores: np.ndarray
) -> np.ndarray:
    """Whether a candidate's row has so many better ones of its series: (rows, columns)."""
    row, column = np.nonzero((candidates >= 0) & (series[candidates] >= 0))
    # A number for each row's series. What is equal stays in the order of columns.
    group = row * (series.max(initial=0) + 1) + series[candidates[row, column]]
    order = np.lexsort((-scores[row, column], group))
    row, column, group = row[order], column[order], group[order]
    is_first = np.ones(len(row), dtype=bool)
    is_first[1:] = group[1:] != group[:-1]
    place = np.arange(len(row))
    rank = place - np.maximum.accumulate(np.where(is_first, place, 0))
    is_beyond = np.zeros(candidates.shape, dtype=bool)
    is_beyond[row[rank >= most], column[rank >= most]] = True
    return is_beyond


def ranked(scores: np.ndarray) -> np.ndarray:
    """The place of each score along the last axis, 0 for the highest; of equals the first leads.

    Whole numbers that differ are sorted much faster than equal scores that must stay in order.
    """
    width = scores.shape[-1]
    rounded = np.rint(np.maximum(scores, -LOWEST) * 10**SCORE_DIGITS).astype("int64")
    order = np.argsort(np.arange(width) - rounded * width, axis=-1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(width), axis=-1)
    return ranks


def give_place(scores: np.ndarray, is_directors: np.ndarray) -> None:
    """Give the best of a director's other films the last place of a list that has none.

    Anyone who asks for more like "Psycho" expects a Hitchcock, even one less famous than what leads
    the list. One that is far less alike stays out. Films of the title's own series do not count.

    Args:
        scores: (rows, columns), changed in place; -inf for what may not be listed.
        is_directors: (rows, columns), whether the candidate is by the title's director.
    """
    if scores.shape[1] <= LIST_LENGTH:
        return
    last = np.partition(scores, -LIST_LENGTH, axis=1)[:, -LIST_LENGTH]
    of_director = np.where(is_directors, scores, -np.inf)
    best = of_director.argmax(axis=1)
    score = of_director[np.arange(len(scores)), best]
    moves = np.flatnonzero((score < last) & (score >= last - NEAR) & np.isfinite(score))
    scores[moves, best[moves]] = last[moves] + STEP
