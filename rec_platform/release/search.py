"""Search: how a query finds titles, though it is cut short, misspelt or put in other words.

Belongs here: what of a name is indexed, and how a query is answered from that. Does not belong:
what a single word may be misspelt for (see alternatives.py), the tables and who fills them (see
lookup.py). Standard library only, for the site imports it.

A query is first taken at its word: titles that are exactly it, then those that hold its words, the
last one as a prefix, the most voted first. Where that finds hardly anything it is corrected, in the
quickest way that finds something: where few titles hold the words that are known, the others are
looked for in these; spaces are moved; at last words are compared with all that the release has (see
alternatives.py). Everything is bounded: no query can take long, and one takes little longer in a
release of many titles than of few.
"""

import math
import re
import sqlite3
import unicodedata
from collections.abc import Collection, Container, Iterable, Iterator
from itertools import chain, islice, pairwise, product
from typing import NamedTuple

from rec_platform.release.spelling import (
    FAME,
    FORM_LENGTH,
    LONGEST_CORRECTED,
    NUMERALS,
    OTHER_START,
    UNSAID,
    Alternative,
    misspelt_for,
    nearest,
    term,
)

FEW = 3  # answers that make it worth while to ask what was meant
MOST_WORDS = 24
MOST_CORRECTED = 6  # words
MOST_CANDIDATES = 80  # words of the release to compare with those of one query
MOST_PHRASES = 60  # of alternatives, that may be titles
MOST_TITLES = 60  # to rank
FEW_TITLES = 16  # to look through for what the words may be misspelt for
MOST_DATED = 1_500  # titles to look for a year in
ARTICLES = ("the", "a", "an")
YEAR = re.compile(r"(18|19|20)\d\d")
# Letters that do not come apart into a plain one and its accent.
PLAIN = str.maketrans("øłđðı", "olddi") | {ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"}
# Chinese and Japanese put no spaces between words: each character is one.
WITHOUT_SPACES = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"[{WITHOUT_SPACES}]|[^\W_{WITHOUT_SPACES}]+")

# Costs: 1 is one misspelt letter in the middle of a word.
APART = 0.4  # words joined or split, or a space a letter off
OTHER_NAME = 2.1  # at least, by a name that is not the title: how far that is, is not known
FURTHER = 1  # than what was found by another name could be by its own
NOT_ALL = 0.3  # the title has more words than were asked for
EXTRA_WORD = 0.05  # each of them
MOST_EXTRA = 0.6


# What is indexed


