"""Search: the titles that a query may mean, even if it is unfinished, misspelt or reworded.

A query is first taken literally: titles that equal it come first, then titles that hold its words,
the last one as a prefix, the most voted first. Numbers, short forms and "and" may be written in
another way: see wording.py. Where hardly any title matches, words may also be those of the people
of a title, a year may stand anywhere, and correct.py corrects the query. As a last resort, words
are left out. Every step is bounded: no query takes long, and a large release takes little longer
than a small one. What of a name is indexed belongs in text.py.
"""

import re
import sqlite3
from collections.abc import Container, Iterator
from itertools import combinations
from typing import NamedTuple

from rec_platform.release.correct import MOST_CANDIDATES, corrected
from rec_platform.release.queries import (
    begins_a_title,
    exact,
    known_words,
    matching,
    of_id,
    of_key,
    of_year,
)
from rec_platform.release.spelling import OTHER_START, misspelt_for, term
from rec_platform.release.text import ARTICLES, PERSON, search_key
from rec_platform.release.wording import reworded

FEW = 3  # with fewer answers than this, the query is corrected
MOST_WORDS = 24
MOST_WORDS_TO_LEAVE = 6  # of a longer query none is left out
MOST_DATED = 1_500  # titles among which a year is looked for
LONGEST_SPACED = 10  # letters of "MASH", which may be "M*A*S*H"
YEAR = re.compile(r"(18|19|20)\d\d")
TITLE_ID = re.compile(r"\btt(\d{1,12})\b", re.IGNORECASE)
# What people say beside a title. A title that has the word is found all the same.
BESIDE = {"movie", "film", "imdb", "trailer", "watch", "online", "free", "full", "streaming", "dvd"}


class Found(NamedTuple):
    """The numbers of the titles that a query may mean, best first, and its words left out."""

    numbers: list[int]
    left_out: list[str]


class _Query(NamedTuple):
    """The words of a query.

    Attributes:
        words: as they were typed.
        compared: as titles are compared, see reworded().
        known: those of both that titles have, and those that people have, marked: known_words().
    """

    words: list[str]
    compared: list[str]
    known: dict[str, float]


def search(connection: sqlite3.Connection, query: str, limit: int) -> Found:
    """Find the titles that a query may mean.

    Args:
        connection: a lookup.
        query: as somebody typed it, finished or not; or an id or an address of IMDb.
        limit: how many at most.
    """
    if (asked := TITLE_ID.search(query)) and (number := of_id(connection, asked[1])):
        return Found([number], [])
    words = search_key(query).split()[:MOST_WORDS]
    if not words:  # "$$$" is a title, too
        key = query.strip().casefold().encode(errors="ignore").decode()
        return Found(of_key(connection, key, limit), [])
    wanted = max(limit, FEW)
    asked_for = _query(connection, words)
    equal, numbers = _direct(connection, asked_for, wanted)
    said = words if numbers else [word for word in words if word not in BESIDE]
    if 0 < len(said) < len(words):
        rest = _query(connection, said)
        if numbers := _corrected(connection, rest, *_direct(connection, rest, wanted)):
            return Found(numbers[:limit], [word for word in words if word in BESIDE])
    if numbers := _corrected(connection, asked_for, equal, numbers):
        return Found(numbers[:limit], [])
    numbers, left_out = _without_some(connection, asked_for, wanted)
    return Found(numbers[:limit], left_out)


def _query(connection: sqlite3.Connection, words: list[str]) -> _Query:
    compared = reworded(words)
    others = [PERSON + word for word in words] + (words if compared != words else [])
    return _Query(words, compared, known_words(connection, _telling(compared), others))


def _direct(
    connection: sqlite3.Connection, query: _Query, wanted: int
) -> tuple[list[int], list[int]]:
    """The titles that equal a query, and all that fit it without a correction, best first."""
    words, compared, known = query
    phrasings = [words] if words == compared else [words, compared]
    # Finding out that a word is unknown is much quicker than a search for titles that have it.
    fitting = [phrasing for phrasing in phrasings if known.keys() >= {*_telling(phrasing)}]
    is_spaced = len(words) == 1 and len(words[0]) <= LONGEST_SPACED
    phrases = [*fitting, [*words[0]]] if is_spaced else fitting
    equal = exact(connection, phrases, wanted) if phrases else []
    numbers = equal
    if fitting:
        match = " OR ".join(f"({_all_of(phrasing)})" for phrasing in fitting)
        numbers = [*dict.fromkeys((*equal, *matching(connection, match, wanted)))]
    if not equal and len(numbers) < FEW:
        numbers = [*dict.fromkeys((*numbers, *_of_people(connection, words, known, wanted)))]
    return equal, numbers or next(filter(None, _dated(connection, words, known)), numbers)


