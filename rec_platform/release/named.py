"""The people that a query names, alone or beside a title.

They are found in the credits of titles that the query finds, so they need no index of their own.
Which titles a query finds belongs in search.py.
"""

import json
import re
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rec_platform.release.queries import credits_of, matching, words_of, words_of_people
from rec_platform.release.rows import decode
from rec_platform.release.spelling import term
from rec_platform.release.text import PERSON, search_key
from rec_platform.release.wording import ALONE

MOST_NAMED = 3
MOST_BESIDE = 3  # titles found, beside whose names people may be named
MOST_ALONE = 16  # titles in which people of these names are looked for
SUFFIXES = {"jr", "sr", "ii", "iii", "iv"}
PERSON_ID = re.compile(r"\bnm\d{1,12}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PersonName:
    """Somebody's id and name."""

    person_id: str
    name: str


class _Match(NamedTuple):
    """Somebody who may be meant, by their whole name or else by their surname alone."""

    person: PersonName
    is_whole: bool


def of_address(connection: sqlite3.Connection, query: str) -> tuple[PersonName, list[int]] | None:
    """Whose id or address of IMDb a query has, and the numbers of their titles; None if nobody's.

    The most voted titles come first.
    """
    if not (asked := PERSON_ID.search(query)):
        return None
    sql = "SELECT person_id, name, credits FROM people WHERE person_id = ?"
    if not (row := connection.execute(sql, (asked[0].lower(),)).fetchone()):
        return None
    return PersonName(*row[:2]), [*dict(decode(row[2])[0])]


def named(connection: sqlite3.Connection, words: list[str], numbers: list[int]) -> list[PersonName]:
    """The people that a query names wholly or, if there are none, by their surnames.

    Those of the first titles come first. Initials may be lacking: "samuel jackson". Several words
    without a title name only somebody who has them all: nobody called Potter is "harry potter".

    Args:
        connection: a lookup.
        words: those of the query that were not left out.
        numbers: the titles that it finds, best first.
    """
    names = words_of_people(connection, words)
    if not names:
        return []
    matches = [*_beside(connection, names, numbers[:MOST_BESIDE])]
    if names.issuperset(words) and not any(match.is_whole for match in matches):
        alone = _alone(connection, names)
        matches += (match for match in alone if match.is_whole or len(names) == 1)
    is_whole = any(match.is_whole for match in matches)
    people = dict.fromkeys(match.person for match in matches if match.is_whole == is_whole)
    return [*people][:MOST_NAMED]


def _beside(
    connection: sqlite3.Connection, names: set[str], numbers: Collection[int]
) -> Iterator[_Match]:
    """The people of these titles whose names have words that the titles themselves lack."""
    unsaid = {
        number: {word for word in names if not _says(title, word)}
        for number, title in words_of(connection, [*numbers]).items()
    }
    yield from _credited(connection, names, {at: unsaid[at] for at in numbers if unsaid[at]})


def _says(title: list[str], word: str) -> bool:
    """Whether a title has a word, in whatever form, or one that begins so."""
    return ALONE.get(word, word) in title or any(other.startswith(word) for other in title)


def _alone(connection: sqlite3.Connection, names: set[str]) -> Iterator[_Match]:
    """The people of the most voted titles whose people have all these words in their names."""
    match = " AND ".join(term(PERSON + word) for word in names)
    numbers = matching(connection, match, MOST_ALONE)
    yield from _credited(connection, names, dict.fromkeys(numbers, names))


def _credited(
    connection: sqlite3.Connection, names: set[str], unsaid: dict[int, set[str]]
) -> Iterator[_Match]:
    """Those of the people of titles who are named, given which words say more than the title."""
    credited = credits_of(connection, unsaid)
    for number, told in unsaid.items():
        for person_id, _, name in json.loads(credited[number]):
            parts = [part for part in search_key(name).split() if part not in SUFFIXES]
            long = {part for part in parts if len(part) > 1} or {*parts}  # without initials
            is_whole = names.issuperset(long) and not told.isdisjoint(long)
            if is_whole or (parts and parts[-1] in told):
                yield _Match(PersonName(person_id, name), is_whole)
