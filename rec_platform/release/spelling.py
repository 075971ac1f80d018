"""Alternatives: what a word of a query may have been meant as, and how far that is from it.

Belongs here: misspelt and unfinished words, numbers written in another way. Does not belong: what
titles are found by these (see search.py). Standard library only, for the site imports it.

Misspelt words are found by what is left of them when letters are deleted, from them and from the
words of the release alike (the symmetric delete algorithm of Garbe, 2012), and compared by optimal
string alignment distance.
"""

import math
import sqlite3
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

FORM_LENGTH = 7  # letters of a word that its forms are made of
TWO = "\ue000"  # before a form without two letters; no word has it
SHORTEST_BEGINNING = 3  # letters of a word that may be misspelt and unfinished
LONGEST_CORRECTED = 24  # letters
MOST_ALTERNATIVES = 24  # to a word
# How people write the number of a film.
NUMBERS = (
    "1 one, 2 ii two, 3 iii three, 4 iv four, 5 v five, 6 vi six, 7 vii seven, 8 viii eight,"
    "9 ix nine, 10 x ten, 11 xi eleven, 12 xii twelve, 13 xiii thirteen"
)
NUMERALS = {
    word: [other for other in group.split() if other != word]
    for group in NUMBERS.split(",")
    for word in group.split()
}

# Costs: 1 is one misspelt letter in the middle of a word.
OTHER_START = 0.3  # people rarely mistake the first letter
UNFINISHED = 0.3  # a misspelt beginning of a word, rather than a misspelt word
UNSAID = 0.1  # a beginning of a word, or a number written in another way
FAME = 0.08  # the number of a word, or a title, twice as high


class Alternative(NamedTuple):
    """What a word of the query may have been meant as, and how far that is from what was typed."""

    terms: tuple[str, ...]  # words of the title, two where a space is another in the query
    cost: float
    is_prefix: bool = False

    def match(self) -> str:
        """As a full-text query."""
        text = " AND ".join(map(term, self.terms)) + ("*" if self.is_prefix else "")
        return f"({text})" if len(self.terms) > 1 else text


def term(word: str) -> str:
    """A word as a full-text query."""
    return f'"{word}"'


def forms(word: str) -> set[str]:
    """What a word is found by though it is misspelt: its first letters, all, or without some.

    One letter is left out or, of a long word, two. Without two they are marked, so that who looks
    for one mistake is not told of words with two.

    >>> sorted(forms("tide"))
    ['ide', 'tde', 'tid', 'tide', 'tie']
    """
    near = _without(word, 1)
    return near | {TWO + form for form in _without(word, 2) - near}


def forms_of(typed: str, most: int) -> set[str]:
    """The forms of words that are at most so many mistakes away from what was typed.

    Two words that differ by a letter have a form in common without it, wherever it is.
    """
    found = _without(typed, most)
    return found if most == 1 else found | {TWO + form for form in found}


def _without(word: str, most: int) -> set[str]:
    """The word's first letters without up to so many of them, or as many as may be wrong."""
    start = word[:FORM_LENGTH]
    return {
        "".join(kept)
        for left_out in range(min(most, _errors(word)) + 1)
        for kept in combinations(start, len(start) - left_out)
        if kept
    }


def _errors(word: str) -> int:
    """How many letters of a word may be wrong."""
    return 1 if len(word) < FORM_LENGTH else 2


def misspelt_for(
    connection: sqlite3.Connection, word: str, is_last: bool, limit: int, most: int
) -> list[Alternative]:
    """The words of the release that a word may be misspelt for, the nearest first.

    Args:
        connection: a lookup.
        word: as it was typed.
        is_last: whether it may be unfinished.
        limit: how many words to compare it with.
        most: letters that may be wrong or lacking, 1 or 2; in a short word but one is wrong.
    """
    # Of a short beginning of a word the forms are beginnings of that word's forms. Those of the
    # shortest, two letters, would be the beginnings of nearly all: it is compared as a whole word.
    is_beginning = is_last and SHORTEST_BEGINNING < len(word) < FORM_LENGTH - 1
    match = " OR ".join(f'"{form}"' + "*" * is_beginning for form in forms_of(word, most))
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
    """Those of some words that a word may be misspelt for, and numbers written in another way.

    Args:
        word: as it was typed.
        is_last: whether it may be unfinished.
        most: letters that may be wrong or lacking, 1 or 2; in a short word but one is wrong.
        words: each with a number, that is low where it is of a famous title.
    """
    found = [Alternative((other,), UNSAID) for other in NUMERALS.get(word, ())]
    if len(word) > LONGEST_CORRECTED:
        return found
    most = min(most, _errors(word))
    is_beginning = is_last and len(word) >= SHORTEST_BEGINNING
    middle = len(word) // 2
    start, end = word[:middle], word[middle + 1 :]
    costed: list[tuple[float, int, str]] = []
    for other, number in words:
        lacking = len(other) - len(word)
        if other == word or lacking < -most or (lacking > most and not is_beginning):
            continue
        # One mistake leaves one half as it is: a quick look before a closer one.
        if most == 1 and not (other.startswith(start) or end in other[middle : len(word) + 1]):
            continue
        whole, beginning = distances(word, other, most)
        cost = OTHER_START * (word[0] != other[0])
        if whole <= most:
            costed.append((whole + cost, number, other))
        elif is_beginning and beginning <= 1:
            costed.append((beginning + cost + UNFINISHED, number, other))
    if len(costed) > MOST_ALTERNATIVES:
        costed.sort(key=lambda one: one[0] + FAME * math.log2(one[1]))
    found += [Alternative((other,), cost) for cost, _, other in costed[:MOST_ALTERNATIVES]]
    return sorted(found, key=lambda one: one.cost)


def distances(typed: str, word: str, most: int) -> tuple[int, int]:
    """Optimal string alignment distances of what was typed from a word and from its beginning.

    Letters left out, added, replaced, or swapped with the next one count 1 each. What is more than
    `most` may come out as any number above it: nothing further apart is looked into.
    """
    if not most:
        return typed != word, not word.startswith(typed)
    same = 0
    for one, other in zip(typed, word, strict=False):
        if one != other:
            break
        same += 1
    typed, word = typed[same:], word[same:]
    if not typed or not word:
        return len(typed) + len(word), len(typed)
    rest = most - 1
    found = [
        distances(typed[1:], word[1:], rest),
        distances(typed[1:], word, rest),
        distances(typed, word[1:], rest),
    ]
    if typed[:2] == word[1::-1]:
        found.append(distances(typed[2:], word[2:], rest))
    wholes, beginnings = zip(*found, strict=True)
    return 1 + min(wholes), 1 + min(beginnings)
