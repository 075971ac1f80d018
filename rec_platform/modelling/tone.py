# pyright: standard
"""Tone: what two combinations of genres say about a pair beyond how much they overlap.

A gate says which pairs may be in a list at all: they share a genre, are both documentaries or
neither, both animated or neither, and under a family film is no film for adults. Films of one
series pass all the same (see parts.py). Of pairs that pass, some have another tone: one of the two
is a romance, say. Weights are as those of release/blend.py: what is taken off the likeness.
"""

from collections.abc import Collection

import numpy as np

from rec_platform.modelling.features import GENRES, genre_flags

# Taken off where one of the two films has the genre.
TONES = {
    "Musical": 3.0,
    "Romance": 2.5,
    "Horror": 2.0,
    "Music": 2.0,
    "Sci-Fi": 1.5,
    "History": 1.5,
    "Western": 1.0,
    "Comedy": 1.0,
    "Action": 1.0,
    "Sport": 1.0,
    "War": 1.0,
    "Fantasy": 1.0,
    "Drama": 1.0,
    "Mystery": 0.5,
    "Film-Noir": 0.5,
}
# Taken off where one of the two is a family film and neither is animated or a documentary: of
# IMDb's three genres at most, those often leave no room for this one.
FAMILY = 4.5
FORMAT_GENRES = ("Documentary", "Animation")
ADULT = ("Horror", "Crime", "War", "Thriller")


def other_tone(combinations: Collection[str]) -> np.ndarray:
    """What the tones of two combinations take off the likeness: (combinations, combinations).

    Args:
        combinations: genres, comma-separated.
    """
    has = _genres(combinations)
    taken = np.zeros((len(combinations), len(combinations)))
    for genre, weight in TONES.items():
        taken += weight * _differ(has[genre])
    is_live = ~(has["Documentary"] | has["Animation"])
    return taken + FAMILY * (_differ(has["Family"]) & np.logical_and.outer(is_live, is_live))


def gate(combinations: Collection[str]) -> np.ndarray:
    """Whether films of the second combination may be in the list of one of the first.

    Args:
        combinations: genres, comma-separated.

    Returns:
        (combinations, combinations) bool; not symmetric.
    """
    has = _genres(combinations)
    flags = np.array([*has.values()], dtype="float32")
    passes = flags.T @ flags > 0
    for genre in FORMAT_GENRES:
        passes &= ~_differ(has[genre])
    is_adult = np.any([has[genre] for genre in ADULT], axis=0) & ~has["Family"]
    return passes & ~np.logical_and.outer(has["Family"], is_adult)


def _genres(combinations: Collection[str]) -> dict[str, np.ndarray]:
    return dict(zip(GENRES, genre_flags(combinations).T > 0, strict=True))


def _differ(has: np.ndarray) -> np.ndarray:
    """Whether one of two has it and the other does not."""
    return np.logical_xor.outer(has, has)
