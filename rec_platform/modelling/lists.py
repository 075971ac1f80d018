# pyright: standard
"""Lists: the neighbours of all titles as one table, and in the order in which the site shows them.

How neighbours are found does not belong here (see neighbours.py).
"""

from collections.abc import Iterable, Mapping

import numpy as np

from rec_platform.modelling.neighbours import BLOCK_ROWS, Block
from rec_platform.release.blend import BALANCE, PARTS, UNITS, WEIGHTS, Blend
from rec_platform.release.schema import NEIGHBOURS, SCORE_DIGITS


def to_lists(blocks: Iterable[Block], title_count: int) -> np.ndarray:
    """Blocks as one table, (titles, NEIGHBOURS) positions or -1."""
    lists = np.full((title_count, NEIGHBOURS), -1)
    for block in blocks:
        lists[block.titles, : block.neighbours.shape[1]] = block.neighbours
    return lists


def weigh_lists(
    lists: np.ndarray,
    parts: np.ndarray,
    popularity: np.ndarray,
    balance: float,
    weights: Mapping[str, float] = WEIGHTS,
) -> np.ndarray:
    """All lists as `release.blend.Blend.weigh()` orders each at a place of the balance knob.

    Args:
        lists: (titles, count) positions or -1, as in the knob's middle.
        parts: (titles, count, parts) uint8.
        popularity: (titles,) in 0..1.
        balance: in 0..1.
        weights: by name of the part, those that made the lists.
    """
    if balance == BALANCE:
        return lists
    rule = Blend(weights)
    shares, place = np.unique(popularity, return_inverse=True)  # many titles have the same
    turned = [rule.turned(balance, share) for share in shares.tolist()]
    own = {name: np.array([row[name] for row in turned])[place, np.newaxis] for name in PARTS}
    weighed = np.empty_like(lists)
    for start in range(0, len(lists), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        total = np.zeros(lists[rows].shape)
        for column, name in enumerate(PARTS):
            total += own[name][rows] * np.array(UNITS[name])[parts[rows, :, column]]
        scores = np.where(lists[rows] >= 0, np.round(total, SCORE_DIGITS), -np.inf)
        order = np.argsort(-scores, axis=1, kind="stable")
        weighed[rows] = np.take_along_axis(lists[rows], order, axis=1)
    return weighed
