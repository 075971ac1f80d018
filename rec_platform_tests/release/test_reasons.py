"""What is said of two films: true, short, and the strongest first."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from rec_platform.release.reasons import MOST_REASONS, ORDINALS, reasons
from rec_platform.release.schema import Credit, Title
from rec_platform_tests.conftest import Platform
from rec_platform_tests.release.truth import check

DIRECTOR = Credit("nm1", "director", "Ada Berg")
WRITER = Credit("nm2", "writer", "Cy Dahl")
ACTOR = Credit("nm3", "actor", "Eve Falk")


def film(*credits_: Credit, **changes: Any) -> Title:
    """A film that has nothing to do with other(), but for what is named."""
    plain = Title("tt1", "One", "One", 1975, 90, [], 6.0, 1_000, [], None, None, 0, 0.0)
    return replace(plain, credits=list(credits_), **changes)


def other(*credits_: Credit, **changes: Any) -> Title:
    plain = Title("tt2", "Two", "Two", 2003, 150, [], 8.0, 90_000, [], None, None, 1, 0.0)
    return replace(plain, credits=list(credits_), **changes)


# The series


@pytest.mark.parametrize(("place", "said"), [(1, "First"), (3, "Third"), (12, "Twelfth")])
def test_the_place_of_the_other_in_the_series_is_said(place: int, said: str) -> None:
    first, second = film(series=4, series_place=2), other(series=4, series_place=place)
    assert reasons(first, second) == [f"{said} film of the series"]


@pytest.mark.parametrize("place", [None, len(ORDINALS) + 1])
def test_where_the_place_is_unsure_only_the_series_is_said(place: int | None) -> None:
    first, second = film(series=4, series_place=1), other(series=4, series_place=place)
    assert reasons(first, second) == ["Of the same series"]


def test_two_films_without_a_series_are_not_of_the_same() -> None:
    assert reasons(film(), other()) == ["28 years apart"]
    assert reasons(film(series=4), other(series=5)) == ["28 years apart"]


def test_a_remake_is_told_from_a_series() -> None:
    assert reasons(film(title="The Isle"), other(title="the isle")) == ["Of the same title"]
    same = [film(title="The Isle", series=1), other(title="The Isle", series=1)]
    assert reasons(*same) == ["Of the same series"]


# People


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("director", "Same director: Ada Berg"),
        ("writer", "Same writer: Ada Berg"),
        ("actor", "Also with: Ada Berg"),
        ("self", "Also with: Ada Berg"),
        ("composer", "Same composer: Ada Berg"),
        ("editor", "Ada Berg worked on both"),
    ],
)
def test_who_did_the_same_in_both_is_named(role: str, said: str) -> None:
    credit = Credit("nm1", role, "Ada Berg")
    assert reasons(film(credit), other(credit)) == [said]


def test_a_namesake_is_somebody_else() -> None:
    assert reasons(film(DIRECTOR), other(replace(DIRECTOR, person_id="nm9"))) == ["28 years apart"]


def test_who_directed_one_and_played_in_the_other_worked_on_both() -> None:
    said = reasons(film(DIRECTOR), other(replace(DIRECTOR, role="actor")))
    assert said == ["Ada Berg worked on both"]


def test_who_wrote_and_directed_both_is_named_once_as_director() -> None:
    both = [DIRECTOR, replace(DIRECTOR, role="writer"), replace(DIRECTOR, role="producer")]
    assert reasons(film(*both), other(*both)) == ["Same director: Ada Berg"]


def test_several_people_are_named_three_at_most_as_billed() -> None:
    cast = [Credit(f"nm{letter}", "actor", letter) for letter in "ABCDE"]
    assert reasons(film(*cast[:2]), other(*cast[::-1])) == ["Also with: A and B"]
    assert reasons(film(*cast), other(*cast[::-1])) == ["Also with: A, B and C"]


# The kind of film


@pytest.mark.parametrize(
    ("facts", "others", "said"),
    [
        (
            (1994, ["Crime", "Thriller"]),
            (1999, ["Crime", "Thriller"]),
            "Both 1990s crime thrillers",
        ),
        ((1999, ["Crime", "Thriller"]), (2000, ["Crime", "Thriller"]), "Both crime thrillers"),
        ((1994, ["Crime", "Drama", "War"]), (1991, ["Drama", "Music"]), "Both 1990s dramas"),
        ((1994, ["Crime"]), (1991, ["Music"]), "Both of the 1990s"),
        ((1994, []), (1991, []), "Both of the 1990s"),
        ((1999, []), (2000, []), "One year apart"),
    ],
)
def test_what_both_are_is_said_by_shared_genres_and_decade(
    facts: tuple[int, list[str]], others: tuple[int, list[str]], said: str
) -> None:
    first = film(year=facts[0], genres=facts[1])
    assert reasons(first, other(year=others[0], genres=others[1])) == [said]


# What is left


def test_closeness_is_said_only_where_there_is_nothing_better() -> None:
    first = film(rating=7.2, votes=1_000)
    second = other(rating=7.4, votes=1_300)
    closeness = ["Liked as much: rated 7.4", "As well known: 1,300 votes", "28 years apart"]
    assert reasons(first, second) == closeness
    at_war = (replace(title, genres=["War"]) for title in (first, second))
    assert reasons(*at_war) == ["Both war films"]


def test_the_strongest_come_first_and_three_at_most() -> None:
    everything = {"series": 1, "year": 2001, "genres": ["Drama"]}
    crew = Credit("nm8", "editor", "Gil Holm")
    credits_ = [ACTOR, crew, WRITER, DIRECTOR]
    said = reasons(film(*credits_, **everything), other(*credits_, **everything))
    director, writer = "Same director: Ada Berg", "Same writer: Cy Dahl"
    assert said == ["Of the same series", director, writer]
    said = reasons(film(crew, genres=["Drama"]), other(crew, genres=["Drama"]))
    assert said == ["Both dramas", "Gil Holm worked on both"]


# A whole release


def test_every_neighbour_of_a_release_has_a_true_reason(released: Platform) -> None:
    lookup = released.serving()
    ids = lookup.title_ids()
    titles = dict(zip(ids, lookup.numbered([*ids]), strict=True))
    by_id = {title.title_id: title for title in titles.values()}
    said: defaultdict[str, int] = defaultdict(int)
    for title_id, _, neighbours in lookup.all_neighbours():
        for neighbour in neighbours:
            title, similar = by_id[title_id], titles[neighbour.number]
            told = reasons(title, similar)
            assert 1 <= len(told) <= MOST_REASONS
            for reason in told:
                said[check(reason, title, similar)] += 1
    assert {"series", "people", "genres"} <= said.keys()
