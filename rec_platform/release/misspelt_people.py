"""People whose names a query misspells: "leonardo dicapro", "kristofer nolan".

A name is compared by how it sounds, for people have heard it: a letter may be wrong besides. What
titles are misspelt for belongs in correct.py, which is asked first.
"""

import json
import re
import sqlite3
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import chain

from rec_platform.release.queries import credits_of, matching, words_of
from rec_platform.release.spelling import distances, term, without_letters
from rec_platform.release.text import ARTICLES, PERSON, search_key

SHORTEST = 3  # letters of a name that is looked for
TELLING = 6  # letters of one that is believed without another name of the same person beside it
MOST_NAMES = 24  # that a word is compared with, those of the most voted titles
MOST_MEANT = 8  # names that a word may be misspelt for
MOST_TITLES = 16  # in which people with these names are looked for
MOST_WORDS = 8  # of a query that names people

SOUNDS = {"ph": "f", "ck": "k", "ch": "k", "c": "k", "q": "k", "x": "ks", "z": "s", "y": "i"}
SOFT_C = re.compile("c(?=[eiy])")
SPELT = re.compile("|".join(SOUNDS))
SILENT = re.compile(r"(?<!^)h")
TWICE = re.compile(r"(.)\1+")

Meant = Mapping[str, dict[str, int]]  # by word: the names, and how many letters differ


def sound(name: str) -> str:
    """Roughly how a name sounds, in letters.

    >>> sound("christopher"), sound("kristofer"), sound("matthew")
    ('kristofer', 'kristofer', 'matew')
    """
    spelt = SPELT.sub(lambda found: SOUNDS[found[0]], SOFT_C.sub("s", name))
    return TWICE.sub(r"\1", SILENT.sub("", spelt))


def deletes_of_name(name: str) -> Iterator[str]:
    """What a word of a person's name is found by, misspelt: its sound, with all letters but one."""
    heard = sound(name)
    if len(heard) >= SHORTEST:
        yield from (PERSON + text for text in without_letters(heard, 1))


def with_names(
    connection: sqlite3.Connection, words: list[str], known: Container[str], of_people: set[str]
) -> list[str] | None:
    """The words of a query with the names that they are misspelt for, or None.

    Names that nobody has are corrected first: the other words are likely to be right.

    Args:
        connection: a lookup.
        words: the query.
        known: those that titles have.
        of_people: those that people have in their names.
    """
    if len(words) > MOST_WORDS:
        return None
    telling = [word for word in words if word not in ARTICLES]
    unknown = [word for word in telling if word not in known and word not in of_people]
    if not unknown:  # whoever types names that people have may mean somebody who is not here
        return None
    others = [word for word in telling if word not in unknown]
    meant = {word: _names_like(connection, word) for word in unknown}
    if not all(meant.values()):
        return None
    if corrected := _credited(connection, words, meant):
        return corrected
    meant |= {word: _names_like(connection, word) for word in others}
    return _credited(connection, words, meant)


def _names_like(connection: sqlite3.Connection, word: str) -> dict[str, int]:
    """The names that a word may be misspelt for: how many letters of their sounds differ."""
    heard = sound(word)
    match = " OR ".join(map(term, deletes_of_name(word)))
    if not match:
        return {}
    sql = """
        SELECT substr(word, 2) FROM words WHERE number IN (
            SELECT rowid FROM word_search WHERE word_search MATCH ? ORDER BY rowid LIMIT ?
        ) ORDER BY number
    """
    names = [name for (name,) in connection.execute(sql, (match, MOST_NAMES)) if name != word]
    costs = {name: distances(heard, sound(name), 1)[0] for name in names}
    near = sorted((name for name in names if costs[name] <= 1), key=lambda name: costs[name])
    return {name: costs[name] for name in near[:MOST_MEANT]}


def _credited(connection: sqlite3.Connection, words: list[str], meant: Meant) -> list[str] | None:
    """The words corrected so that they name somebody who is credited beside them, or None."""
    match = " AND ".join(
        f"({' OR '.join(map(term, (word, *(PERSON + name for name in (word, *names)))))})"
        for word in dict.fromkeys(words)
        if (names := meant.get(word, {})) or word not in ARTICLES
    )
    numbers = matching(connection, match, MOST_TITLES) if match else []
    credited = credits_of(connection, numbers)
    titles = words_of(connection, numbers)
    best: tuple[int, list[str]] | None = None
    for number in numbers:
        people = {name: search_key(name).split() for _, _, name in json.loads(credited[number])}
        said = {*titles[number], *ARTICLES, *chain.from_iterable(people.values())}
        for parts in people.values():
            cost, corrected = _as_named(words, parts, meant)
            if cost and said.issuperset(corrected) and (best is None or cost < best[0]):
                best = cost, corrected
    return best[1] if best else None


def _as_named(words: Sequence[str], parts: list[str], meant: Meant) -> tuple[int, list[str]]:
    """The words corrected to somebody's names, and how far that is; 0 if nobody is meant."""
    corrected: list[str] = []
    cost, matched = 0, 0
    for word in words:
        names = {} if word in parts else meant.get(word, {})
        fitting = [part for part in parts if part in names]
        name = min(fitting, key=lambda part: names[part], default="")
        if name:
            cost += 1 + names[name]
            matched += 1
        matched += word in parts
        corrected.append(name or word)
    # "jim carrey" is not Steve Carell in a film with a Jim.
    is_telling = matched > 1 or all(
        len(word) >= TELLING for word in corrected if word not in ARTICLES
    )
    return (cost if is_telling else 0), corrected
