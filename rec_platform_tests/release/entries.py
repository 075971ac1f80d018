"""Titles as a lookup is written from them, for tests that make them up one by one."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypedDict

from rec_platform.release.schema import Title
from rec_platform.release.text import person_words
from rec_platform.release.writer import Entry, PersonRow, to_json


class Entries(TypedDict):
    """Arguments of write_lookup()."""

    titles: list[Entry]
    people: list[PersonRow]


def entries(titles: Iterable[tuple[Title, str]]) -> Entries:
    """What write_lookup() takes, of titles with their other names, the most voted first."""
    written: list[Entry] = []
    called: dict[str, str] = {}
    credited: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, (title, names) in enumerate(titles, start=1):
        rows = [(credit.person_id, credit.role, credit.name) for credit in title.credits]
        people = person_words(dict.fromkeys(name for _, _, name in rows))
        written.append(Entry(title, names, to_json(rows), " ".join(people)))
        for person_id, role, name in rows:
            called.setdefault(person_id, name)
            credited[person_id].append((number, role))
    people = [(person, called[person], to_json(rows)) for person, rows in sorted(credited.items())]
    return {"titles": written, "people": people}
