"""Invented catalogues for the rules."""

import numpy as np
import pandas as pd

from rec_platform.modelling.neighbours import Block, Catalogue
from rec_platform.modelling.parts import Parts

# Of a catalogue that has no characters, origins and keywords: the last arguments of Parts.
NO_FACTS = (
    pd.DataFrame(columns=["title_id", "character_name"], dtype=str),
    pd.DataFrame(columns=["title_id", "country", "language"], dtype=str),
    pd.DataFrame(columns=["title_id", "keyword", "weight"]).astype({"weight": "float64"}),
)


def catalogue(count: int, columns: int = 4, clusters: int = 3) -> Catalogue:
    """Titles at random places in random clusters."""
    random = np.random.default_rng(count)
    matrix = random.random((count, columns), dtype="float32")
    cluster = random.integers(0, clusters, count)
    return placed(matrix, cluster, random.random(count))


def placed(matrix: np.ndarray, cluster: np.ndarray, distance: np.ndarray) -> Catalogue:
    """Titles at these places; all else is random."""
    count = len(matrix)
    random = np.random.default_rng(count)
    people = pd.DataFrame(
        {
            "title_id": [f"tt{place}" for place in range(count) for _ in range(2)],
            "person_id": random.integers(0, count // 2 + 1, 2 * count).astype(str),
            "role": ["director", "actor"] * count,
        }
    )
    titles = pd.DataFrame(
        {
            "title_id": [f"tt{place}" for place in range(count)],
            "title": [f"Film {place % 7}" for place in range(count)],
            "title_type": "movie",
            "year": random.integers(1950, 2020, count),
            "runtime_minutes": random.integers(80, 180, count),
            "genres": random.choice(["Drama", "Comedy,Romance", "Horror", ""], count),
            "rating": random.uniform(1, 10, count).round(1),
            "votes": random.integers(5, 100_000, count),
        }
    )
    series = np.where(random.random(count) < 0.2, random.integers(0, count // 4 + 1, count), -1)
    return Catalogue(matrix, cluster, distance, Parts(titles, people, series, *NO_FACTS))


def lists(blocks: list[Block]) -> dict[int, list[int]]:
    """The neighbours of each title."""
    return {
        int(title): [int(number) for number in row if number >= 0]
        for block in blocks
        for title, row in zip(block.titles, block.neighbours, strict=True)
    }
