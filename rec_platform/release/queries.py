"""Questions that a search asks of a lookup, each answered by one indexed SQL statement."""

import math
import sqlite3
from collections.abc import Collection, Iterable
from itertools import pairwise

from rec_platform.release.text import ARTICLES, PERSON


def placeholders(values: Collection[object]) -> str:
    """As many question marks as values. SQLite reuses compiled statements of the same text."""
    return ", ".join("?" * len(values))


def exact(connection: sqlite3.Connection, phrases: Iterable[list[str]], limit: int) -> list[int]:
    """The titles that equal one of these phrases, whatever their article; the most voted first."""
    keys: set[str] = set()
    for words in phrases:
        # The "a" of "A.M." is no article.
        has_article = words[0] in ARTICLES and len(words) > 1 and len(words[0] + words[1]) > 2
        bare = " ".join(words[1:] if has_article else words)
        keys |= {" ".join(words), bare, *(f"{article} {bare}" for article in ARTICLES)}
    sql = f"""
        SELECT number FROM titles WHERE search_key IN ({placeholders(keys)})
        ORDER BY number LIMIT ?
    """
    return [number for (number,) in connection.execute(sql, (*keys, limit))]


def of_id(connection: sqlite3.Connection, digits: str) -> int | None:
    """The title whose id has these digits, with or without zeros before them."""
    ids = {f"tt{digits}", f"tt{digits.lstrip('0').zfill(7)}"}
    sql = f"SELECT number FROM titles WHERE title_id IN ({placeholders(ids)})"
    return next((number for (number,) in connection.execute(sql, (*ids,))), None)


def of_key(connection: sqlite3.Connection, key: str, limit: int) -> list[int]:
    """The titles with this key, the most voted first."""
    sql = "SELECT number FROM titles WHERE search_key = ? ORDER BY number LIMIT ?"
    return [number for (number,) in connection.execute(sql, (key, limit))]


def matching(connection: sqlite3.Connection, match: str, limit: int) -> list[int]:
    """The titles that a full-text query matches, the most voted first."""
    sql = "SELECT rowid FROM title_search WHERE title_search MATCH ? ORDER BY rowid LIMIT ?"
    return [number for (number,) in connection.execute(sql, (match, limit))]


def matches(connection: sqlite3.Connection, match: str, number: int) -> bool:
    """Whether a full-text query matches this title."""
    sql = "SELECT 1 FROM title_search WHERE title_search MATCH ? AND rowid = ?"
    return connection.execute(sql, (match, number)).fetchone() is not None


def begins_a_title(connection: sqlite3.Connection, words: list[str]) -> bool:
    """Whether a title begins with these words, with or without its article."""
    typed = " ".join(words)
    sql = "SELECT 1 FROM titles WHERE search_key >= ? AND search_key < ? LIMIT 1"
    starts = [typed, *(f"{article} {typed}" for article in ARTICLES)]
    bounds = [(start, f"{start}\U0010ffff") for start in starts]
    return any(connection.execute(sql, pair).fetchone() for pair in bounds)


def begins_a_word(connection: sqlite3.Connection, start: str) -> bool:
    """Whether a word of the release begins so."""
    sql = "SELECT 1 FROM words WHERE word >= ? AND word < ? LIMIT 1"
    return connection.execute(sql, (start, f"{start}\U0010ffff")).fetchone() is not None


def of_year(connection: sqlite3.Connection, numbers: list[int], year: int) -> list[int]:
    """Those of the titles that are from this year, then those from the year before or after."""
    # Written into the statement: an older SQLite takes fewer parameters than there may be numbers.
    sql = f"""
        SELECT number FROM titles
        WHERE number IN ({", ".join(map(str, numbers))}) AND year BETWEEN ? AND ?
        ORDER BY year <> ?, number
    """
    return [number for (number,) in connection.execute(sql, (year - 1, year + 1, year))]


def words_of(connection: sqlite3.Connection, numbers: list[int]) -> dict[int, list[str]]:
    """The words of titles, by the titles' numbers."""
    sql = f"SELECT number, search_key FROM titles WHERE number IN ({placeholders(numbers)})"
    return {number: key.split() for number, key in connection.execute(sql, numbers)}


def credits_of(connection: sqlite3.Connection, numbers: Collection[int]) -> dict[int, str]:
    """The credits of titles, as JSON, by the titles' numbers."""
    sql = f"SELECT number, credits FROM titles WHERE number IN ({placeholders(numbers)})"
    return dict(connection.execute(sql, tuple(numbers)))


def names_of(connection: sqlite3.Connection, number: int) -> tuple[str, str, int]:
    """A title's name, its original one, and its year."""
    sql = "SELECT title, original_title, year FROM titles WHERE number = ?"
    return connection.execute(sql, (number,)).fetchone()


def words_of_people(connection: sqlite3.Connection, words: Collection[str]) -> set[str]:
    """Those of the words that people have in their names. No article is one."""
    marked = [PERSON + word for word in words if word not in ARTICLES]
    sql = f"SELECT word FROM words WHERE word IN ({placeholders(marked)})"
    return {word.removeprefix(PERSON) for (word,) in connection.execute(sql, marked)}


def known_words(
    connection: sqlite3.Connection, words: list[str], others: Iterable[str] = ()
) -> dict[str, float]:
    """Those of the words, and of neighbouring words joined, that titles have, with their numbers.

    A high number means that no famous title has the word. The last word may also be the beginning
    of one; its number is then infinite. Others are looked for as they are.
    """
    candidates = [*words, *map("".join, pairwise(words)), *others]
    sql = f"SELECT word, number FROM words WHERE word IN ({placeholders(candidates)})"
    known: dict[str, float] = dict(connection.execute(sql, candidates))
    last = words[-1]
    if last not in known and begins_a_word(connection, last):
        known[last] = math.inf
    return known


def word_starts(
    connection: sqlite3.Connection, text: str, starts: list[str], is_last: bool
) -> list[str]:
    """Those starts of a text that are words, where the rest of the text is a word too.

    Where the text is the last of its query, the rest may also be the beginning of a word.
    """
    sql = f"""
        SELECT word FROM words AS start WHERE word IN ({placeholders(starts)}) AND EXISTS (
            SELECT 1 FROM words
            WHERE word BETWEEN substr(?, length(start.word) + 1)
                AND substr(?, length(start.word) + 1)
        )
    """
    ends = (text, f"{text}\U0010ffff" if is_last else text)
    return [start for (start,) in connection.execute(sql, (*starts, *ends))]
