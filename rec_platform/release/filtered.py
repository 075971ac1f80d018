"""A title's list narrowed by a filter: the best of all titles of the release, not of those stored.

How all titles are looked through belongs in best_first.py.
"""

from collections import Counter

from rec_platform.release.best_first import BestFirst
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import SERIES_MOST, Neighbour, Title


def filtered(
    lookup: Lookup, title: Title, limit: int, balance: float, wanted: Filter
) -> list[Neighbour]:
    """The titles most like a title that pass a filter, best first.

    Titles that share people or words with it are compared by these only if they are stored as its
    neighbours. The others of its series are in the list only if they are stored, because the whole
    series is in a row of its own. A release without tiles has only what is stored, and so has one
    without facts if votes, an origin or a director are asked for.

    Raises:
        ValueError: the balance is not in 0..1.
    """
    popularity = lookup.popularity(title.votes)
    stored = lookup.rule.weigh(lookup.neighbours(title.title_id), balance, popularity)
    numbers = [neighbour.number for neighbour in stored]
    known = dict(zip(numbers, lookup.numbered(numbers), strict=True))
    passing = [neighbour for neighbour in stored if wanted.passes(known[neighbour.number])]
    beyond = wanted.beyond_tiles()
    if lookup.tiles is None or (beyond != EVERYTHING and not lookup.knows_people):
        return passing[:limit]
    flags = lookup.flags(beyond)
    if flags is not None and not any(flags):
        return []
    number = lookup.number(title.title_id)
    weights = lookup.rule.turned(balance, popularity)
    search = BestFirst(lookup.tiles, title, number, weights, lookup.most_famous)
    skipped = {number, *numbers, *lookup.siblings(title)}
    of_series: Counter[int | None] = Counter()
    listed: list[Neighbour] = []
    for neighbour in search.ranked(wanted, passing, skipped, flags):
        other = known.get(neighbour.number) or lookup.numbered([neighbour.number])[0]
        of_series[other.series] += 1
        if other.series is None or of_series[other.series] <= SERIES_MOST:
            listed.append(neighbour)
        if len(listed) == limit:
            break
    return listed
