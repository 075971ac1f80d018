"""People whose names a query misspells, alone or beside a title: "leonardo dicapro".

A name is compared by how it sounds, for people have heard it: a letter may be wrong besides. Beside
a name, a word of a title may be misspelt, too. Queries that name nobody belong in correct.py, which
is asked first.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from rec_platform.release.named import SUFFIXES
from rec_platform.release.queries import credits_of, matching, words_of
from rec_platform.release.spelling import distances, misspelt_for, term, without_letters
from rec_platform.release.text import ARTICLES, PERSON, search_key
from rec_platform.release.wording import ALONE

SHORTEST = 3  # letters of a name that is looked for
TELLING = 6  # letters of one that is believed without another name of the same person beside it
WELL_KNOWN = 2  # films of somebody who is meant by one word alone
MOST_NAMES = 24  # that a word is compared with, those of the most voted titles
MOST_COMPARED = 48  # words of titles that those of a query are compared with
MOST_MEANT = 8  # names, and words of titles, that a word may be misspelt for
MOST_TITLES = 16  # in which people with these names are looked for
MOST_WORDS = 8  # of a query that names people

SOUNDS = {"ph": "f", "ck": "k", "ch": "k", "c": "k", "q": "k", "x": "ks", "z": "s", "y": "i"}
SOFT_C = re.compile("c(?=[eiy])")
SPELT = re.compile("|".join(SOUNDS))
SILENT = re.compile(r"(?<!^)h")
TWICE = re.compile(r"(.)\1+")


class _Meant(NamedTuple):
    """What a word may be misspelt for, and how far that is."""

    names: dict[str, int]
    of_titles: dict[str, float]


AS_TYPED = _Meant({}, {})
Meant = Mapping[str, _Meant]  # by word


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
    """The words of a query, corrected so that they name somebody, or None.

    Words that no title has, and nobody, are corrected first: the others are likely to be right.

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
    is_alone = len(telling) == 1
    share = 0 if is_alone else MOST_COMPARED // len(unknown)
    meant = {
        word: _Meant(_names_like(connection, word), _words_like(connection, word, share))
        for word in unknown
    }
    if not all(map(any, meant.values())):
        return None
    if corrected := _credited(connection, words, meant, is_alone):
        return corrected
    others = [word for word in telling if word not in unknown]
    meant |= {word: _Meant(_names_like(connection, word), {}) for word in others}
    return _credited(connection, words, meant, is_alone) if others else None


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


def _words_like(connection: sqlite3.Connection, word: str, share: int) -> dict[str, float]:
    """The words of titles that a word may be misspelt for, of as many that it is compared with."""
    near = misspelt_for(connection, word, False, share, 1) if share else []
    return {option.terms[0]: option.cost for option in near[:MOST_MEANT]}


def _credited(
    connection: sqlite3.Connection, words: list[str], meant: Meant, is_alone: bool
) -> list[str] | None:
    """The words corrected so that they name somebody who is credited beside them, or None."""
    match = " AND ".join(
        _either(word, meant.get(word, AS_TYPED))
        for word in dict.fromkeys(words)
        if word not in ARTICLES
    )
    numbers = matching(connection, match, MOST_TITLES)
    credited = {
        number: {person_id: search_key(name).split() for person_id, _, name in json.loads(credits)}
        for number, credits in credits_of(connection, numbers).items()
    }
    films = Counter(chain.from_iterable(credited.values()))
    titles = words_of(connection, numbers)
    best: tuple[float, list[str]] | None = None
    for number in numbers:
        people = credited[number]
        said = {*titles[number], *ARTICLES, *chain.from_iterable(people.values())}
        for person_id, parts in people.items():
            if is_alone and films[person_id] < WELL_KNOWN:
                continue
            cost, corrected = _as_named(words, parts, said, meant)
            if cost and (best is None or cost < best[0]):
                best = cost, corrected
    return best[1] if best else None


def _either(word: str, meant: _Meant) -> str:
    """A full-text query for a word, or what it may be misspelt for."""
    names = [PERSON + name for name in (word, *meant.names)]
    return f"({' OR '.join(map(term, (word, *names, *meant.of_titles)))})"


def _as_named(
    words: Sequence[str], parts: list[str], said: set[str], meant: Meant
) -> tuple[float, list[str]]:
    """The words corrected to somebody's names, and how far that is; 0 if nobody is meant.

    Args:
        words: the query.
        parts: the person's names.
        said: the words of a title of theirs, and the names of all who are credited in it.
        meant: what the words may be misspelt for.
    """
    corrected: list[str] = []
    cost = 0.0
    matched: dict[str, str] = {}  # words to names of this person
    for word in words:
        names, of_titles = AS_TYPED if word in parts else meant.get(word, AS_TYPED)
        unsaid = [part for part in parts if part not in matched.values()]
        if fitting := [part for part in unsaid if part in names]:
            name = matched[word] = min(fitting, key=names.__getitem__)
            cost += 1 + names[name]
        elif word in parts:
            name = matched[word] = word
        elif word in said or ALONE.get(word) in said:
            name = word
        elif options := [option for option in of_titles if option in said]:
            name = options[0]
            cost += of_titles[name]
        else:
            return 0, []
        corrected.append(name)
    return (cost if _is_telling(matched, parts, corrected) else 0), corrected


def _is_telling(matched: dict[str, str], parts: list[str], corrected: list[str]) -> bool:
    """Whether these words of a query are enough to mean somebody of these names.

    One word is enough only if it is the surname. If that is misspelt, its first letter is right,
    one letter is wrong or it sounds the same, and no word is short: "shazam" is not Justin Zackham,
    and "jim carrey" is not Steve Carell in a film with a Jim.
    """
    if len(matched) != 1:
        return bool(matched)
    ((word, name),) = matched.items()
    is_heard = sound(word) == sound(name)
    is_near = word[0] == name[0] and (is_heard or distances(word, name, 1)[0] <= 1)
    is_long = all(len(other) >= TELLING for other in (word, *corrected) if other not in ARTICLES)
    surname = [part for part in parts if part not in SUFFIXES][-1:]
    return [name] == surname and (word == name or (is_near and is_long))
