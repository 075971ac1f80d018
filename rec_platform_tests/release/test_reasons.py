"""What is said of two films: true, short, and the strongest first."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from rec_platform.release.reasons import LITTLE, MOST_REASONS, ORDINALS, reasons
from rec_platform.release.schema import Credit, Title
from rec_platform.release.shares import share_key
from rec_platform_tests.conftest import Platform
from rec_platform_tests.release.truth import Counted, check

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
    assert reasons(film(), other()) == [LITTLE]
    assert reasons(film(series=4), other(series=5)) == [LITTLE]


def test_a_remake_is_told_from_a_series() -> None:
    assert reasons(film(title="The Isle"), other(title="the isle")) == ["Of the same title"]
    first, second = film(title="The Isle", series=1), other(title="The Isle", series=1)
    assert reasons(first, second) == ["Of the same series"]


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
    assert reasons(film(DIRECTOR), other(replace(DIRECTOR, person_id="nm9"))) == [LITTLE]


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
        ((1994, ["Crime", "Sport"]), (1994, ["Crime", "Sport"]), "Both sport crime films of 1994"),
        ((1994, ["Drama", "Sci-Fi"]), (1994, ["News", "Sci-Fi"]), "Both sci-fi films of 1994"),
        ((1994, []), (1991, []), "Both of the 1990s"),
        ((1994, []), (1994, []), "Both of 1994"),
        ((1999, []), (2000, []), LITTLE),
    ],
)
def test_what_both_are_is_said_by_shared_genres_and_decade(
    facts: tuple[int, list[str]], others: tuple[int, list[str]], said: str
) -> None:
    first = film(year=facts[0], genres=facts[1])
    assert reasons(first, other(year=others[0], genres=others[1])) == [said]


# Of 100 titles, so many have this in common.
SHARES = {
    **{share_key(["Horror"]): 0.2, share_key(["Sci-Fi"]): 0.1, share_key(["Drama"]): 0.5},
    **{share_key(["Crime", "Drama"]): 0.15, share_key(["Crime", "Drama"], era="1990s"): 0.03},
    **{share_key(["Crime", "Horror"]): 0.04, share_key(["Crime"]): 0.3},
    **{share_key([], "US"): 0.6, share_key([], "FR"): 0.1, share_key(["Drama"], "FR"): 0.04},
}


@pytest.mark.parametrize(
    ("genres", "years", "said", "is_enough"),
    [
        ("Horror,Sci-Fi", (1979, 1999), "Both sci-fi horror films, a rare mix", True),
        ("Horror,Sci-Fi", (1992, 1999), "Both 1990s sci-fi horror films, a rare mix", True),
        ("Crime,Drama,Horror", (1979, 1999), "Both horror dramas, a rare mix", True),
        ("Crime,Drama", (1979, 1999), "Both crime dramas", False),
        ("Crime,Drama", (1992, 1999), "Both 1990s crime dramas", False),
        ("Crime,Drama", (1982, 1989), "Both 1980s crime dramas", True),
        ("Drama", (1982, 1989), "Both 1980s dramas", False),
    ],
)
def test_a_mix_of_genres_that_few_films_have_is_rare_and_reason_enough(
    genres: str, years: tuple[int, int], said: str, *, is_enough: bool
) -> None:
    facts = {"genres": genres.split(","), "rating": 7.0}
    told = reasons(film(year=years[0], **facts), other(year=years[1], **facts), SHARES)
    assert told == ([said] if is_enough else [said, "Liked as much: rated 7.0"])


def test_of_a_release_that_counted_no_mixes_none_is_rare() -> None:
    both = {"genres": ["Horror", "Sci-Fi"]}
    assert reasons(film(**both), other(**both)) == ["Both sci-fi horror films"]


@pytest.mark.parametrize(
    ("country", "genres", "years", "said"),
    [
        ("FR", [], (1992, 1999), "Both French films of the 1990s"),
        ("FR", ["Drama"], (1992, 1999), "Both French dramas of the 1990s"),
        ("FR", ["Drama"], (1992, 1992), "Both French dramas of 1992"),
        ("FR", ["Drama"], (1979, 1992), "Both French dramas"),
        ("US", ["Drama"], (1992, 1999), "Both 1990s dramas"),
        ("QQ", ["Drama"], (1992, 1999), "Both 1990s dramas"),
        (None, ["Drama"], (1992, 1999), "Both 1990s dramas"),
    ],
)
def test_the_country_of_both_is_told_unless_most_films_are_from_there(
    country: str | None, genres: list[str], years: tuple[int, int], said: str
) -> None:
    both = {"country": country, "genres": genres}
    assert reasons(film(year=years[0], **both), other(year=years[1], **both), SHARES)[0] == said


def test_the_language_is_told_where_the_country_differs_unless_it_is_english() -> None:
    def told(language: str | None, *countries: str | None) -> list[str]:
        first, second = (
            plain(language=language, country=country, genres=["War"])
            for plain, country in zip((film, other), countries, strict=True)
        )
        return reasons(first, second)

    assert told("fr", "FR", "BE") == ["Both war films", "Both in French"]
    assert told("hi", None, "IN") == ["Both war films", "Both in Hindi"]
    assert told("en", "US", "GB") == told("qq", "FR", "BE") == told(None, "FR", "BE")
    assert told("en", "US", "GB") == ["Both war films"]


# What they are about


def test_characters_of_both_are_named_in_the_order_of_the_liked_one() -> None:
    first, second = film(characters=["James Bond", "Q", "M"]), other(characters=["M", "James Bond"])
    assert reasons(first, second) == ["Both feature James Bond and M"]


def test_keywords_of_both_are_told_as_they_are() -> None:
    first = film(keywords=["time travel", "paradox", "robots"])
    assert reasons(first, other(keywords=["time travel"])) == ["Keyword in common: time travel"]
    said = ["Keywords in common: time travel and robots"]
    assert reasons(first, other(keywords=["robots", "time travel"])) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ((181, 240), ["Both long: over three hours"]),
        ((180, 240), []),
        ((60, 69), ["Both short: under 70 minutes"]),
        ((60, 70), []),
        ((None, 240), []),
    ],
)
def test_uncommon_lengths_are_told(minutes: tuple[int | None, int], said: list[str]) -> None:
    first, second = film(runtime_minutes=minutes[0]), other(runtime_minutes=minutes[1])
    assert reasons(first, second) == (said or [LITTLE])


# What is left


def test_closeness_is_said_only_where_there_is_nothing_better_and_never_alone() -> None:
    first = film(rating=7.2, votes=1_000)
    second = other(rating=7.4, votes=1_300)
    closeness = ["Liked as much: rated 7.4", "As well known: 1,300 votes"]
    assert reasons(first, second) == [LITTLE, *closeness]
    first, second = (replace(title, genres=["War"]) for title in (first, second))
    assert reasons(first, second) == ["Both war films", *closeness]
    first, second = (replace(title, credits=[DIRECTOR]) for title in (first, second))
    assert reasons(first, second) == ["Same director: Ada Berg", "Both war films"]


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
    counted = Counted([*by_id.values()])
    said: defaultdict[str, int] = defaultdict(int)
    for title_id, _, neighbours in lookup.all_neighbours():
        for neighbour in neighbours:
            title, similar = by_id[title_id], titles[neighbour.number]
            told = reasons(title, similar, lookup.shares)
            assert 1 <= len(told) <= MOST_REASONS
            for reason in told:
                said[check(reason, title, similar, counted)] += 1
    assert {"series", "people", "kind", "specific kind", "closeness"} <= said.keys()
