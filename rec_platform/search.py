"""Search: how a query finds titles, though it is cut short, misspelt or put in other words.

Belongs here: what of a name is indexed, and how a query is answered from that. Does not belong: the
tables and who fills them (see lookup.py). Standard library only, for the site imports it.

A query is first taken at its word: titles that are exactly it, then those that hold its words, the
last one as a prefix, the most voted first. Only where that finds hardly anything its words are
corrected. Misspelt words are found by what is left of them when letters are deleted, from them and
from the words of the release alike (the symmetric delete algorithm of Garbe, 2012), and ranked by
optimal string alignment distance. Everything is bounded: no query can take long.
"""

import math
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice, pairwise, product

FORM_LENGTH = 7  # letters of a word that its forms are made of
FEW = 3  # answers that make it worth while to ask what was meant
MOST_WORDS = 24
MOST_CORRECTED = 6  # words
LONGEST_CORRECTED = 24  # letters
MOST_CANDIDATES = 80  # words to compare with those of one query
MOST_ALTERNATIVES = 24  # to a word
MOST_PHRASES = 60  # of alternatives, that may be titles
MOST_TITLES = 150  # to rank, or to look for a year in times ten
ARTICLES = ("the", "a", "an")
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
YEAR = re.compile(r"(18|19|20)\d\d")
# Letters that do not come apart into a plain one and its accent.
PLAIN = str.maketrans("øłđðı", "olddi") | {ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"}
# Chinese and Japanese put no spaces between words: each character is one.
WITHOUT_SPACES = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"[{WITHOUT_SPACES}]|[^\W_{WITHOUT_SPACES}]+")

# Costs: 1 is one misspelt letter in the middle of a word.
OTHER_START = 0.3  # people rarely mistake the first letter
UNFINISHED = 0.3  # a misspelt beginning of a word, rather than a misspelt word
UNSAID = 0.1  # a beginning of a word, or a number written in another way
APART = 0.4  # words joined or split
OTHER_NAME = 2.1  # found by a name that is not the title; how far it is, is not known
NOT_ALL = 0.3  # the title has more words than were asked for
EXTRA_WORD = 0.05  # each of them
MOST_EXTRA = 0.6
FAME = 0.08  # the title's number twice as high


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


def forms(word: str) -> set[str]:
    """The word's first letters, and what is left of them without one or, of a long word, two.

    Two words that differ by so many letters have a form in common, wherever they differ.

    >>> sorted(forms("tide"))
    ['ide', 'tde', 'tid', 'tide', 'tie']
    """
    start = word[:FORM_LENGTH]
    return {
        "".join(kept)
        for deleted in range(_errors(word) + 1)
        for kept in combinations(start, len(start) - deleted)
        if kept
    }


def _errors(word: str) -> int:
    """How many letters of a word may be wrong."""
    return 1 if len(word) < FORM_LENGTH else 2


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
    wanted = max(limit, FEW)
    exact = _exact(connection, [words], wanted)
    found = [*dict.fromkeys((*exact, *_matching(connection, _match_as_typed(words), wanted)))]
    is_one_word = len(words) == 1 or (len(words) == 2 and words[0] in ARTICLES)
    if len(found) < FEW and (is_one_word or not _begins_a_title(connection, words)):
        found += [number for number in _meant(connection, words) if number not in found]
    elif is_one_word and not exact:
        found[FEW - 1 : FEW - 1] = _more_famous(connection, words, found)
    return found[:limit]


def _more_famous(connection: sqlite3.Connection, words: list[str], found: list[int]) -> list[int]:
    """The title of one word that may be misspelt, where it is but the beginning of those found.

    Nobody can tell which was meant, so a title that is more famous than these has a place, too.
    """
    alternatives = _alternatives(connection, words[-1], False, MOST_CANDIDATES)
    phrases = [[*words[:-1], *one.terms] for one in alternatives if one.cost <= 1 + OTHER_START]
    exact = _exact(connection, phrases, 1)
    return [number for number in exact if number < found[FEW - 1] and number not in found]


