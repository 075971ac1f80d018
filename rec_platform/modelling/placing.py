# pyright: standard
"""Placing: where each title lies within its cluster's circle on the map of films.

What is alike within the cluster lies on the same side, what is ordinary in it near the middle.
"""

import numpy as np

from rec_platform.release.schema import PLACE_STEPS


def place(matrix: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Place titles on their cluster's two principal components, spread evenly over a circle.

    A title's turn is halfway between that of its components and its rank among all turns: groups
    stay apart, but fill the circle. How far it lies from the middle is its rank by the components'
    length, so that every ring of the circle holds as many titles as it has room for.

    Args:
        matrix: (titles, columns), scaled.
        cluster: (titles,) the number of each title's cluster.

    Returns:
        (titles, 2) uint16: the turn and the way to the rim, both in 65,536ths. The way is a share
        of the circle's area: half of the titles lie within 0.7 of its radius.
    """
    placed = np.zeros((len(matrix), 2), dtype="uint16")
    for number in np.unique(cluster):
        members = np.flatnonzero(cluster == number)
        across, up = _components(matrix[members])
        turn = np.arctan2(up, across) / (2 * np.pi) % 1
        placed[members, 0] = (turn + _rank(turn)) / 2 * PLACE_STEPS % PLACE_STEPS
        placed[members, 1] = _rank(np.hypot(across, up)) * PLACE_STEPS
    return placed


def _rank(values: np.ndarray) -> np.ndarray:
    """The rank of each value as a share, over 0 and under 1; equal values keep their order."""
    rank = np.empty(len(values))
    rank[np.argsort(values, kind="stable")] = (np.arange(len(values)) + 0.5) / len(values)
    return rank


def _components(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two principal components of rows, each of variance 1; 0 where rows do not differ."""
    offsets = rows.astype("float64") - rows.mean(axis=0, dtype="float64")
    values, vectors = np.linalg.eigh(offsets.T @ offsets / len(rows))
    both: list[np.ndarray] = []
    for column in (-1, -2):
        vector = vectors[:, column]
        vector = vector * np.sign(vector[np.argmax(np.abs(vector))])  # else its sign is arbitrary
        both.append(offsets @ vector / np.sqrt(max(values[column], 1e-12)))
    return both[0], both[1]
