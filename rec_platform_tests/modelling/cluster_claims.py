"""Whether the figures of clusters bear out what their names say, read from the names alone."""

import re
from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement

import pandas as pd

from rec_platform.modelling.features import GENRES
from rec_platform.release.genres import kind
from rec_platform.release.schema import Cluster

SCALES = {"well-known": 1, "little-known": -1, "higher-rated": 1, "lower-rated": -1}
NAME = re.compile(
    r"(?P<words>(?:(?:well|little)-known |(?:higher|lower)-rated )*)"
    r"(?P<era>(?:early |mid-|late )?\d{4}s(?:-\d{4}s)? )?(?P<kind>.*?)(?P<number> \d+)?"
)
KINDS: dict[str, set[str]] = {"films of no genre": set()}
for pair in combinations_with_replacement(GENRES, 2):
    KINDS.setdefault(kind(pair), set()).update(pair)


def unfounded(clusters: Sequence[Cluster], titles: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of names in whose difference nothing is borne out by the clusters' figures.

    Names that differ in a number alone claim nothing, and are no such pair.
    """
    genres = titles["genres"].str.split(",")
    shares = {
        genre: genres.map(lambda of, genre=genre: genre in of).groupby(titles["cluster"]).mean()
        for genre in GENRES
    }
    found = []
    for one, other in combinations(clusters, 2):
        said = [NAME.fullmatch(name[0].lower() + name[1:]) for name in (one.name, other.name)]
        first, second = (match.groupdict() for match in said if match)
        if all(first[part] == second[part] for part in ("words", "era", "kind")):
            continue
        differing = KINDS[first["kind"]] ^ KINDS[second["kind"]]
        words = [set(match["words"].split()) for match in (first, second)]
        is_founded = (
            (
                first["kind"] != second["kind"]
                and any(
                    abs(shares[genre][one.cluster] - shares[genre][other.cluster]) >= 0.25
                    for genre in differing
                )
            )
            or (first["era"] != second["era"] and are_years_apart(one, other))
            or any(is_borne_out(word, one, other) for word in words[0] - words[1])
            or any(is_borne_out(word, other, one) for word in words[1] - words[0])
        )
        if not is_founded:
            found.append((one.name, other.name))
    return found


def are_years_apart(one: Cluster, other: Cluster) -> bool:
    """Whether the middle halves of the years overlap by a quarter of the shorter one at most."""
    overlap = min(one.year_to, other.year_to) - max(one.year_from, other.year_from)
    return overlap <= min(of.year_to - of.year_from for of in (one, other)) / 4


def is_borne_out(word: str, one: Cluster, other: Cluster) -> bool:
    """Whether what a word says of one cluster is far less true of the other."""
    more, less = (one, other) if SCALES[word] > 0 else (other, one)
    if word.endswith("known"):
        return more.votes >= 3 * less.votes
    return more.rating - less.rating >= 0.7
