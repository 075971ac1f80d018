"""Correct a query that hardly any title matches as it was typed.

The quickest correction that finds something wins. Where few titles hold the known words, the other
words are looked for in those titles. Then spaces are moved. Last, words are compared with all words
of the release. Each step is bounded, so no query takes long. What a single word may be misspelt for
belongs in spelling.py, how titles are ranked in readings.py.
"""

import math
import sqlite3
from collections.abc import Container, Iterator
from itertools import pairwise

from rec_platform.release.queries import begins_a_word, matching, word_starts, words_of
from rec_platform.release.readings import (
    NOTHING,
    OTHER_NAME,
    Reading,
    in_order,
    rank,
    reading_cost,
)
from rec_platform.release.spelling import (
    LONGEST_CORRECTED,
    START_LENGTH,
    Alternative,
    misspelt_for,
    nearest,
)
from rec_platform.release.wording import ALONE

MOST_CORRECTED = 6  # words
MOST_CANDIDATES = 80  # words of the release to compare with those of one query
FEW_TITLES = 16  # to look through for what the words may be misspelt for

APART = 0.4  # the cost of two words joined, one split, or a space a letter off


def corrected(
    connection: sqlite3.Connection, words: list[str], known: dict[str, float]
) -> list[int]:
    """The titles that hold what the words may mean, best first.

    Args:
        connection: a lookup.
        words: the query; the last word may be unfinished.
        known: the words that titles have, from known_words().
    """
    *others, last = words
    literal = [Alternative((word,), 0) for word in others] + [Alternative((last,), 0, True)]
    typed = [[option] if option.terms[0] in known else [] for option in literal]
    if typed.count([]) > MOST_CORRECTED:
        return []
    joined = [*_joined(connection, words, typed, known)]
    if not joined and (numbers := _among_few(connection, words, typed)):
        return numbers
    respaced = [*joined, *_respaced(connection, words, typed, 2)]
    ranked = rank(connection, respaced)
    if ranked.cost <= APART:  # a whole title, apart from the spaces
        return ranked.numbers
    respaced += _respaced(connection, words, typed, 1)
    return _misspelt(connection, words, known, typed, respaced)


def _misspelt(
    connection: sqlite3.Connection,
    words: list[str],
    known: dict[str, float],
    typed: Reading,
    respaced: list[Reading],
) -> list[int]:
    """The titles that hold what the words may be misspelt for, best first.

    Words that no title has are corrected first, alone: the others are likely to be right. A second
    mistake in a word is looked for only if one mistake explains no title by its own name.
    """
    unknown = [at for at, options in enumerate(typed) if not options]
    # A word that no well-known title has is more likely to be wrong.
    doubtful = [at for at, options in enumerate(typed) if options]
    doubtful.sort(key=lambda at: -known[words[at]])
    last = len(words) - 1
    reading = list(typed)
    for group in (unknown, doubtful[:2], doubtful[2:]):
        best = NOTHING
        doubted = group[:MOST_CORRECTED]
        # A beginning of six letters may have one wrong and lack the next.
        long = [at for at in doubted if len(words[at]) + (at == last) >= START_LENGTH]
        for most, places in ((1, doubted), (2, long)):
            if not places or best.cost < OTHER_NAME:
                break
            for at in places:
                share = MOST_CANDIDATES // len(doubted)
                meant = misspelt_for(connection, words[at], at == last, share, most)
                reading[at] = typed[at] + meant
            readings = [reading, *respaced] if all(reading) else respaced
            best = min(best, rank(connection, readings), key=lambda ranked: ranked.cost)
            respaced = []  # tried, and not enough
        if best.numbers or not all(reading):
            return best.numbers
    return []


def _among_few(connection: sqlite3.Connection, words: list[str], typed: Reading) -> list[int]:
    """The titles that fit, best first, if only few titles hold the known words.

    It is quicker to look through these than for all that the other words may be misspelt for.
    """
    if all(typed) or not any(typed):
        return []
    match = " AND ".join(option.match() for options in typed for option in options)
    numbers = matching(connection, match, FEW_TITLES + 1)
    if not 0 < len(numbers) <= FEW_TITLES:
        return []
    titles = words_of(connection, numbers)
    held: dict[str, int] = {}
    for number, title in titles.items():
        held |= dict.fromkeys(set(title) - held.keys(), number)  # the best known title with it
    for most in (1, 2):
        reading = [
            options or _meant_among(held, word, at == len(words) - 1, most)
            for at, (word, options) in enumerate(zip(words, typed, strict=True))
        ]
        costs = {number: reading_cost(title, reading) for number, title in titles.items()}
        fits = [cost < math.inf for cost in costs.values()]
        if all(fits):
            return in_order(costs)
        if any(fits):  # the others may fit by another name
            return rank(connection, [reading]).numbers
    return []


def _meant_among(held: dict[str, int], word: str, is_last: bool, most: int) -> list[Alternative]:
    """What a word may mean among the held words: one of them, or two."""
    cuts = range(1, min(len(word), LONGEST_CORRECTED))
    split = [
        Alternative((start, end), APART, is_last)
        for at in cuts
        if (start := ALONE.get(word[:at], word[:at])) in held
        and (
            (end := ALONE.get(word[at:], word[at:])) in held
            or (is_last and any(other.startswith(end) for other in held))
        )
    ]
    return [*split, *nearest(word, is_last, most, held.items())]


def _joined(
    connection: sqlite3.Connection, words: list[str], typed: Reading, known: Container[str]
) -> Iterator[Reading]:
    """The query with two neighbouring words written as one."""
    for at, whole in enumerate(map("".join, pairwise(words))):
        before, after = typed[:at], typed[at + 2 :]
        is_last = not after
        if all(before + after) and (
            whole in known or (is_last and begins_a_word(connection, whole))
        ):
            yield [*before, [Alternative((ALONE.get(whole, whole),), APART, is_last)], *after]


def _respaced(
    connection: sqlite3.Connection, words: list[str], typed: Reading, size: int
) -> Iterator[Reading]:
    """The query with one word split in two, or a space moved by one letter.

    Args:
        connection: a lookup.
        words: the query.
        typed: the reading of the words as typed; a word that no title has is empty.
        size: how many words are taken together: 1 to split, 2 to move the space.
    """
    for at in range(min(MOST_CORRECTED, len(words) - size + 1)):
        before, after = typed[:at], typed[at + size :]
        if not all(before + after):
            continue
        text = "".join(words[at : at + size])
        space = len(words[at])
        cuts = (space - 1, space + 1) if size == 2 else range(1, LONGEST_CORRECTED)
        starts = [text[:cut] for cut in cuts if cut < len(text)]
        is_last = not after
        meant = [
            Alternative(
                tuple(ALONE.get(half, half) for half in (start, text[len(start) :])),
                APART,
                is_last,
            )
            for start in word_starts(connection, text, starts, is_last)
        ]
        if meant:
            yield [*before, meant, *after]