def _exact(connection: sqlite3.Connection, phrases: Iterable[list[str]], limit: int) -> list[int]:
    """The titles that are one of these, whatever their article; the most voted first."""
    keys: set[str] = set()
    for words in phrases:
        bare = " ".join(words[1:] if words[0] in ARTICLES and len(words) > 1 else words)
        keys |= {" ".join(words), bare, *(f"{article} {bare}" for article in ARTICLES)}
    sql = f"""
        SELECT number FROM titles WHERE search_key IN ({", ".join("?" * len(keys))})
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
    terms = list(dict.fromkeys(map(_term, others)))
    if others and last in NUMERALS:
        terms.append(f'("{last}"* OR {" OR ".join(map(_term, NUMERALS[last]))})')
    else:
        terms.append(f'"{last}"*')
    return " AND ".join(terms)


def _term(word: str) -> str:
    return f'"{word}"'


def _matching(connection: sqlite3.Connection, match: str, limit: int) -> list[int]:
    """The titles that a full-text query finds, the most voted first."""
    sql = "SELECT rowid FROM title_search WHERE title_search MATCH ? ORDER BY rowid LIMIT ?"
    return [number for (number,) in connection.execute(sql, (match, limit))]


@dataclass(frozen=True, slots=True)
class _Alternative:
    """What a word of the query may have been meant as, and how far that is from what was typed."""

    terms: tuple[str, ...]  # words of the title, one unless the query joined them
    cost: float
    is_prefix: bool = False

    def match(self) -> str:
        text = " AND ".join(map(_term, self.terms)) + ("*" if self.is_prefix else "")
        return f"({text})" if len(self.terms) > 1 else text


_Reading = list[list[_Alternative]]  # for each word what it may mean, the nearest first


def _meant(connection: sqlite3.Connection, words: list[str]) -> list[int]:
    """The titles that may have been meant, where hardly any holds the words as typed."""
    *others, last = words
    words = [*dict.fromkeys(word for word in others if word not in ARTICLES), last]
    if len(words) > 1 and YEAR.fullmatch(words[-1]):
        found = _dated(connection, words[:-1], int(words[-1]))
        if found:
            return found
    return _corrected(connection, words)


def _dated(connection: sqlite3.Connection, words: list[str], year: int) -> list[int]:
    """The titles of about this year."""
    found = _matching(connection, " AND ".join(map(_term, words)), 10 * MOST_TITLES)
    dated = _of_year(connection, found, year)
    return dated or _of_year(connection, _corrected(connection, words), year)


def _of_year(connection: sqlite3.Connection, numbers: list[int], year: int) -> list[int]:
    sql = f"""
        SELECT number FROM titles
        WHERE number IN ({", ".join(map(str, numbers))}) AND year BETWEEN ? AND ?
        ORDER BY year <> ?, number
    """
    return [number for (number,) in connection.execute(sql, (year - 1, year + 1, year))]


def _corrected(connection: sqlite3.Connection, words: list[str]) -> list[int]:
    """The titles that hold the words as they may have been meant, best first.

    Words that no title has are corrected alone at first: the others are likely to be right.
    """
    *others, last = words
    literal = [*([_Alternative((word,), 0)] for word in others), [_Alternative((last,), 0, True)]]
    places = range(len(words))
    unknown = [at for at in places if not _matching(connection, literal[at][0].match(), 1)]
    # A word that no well-known title has is more likely to be wrong than others.
    rarity = [min(_matching(connection, _term(word), 1), default=math.inf) for word in words]
    known = sorted(set(places) - set(unknown), key=lambda at: -rarity[at])
    reading = list(literal)
    for group in (unknown, known[:2], known[2:]):
        doubted = group[:MOST_CORRECTED]
        for at in doubted:
            share = MOST_CANDIDATES // len(doubted)
            reading[at] = _alternatives(connection, words[at], at == len(others), share)
        if doubted:
            readings = [reading, *_joined(words, literal), *_split(words, literal)]
            found = _ranked(connection, readings)
            if found:
                return found
    return []


def _any(group: list[_Alternative]) -> str:
    return "(" + " OR ".join(one.match() for one in group) + ")"


def _joined(words: list[str], literal: _Reading) -> Iterator[_Reading]:
    """The query with two words written as one."""
    for place, (first, second) in enumerate(pairwise(words)):
        is_last = place == len(words) - 2
        yield [
            *literal[:place],
            [_Alternative((first + second,), APART, is_last)],
            *literal[place + 2 :],
        ]


def _split(words: list[str], literal: _Reading) -> Iterator[_Reading]:
    """The query with a word written as two."""
    for place, word in enumerate(words[:MOST_CORRECTED]):
        is_last = place == len(words) - 1
        halves = [
            _Alternative((word[:at], word[at:]), APART, is_last)
            for at in range(1, min(len(word), LONGEST_CORRECTED))
        ]
        if halves:
            yield [*literal[:place], halves, *literal[place + 1 :]]


def _alternatives(
    connection: sqlite3.Connection, word: str, is_last: bool, limit: int
) -> list[_Alternative]:
    """The word itself and those of the release that it may be misspelt for, the nearest first."""
    found = [_Alternative((word,), 0, is_last)]
    found += [_Alternative((other,), UNSAID) for other in NUMERALS.get(word, ())]
    if len(word) > LONGEST_CORRECTED:
        return found
    # Of a short beginning of a word the forms are beginnings of that word's forms.
    is_beginning = is_last and 4 <= len(word) < FORM_LENGTH - 1
    match = " OR ".join(f'"{form}"' + "*" * is_beginning for form in sorted(forms(word)))
    rows = connection.execute(
        """
        SELECT number, word FROM words WHERE number IN (
            SELECT rowid FROM word_search WHERE word_search MATCH ? ORDER BY rowid LIMIT ?
        ) ORDER BY number
        """,
        (match, limit),
    )
    letters, most = set(word), _errors(word)
    costed: list[tuple[float, int, str]] = []
    for number, other in rows:
        lacking = len(other) - len(word)
        if other == word or len(letters.difference(other)) > most:
            continue
        if lacking < -most or (lacking > most and not is_last):
            continue
        whole, beginning = distances(word, other, most)
        start = OTHER_START * (word[0] != other[0])
        if whole <= most:
            costed.append((whole + start, number, other))
        elif is_last and beginning <= 1:
            costed.append((beginning + start + UNFINISHED, number, other))
    costed.sort(key=lambda one: one[0] + FAME * math.log2(one[1]))
    found += [_Alternative((other,), cost) for cost, _, other in costed[:MOST_ALTERNATIVES]]
    return sorted(found, key=lambda one: one.cost)


def distances(typed: str, word: str, most: int) -> tuple[int, int]:
    """Optimal string alignment distances of what was typed from a word and from its beginning.

    Letters left out, added, replaced, or swapped with the next one count 1 each. What is more than
    `most` may come out as any number above it: only a band of the table is filled.
    """
    far = most + 1
    width = len(word)
    earlier: list[int] = []
    before = [*range(far), *[far] * (width + 1 - far)]
    for place, letter in enumerate(typed, start=1):
        row = [far] * (width + 1)
        if place <= most:
            row[0] = place
        for at in range(max(1, place - most), min(width, place + most) + 1):
            cost = before[at - 1]
            if letter != word[at - 1]:
                cost = min(cost, before[at], row[at - 1]) + 1
                if letter == word[at - 2 : at - 1] and typed[place - 2 : place - 1] == word[at - 1]:
                    cost = min(cost, earlier[at - 2] + 1)
            row[at] = cost
        if min(row) > most:
            return far, far
        earlier, before = before, row
    return before[-1], min(before)


def _ranked(connection: sqlite3.Connection, readings: list[_Reading]) -> list[int]:
    """The titles that fit one of the readings, best first."""
    match = " OR ".join(f"({' AND '.join(map(_any, reading))})" for reading in readings)
    numbers = _matching(connection, match, MOST_TITLES)
    # The title itself, should it be too little known to be among those.
    phrases = (_phrase(chosen) for chosen in islice(product(*readings[0]), MOST_PHRASES))
    numbers += _exact(connection, phrases, MOST_TITLES)
    sql = f"""
        SELECT number, search_key FROM titles WHERE number IN ({", ".join(map(str, numbers))})
    """
    costs = {
        number: _cost(key.split(), readings) + FAME * math.log2(number)
        for number, key in connection.execute(sql)
    }
    return sorted(costs, key=lambda number: (costs[number], number))


def _phrase(chosen: tuple[_Alternative, ...]) -> list[str]:
    return [term for one in chosen for term in one.terms]


def _cost(title: list[str], readings: list[_Reading]) -> float:
    """How far a title, in words, is from the query, by the reading that suits it best."""
    return min(_reading_cost(title, reading) for reading in readings)


def _reading_cost(title: list[str], reading: _Reading) -> float:
    cost, used = 0.0, 0
    for group in reading:
        best = next((one for one in group if _holds(title, one)), None)
        if best is None:
            return OTHER_NAME
        cost += best.cost + UNSAID * (best.is_prefix and best.terms[-1] not in title)
        used += len(best.terms)
    unused = len(title) - (title[0] in ARTICLES) - used
    return cost + (min(MOST_EXTRA, NOT_ALL + EXTRA_WORD * unused) if unused > 0 else 0)


def _holds(title: list[str], one: _Alternative) -> bool:
    if not one.is_prefix:
        return all(term in title for term in one.terms)
    *others, last = one.terms
    return all(term in title for term in others) and any(word.startswith(last) for word in title)
