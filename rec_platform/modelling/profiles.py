# pyright: standard
"""Profiles: what each cluster holds, in figures and in a short name.

How clusters are found does not belong here (see kmeans.py).
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from rec_platform.modelling.features import GENRES, genre_flags
from rec_platform.release.genres import kind
from rec_platform.release.schema import Cluster

LEADING_GENRES = 4
SHOWN_TITLES = 12
COMMON_SHARE = 0.35  # of a cluster's titles; a genre that so many have names the cluster
# A decade is in the name if the middle half of the cluster's years is at most this share of
# the catalogue's.
TELLING_WIDTH = 0.75

# What tells clusters of the same name apart: the figure, and the word for its upper and lower end.
CONTRASTS = (
    ("year_from", "newer", "older"),
    ("votes", "well-known", "little-known"),
    ("rating", "higher-rated", "lower-rated"),
)


def profile(titles: pd.DataFrame) -> list[Cluster]:
    """Describe every cluster.

    Args:
        titles: title_id, year, genres, rating, votes, cluster, distance; one row per title.

    Returns:
        The clusters by number; no two have the same name.
    """
    combination, combinations = titles["genres"].factorize()
    flags = genre_flags(combinations)[combination]
    overall = flags.mean(axis=0)
    width = float(titles["year"].quantile(0.75) - titles["year"].quantile(0.25))
    clusters = []
    for number, members in titles.groupby("cluster", sort=True):
        shares = flags[titles["cluster"].to_numpy() == number].mean(axis=0)
        year_from, year_to = (round(members["year"].quantile(share)) for share in (0.25, 0.75))
        is_narrow = year_to - year_from <= TELLING_WIDTH * width
        by_distance = members.sort_values(["distance", "title_id"])
        by_votes = members.sort_values(["votes", "title_id"], ascending=[False, True])
        clusters.append(
            Cluster(
                cluster=int(str(number)),
                name=_decade(year_from, year_to) * is_narrow + _genre_words(shares, overall),
                title_count=len(members),
                genres=_leading_genres(shares, overall),
                year_from=year_from,
                year_to=year_to,
                rating=round(float(members["rating"].mean()), 2),
                votes=round(float(members["votes"].median())),
                typical_titles=by_distance["title_id"].head(SHOWN_TITLES).tolist(),
                popular_titles=by_votes["title_id"].head(SHOWN_TITLES).tolist(),
            )
        )
    return _told_apart(clusters)


def _leading_genres(shares: np.ndarray, overall: np.ndarray) -> list[str]:
    """Genres that are more common in the cluster than in the catalogue, the most telling first."""
    order = np.lexsort((-shares, overall - shares))[:LEADING_GENRES]
    return [GENRES[genre] for genre in order if shares[genre] >= max(0.1, overall[genre])]


def _decade(year_from: int, year_to: int) -> str:
    return f"{(year_from + year_to) // 20 * 10}s "


def _genre_words(shares: np.ndarray, overall: np.ndarray) -> str:
    """The one or two most telling genres that are common, as a noun: "crime thrillers"."""
    telling = np.lexsort((-shares, overall - shares))[:2]
    named = [GENRES[genre] for genre in telling if shares[genre] >= COMMON_SHARE]
    if not named and shares.any():
        named = [GENRES[int(np.argmax(shares))]]
    return kind(named) or "films of no genre"


def _told_apart(clusters: list[Cluster]) -> list[Cluster]:
    """Give clusters of the same name a word for what they differ in most."""
    named: list[Cluster] = []
    for cluster in clusters:
        twins = [other for other in clusters if other.name == cluster.name]
        name = cluster.name if len(twins) == 1 else _contrast(cluster, twins)
        name = _unused(name[0].upper() + name[1:], (other.name for other in named))
        named.append(replace(cluster, name=name))
    return named


def _contrast(cluster: Cluster, twins: list[Cluster]) -> str:
    for figure, upper, lower in CONTRASTS:
        values = sorted(getattr(twin, figure) for twin in twins)
        value = getattr(cluster, figure)
        if value == values[-1] != values[-2]:
            return f"{upper} {cluster.name}"
        if value == values[0] != values[1]:
            return f"{lower} {cluster.name}"
    return cluster.name


def _unused(name: str, taken: Iterable[str]) -> str:
    taken = set(taken)
    names = [name, *(f"{name} {numeral}" for numeral in range(2, len(taken) + 3))]
    return next(candidate for candidate in names if candidate not in taken)
