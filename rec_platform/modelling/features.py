# pyright: standard
"""Features: pure functions from titles to the matrix that K-Means and `nearest` work on.

A preset is a function from the `titles` table to named columns. `min_max` then scales the columns
of any preset to 0..1, in float32. Assets do not belong here (see assets/model.py).
"""

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
from sklearn.decomposition import NMF

from rec_platform.choices import FeaturePreset

# IMDb's genres of movies, in alphabetical order.
GENRES = (
    *("Action", "Adventure", "Animation", "Biography", "Comedy", "Crime", "Documentary", "Drama"),
    *("Family", "Fantasy", "Film-Noir", "History", "Horror", "Music", "Musical", "Mystery"),
    *("News", "Romance", "Sci-Fi", "Sport", "Thriller", "War", "Western"),
)

GENRE_NUMBERS = {genre: str(number) for number, genre in enumerate(GENRES, start=1)}
FLAGGED_GENRES = (
    *("Action", "Adventure", "Comedy", "Crime", "Documentary"),
    *("Drama", "Horror", "Mystery", "Romance", "Thriller"),
)
VOTE_WEIGHTS = ((10, 0.1), (100, 0.3), (500, 0.5), (1000, 0.7))
TITLE_CHARACTERS = 9


def original_2020_features(titles: pd.DataFrame) -> pd.DataFrame:
    """The 14 columns of the 2020 original, before scaling.

    Args:
        titles: title, year, genres (comma-separated), rating (1..10), votes; any index.

    Returns:
        genres, rating, title, year, one flag for each of `FLAGGED_GENRES`; float64, same index.
    """
    genres = titles["genres"].str.split(",")
    # Python and NumPy both round half to even, as the original did.
    rating = titles["rating"].round() * _original_vote_weight(titles["votes"].to_numpy())
    columns = {
        "genres": genres.map(_original_genre_number),
        "rating": rating,
        "title": titles["title"].map(_original_title_number),
        "year": titles["year"],
    }
    flags = {
        f"is_{flag.lower()}": genres.map(lambda of, flag=flag: flag in of)
        for flag in FLAGGED_GENRES
    }
    return pd.DataFrame(columns | flags).astype("float64")


def _original_genre_number(genres: list[str]) -> float:
    """The genres' numbers written one after another: Drama 8, Thriller 21 -> 821."""
    return float("".join(GENRE_NUMBERS.get(genre, "") for genre in genres) or 0)


def _original_title_number(title: str) -> float:
    """The code points of the first characters written one after another.

    Titles that start alike, such as those of a series, get numbers that are close.
    """
    return float("".join(str(ord(character)) for character in title[:TITLE_CHARACTERS]) or 0)


def _original_vote_weight(votes: np.ndarray) -> np.ndarray:
    """How far a rating is trusted: from 0.1 below 10 votes to 1 from 1000 on."""
    below = [votes < limit for limit, _ in VOTE_WEIGHTS]
    return np.select(below, [weight for _, weight in VOTE_WEIGHTS], default=1.0)


TOPIC_COUNT = 9


def balanced_features(titles: pd.DataFrame) -> pd.DataFrame:
    """The platform's own columns, before scaling: genre topics, year, votes and rating.

    Titles have up to three of 23 genres. In the space of genre flags, K-Means finds other clusters
    with each seed. Non-negative matrix factorisation (Lee and Seung, Nature 401, 1999) finds the
    genres that go together; a title's shares in these topics sum to 1. `benchmarks/features.py`
    compares stability and silhouette with those of the original's columns.

    Args:
        titles: year, genres (comma-separated), rating (1..10), votes; any index.

    Returns:
        topic_1 to topic_9 (0..1), year, votes (log10), rating; float64, same index.
    """
    # A thousand combinations of genres stand for all titles: in the squared error, a row that
    # occurs n times weighs as much as one row times the root of n.
    combination, combinations = pd.factorize(titles["genres"], sort=True)
    counts = np.bincount(combination)
    shares = _topic_shares(genre_flags(combinations) * np.sqrt(counts)[:, np.newaxis])[combination]
    names = [f"topic_{number}" for number in range(1, shares.shape[1] + 1)]
    rest = {
        "year": titles["year"],
        "votes": np.log10(titles["votes"].clip(lower=1)),
        "rating": titles["rating"],
    }
    frame = pd.DataFrame(shares, columns=names, index=titles.index).assign(**rest)
    return frame.astype("float64")


def _topic_shares(flags: np.ndarray) -> np.ndarray:
    """Each row's shares in the topics that factorising weighted genre flags finds.

    A row's shares sum to 1, or are 0 if it has no genre.
    """
    # No more topics than the flags have dimensions: a tiny catalogue has few.
    count = min(TOPIC_COUNT, int(np.linalg.matrix_rank(flags)))
    if count == 0:
        return np.zeros((len(flags), 1))
    topics = NMF(count, init="nndsvda", max_iter=2000, random_state=0).fit_transform(flags)
    return topics / np.maximum(topics.sum(axis=1, keepdims=True), np.finfo(float).tiny)


def genre_flags(genres: Collection[str]) -> np.ndarray:
    """One row per text of genres, one column per genre in `GENRES`: 1 if named; float64."""
    flags = np.zeros((len(genres), len(GENRES)))
    columns = {genre: column for column, genre in enumerate(GENRES)}
    for row, names in enumerate(genres):
        for name in names.split(","):
            if name in columns:  # the files also have genres of other title types
                flags[row, columns[name]] = 1
    return flags


PRESETS: dict[FeaturePreset, Callable[[pd.DataFrame], pd.DataFrame]] = {
    FeaturePreset.original_2020: original_2020_features,
    FeaturePreset.balanced: balanced_features,
}

# Of each preset's columns, before scaling.
DESCRIPTIONS: dict[FeaturePreset, dict[str, str]] = {
    FeaturePreset.original_2020: {
        "genres": "the numbers of its genres, written one after another",
        "rating": "the rounded rating, less of it the fewer votes there are below 1,000",
        "title": "the code points of the title's first nine characters, written one after another",
        "year": "the year of release",
        **{f"is_{genre.lower()}": f"1 if {genre} is one of its genres" for genre in FLAGGED_GENRES},
    },
    FeaturePreset.balanced: {
        **{
            f"topic_{number}": f"the share of topic {number}, of genres that go together"
            for number in range(1, TOPIC_COUNT + 1)
        },
        "year": "the year of release",
        "votes": "log10 of the number of votes",
        "rating": "the mean of the votes, 1 to 10",
    },
}


def min_max(features: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, tuple[float, float]]]:
    """Scale every column to 0..1 by its least and greatest value.

    Returns:
        The scaled columns (float32; 0 if a column has only one value), and each column's bounds in
        its own unit.
    """
    low, high = features.min(), features.max()
    width = (high - low).where(high > low, 1.0)
    bounds = {name: (float(low[name]), float(high[name])) for name in features.columns}
    return ((features - low) / width).astype("float32"), bounds
