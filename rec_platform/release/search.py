"""Search: the titles that a query may mean, even if it is unfinished, misspelt or reworded.

A query is first taken literally: titles that equal it come first, then titles that hold its words,
the last one as a prefix, the most voted first. Where hardly any title matches, correct.py corrects
the query. Every step is bounded: no query takes long, and a large release takes little longer than
a small one. What of a name is indexed belongs in text.py.
"""

import re
import sqlite3

from rec_platform.release.correct import MOST_CANDIDATES, corrected
from rec_platform.release.queries import begins_a_title, exact, known_words, matching, of_year
from rec_platform.release.spelling import NUMERALS, OTHER_START, misspelt_for, term
from rec_platform.release.text import ARTICLES, search_key

FEW = 3  # with fewer answers than this, the query is corrected
MOST_WORDS = 24
MOST_DATED = 1_500  # titles among which a year is looked for
YEAR = re.compile(r"(18|19|20)\d\d")


def search(connection: sqlite3.Connection, query: str, limit: int) -> list[int]:
    """The numbers of the titles that a query may mean, best first.

    Args:
        connection: a lookup.
        query: as somebody typed it, finished or not.
        limit: how many at most.
    """
    words = search_key(query).split()[:MOST_WORDS]
    if not words:
        return []
    *others, last = words
    telling = [*dict.fromkeys(word for word in others if word not in ARTICLES), last]
    # Finding out that a word is unknown is much quicker than a search for titles that have it.
    known = known_words(connection, telling)
    wanted = max(limit, FEW)
    equal: list[int] = []
    numbers: list[int] = []
    if known.keys() >= {*telling}:
        equal = exact(connection, [words], wanted)
        numbers = [*dict.fromkeys((*equal, *matching(connection, _as_typed(words), wanted)))]
    is_one_word = len(words) == 1 or (len(words) == 2 and words[0] in ARTICLES)
    is_beginning = 0 < len(numbers) < FEW and not is_one_word and begins_a_title(connection, words)
    if len(numbers) < FEW and not is_beginning:
        meant = _meant(connection, telling, known)
        numbers += [number for number in meant if number not in numbers]
    elif is_one_word and not equal:
        numbers[FEW - 1 : FEW - 1] = _more_famous(connection, words, numbers)
    return numbers[:limit]


def _as_typed(words: list[str]) -> str:
    """A full-text query for all these words, the last as a prefix."""
    *others, last = words
    terms = list(dict.fromkeys(map(term, others)))
    if others and last in NUMERALS:
        terms.append(f'("{last}"* OR {" OR ".join(map(term, NUMERALS[last]))})')
    else:
        terms.append(f'"{last}"*')
    return " AND ".join(terms)


def _more_famous(connection: sqlite3.Connection, words: list[str], numbers: list[int]) -> list[int]:
    """A one-word title that the query may be a misspelling of, if it is more famous than the third.

    The titles found so far only begin with the query, so nobody can tell which was meant.
    """
    meant = misspelt_for(connection, words[-1], False, MOST_CANDIDATES, 1)
    phrases = [[*words[:-1], *word.terms] for word in meant if word.cost <= 1 + OTHER_START]
    third = numbers[FEW - 1]
    famous = exact(connection, phrases, 1)
    return [number for number in famous if number < third and number not in numbers]


def _meant(connection: sqlite3.Connection, words: list[str], known: dict[str, float]) -> list[int]:
    """The titles that may have been meant, where hardly any title holds the words as typed."""
    if len(words) > 1 and YEAR.fullmatch(words[-1]):
        dated = _dated(connection, words[:-1], int(words[-1]))
        if dated:
            return dated
    return corrected(connection, words, known)


def _dated(connection: sqlite3.Connection, words: list[str], year: int) -> list[int]:
    """The titles from this year, give or take one, that the words before the year mean."""
    numbers = matching(connection, " AND ".join(map(term, words)), MOST_DATED)
    dated = of_year(connection, numbers, year)
    if dated:
        return dated
    numbers = corrected(connection, words, known_words(connection, words))
    return of_year(connection, numbers, year)
