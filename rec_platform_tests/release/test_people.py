"""A person's work: against the credits of every title."""

from collections import Counter

import pytest

from rec_platform.release import people
from rec_platform.release.lookup import Lookup
from rec_platform.release.people import person
from rec_platform.release.schema import Title
from rec_platform_tests.conftest import Platform, all_titles


@pytest.fixture
def lookup(released: Platform) -> Lookup:
    return released.serving()


@pytest.fixture
def titles(lookup: Lookup) -> list[Title]:
    return sorted(all_titles(lookup), key=lambda title: lookup.number(title.title_id))


def busiest(titles: list[Title], count: int) -> list[str]:
    """The people of most films, and of one."""
    films = Counter(
        person_id for title in titles for person_id in {row.person_id for row in title.credits}
    )
    return [person_id for person_id, _ in [*films.most_common(count), films.most_common()[-1]]]


def test_everybody_has_the_films_that_name_them(lookup: Lookup, titles: list[Title]):
    for person_id in busiest(titles, 20):
        known = person(lookup, person_id)
        assert known
        own = {title.title_id: title for title in titles if person_id in ids(title)}
        assert [film.title for film in known.films] == [*own.values()]  # the most voted first
        for film in known.films:
            roles = [row.role for row in film.title.credits if row.person_id == person_id]
            assert film.roles == roles
        assert known.name == next(
            row.name for row in known.films[0].title.credits if row.person_id == person_id
        )


def test_colleagues_are_those_of_most_films_together(lookup: Lookup, titles: list[Title]):
    person_id = busiest(titles, 1)[0]
    known = person(lookup, person_id)
    together = Counter(
        other for title in titles if person_id in ids(title) for other in ids(title) - {person_id}
    )
    expected = sorted((count for count in together.values() if count > 1), reverse=True)
    assert known and known.works_with
    counts = [colleague.film_count for colleague in known.works_with]
    assert counts == expected[: people.COLLEAGUES]
    assert all(
        together[colleague.person_id] == colleague.film_count for colleague in known.works_with
    )


def test_the_best_liked_are_their_own_and_best_first(lookup: Lookup, titles: list[Title]):
    for person_id in busiest(titles, 5):
        known = person(lookup, person_id)
        assert known
        own = [film.title for film in known.films]
        assert len(known.best_liked) == min(people.BEST, len(own))
        numbers = lookup.trusted([lookup.number(title.title_id) for title in own])
        assert known.best_liked == lookup.numbered(numbers)[: people.BEST]


def test_nobody_and_an_older_release(lookup: Lookup, titles: list[Title]):
    assert person(lookup, "nm999999999") is None
    lookup.knows_people = False
    assert person(lookup, busiest(titles, 1)[0]) is None


def ids(title: Title) -> set[str]:
    return {credit.person_id for credit in title.credits}