def search_key(text: str) -> str:
    """A title as people type it: lower case, no accents, no punctuation.

    >>> search_key("Amélie: L'Été")
    'amelie l ete'
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
        return " ".join(WORD.findall(text.casefold().translate(PLAIN)))
    return " ".join(WORD.findall(text.casefold()))


def search_names(text: str) -> str:
    """What a name is found by: its key, and how else people write it.

    >>> search_names("Spider-Man & Co.")
    'spider man co spiderman and'
    """
    key = search_key(text)
    if key == text.casefold():
        return key
    words = [key]
    for chunk in text.split():
        joined = search_key(chunk).split()
        if len(joined) > 1 and not re.search(f"[{WITHOUT_SPACES}]", chunk):
            words.append("".join(joined))
    if "&" in text:
        words.append("and")
    return " ".join(words)


# How a query is answered


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
    # It is much quicker to tell that a word is none than to look for titles that have it.
    known = _known(connection, telling)
    wanted = max(limit, FEW)
    exact, found = [], []
    if known.keys() >= {*telling}:
        exact = _exact(connection, [words], wanted)
        matching = _matching(connection, _match_as_typed(words), wanted)
        found = [*dict.fromkeys((*exact, *matching))]
    is_one_word = len(words) == 1 or (len(words) == 2 and words[0] in ARTICLES)
    is_beginning = 0 < len(found) < FEW and not is_one_word and _begins_a_title(connection, words)
    if len(found) < FEW and not is_beginning:
        found += [one for one in _meant(connection, telling, known) if one not in found]
    elif is_one_word and not exact:
        found[FEW - 1 : FEW - 1] = _more_famous(connection, words, found)
    return found[:limit]


def _more_famous(connection: sqlite3.Connection, words: list[str], found: list[int]) -> list[int]:
    """The title of one word that may be misspelt, where it is but the beginning of those found.

    Nobody can tell which was meant, so a title that is more famous than these has a place, too.
    """
    meant = misspelt_for(connection, words[-1], False, MOST_CANDIDATES, 1)
    phrases = [[*words[:-1], *one.terms] for one in meant if one.cost <= 1 + OTHER_START]
    exact = _exact(connection, phrases, 1)
    return [number for number in exact if number < found[FEW - 1] and number not in found]


def _exact(connection: sqlite3.Connection, phrases: Iterable[list[str]], limit: int) -> list[int]:
    """The titles that are one of these, whatever their article; the most voted first."""
    keys: set[str] = set()
    for words in phrases:
        bare = " ".join(words[1:] if words[0] in ARTICLES and len(words) > 1 else words)
        keys |= {" ".join(words), bare, *(f"{article} {bare}" for article in ARTICLES)}
    sql = f"""
        SELECT number FROM titles WHERE search_key IN ({placeholders(keys)})
        ORDER BY number LIMIT ?
    """
    return [number for (number,) in connection.execute(sql, (*keys, limit))]


def _begins_a_title(connection: sqlite3.Connection, words: list[str]) -> bool:
    """Whether these words are how a title begins, with or without its article."""
    typed = " ".join(words)
    sql = "SELECT 1 FROM titles WHERE search_key >= ? AND search_key < ? LIMIT 1"
    starts = [typed, *(f"{article} {typed}" for article in ARTICLES)]
    ranges = [(start, f"{start}\U0010ffff") for start in starts]
    return any(connection.execute(sql, found).fetchone() for found in ranges)


def _match_as_typed(words: list[str]) -> str:
    """A full-text query for all these words, the last as a prefix."""
    *others, last = words
    terms = list(dict.fromkeys(map(term, others)))
    if others and last in NUMERALS:
        terms.append(f'("{last}"* OR {" OR ".join(map(term, NUMERALS[last]))})')
    else:
        terms.append(f'"{last}"*')
    return " AND ".join(terms)


def _matching(connection: sqlite3.Connection, match: str, limit: int) -> list[int]:
    """The titles that a full-text query finds, the most voted first."""
    sql = "SELECT rowid FROM title_search WHERE title_search MATCH ? ORDER BY rowid LIMIT ?"
    return [number for (number,) in connection.execute(sql, (match, limit))]


_Reading = list[list[Alternative]]  # for each word what it may mean, the nearest first


class _Found(NamedTuple):
    """The titles that fit, best first, and how far the nearest is, whatever its fame."""

    numbers: list[int]
    cost: float


NOTHING = _Found([], math.inf)


def _meant(connection: sqlite3.Connection, words: list[str], known: dict[str, float]) -> list[int]:
    """The titles that may have been meant, where hardly any holds the words as typed."""
    if len(words) > 1 and YEAR.fullmatch(words[-1]):
        found = _dated(connection, words[:-1], int(words[-1]))
        if found:
            return found
    return _corrected(connection, words, known)


def _dated(connection: sqlite3.Connection, words: list[str], year: int) -> list[int]:
    """The titles of about this year."""
    found = _matching(connection, " AND ".join(map(term, words)), MOST_DATED)
    dated = _of_year(connection, found, year)
    if dated:
        return dated
    return _of_year(connection, _corrected(connection, words, _known(connection, words)), year)


def _of_year(connection: sqlite3.Connection, numbers: list[int], year: int) -> list[int]:
    # Written out: there may be more than an older SQLite takes as parameters.
    sql = f"""
        SELECT number FROM titles
        WHERE number IN ({", ".join(map(str, numbers))}) AND year BETWEEN ? AND ?
        ORDER BY year <> ?, number
    """
    return [number for (number,) in connection.execute(sql, (year - 1, year + 1, year))]


def placeholders(values: Collection[object]) -> str:
    """As many question marks: of queries that read the same, the compiled statement is kept."""
    return ", ".join("?" * len(values))


def _corrected(
    connection: sqlite3.Connection, words: list[str], known: dict[str, float]
) -> list[int]:
    """The titles that hold the words as they may have been meant, best first."""
    *others, last = words
    literal = [Alternative((word,), 0) for word in others] + [Alternative((last,), 0, True)]
    typed = [[one] if one.terms[0] in known else [] for one in literal]
    if typed.count([]) > MOST_CORRECTED:
        return []
    joined = [*_joined(connection, words, typed, known)]
    if not joined and (few := _of_few(connection, words, typed)):
        return few
    respaced = [*joined, *_respaced(connection, words, typed, 2)]
    found = _ranked(connection, respaced)
    if found.cost <= APART:  # all of a title, but for the spaces
        return found.numbers
    respaced += _respaced(connection, words, typed, 1)
    return _misspelt(connection, words, known, typed, respaced)


def _misspelt(
    connection: sqlite3.Connection,
    words: list[str],
    known: dict[str, float],
    typed: _Reading,
    respaced: list[_Reading],
) -> list[int]:
    """The titles that hold what the words may be misspelt for, best first.

    Words that no title has are corrected alone at first, as the others are likely to be right. More
    than one mistake in a word is looked for only where one explains no title but by another name.
    """
    wrong = [at for at, found in enumerate(typed) if not found]
    # A word that no well-known title has is more likely to be wrong than others.
    doubtful = [at for at, found in enumerate(typed) if found]
    doubtful.sort(key=lambda at: -known[words[at]])
    last = len(words) - 1
    reading = list(typed)
    for group in (wrong, doubtful[:2], doubtful[2:]):
        best = NOTHING
        doubted = group[:MOST_CORRECTED]
        # A beginning of six letters may have one wrong and lack the next.
        long = [at for at in doubted if len(words[at]) + (at == last) >= FORM_LENGTH]
        for most, asked in ((1, doubted), (2, long)):
            if not asked or best.cost < OTHER_NAME:
                break
            for at in asked:
                share = MOST_CANDIDATES // len(doubted)
                meant = misspelt_for(connection, words[at], at == last, share, most)
                reading[at] = typed[at] + meant
            readings = [reading, *respaced] if all(reading) else respaced
            best = min(best, _ranked(connection, readings), key=lambda one: one.cost)
            respaced = []  # they were of no use
        if best.numbers or not all(reading):
            return best.numbers
    return []


def _of_few(connection: sqlite3.Connection, words: list[str], typed: _Reading) -> list[int]:
    """The titles that fit, best first, where few titles hold the words that are known.

    It is quicker to look through these than for all that the others may be misspelt for.
    """
    if all(typed) or not any(typed):
        return []
    match = " AND ".join(one.match() for found in typed for one in found)
    numbers = _matching(connection, match, FEW_TITLES + 1)
    if not 0 < len(numbers) <= FEW_TITLES:
        return []
    titles = _titles(connection, numbers)
    held: dict[str, int] = {}
    for number, title in titles.items():
        held |= dict.fromkeys(set(title) - held.keys(), number)  # of the best known
    for most in (1, 2):
        reading = [
            found or _meant_of(held, word, at == len(words) - 1, most)
            for at, (word, found) in enumerate(zip(words, typed, strict=True))
        ]
        costs = {number: _reading_cost(title, reading) for number, title in titles.items()}
        fits = [cost < math.inf for cost in costs.values()]
        if all(fits):
            return _in_order(costs)
        if any(fits):  # and the others may by another name
            return _ranked(connection, [reading]).numbers
    return []


def _meant_of(held: dict[str, int], word: str, is_last: bool, most: int) -> list[Alternative]:
    """Those of the held words, or of two of them, that a word may have been meant as."""
    halves = ((word[:at], word[at:]) for at in range(1, min(len(word), LONGEST_CORRECTED)))
    split = [
        Alternative((start, end), APART, is_last)
        for start, end in halves
        if start in held and (end in held or (is_last and any(one.startswith(end) for one in held)))
    ]
    return [*split, *nearest(word, is_last, most, held.items())]


def _known(connection: sqlite3.Connection, words: list[str]) -> dict[str, float]:
    """Those of the words, and of two of them in one, that titles have: see _vocabulary().

    The last may be the beginning of a word.
    """
    known = _vocabulary(connection, [*words, *map("".join, pairwise(words))])
    last = words[-1]
    if last not in known and _begins_a_word(connection, last):
        known[last] = math.inf
    return known


def _vocabulary(connection: sqlite3.Connection, words: Collection[str]) -> dict[str, float]:
    """Those of the words that titles have, with their numbers: a high one is of no famous title."""
    sql = f"SELECT word, number FROM words WHERE word IN ({placeholders(words)})"
    return dict(connection.execute(sql, tuple(words)))


def _begins_a_word(connection: sqlite3.Connection, start: str) -> bool:
    sql = "SELECT 1 FROM words WHERE word >= ? AND word < ? LIMIT 1"
    return connection.execute(sql, (start, f"{start}\U0010ffff")).fetchone() is not None


def _any(group: list[Alternative]) -> str:
    return "(" + " OR ".join(one.match() for one in group) + ")"


def _joined(
    connection: sqlite3.Connection, words: list[str], typed: _Reading, known: Container[str]
) -> Iterator[_Reading]:
    """The query with two words written as one."""
    for at, whole in enumerate(map("".join, pairwise(words))):
        before, after = typed[:at], typed[at + 2 :]
        is_last = not after
        if all(before + after) and (
            whole in known or (is_last and _begins_a_word(connection, whole))
        ):
            yield [*before, [Alternative((whole,), APART, is_last)], *after]


def _respaced(
    connection: sqlite3.Connection, words: list[str], typed: _Reading, size: int
) -> Iterator[_Reading]:
    """The query with one word written as two, or the space between two a letter further on or back.

    Args:
        connection: a lookup.
        words: the query.
        typed: the same, where titles have them.
        size: how many of the words are taken together, 1 or 2.
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
            Alternative((start, text[len(start) :]), APART, is_last)
            for start in _starts(connection, text, starts, is_last)
        ]
        if meant:
            yield [*before, meant, *after]


