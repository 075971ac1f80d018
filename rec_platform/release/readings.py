"""Readings of a query: what each of its words may mean, and how far a title is from that.

What a word may mean is found in correct.py. The costs here and in spelling.py are on one scale: 1
is one misspelt letter in the middle of a word.
"""

import math
import sqlite3
from itertools import chain, islice, product
from typing import NamedTuple

from rec_platform.release.queries import exact, matching, words_of
from rec_platform.release.spelling import FAME, UNSAID, Alternative
from rec_platform.release.text import ARTICLES
from rec_platform.release.wording import CONNECTIVES, reworded

MOST_PHRASES = 60  # combinations of alternatives that are looked up as whole titles
MOST_TITLES = 60  # to rank

OTHER_NAME = 2.1  # the least cost of a title that only another of its names matches
FURTHER = 1  # how much more that costs than the best that its own name could
NOT_ALL = 0.3  # the title has more words than the query
EXTRA_WORD = 0.05  # for each of them
MOST_EXTRA = 0.6

Reading = list[list[Alternative]]  # what each word may mean, the nearest first


class Ranked(NamedTuple):
    """The titles that fit a query, best first, and the cost of the nearest, whatever its fame."""

    numbers: list[int]
    cost: float


NOTHING = Ranked([], math.inf)


def rank(connection: sqlite3.Connection, readings: list[Reading]) -> Ranked:
    """The titles that fit at least one of the readings, best first."""
    if not readings:
        return NOTHING
    match = " OR ".join(f"({' AND '.join(map(_any, reading))})" for reading in readings)
    numbers = matching(connection, match, MOST_TITLES)
    if len(numbers) == MOST_TITLES:  # the title that was meant may be less known than all of these
        # Readings with joined or split words come first: they have few combinations.
        combinations = chain.from_iterable(product(*reading) for reading in reversed(readings))
        phrases = map(_phrase, islice(combinations, MOST_PHRASES))
        numbers += exact(connection, phrases, MOST_TITLES)
    titles = words_of(connection, numbers)
    least = min(sum(group[0].cost for group in reading) for reading in readings)
    otherwise = max(OTHER_NAME, least + FURTHER)
    costs = {number: _least_cost(title, readings, otherwise) for number, title in titles.items()}
    return Ranked(in_order(costs), min(costs.values(), default=math.inf))


def in_order(costs: dict[int, float]) -> list[int]:
    """Titles by their cost; of those with about the same cost, the better known first."""
    return sorted(costs, key=lambda number: (costs[number] + FAME * math.log2(number), number))


def reading_cost(title: list[str], reading: Reading) -> float:
    """How far a title, as words, is from a reading; infinite if it lacks one of the words."""
    cost, used = 0.0, 0
    for group in reading:
        nearest = next((option for option in group if _holds(title, option)), None)
        if nearest is None:
            return math.inf
        cost += nearest.cost + UNSAID * (nearest.is_prefix and nearest.terms[-1] not in title)
        used += len(nearest.terms)
    unused = len(title) - (title[0] in ARTICLES) - used
    return cost + (min(MOST_EXTRA, NOT_ALL + EXTRA_WORD * unused) if unused > 0 else 0)


def _least_cost(title: list[str], readings: list[Reading], otherwise: float) -> float:
    cost = min(reading_cost(title, reading) for reading in readings)
    return otherwise if cost == math.inf else cost


def _any(group: list[Alternative]) -> str:
    return "(" + " OR ".join(option.match() for option in group) + ")"


def _phrase(options: tuple[Alternative, ...]) -> list[str]:
    return reworded([term for option in options for term in option.terms])


def _holds(title: list[str], option: Alternative) -> bool:
    *others, last = option.terms
    is_held = last in title or (option.is_prefix and any(word.startswith(last) for word in title))
    # A title is compared without its "and"; a full-text search has found it.
    return (is_held or last in CONNECTIVES) and all(
        term in title or term in CONNECTIVES for term in others
    )
