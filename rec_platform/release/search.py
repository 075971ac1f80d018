"""Search: the titles that a query may mean, even if it is unfinished, misspelt or reworded.

A query is first taken literally: titles that equal it come first, then titles that hold its words,
the last one as a prefix, the most voted first. Numbers, short forms and "and" may be written in
another way: see wording.py. Where hardly any title matches, words may also be those of the people
of a title, a year may stand anywhere, correct.py corrects the query for titles and
misspelt_people.py for people. As a last resort, words are left out: first those that people say
beside a title, then any. Every step is bounded: no query takes long, and a large release takes
little longer than a small one. What of a name is indexed belongs in text.py, which people a query
names in named.py, and how a correction is told in read_as.py.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, combinations, islice
from typing import NamedTuple

from rec_platform.release.beside import said_beside
from rec_platform.release.correct import MOST_CANDIDATES, corrected
from rec_platform.release.misspelt_people import with_names
from rec_platform.release.named import PersonName, named, of_address
from rec_platform.release.queries import (
    begins_a_title,
    exact,
    known_words,
    matching,
    of_id,
    of_key,
    of_year,
    words_of,
    words_of_people,
)
from rec_platform.release.query_words import Query, without_articles, words_without
from rec_platform.release.read_as import words_as_read
from rec_platform.release.spelling import OTHER_START, misspelt_for, term
from rec_platform.release.text import ARTICLES, PERSON, search_key
from rec_platform.release.wording import OFTEN_REWORDED

FEW = 3  # with fewer answers than this, the query is corrected
MOST_WORDS = 24
# Of a query with more known words than these, besides articles, not none, one or two are left out.
MOST_WORDS_TO_LEAVE = (MOST_WORDS, 12, 6)
MOST_BESIDE = 4  # words of a query that may be said beside its title
MOST_YEARS = 2  # of a query: "2019 1917"
MOST_DATED = 1_500  # titles among which a year is looked for
LONGEST_SPACED = 10  # letters of "MASH", which may be "M*A*S*H"
NUMBER = re.compile("1?[0-9]|[ivx]+")  # of a film in its series
ROMAN = re.compile("[ivx]{2,}")
YEAR = re.compile(r"(18|19|20)\d\d")
TITLE_ID = re.compile(r"\btt(\d{1,12})\b", re.IGNORECASE)
Places = tuple[int, ...]  # of words in a query


class Found(NamedTuple):
    """The numbers of the titles that a query may mean, best first, and its words left out.

    `people` are those it names. `read_as` is what it was corrected to, after the query itself if
    some of the titles fit that; it is empty if all do.
    """

    numbers: list[int]
    left_out: list[str]
    people: list[PersonName]
    read_as: list[str]


class _Answers(NamedTuple):
    """The numbers of the titles that a query may mean, best first, and how they were found.

    Attributes:
        numbers: of the titles.
        gone: the words that were left out.
        words: those of the query, with names corrected.
        meant: the titles that fit only what the words may be misspelt for.
    """

    numbers: list[int]
    gone: Places
    words: list[str]
    meant: list[int]


def search(
    connection: sqlite3.Connection, query: str, limit: int, names_people: bool = False
) -> Found:
    """Find the titles that a query may mean.

    Args:
        connection: a lookup.
        query: as somebody typed it, finished or not; or an id or an address of IMDb.
        limit: how many at most.
        names_people: whether to find the people that it names, too.
    """
    if (asked := TITLE_ID.search(query)) and (number := of_id(connection, asked[1])):
        return Found([number], [], [], [])
    if names_people and (pasted := of_address(connection, query)):
        return Found(pasted[1][:limit], [], [pasted[0]], [])
    words = search_key(query).split()[:MOST_WORDS]
    if not words:  # "$$$" is a title, too
        key = query.strip().casefold().encode(errors="ignore").decode()
        return Found(of_key(connection, key, limit), [], [], [])
    asked_for = Query(connection, words)
    numbers, gone, read, meant = _answers(asked_for, max(limit, FEW))
    typed, said = ([*words_without(them, gone)] for them in (words, read))
    left_out = [*dict.fromkeys(words[at] for at in gone if words[at] not in typed)]
    people = named(connection, said, numbers) if names_people else []
    numbers = numbers[:limit]
    read_as = [] if said == typed else [" ".join(said)]
    if corrected := next((number for number in numbers if number in meant), None):
        corrected_to = words_as_read(connection, said, asked_for.known, corrected)
        if corrected_to != said:
            as_typed = [] if numbers[0] in meant else [" ".join(said)]
            read_as = [*as_typed, " ".join(corrected_to)]
    return Found(numbers, left_out, people, read_as)


def _answers(query: Query, wanted: int) -> _Answers:
    """The titles that a query may mean, best first: as it is, corrected, or without some words."""
    words = query.words
    equal, numbers = _direct(query, wanted)
    if numbers:
        meant = _corrected(query, equal, numbers)
        return _Answers(numbers, (), words, meant)
    said = said_beside(words)
    beside = (*chain.from_iterable(said),)
    if meant := _corrected_whole(query, said):
        return _Answers(meant, (), words, meant)
    if best := _best_without(query, _subsets(said[:MOST_BESIDE]), wanted):
        return _Answers(*best, words, [])
    rest = Query(query.connection, [*words_without(words, beside)]) if beside else query
    if found := _sequel(query, beside, wanted) or _corrected_rest(rest, beside, words):
        return found
    if corrected := _with_names(rest):
        words = [corrected.get(word, word) for word in words]
        query = Query(query.connection, words)
        if numbers := _direct(query.without(beside), wanted)[1]:
            return _Answers(numbers, beside, words, [])
    if numbered := _numbered(query, beside, wanted):
        return numbered
    return _Answers(*_without_some(query, beside, wanted), words, [])


def _corrected_whole(query: Query, said: list[Places]) -> list[int]:
    """What a query is misspelt for whose title has a phrase that is mostly said beside titles."""
    phrases = {query.words[at] for places in said if len(places) > 1 for at in places}
    meant = _corrected(query, [], []) if phrases else []
    title = words_of(query.connection, meant[:1]).values()
    return meant if any(phrases.issubset(words) for words in title) else []


def _sequel(query: Query, beside: Places, wanted: int) -> _Answers | None:
    """What a query means without a Roman number, if the rest is a title: "rocky ii".

    A correction would take "ii" for a word of two letters.
    """
    without = _without_number(query, beside, ROMAN)
    if without is None:
        return None
    rest, gone = without
    equal, numbers = _direct(rest, wanted)
    return _Answers(numbers, gone, query.words, []) if equal else None


def _corrected_rest(rest: Query, beside: Places, words: list[str]) -> _Answers | None:
    """What a query is misspelt for, without what is said beside its title."""
    meant = _corrected(rest, [], [])
    return _Answers(meant, beside, words, meant) if meant else None


def _numbered(query: Query, beside: Places, wanted: int) -> _Answers | None:
    """What a query means without a number that its film has not, as "harry poter 3"."""
    without = _without_number(query, beside, NUMBER)
    if without is None:
        return None
    rest, gone = without
    numbers = _direct(rest, wanted)[1]
    meant = [] if numbers else _corrected(rest, [], [])
    found = numbers or meant
    return _Answers(found, gone, query.words, meant) if found else None


def _without_number(
    query: Query, beside: Places, number: re.Pattern[str]
) -> tuple[Query, Places] | None:
    """A query without what is said beside its title and the number at its end, and their places."""
    *places, last = (at for at in range(len(query.words)) if at not in beside)
    if not places or not number.fullmatch(query.words[last]):
        return None
    # Another word is the last one now, so what is known of the words is asked for anew.
    return Query(query.connection, [query.words[at] for at in places]), (*beside, last)


def _with_names(query: Query) -> dict[str, str]:
    """What the words of a query, besides years, are misspelt for if it names somebody."""
    words = [*words_without(query.words, {*_years(query.words)})]
    names = with_names(query.connection, words, query.known, query.of_people)
    return dict(zip(words, names, strict=True)) if names else {}


def _subsets(said: list[Places]) -> Iterator[Places]:
    """The places of one of these, then of two, and so on."""
    for count in range(len(said)):
        for some in combinations(said, count + 1):
            yield (*chain.from_iterable(some),)


def _without_some(query: Query, beside: Places, wanted: int) -> tuple[list[int], Places]:
    """The titles that fit without what is said beside them, unknown words, and up to two others.

    At least half of the words stay, besides those and articles.
    """
    places = {at for at, word in enumerate(query.words) if word not in ARTICLES}.difference(beside)
    known = query.known.keys() | query.of_people | OFTEN_REWORDED
    unknown = [at for at in places if query.words[at] not in known]
    others = sorted(places.difference(unknown))
    gone = (*beside, *unknown)
    for count in range(0 if unknown else 1, len(MOST_WORDS_TO_LEAVE)):
        most = MOST_WORDS_TO_LEAVE[count]
        if len(others) <= most and 2 * (len(unknown) + count) <= len(places):
            left = (tuple(sorted((*gone, *some))) for some in combinations(others, count))
            if best := _best_without(query, left, wanted):
                return best
    return [], ()


def _best_without(
    query: Query, choices: Iterable[Places], wanted: int
) -> tuple[list[int], Places] | None:
    """The titles that fit a query without some of its words, and which words these are.

    Those words are left out whose lack leaves a whole title or, if none does, the fewest; of as
    many, those whose lack leaves the most voted title.
    """
    best: tuple[tuple[bool, int, int], list[int], Places] | None = None
    for places in choices:
        equal, numbers = _direct(query.without(places), wanted)
        if numbers:
            rank = not equal, len(places), numbers[0]
            if best is None or rank < best[0]:
                best = rank, numbers, places
    return best[1:] if best else None


def _direct(query: Query, wanted: int) -> tuple[list[int], list[int]]:
    """The titles that equal a query, and all that fit it without a correction, best first."""
    connection, words, known = query.connection, query.words, query.known
    # Finding out that a word is unknown is much quicker than a search for titles that have it.
    pairs = zip(query.phrasings, query.telling, strict=True)
    fitting = [phrasing for phrasing, telling in pairs if known.keys() >= {*telling}]
    equal: list[int] = []
    numbers: list[int] = []
    if fitting:
        is_spaced = len(words) == 1 and len(words[0]) <= LONGEST_SPACED
        equal = exact(connection, [*fitting, [*words[0]]] if is_spaced else fitting, wanted)
        match = " OR ".join(f"({_all_of(phrasing)})" for phrasing in fitting)
        numbers = [*dict.fromkeys((*equal, *matching(connection, match, wanted)))]
    if not equal and len(numbers) < FEW:
        numbers = [*dict.fromkeys((*numbers, *_with_people(query, wanted)))]
    return equal, numbers or next(filter(None, _dated(query)), numbers)


def _dated(query: Query) -> Iterator[list[int]]:
    """For each year in a query: the titles from then that hold the other words."""
    for at in _years(query.words):
        rest = query.without((at,))
        known = (telling for telling in rest.telling if rest.known.keys() >= {*telling})
        held = [" AND ".join(map(term, telling)) for telling in known]
        numbers = matching(query.connection, " OR ".join(held), MOST_DATED) if held else []
        numbers = numbers or _with_people(rest, MOST_DATED)
        yield of_year(query.connection, numbers, int(query.words[at]))


def _corrected(query: Query, equal: list[int], numbers: list[int]) -> list[int]:
    """What a query may have meant instead, where hardly anything fits it; put into `numbers`."""
    connection, words = query.connection, query.words
    is_one_word = len(words) == 1 or (len(words) == 2 and words[0] in ARTICLES)
    meant: list[int] = []
    if len(numbers) >= FEW:
        if is_one_word and not equal:
            numbers[FEW - 1 : FEW - 1] = meant = _more_famous(connection, words, numbers)
    elif is_one_word or not (equal or (numbers and begins_a_title(connection, query.compared))):
        meant = [number for number in _meant(query) if number not in numbers]
        numbers += meant
    return meant


def _all_of(words: list[str]) -> str:
    """A full-text query for all these words, the last as a prefix."""
    *others, last = words
    return " AND ".join([*dict.fromkeys(map(term, others)), f"{term(last)}*"])


def _with_people(query: Query, wanted: int) -> list[int]:
    """The titles of which each word is in a name, or in that of somebody who is credited."""
    matches = [match for words in query.telling if (match := _of_either(query, words))]
    return matching(query.connection, " OR ".join(matches), wanted) if matches else []


def _of_either(query: Query, words: list[str]) -> str | None:
    """A full-text query for words of a title and of its people; None if none is a person's.

    Articles may be lacking: "the scarface al pacino". The last word may be the beginning of a
    person's name if another word is of one, too.
    """
    *others, last = words
    unknown = [word for word in others if word not in query.known]
    # A misspelt word is soon known to be nobody's.
    if unknown and len(words_of_people(query.connection, unknown)) < len(unknown):
        return None
    named = query.of_people.intersection(words)
    if not named:
        return None
    beginning = "" if last in named else "*"
    either = [f"({term(word)} OR {term(PERSON + word)})" for word in others]
    either.append(f"({term(last)}{beginning} OR {term(PERSON + last)}{beginning})")
    return f"({' AND '.join(either)})"


def _more_famous(connection: sqlite3.Connection, words: list[str], numbers: list[int]) -> list[int]:
    """A one-word title that the query may be a misspelling of, if it is more famous than the third.

    The titles found so far only begin with the query, so nobody can tell which was meant.
    """
    meant = misspelt_for(connection, words[-1], False, MOST_CANDIDATES, 1)
    phrases = [[*words[:-1], *word.terms] for word in meant if word.cost <= 1 + OTHER_START]
    third = numbers[FEW - 1]
    famous = exact(connection, phrases, 1)
    return [number for number in famous if number < third and number not in numbers]


def _meant(query: Query) -> list[int]:
    """The titles that may have been meant, where hardly any title holds the words."""
    connection = query.connection
    for at in _years(query.compared):
        others = without_articles([*words_without(query.compared, (at,))])
        numbers = corrected(connection, others, known_words(connection, others))
        if dated := of_year(connection, numbers, int(query.compared[at])):
            return dated
    numbers = corrected(connection, query.telling[-1], query.known)
    if not numbers and len(query.telling) > 1:  # "theb one collector", say
        typed = query.telling[0]
        numbers = corrected(connection, typed, known_words(connection, typed))
    return numbers


def _years(words: list[str]) -> Iterator[int]:
    """The places of the first years in a query that has other words, too."""
    places = (at for at, word in enumerate(words) if len(words) > 1 and YEAR.fullmatch(word))
    return islice(places, MOST_YEARS)