def _starts(
    connection: sqlite3.Connection, text: str, starts: list[str], is_last: bool
) -> list[str]:
    """Those starts of a text that are words before another, or before the beginning of one."""
    sql = f"""
        SELECT word FROM words AS start WHERE word IN ({placeholders(starts)}) AND EXISTS (
            SELECT 1 FROM words
            WHERE word BETWEEN substr(?, length(start.word) + 1)
                AND substr(?, length(start.word) + 1)
        )
    """
    ends = (text, f"{text}\U0010ffff" if is_last else text)
    return [start for (start,) in connection.execute(sql, (*starts, *ends))]


def _ranked(connection: sqlite3.Connection, readings: list[_Reading]) -> _Found:
    """The titles that fit one of the readings, best first."""
    if not readings:
        return NOTHING
    match = " OR ".join(f"({' AND '.join(map(_any, reading))})" for reading in readings)
    numbers = _matching(connection, match, MOST_TITLES)
    if len(numbers) == MOST_TITLES:  # the title itself may be too little known to be among those
        # First where words are joined or split, which is in a few ways.
        meant = chain.from_iterable(product(*reading) for reading in reversed(readings))
        numbers += _exact(connection, map(_phrase, islice(meant, MOST_PHRASES)), MOST_TITLES)
    titles = _titles(connection, numbers)
    least = min(sum(group[0].cost for group in reading) for reading in readings)
    otherwise = max(OTHER_NAME, least + FURTHER)
    costs = {number: _cost(title, readings, otherwise) for number, title in titles.items()}
    return _Found(_in_order(costs), min(costs.values(), default=math.inf))


