"""A person of a release: their films, the best liked of these, and whom they work with."""

from collections import Counter
from dataclasses import dataclass

from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import Title

MOST_FILMS = 200  # of a person: the most voted, of the few people who have more
BEST = 8
COLLEAGUES = 12
AGAIN = 2  # films together make somebody a colleague


@dataclass(frozen=True, slots=True)
class Film:
    """A film, and what a person did in it."""

    title: Title
    roles: list[str]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who worked on as many of a person's films."""

    person_id: str
    name: str
    film_count: int


@dataclass(frozen=True, slots=True)
class Person:
    """A person's work in this release: `film_count` films.

    `films` has the most voted of them first, 200 at most. `best_liked` has the films with the
    highest trusted ratings, the best first. `works_with` has those who worked on most of the same
    films, two at least.
    """

    person_id: str
    name: str
    film_count: int
    films: list[Film]
    best_liked: list[Title]
    works_with: list[Colleague]


def person(lookup: Lookup, person_id: str) -> Person | None:
    """The person with this id, or None. A release of schema 5 or older knows no people."""
    known = lookup.credits_of(person_id)
    if known is None:
        return None
    name, credits_ = known
    roles: dict[int, list[str]] = {}
    for number, role in credits_:
        if len(roles) < MOST_FILMS or number in roles:
            roles.setdefault(number, []).append(role)
    titles = lookup.numbered([*roles])
    best = lookup.trusted([*roles])[:BEST]
    by_number = dict(zip(roles, titles, strict=True))
    return Person(
        person_id=person_id,
        name=name,
        film_count=len({number for number, _ in credits_}),
        films=[Film(title, roles[number]) for number, title in by_number.items()],
        best_liked=[by_number[number] for number in best],
        works_with=_colleagues(person_id, titles),
    )


def _colleagues(person_id: str, titles: list[Title]) -> list[Colleague]:
    """Those with most films together; of equals, the one of the more voted film comes first."""
    names: dict[str, str] = {}
    together: Counter[str] = Counter()
    for title in titles:
        others = {credit.person_id: credit.name for credit in title.credits}
        names |= others
        together.update([*others])
    del together[person_id]
    return [
        Colleague(other, names[other], count)
        for other, count in together.most_common(COLLEAGUES)
        if count >= AGAIN
    ]
