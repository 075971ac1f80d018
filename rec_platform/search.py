"""Search: how a query finds titles, though it is cut short, misspelt or put in other words.

Belongs here: what of a name is indexed, and how a query is answered from that. Does not belong: the
tables and who fills them (see lookup.py). Standard library only, for the site imports it.

A query is first taken at its word: titles that are exactly it, then those that hold its words, the
last one as a prefix, the most voted first. Only where that finds hardly anything its words are
corrected. Misspelt words are found by what is left of them when letters are deleted, from them and
from the words of the release alike (the symmetric delete algorithm of Garbe, 2012), and ranked by
optimal string alignment distance. Everything is bounded: no query can take long, and one takes
little longer in a release of many titles than of few.
"""

import math
import re
import sqlite3
import unicodedata
from collections.abc import Collection, Container, Iterable, Iterator
from itertools import chain, combinations, islice, pairwise, product
from typing import NamedTuple

FORM_LENGTH = 7  # letters of a word that its forms are made of
TWO = "\ue000"  # before a form without two letters; no word has it
FEW = 3  # answers that make it worth while to ask what was meant
MOST_WORDS = 24
MOST_CORRECTED = 6  # words
LONGEST_CORRECTED = 24  # letters
MOST_CANDIDATES = 80  # words to compare with those of one query
MOST_ALTERNATIVES = 24  # to a word
MOST_PHRASES = 60  # of alternatives, that may be titles
MOST_TITLES = 60  # to rank
MOST_DATED = 1_500  # titles to look for a year in
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
    found = exact = _exact(connection, [words], wanted)
    if exact or _are_words(connection, words):
        matching = _matching(connection, _match_as_typed(words), wanted)
        found = [*dict.fromkeys((*exact, *matching))]
    is_one_word = len(words) == 1 or (len(words) == 2 and words[0] in ARTICLES)
    is_beginning = 0 < len(found) < FEW and not is_one_word and _begins_a_title(connection, words)
    if len(found) < FEW and not is_beginning:
        found += [number for number in _meant(connection, words) if number not in found]
    elif is_one_word and not exact:
        found[FEW - 1 : FEW - 1] = _more_famous(connection, words, found)
    return found[:limit]