def _dated(
    connection: sqlite3.Connection, words: list[str], known: Container[str]
) -> Iterator[list[int]]:
    """For each year in a query: the titles from then that hold the other words."""
    for year, others in _years(words):
        held = " AND ".join(map(term, others))
        is_known = all(word in known for word in others)
        numbers = matching(connection, held, MOST_DATED) if is_known else []
        numbers = numbers or _of_people(connection, others, known, MOST_DATED)
        yield of_year(connection, numbers, year)


def _corrected(
    connection: sqlite3.Connection, query: _Query, equal: list[int], numbers: list[int]
) -> list[int]:
    """What fits a query, and what it may have meant instead, where hardly anything fits."""
    words = query.words
    is_one_word = len(words) == 1 or (len(words) == 2 and words[0] in ARTICLES)
    if len(numbers) >= FEW:
        if is_one_word and not equal:
            numbers[FEW - 1 : FEW - 1] = _more_famous(connection, words, numbers)
    elif not numbers or is_one_word or not begins_a_title(connection, query.compared):
        numbers += [number for number in _meant(connection, query) if number not in numbers]
    return numbers


def _telling(words: list[str]) -> list[str]:
    """The words without repetitions and articles; the last is kept, for it may be unfinished."""
    *others, last = words
    return [*dict.fromkeys(word for word in others if word not in ARTICLES), last]


def _all_of(words: list[str]) -> str:
    """A full-text query for all these words, the last as a prefix."""
    *others, last = words
    return " AND ".join([*dict.fromkeys(map(term, others)), f"{term(last)}*"])


def _of_people(
    connection: sqlite3.Connection, words: list[str], known: Container[str], wanted: int
) -> list[int]:
    """The titles of which each word is in a name, or in that of somebody who is credited.

    The last word may be the beginning of a person's name if another word is of one, too.
    """
    *others, last = dict.fromkeys(words)
    named = [word for word in words if PERSON + word in known and word not in ARTICLES]
    if not named or any(word not in known and word not in named for word in others):
        return []
    beginning = "" if last in named else "*"
    either = [f"({term(word)} OR {term(PERSON + word)})" for word in others]
    either.append(f"({term(last)}{beginning} OR {term(PERSON + last)}{beginning})")
    return matching(connection, " AND ".join(either), wanted)


def _more_famous(connection: sqlite3.Connection, words: list[str], numbers: list[int]) -> list[int]:
    """A one-word title that the query may be a misspelling of, if it is more famous than the third.

    The titles found so far only begin with the query, so nobody can tell which was meant.
    """
    meant = misspelt_for(connection, words[-1], False, MOST_CANDIDATES, 1)
    phrases = [[*words[:-1], *word.terms] for word in meant if word.cost <= 1 + OTHER_START]
    third = numbers[FEW - 1]
    famous = exact(connection, phrases, 1)
    return [number for number in famous if number < third and number not in numbers]


def _meant(connection: sqlite3.Connection, query: _Query) -> list[int]:
    """The titles that may have been meant, where hardly any title holds the words."""
    for year, others in _years(query.compared):
        numbers = corrected(connection, others, known_words(connection, others))
        if dated := of_year(connection, numbers, year):
            return dated
    numbers = corrected(connection, _telling(query.compared), query.known)
    if not numbers and query.words != query.compared:  # "theb one collector", say
        telling = _telling(query.words)
        numbers = corrected(connection, telling, known_words(connection, telling))
    return numbers


def _years(words: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The years in a query, wherever they stand, each with the other words."""
    for at, word in enumerate(words):
        others = [*words[:at], *words[at + 1 :]]
        if others and YEAR.fullmatch(word):
            yield int(word), _telling(others)


def _without_some(
    connection: sqlite3.Connection, query: _Query, wanted: int
) -> tuple[list[int], list[str]]:
    """The titles that fit all words but one, or but two, and the words that are left out.

    Those words are left out whose lack leaves a whole title or, if none does, the most voted one.
    """
    words, _, known = query
    for count in (1, 2) if len(words) <= MOST_WORDS_TO_LEAVE else ():
        best: tuple[tuple[bool, int], list[int], list[str]] | None = None
        for places in combinations(range(len(words)), count):
            others = [word for at, word in enumerate(words) if at not in places]
            if all(word in ARTICLES for word in others):
                continue
            rest = _Query(others, reworded(others), known)
            equal, numbers = _direct(connection, rest, wanted)
            if numbers and (best is None or (not equal, numbers[0]) < best[0]):
                best = (not equal, numbers[0]), numbers, [words[at] for at in places]
        if best:
            return best[1:]
    return [], []
