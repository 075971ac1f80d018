# pyright: standard
"""Profiles: what each cluster holds, in figures, typical titles and a short name.

How clusters are found does not belong here (see kmeans.py), nor how they are named (see
cluster_names.py).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from rec_platform.modelling.cluster_names import names_of
from rec_platform.modelling.features import GENRES, genre_flags
from rec_platform.release.formats import FORMATS, noun
from rec_platform.release.schema import Cluster

LEADING_GENRES = 4
SHOWN_TITLES = 12
KNOWN_SHARE = 0.5  # of a cluster's votes, which its known titles have together
FEWEST_KNOWN = 2 * SHOWN_TITLES


def profile(titles: pd.DataFrame) -> list[Cluster]:
    """Describe every cluster.

    Args:
        titles: title_id, title_type, year, genres, rating, votes, cluster, distance; one row per
            title.

    Returns:
        The clusters by number; no two have the same name.
    """
    combination, combinations = titles["genres"].factorize()
    flags = genre_flags(combinations)[combination]
    overall = flags.mean(axis=0)
    groups = list(titles.groupby("cluster", sort=True))
    numbers = titles["cluster"].to_numpy()
    shares = np.array([flags[numbers == number].mean(axis=0) for number, _ in groups])
    clusters = [
        _described(int(str(number)), members, _leading_genres(own, overall))
        for (number, members), own in zip(groups, shares, strict=True)
    ]
    names = names_of(clusters, shares, _described(-1, titles, []), overall)
    called = noun(set(titles["title_type"].map(FORMATS))).many
    for films, word in (("films", called), ("Films", called.capitalize())):
        names = [name.replace(films, word) for name in names]
    return [replace(cluster, name=name) for cluster, name in zip(clusters, names, strict=True)]


def _described(number: int, members: pd.DataFrame, genres: list[str]) -> Cluster:
    """A cluster that has no name yet."""
    year_from, year_to = (round(members["year"].quantile(share)) for share in (0.25, 0.75))
    by_votes = members.sort_values(["votes", "title_id"], ascending=[False, True])
    return Cluster(
        cluster=number,
        name="",
        title_count=len(members),
        genres=genres,
        year_from=year_from,
        year_to=year_to,
        rating=round(float(members["rating"].mean()), 2),
        votes=round(float(members["votes"].median())),
        typical_titles=_typical(by_votes),
        popular_titles=by_votes["title_id"].head(SHOWN_TITLES).tolist(),
    )


def _typical(by_votes: pd.DataFrame) -> list[str]:
    """The titles nearest to the centroid, of those that people know.

    Votes are so uneven that of ten thousand titles a hundred have half of the votes. These are
    known: the most typical of all are films that nobody has heard of.
    """
    votes_before = by_votes["votes"].cumsum() - by_votes["votes"]
    known = int((votes_before < KNOWN_SHARE * by_votes["votes"].sum()).sum())
    nearest = by_votes.head(max(known, FEWEST_KNOWN)).sort_values(["distance", "title_id"])
    return nearest["title_id"].head(SHOWN_TITLES).tolist()


def _leading_genres(shares: np.ndarray, overall: np.ndarray) -> list[str]:
    """Genres that are more common in the cluster than in the catalogue, the most telling first."""
    order = np.lexsort((-shares, overall - shares))[:LEADING_GENRES]
    return [GENRES[genre] for genre in order if shares[genre] >= max(0.1, overall[genre])]
