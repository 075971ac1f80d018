# pyright: standard
"""Names of clusters: what sets each of them apart from the others.

A name says the genres that are far more common in the cluster than elsewhere. Clusters of the same
genres are told apart by another genre, by era, by renown or by rating, but only where their figures
are far apart. So whoever reads two names sees why there are two clusters.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations, permutations

import numpy as np

from rec_platform.modelling.features import GENRES
from rec_platform.release.genres import kind
from rec_platform.release.schema import Cluster

COMMON = 0.4  # of a cluster's titles: a genre that so many have may be named
TELLING = 0.2  # by which its share is above the catalogue's
GENRES_APART = 0.25  # difference of the shares of a genre that one of two names has
OVERLAP = 0.25  # of the shorter of two spans of years that are still apart
VOTES_APART = 3  # ratio of median votes
RATING_APART = 0.7  # difference of mean ratings
DECADE = 12  # years; a span that is no longer is named after one decade
# The only cluster of its genres has its era in the name if the middle half of its years is less
# than this share of the catalogue's.
NARROW = 0.5

Words = dict[int, str]  # by a cluster's place in the list


def names_of(
    clusters: Sequence[Cluster], shares: np.ndarray, catalogue: Cluster, overall: np.ndarray
) -> list[str]:
    """A name for each cluster; no two are the same.

    Args:
        clusters: their figures; the names are not looked at.
        shares: (clusters, genres), the share of a cluster's titles that have a genre.
        catalogue: the figures of all titles.
        overall: (genres,), the share of all titles.
    """
    genres = _borne_out([_telling(row, overall) for row in shares], shares, overall)
    genres = _refined(genres, shares)
    kinds = [_kind(named) for named in genres]
    together = _together(genres, shares)
    words: list[list[str]] = [[] for _ in clusters]
    for place, era in _own_eras(clusters, together, catalogue).items():
        words[place].append(era)
    for scale in (_eras, _renown, _ratings):
        for group in _groups(together, words):
            members = {place: clusters[place] for place in group}
            for place, word in scale(members, catalogue).items():
                words[place].insert(0, word)
    names: list[str] = []
    for said, noun in zip(words, kinds, strict=True):
        names.append(_unused(" ".join([*said, noun]), names))
    return names


# Genres


def _telling(shares: np.ndarray, overall: np.ndarray) -> set[int]:
    """The one or two common genres whose shares are most above the catalogue's."""
    above = shares - overall
    order = np.lexsort((-shares, -above))
    named = [genre for genre in order if shares[genre] >= COMMON and above[genre] >= TELLING]
    if not named and shares.any():
        named = [np.argmax(shares)]
    return {int(genre) for genre in named[:2]}


def _borne_out(genres: list[set[int]], shares: np.ndarray, overall: np.ndarray) -> list[set[int]]:
    """Give clusters whose genres differ in name alone the genres that all of them are named by."""
    named = list(genres)
    alike = [{place} for place in range(len(genres))]
    while pair := next(_unfounded(named, shares), None):
        merged = alike[pair[0]] | alike[pair[1]]
        common = set[int].intersection(*(genres[place] for place in merged))
        common = common or _telling(shares[sorted(merged)].mean(axis=0), overall)
        for place in merged:
            alike[place], named[place] = merged, common
    return named


def _refined(genres: list[set[int]], shares: np.ndarray) -> list[set[int]]:
    """Name a genre that tells a cluster from those of the same genres, where there is one."""
    named = list(genres)
    for place, twin in permutations(range(len(genres)), 2):
        apart = shares[place] - shares[twin]
        genre = int(np.argmax(apart))
        is_telling = apart[genre] >= GENRES_APART and shares[place, genre] >= COMMON
        if is_telling and not _differ(named, shares, place, twin):
            first = sorted(named[place], key=lambda known: -shares[place, known])[:1]
            tried = [*named[:place], {genre, *first}, *named[place + 1 :]]
            alike = _twins(tried, shares, place)
            is_founded = all(_kind(tried[other]) == _kind(tried[place]) for other in alike)
            if is_founded and len(alike) < len(_twins(named, shares, place)):
                named = tried
    return named


def _twins(genres: Sequence[set[int]], shares: np.ndarray, place: int) -> list[int]:
    """The other clusters that a cluster is not told apart from by genres."""
    others = (other for other in range(len(genres)) if other != place)
    return [other for other in others if not _differ(genres, shares, place, other)]


