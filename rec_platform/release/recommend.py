"""Lists: what is recommended to somebody who likes one title or several, and why.

A release keeps each title's neighbours with the parts of their likeness. Each request makes a list
from them: weighed by the balance knob, merged for a basket. How parts are weighed belongs in
blend.py, and how a filter reaches all titles in filtered.py. That no list holds more than three
films of one series is seen to where neighbours are kept, in modelling/neighbours.py, and there.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rec_platform.release.blend import BALANCE, PART_SCALE
from rec_platform.release.filtered import filtered
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.lookup import Lookup
from rec_platform.release.reasons import reasons
from rec_platform.release.schema import (
    LIST_LENGTH,
    NEIGHBOURS,
    SCORE_DIGITS,
    Neighbour,
    Title,
)

RANK_OFFSET = 60  # of reciprocal rank fusion, as its authors set it
SHARES = [part / PART_SCALE for part in range(PART_SCALE + 1)]  # the value of a part, by its byte


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A title to recommend.

    `rank` counts from 1. `score` is in 0..1, the share that the two titles are alike. A list is not
    in its order, because appeal counts too. `reasons` say why in words, the strongest first.
    `parts` are what the two were compared by, each in 0..1.
    """

    rank: int
    score: float
    title: Title
    reasons: list[str]
    parts: dict[str, float]


@dataclass(frozen=True, slots=True)
class BasketRecommendation:
    """A title to recommend to somebody who likes several; `because` lists those it is like."""

    rank: int
    score: float
    title: Title
    because: list["Because"]


@dataclass(frozen=True, slots=True)
class Because:
    """One of the liked titles that a recommendation is like, and why."""

    title: Title
    reasons: list[str]


def lists(
    lookup: Lookup, limit: int = LIST_LENGTH, balance: float = BALANCE
) -> Iterator[tuple[str, int, str, float]]:
    """Every title's list: (title_id, rank, recommended title_id, score), up to `limit` each.

    They are in order of title_id, so that releases with the same lists give the same lines.
    """
    title_ids = lookup.title_ids()
    for title_id, votes, neighbours in lookup.all_neighbours():
        weighed = lookup.rule.weigh(neighbours, balance, lookup.popularity(votes))
        for rank, neighbour in enumerate(weighed[:limit], start=1):
            yield title_id, rank, title_ids[neighbour.number], neighbour.score


def recommendations(
    lookup: Lookup,
    title: Title,
    limit: int = LIST_LENGTH,
    balance: float = BALANCE,
    wanted: Filter = EVERYTHING,
    explain: bool = True,
) -> list[Recommendation]:
    """The titles most like a title, best first.

    Without `explain` they have neither reasons nor parts, which take longer than all the rest.

    Raises:
        ValueError: the balance is not in 0..1.
    """
    neighbours = _neighbours(lookup, title, limit, balance, wanted)
    others = lookup.numbered([neighbour.number for neighbour in neighbours])
    names = lookup.rule.weights
    return [
        Recommendation(
            rank=rank,
            score=neighbour.score,
            title=other,
            reasons=reasons(title, other, lookup.shares) if explain else [],
            parts={name: SHARES[part] for name, part in zip(names, neighbour.parts, strict=True)}
            if explain
            else {},
        )
        for rank, (neighbour, other) in enumerate(zip(neighbours, others, strict=True), start=1)
    ]


def _neighbours(
    lookup: Lookup, title: Title, limit: int, balance: float, wanted: Filter
) -> list[Neighbour]:
    """The neighbours of a title that pass a filter, best first."""
    if wanted != EVERYTHING:
        return filtered(lookup, title, limit, balance, wanted)
    stored = lookup.neighbours(title.title_id, limit if balance == BALANCE else None)
    return lookup.rule.weigh(stored, balance, lookup.popularity(title.votes))[:limit]


def basket(
    lookup: Lookup,
    liked: Sequence[Title],
    limit: int = LIST_LENGTH,
    balance: float = BALANCE,
    wanted: Filter = EVERYTHING,
    explain: bool = True,
    disliked: Sequence[Title] = (),
    seen: Sequence[Title] = (),
) -> list[BasketRecommendation]:
    """The titles most like several, best first: the lists of these titles merged into one.

    Lists are merged by reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): each
    adds 1 / (60 + rank) to the titles in it. The score is that sum divided by its maximum. The list
    of a disliked title takes as much away, and what has nothing left is not recommended. Nor is
    what is liked, disliked or seen.
    Without `explain` no title says which of the liked ones it is like.

    Raises:
        ValueError: the balance is not in 0..1.
    """
    points: defaultdict[int, float] = defaultdict(float)
    liked_by: defaultdict[int, list[Title]] = defaultdict(list)
    for title in liked:
        neighbours = _neighbours(lookup, title, NEIGHBOURS, balance, wanted)
        for rank, neighbour in enumerate(neighbours, start=1):
            points[neighbour.number] += 1 / (RANK_OFFSET + rank)
            liked_by[neighbour.number].append(title)
    for title in disliked:
        neighbours = _neighbours(lookup, title, NEIGHBOURS, balance, wanted)
        for rank, neighbour in enumerate(neighbours, start=1):
            if neighbour.number in points:
                points[neighbour.number] -= 1 / (RANK_OFFSET + rank)
    most = len(liked) / (RANK_OFFSET + 1)
    positive = (number for number in points if points[number] > 0)
    order = sorted(positive, key=lambda number: (-points[number], number))
    ids = {title.title_id for title in (*liked, *disliked, *seen)}
    others = zip(order, lookup.numbered(order), strict=True)
    chosen = [(number, other) for number, other in others if other.title_id not in ids]
    return [
        BasketRecommendation(
            rank=rank,
            score=round(points[number] / most, SCORE_DIGITS),
            title=other,
            because=[
                Because(title, reasons(title, other, lookup.shares)) for title in liked_by[number]
            ]
            if explain
            else [],
        )
        for rank, (number, other) in enumerate(chosen[:limit], start=1)
    ]