def _in_order(costs: dict[int, float]) -> list[int]:
    """Titles by how far they are, the better known first of those that are about as far."""
    return sorted(costs, key=lambda number: (costs[number] + FAME * math.log2(number), number))


def _titles(connection: sqlite3.Connection, numbers: list[int]) -> dict[int, list[str]]:
    """The words of titles."""
    sql = f"SELECT number, search_key FROM titles WHERE number IN ({placeholders(numbers)})"
    return {number: key.split() for number, key in connection.execute(sql, numbers)}


def _phrase(chosen: tuple[Alternative, ...]) -> list[str]:
    return [term for one in chosen for term in one.terms]


def _cost(title: list[str], readings: list[_Reading], otherwise: float) -> float:
    """How far a title, in words, is from the query, by the reading that suits it best."""
    cost = min(_reading_cost(title, reading) for reading in readings)
    return otherwise if cost == math.inf else cost


def _reading_cost(title: list[str], reading: _Reading) -> float:
    """How far it is by one reading: infinitely, where it does not hold what each word may mean."""
    cost, used = 0.0, 0
    for group in reading:
        best = next((one for one in group if _holds(title, one)), None)
        if best is None:
            return math.inf
        cost += best.cost + UNSAID * (best.is_prefix and best.terms[-1] not in title)
        used += len(best.terms)
    unused = len(title) - (title[0] in ARTICLES) - used
    return cost + (min(MOST_EXTRA, NOT_ALL + EXTRA_WORD * unused) if unused > 0 else 0)


def _holds(title: list[str], one: Alternative) -> bool:
    *others, last = one.terms
    is_held = last in title or (one.is_prefix and any(word.startswith(last) for word in title))
    return is_held and all(term in title for term in others)