def _more_famous(connection: sqlite3.Connection, words: list[str], found: list[int]) -> list[int]:
    """The title of one word that may be misspelt, where it is but the beginning of those found.

    Nobody can tell which was meant, so a title that is more famous than these has a place, too.
    """
    alternatives = _alternatives(connection, words[-1], False, MOST_CANDIDATES, 1)
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
        SELECT number FROM titles WHERE search_key IN ({placeholders(keys)})
        ORDER BY number LIMIT ?
    """
    return [number for (number,) in connection.execute(sql, (*keys, limit))]


def _are_words(connection: sqlite3.Connection, words: list[str]) -> bool:
    """Whether titles have each of these words, and the last one or one that begins so.

    It is much quicker to tell than to look for titles that have all of them.
    """
    *others, last = words
    if others and len(_vocabulary(connection, {*others})) < len({*others}):
        return False
    return last in NUMERALS or _begins_a_word(connection, last)


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


class _Alternative(NamedTuple):
    """What a word of the query may have been meant as, and how far that is from what was typed."""

    terms: tuple[str, ...]  # words of the title, one unless the query joined them
    cost: float
    is_prefix: bool = False

    def match(self) -> str:
        text = " AND ".join(map(_term, self.terms)) + ("*" if self.is_prefix else "")
        return f"({text})" if len(self.terms) > 1 else text


_Reading = list[list[_Alternative]]  # for each word what it may mean, the nearest first


class _Found(NamedTuple):
    """The titles that fit, best first, and how far the nearest is, whatever its fame."""

    numbers: list[int]
    cost: float


NOTHING = _Found([], math.inf)


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
    found = _matching(connection, " AND ".join(map(_term, words)), MOST_DATED)
    dated = _of_year(connection, found, year)
    return dated or _of_year(connection, _corrected(connection, words), year)


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


def _corrected(connection: sqlite3.Connection, words: list[str]) -> list[int]:
    """The titles that hold the words as they may have been meant, best first.

    Words that no title has are corrected alone at first, as the others are likely to be right. More
    than one mistake in a word is looked for only where one explains no title but by another name.
    """
    *others, last = words
    vocabulary = _vocabulary(connection, [*words, *map("".join, pairwise(words))])
    if last not in vocabulary and _begins_a_word(connection, last):
        vocabulary[last] = math.inf
    literal = [_Alternative((word,), 0) for word in others] + [_Alternative((last,), 0, True)]
    typed = [[one] if one.terms[0] in vocabulary else [] for one in literal]
    respaced = [*_joined(connection, words, typed, vocabulary), *_split(connection, words, typed)]
    unknown = [at for at, found in enumerate(typed) if not found]
    # A word that no well-known title has is more likely to be wrong than others.
    known = [at for at, found in enumerate(typed) if found]
    known.sort(key=lambda at: -vocabulary[words[at]])
    reading = list(typed)
    for group in (unknown, known[:2], known[2:]):
        best = NOTHING
        doubted = group[:MOST_CORRECTED]
        # A beginning of six letters may have one wrong and lack the next.
        long = [at for at in doubted if len(words[at]) + (at == len(others)) >= FORM_LENGTH]
        for most, asked in ((1, doubted), (2, long)):
            if not asked or best.cost < OTHER_NAME:
                break
            for at in asked:
                share = MOST_CANDIDATES // len(doubted)
                meant = _alternatives(connection, words[at], at == len(others), share, most)
                reading[at] = typed[at] + meant
            found = _ranked(connection, [one for one in (reading, *respaced) if all(one)])
            best = min(best, found, key=lambda one: one.cost)
            respaced = []  # they were of no use
        if best.numbers or not all(reading):
            return best.numbers
    return []


def _vocabulary(connection: sqlite3.Connection, words: Collection[str]) -> dict[str, float]:
    """Those of the words that titles have, with their numbers: a high one is of no famous title."""
    sql = f"SELECT word, number FROM words WHERE word IN ({placeholders(words)})"
    return dict(connection.execute(sql, tuple(words)))


def _begins_a_word(connection: sqlite3.Connection, start: str) -> bool:
    sql = "SELECT 1 FROM words WHERE word >= ? AND word < ? LIMIT 1"
    return connection.execute(sql, (start, f"{start}\U0010ffff")).fetchone() is not None


def _any(group: list[_Alternative]) -> str:
    return "(" + " OR ".join(one.match() for one in group) + ")"


def _joined(
    connection: sqlite3.Connection, words: list[str], typed: _Reading, vocabulary: Container[str]
) -> Iterator[_Reading]:
    """The query with two words written as one."""
    for at, whole in enumerate(map("".join, pairwise(words))):
        is_last = at == len(words) - 2
        if whole in vocabulary or (is_last and _begins_a_word(connection, whole)):
            yield [*typed[:at], [_Alternative((whole,), APART, is_last)], *typed[at + 2 :]]


def _split(connection: sqlite3.Connection, words: list[str], typed: _Reading) -> Iterator[_Reading]:
    """The query with a word written as two."""
    for place, word in enumerate(words[:MOST_CORRECTED]):
        others = [*typed[:place], *typed[place + 1 :]]
        if not all(others):
            continue
        is_last = place == len(words) - 1
        halves = [(word[:at], word[at:]) for at in range(1, min(len(word), LONGEST_CORRECTED))]
        vocabulary = _vocabulary(connection, {half for pair in halves for half in pair})
        meant = [
            _Alternative((start, end), APART, is_last)
            for start, end in halves
            if start in vocabulary
            and (end in vocabulary or (is_last and _begins_a_word(connection, end)))
        ]
        yield [*typed[:place], meant, *typed[place + 1 :]]


def _alternatives(
    connection: sqlite3.Connection, word: str, is_last: bool, limit: int, most: int
) -> list[_Alternative]:
    """The words of the release that a word may be misspelt for, the nearest first.

    Args:
        connection: a lookup.
        word: as it was typed.
        is_last: whether it may be unfinished.
        limit: how many words to compare it with.
        most: letters that may be wrong or lacking, 1 or 2; in a short word but one is wrong.
    """
    found = [_Alternative((other,), UNSAID) for other in NUMERALS.get(word, ())]
    if len(word) > LONGEST_CORRECTED:
        return found
    # Of a short beginning of a word the forms are beginnings of that word's forms.
    is_beginning = is_last and 4 <= len(word) < FORM_LENGTH - 1
    match = " OR ".join(f'"{form}"' + "*" * is_beginning for form in forms_of(word, most))
    rows = connection.execute(
        """
        SELECT number, word FROM words WHERE number IN (
            SELECT rowid FROM word_search WHERE word_search MATCH ? ORDER BY rowid LIMIT ?
        ) ORDER BY number
        """,
        (match, limit),
    )
    most = min(most, _errors(word))
    middle = len(word) // 2
    start, end = word[:middle], word[middle + 1 :]
    costed: list[tuple[float, int, str]] = []
    for number, other in rows:
        lacking = len(other) - len(word)
        if other == word or lacking < -most or (lacking > most and not is_last):
            continue
        # One mistake leaves one half as it is: a quick look before a closer one.
        if most == 1 and not (other.startswith(start) or end in other[middle : len(word) + 1]):
            continue
        whole, beginning = distances(word, other, most)
        cost = OTHER_START * (word[0] != other[0])
        if whole <= most:
            costed.append((whole + cost, number, other))
        elif is_last and beginning <= 1:
            costed.append((beginning + cost + UNFINISHED, number, other))
    if len(costed) > MOST_ALTERNATIVES:
        costed.sort(key=lambda one: one[0] + FAME * math.log2(one[1]))
    found += [_Alternative((other,), cost) for cost, _, other in costed[:MOST_ALTERNATIVES]]
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
    sql = f"SELECT number, search_key FROM titles WHERE number IN ({placeholders(numbers)})"
    costs = {
        number: _cost(key.split(), readings) for number, key in connection.execute(sql, numbers)
    }
    ranked = sorted(costs, key=lambda number: (costs[number] + FAME * math.log2(number), number))
    return _Found(ranked, min(costs.values(), default=math.inf))


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
    *others, last = one.terms
    is_held = last in title or (one.is_prefix and any(word.startswith(last) for word in title))
    return is_held and all(term in title for term in others)
