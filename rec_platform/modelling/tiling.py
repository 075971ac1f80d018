# pyright: standard
"""Tiling: all titles arranged so that the site finds the best of them for a list.

What tiles are, and how they are stored, is in release/tiles.py.
"""

import json
from collections.abc import Iterator
from math import ceil, sqrt

import numpy as np
import pandas as pd

from rec_platform.modelling.facts import Facts, to_bytes
from rec_platform.release.blend import LIKENESS
from rec_platform.release.tiles import COLUMNS, TILE_TITLES, Combination, pack_compared


def tile(titles: pd.DataFrame) -> Iterator[Combination]:
    """The titles by combination of genres, in the order of tiles.

    Args:
        titles: title_type, year, runtime_minutes, genres, rating, votes, in the order of the
            release's numbers.
    """
    facts = Facts(titles)
    values = {
        "number": np.arange(1, len(titles) + 1),
        "year": facts.year,
        "runtime": facts.runtime,
        "fame": facts.fame,
        "rating": facts.rating,
        "known_runtime": titles["runtime_minutes"].fillna(0).to_numpy(),
        "own_rating": titles["rating"].to_numpy(),
    }
    columns = {name: values[name].astype(f"<{kind}") for name, kind in COLUMNS.items()}
    overlap = to_bytes(facts.overlap)
    tone = to_bytes(facts.passes_gate * (1 - facts.tone / LIKENESS["tone"]))
    by_combination = np.argsort(facts.combination, kind="stable")
    ends = np.bincount(facts.combination, minlength=len(facts.combinations)).cumsum()
    groups = np.split(by_combination, ends[:-1])
    both = zip(facts.formats, facts.combinations, groups, strict=True)
    for combination, (format_, genres, members) in enumerate(both):
        members = members[_order(facts.year[members], facts.fame[members])]
        yield Combination(
            genres=json.dumps(genres.split(",") if genres else []),
            compared=pack_compared(overlap[combination].tobytes(), tone[combination].tobytes()),
            titles=b"".join(column[members].tobytes() for column in columns.values()),
            format=format_,
        )


def _order(year: np.ndarray, fame: np.ndarray) -> np.ndarray:
    """The order of sort-tile-recursive packing: slices by year, each in the order of fame.

    Slices hold as many tiles as there are slices. What is equal stays in its order.
    """
    tiles = len(year) / TILE_TITLES
    slice_titles = ceil(sqrt(tiles)) * TILE_TITLES
    by_year = np.lexsort((-fame, year))
    slice_ = np.empty(len(year), dtype=int)
    slice_[by_year] = np.arange(len(year)) // slice_titles
    return np.lexsort((year, -fame, slice_))