def _unfounded(genres: Sequence[set[int]], shares: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of clusters whose genres differ in name alone."""
    for one, other in combinations(range(len(genres)), 2):
        if _kind(genres[one]) != _kind(genres[other]) and not _differ(genres, shares, one, other):
            yield one, other


def _differ(genres: Sequence[set[int]], shares: np.ndarray, one: int, other: int) -> bool:
    """Whether the genres in two names tell the clusters apart, and the figures bear it out."""
    named = sorted(genres[one] ^ genres[other])
    apart = np.abs(shares[one, named] - shares[other, named])
    return _kind(genres[one]) != _kind(genres[other]) and bool((apart >= GENRES_APART).any())


def _together(genres: Sequence[set[int]], shares: np.ndarray) -> np.ndarray:
    """(clusters, clusters), whether two different clusters are not told apart by genres."""
    together = np.zeros((len(genres), len(genres)), dtype=bool)
    for place in range(len(genres)):
        together[place, _twins(genres, shares, place)] = True
    return together


def _kind(genres: set[int]) -> str:
    return _kind_of(frozenset(genres))


@cache
def _kind_of(genres: frozenset[int]) -> str:
    return kind(GENRES[genre] for genre in genres) or "films of no genre"


# Era, renown, rating


def _groups(together: np.ndarray, words: Sequence[Sequence[str]]) -> list[list[int]]:
    """Clusters that nothing in their names tells apart yet, in groups of two or more."""
    said = np.array(["\n".join(of) for of in words])
    linked = together & (said[:, np.newaxis] == said)
    groups = _components(range(len(said)), lambda one, other: linked[one, other])
    return [sorted(group) for group in groups if len(group) > 1]


def _components(
    places: Iterable[int], is_linked: Callable[[int, int], bool | np.bool]
) -> list[list[int]]:
    """Places that are linked, directly or through others."""
    waiting, components = list(places), list[list[int]]()
    while waiting:
        component = [waiting.pop(0)]
        for place in component:
            near = [other for other in waiting if is_linked(place, other)]
            waiting = [other for other in waiting if other not in near]
            component += near
        components.append(component)
    return components


def _own_eras(clusters: Sequence[Cluster], together: np.ndarray, catalogue: Cluster) -> Words:
    """The era of each cluster that is the only one of its genres, where it is short."""
    most = NARROW * (catalogue.year_to - catalogue.year_from)
    return {
        place: _decades(cluster)
        for place, cluster in enumerate(clusters)
        if not together[place].any() and cluster.year_to - cluster.year_from < most
    }


def _eras(group: dict[int, Cluster], catalogue: Cluster) -> Words:
    """The era of clusters whose years are apart from those of all others; some may share one."""
    del catalogue
    parts = _components(group, lambda one, other: not _years_apart(group[one], group[other]))
    if len(parts) == 1:
        return {}
    spans = [_span([group[place] for place in part]) for part in parts]
    eras = [_decades(span) for span in spans]
    return {
        place: f"{_part_of_decade(span)}{era}" if eras.count(era) > 1 else era
        for part, span, era in zip(parts, spans, eras, strict=True)
        for place in part
    }


def _span(clusters: Sequence[Cluster]) -> Cluster:
    """The first of some clusters, with the years of all of them."""
    return replace(
        clusters[0],
        year_from=min(cluster.year_from for cluster in clusters),
        year_to=max(cluster.year_to for cluster in clusters),
    )


def _renown(group: dict[int, Cluster], catalogue: Cluster) -> Words:
    """What is far better or less known than all others, and than a title of the catalogue."""
    above = _apart(group, lambda one, other: one.votes >= VOTES_APART * max(other.votes, 1))
    below = _apart(group, lambda one, other: other.votes >= VOTES_APART * max(one.votes, 1))
    return {place: "well-known" for place in above if group[place].votes >= catalogue.votes} | {
        place: "little-known" for place in below if group[place].votes <= catalogue.votes
    }


def _ratings(group: dict[int, Cluster], catalogue: Cluster) -> Words:
    del catalogue
    above = _apart(group, lambda one, other: one.rating - other.rating >= RATING_APART)
    below = _apart(group, lambda one, other: other.rating - one.rating >= RATING_APART)
    return dict.fromkeys(above, "higher-rated") | dict.fromkeys(below, "lower-rated")


def _apart(group: dict[int, Cluster], is_apart: Callable[[Cluster, Cluster], bool]) -> list[int]:
    """Those that are apart from every other one of a group."""
    return [
        place
        for place, one in group.items()
        if all(is_apart(one, other) for of, other in group.items() if of != place)
    ]


def _years_apart(one: Cluster, other: Cluster) -> bool:
    older, newer = sorted((one, other), key=lambda cluster: cluster.year_from + cluster.year_to)
    shorter = min(of.year_to - of.year_from for of in (one, other))
    return (
        older.year_from < newer.year_from
        and older.year_to < newer.year_to
        and older.year_to - newer.year_from <= OVERLAP * shorter
    )


def _decades(cluster: Cluster) -> str:
    first, last = (cluster.year_from + 5) // 10 * 10, cluster.year_to // 10 * 10
    if cluster.year_to - cluster.year_from <= DECADE or first >= last:
        return f"{(cluster.year_from + cluster.year_to) // 20 * 10}s"
    return f"{first}s-{last}s"


def _part_of_decade(cluster: Cluster) -> str:
    """A prefix for clusters of one decade, by the middle year.

    Years 0 to 3 are early and 7 to 9 late.
    """
    year = (cluster.year_from + cluster.year_to) / 2 % 10
    if year < 4:
        return "early "
    return "mid-" if year < 7 else "late "


def _unused(name: str, taken: Sequence[str]) -> str:
    """The name, or the name with the first number that makes it a new one."""
    name = name[0].upper() + name[1:]
    names = [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))]
    return next(candidate for candidate in names if candidate not in taken)
