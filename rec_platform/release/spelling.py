"""Spelling: what a word of a query may have been meant as, and how far that is from the word.

Covers misspelt and unfinished words. Which titles these words find belongs in search.py, words that
people write in several ways in wording.py.

Misspelt words are found by the symmetric delete algorithm (Garbe, 2012, SymSpell): letters are
deleted from the typed word and from the words of the release alike, and words that share a result,
a delete, are compared by optimal string alignment distance.
"""

import math
import sqlite3
from collections.abc import Iterable
from itertools import combinations, islice
from typing import NamedTuple

from rec_platform.release.wording import ALONE

START_LENGTH = 7  # letters of a word that its deletes are made of
TWO = "\ue000"  # marks a delete that lacks two letters; no word contains it
SHORTEST_BEGINNING = 3  # letters of a word that may be both misspelt and unfinished
LONGEST_CORRECTED = 24  # letters
MOST_ALTERNATIVES = 24  # to a word

# Costs: 1 is one misspelt letter in the middle of a word.
OTHER_START = 0.3  # the first letter differs, which people rarely mistake
UNFINISHED = 0.3  # a misspelt beginning of a word, rather than a misspelt word
UNSAID = 0.1  # a beginning of a word
FAME = 0.08  # each time the number of a word, or of a title, is twice as high


class Alternative(NamedTuple):
    """What a word of the query may have been meant as, and how far that is from the typed word."""

    terms: tuple[str, ...]  # words of the title: two if the query has a space elsewhere
    cost: float
    is_prefix: bool = False

    def match(self) -> str:
        """As a full-text query."""
        text = " AND ".join(map(term, self.terms)) + ("*" if self.is_prefix else "")
        return f"({text})" if len(self.terms) > 1 else text


def term(word: str) -> str:
    """A word as a full-text query."""
    return f'"{word}"'


def deletes(word: str) -> set[str]:
    """What a word of the release is found by: its first letters, with all letters or fewer.

    One letter is left out or, of a long word, two. Those without two are marked, so that a search
    for one mistake does not find words with two.

    >>> sorted(deletes("tide"))
    ['ide', 'tde', 'tid', 'tide', 'tie']
    """
    near = without_letters(word, 1)
    if _errors(word) == 1:
        return near
    return near | {TWO + text for text in without_letters(word, 2) - near}


def deletes_of_typed(typed: str, most: int) -> set[str]:
    """The deletes shared by all words at most this many mistakes away from what was typed.

    Two words that differ by one letter share the delete without it, wherever the letter is.
    """
    texts = without_letters(typed, most)
    return texts if most == 1 else texts | {TWO + text for text in texts}


def without_letters(word: str, most: int) -> set[str]:
    """The word's first letters without up to `most` of them, or as many as may be wrong."""
    start = word[:START_LENGTH]
    return {
        "".join(kept)
        for left_out in range(min(most, _errors(word)) + 1)
        for kept in combinations(start, len(start) - left_out)
        if kept
    }


def _errors(word: str) -> int:
    """How many letters of a word may be wrong."""
    return 1 if len(word) < START_LENGTH else 2


def misspelt_for(
    connection: sqlite3.Connection, word: str, is_last: bool, limit: int, most: int
) -> list[Alternative]:
    """The words of the release that a word may be misspelt for, the nearest first.

    Args:
        connection: a lookup.
        word: as it was typed.
        is_last: whether it may be unfinished.
        limit: how many words to compare it with.
        most: letters that may be wrong or missing, 1 or 2; in a short word, only 1.
    """
    # The deletes of a short beginning are beginnings of the whole word's deletes. The shortest
    # deletes, of two letters, would match nearly all words, so such a beginning is compared as a
    # whole word.
    is_beginning = is_last and SHORTEST_BEGINNING < len(word) < START_LENGTH - 1
    match = " OR ".join(f'"{text}"' + "*" * is_beginning for text in deletes_of_typed(word, most))
    rows = connection.execute(
        """
        SELECT word, number FROM words WHERE number IN (
            SELECT rowid FROM word_search WHERE word_search MATCH ? ORDER BY rowid LIMIT ?
        ) ORDER BY number
        """,
        (match, limit),
    )
    return nearest(word, is_last, most, rows)


def nearest(
    word: str, is_last: bool, most: int, words: Iterable[tuple[str, int]]
) -> list[Alternative]:
    """The words that a word may be misspelt for, as titles are compared.

    Args:
        word: as it was typed.
        is_last: whether it may be unfinished.
        most: letters that may be wrong or missing, 1 or 2; in a short word, only 1.
        words: each with a number, which is low if a famous title has the word.
    """
    if len(word) > LONGEST_CORRECTED:
        return []
    most = min(most, _errors(word))
    is_beginning = is_last and len(word) >= SHORTEST_BEGINNING
    middle = len(word) // 2
    start, end = word[:middle], word[middle + 1 :]
    costed: list[tuple[float, int, str]] = []
    for other, number in words:
        lacking = len(other) - len(word)
        if other == word or lacking < -most or (lacking > most and not is_beginning):
            continue
        # One mistake leaves one half unchanged. This check is quicker than the distance.
        if most == 1 and not (other.startswith(start) or end in other[middle : len(word) + 1]):
            continue
        whole, beginning = distances(word, other, most)
        cost = OTHER_START * (word[0] != other[0])
        if whole <= most:
            costed.append((whole + cost, number, other))
        elif is_beginning and beginning <= 1:
            costed.append((beginning + cost + UNFINISHED, number, other))
    if len(costed) > MOST_ALTERNATIVES:
        costed.sort(key=lambda row: row[0] + FAME * math.log2(row[1]))
    alternatives = (Alternative((ALONE.get(other, other),), cost) for cost, _, other in costed)
    return sorted(islice(alternatives, MOST_ALTERNATIVES), key=lambda alternative: alternative.cost)


def distances(typed: str, word: str, most: int) -> tuple[int, int]:
    """Optimal string alignment distances of what was typed from a word and from its beginning.

    A letter left out, added, replaced or swapped with the next one counts 1. A distance above
    `most` may come out as any number above it, because nothing further apart is examined.
    """
    if not most:
        return typed != word, not word.startswith(typed)
    same = 0
    for letter, other in zip(typed, word, strict=False):
        if letter != other:
            break
        same += 1
    typed, word = typed[same:], word[same:]
    if not typed or not word:
        return len(typed) + len(word), len(typed)
    rest = most - 1
    pairs = [
        distances(typed[1:], word[1:], rest),
        distances(typed[1:], word, rest),
        distances(typed, word[1:], rest),
    ]
    if typed[:2] == word[1::-1]:
        pairs.append(distances(typed[2:], word[2:], rest))
    wholes, beginnings = zip(*pairs, strict=True)
    return 1 + min(wholes), 1 + min(beginnings)
