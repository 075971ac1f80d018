"""Which invented films are of one series, and which only look like it."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rec_platform.modelling.series import MOST_BEARERS, MOST_REMAKES, find_series

# Films that have nothing to do with the others: words of theirs are rare among so many.
CROWD = [
    (f"{first}{second} {third}", 1950 + place % 70, "Drama,War")
    for place, (first, second, third) in enumerate(
        itertools.product(("Alder", "Birch", "Cedar"), ("wick", "ham"), map(chr, range(97, 123)))
    )
]


def films(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Films by title, year, genres and, where it matters, votes, with a crowd around them."""
    usual = (None, 2000, "Action,Thriller", 50_000)
    table = pd.DataFrame(
        [row + usual[len(row) :] for row in (*rows, *CROWD)],
        columns=["title", "year", "genres", "votes"],
    )
    ids = [f"tt{place}" for place in range(len(table))]
    return table.assign(title_id=ids, original_title=table["title"])


def people(*rows: tuple[int, str, str]) -> pd.DataFrame:
    """Who worked on a film, as (place of the film, person, role), billed first."""
    credits_ = [(f"tt{place}", person, role, 1) for place, person, role in rows]
    return pd.DataFrame(credits_, columns=["title_id", "person_id", "role", "billing"])


def akas(*rows: tuple[int, str]) -> pd.DataFrame:
    names = [(f"tt{place}", text) for place, text in rows]
    return pd.DataFrame(names, columns=["title_id", "name"], dtype=str)


def characters(*rows: tuple[int, str]) -> pd.DataFrame:
    """Who is played in a film, as (place of the film, character)."""
    names = [(f"tt{place}", text) for place, text in rows]
    return pd.DataFrame(names, columns=["title_id", "character_name"], dtype=str)


NOBODY, NO_NAMES, NO_ROLES = people(), akas(), characters()


def are_one(
    titles: pd.DataFrame,
    places: int,
    who: pd.DataFrame = NOBODY,
    names: pd.DataFrame = NO_NAMES,
    played: pd.DataFrame = NO_ROLES,
) -> bool:
    """Whether the first films are one series, with nobody else in it."""
    series, _ = find_series(titles, who, names, played)
    members = np.flatnonzero(series == series[0])
    return bool(series[0] >= 0) and members.tolist() == list(range(places))


def are_none(
    titles: pd.DataFrame,
    who: pd.DataFrame = NOBODY,
    names: pd.DataFrame = NO_NAMES,
    played: pd.DataFrame = NO_ROLES,
) -> bool:
    """Whether no film is of any series."""
    return bool((find_series(titles, who, names, played)[0] == -1).all())


# Rule 1: stems


@pytest.mark.parametrize(
    "titles",
    [
        ["Harpoon", "Harpoon 2", "Harpoon III"],
        ["Harpoon", "Harpoon: Part II"],
        ["Harpoon", "Harpoon 4"],
        ["The Harpoon", "Harpoon: The Deep", "Harpoon: The Shallows"],
        ["Harpoon", "Harpoons Two"],
        ["Harpoon", "Harpoon Returns"],
        ["Amélie's Harpoon", "Amelies Harpoon 2"],
        ["Прилив", "Прилив 2"],
    ],
)
def test_films_of_one_stem_are_a_series_by_number_or_subtitle(titles: list[str]) -> None:
    rows = ((title, 2000 + 3 * place) for place, title in enumerate(titles))
    assert are_one(films(*rows), len(titles))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Harpoon", 1970), ("Harpoon", 2000)),  # a remake
        (("Harpoon", 1950), ("Harpoon 2", 2000)),  # too long ago
        (("Harpoon 13", 1990), ("Harpoon 18", 2000)),
        (("Harpoon", 1990), ("Harpoon 8", 2000)),
        (("Harpoon 2", 1990), ("Harpoon", 2000)),
        (("Harpoon", 1990, "Drama"), ("Harpoon 2", 2000, "Comedy,Music")),
        (("Harpoon: The Deep", 1990), ("Harpoon", 2000)),
        (("Harpoon", 1990, "Documentary"), ("Harpoon: A Life", 2000, "Documentary")),
        (("Harpoon", 1990, "Drama", 900_000), ("Harpoon: A Fan Film", 2000, "Drama", 90)),
        (("The Of", 1990), ("The Of 2", 2000)),
        (("3", 1990), ("3 2", 2000)),
    ],
)
def test_look_alikes_of_one_stem_are_no_series(
    first: tuple[Any, ...], second: tuple[Any, ...]
) -> None:
    assert are_none(films(first, second))


def test_a_title_of_many_films_is_no_name() -> None:
    bare = [("Harpoon", 1990 + place) for place in range(MOST_REMAKES + 1)]
    assert are_none(films(*bare, ("Harpoon: The Deep", 2001)))
    assert not are_none(films(*bare[1:], ("Harpoon: The Deep", 2001)))


def test_a_film_whose_title_hides_it_is_found_by_its_other_names() -> None:
    titles = films(("Harpoon", 2000), ("Dry Land", 2003), ("Low Tide", 2005))
    titles.loc[2, "original_title"] = "Harpune 3"
    assert are_one(titles, 3, names=akas((1, "Harpoon 2"), (1, "Harpune II")))
    assert are_none(titles.assign(original_title=titles["title"]))


def test_what_only_a_distributor_calls_a_sequel_is_none() -> None:
    titles = films(("Harpoon", 2000, "Horror,Sci-Fi"), ("Dry Land", 2003, "Comedy,Horror,Romance"))
    assert are_none(titles, names=akas((1, "Harpoon 2")))


# Rule 2: whole titles


@pytest.mark.parametrize(
    "titles",
    [
        ["Iron Harpoon", "Sell Cheap or Iron Harpoon 2"],
        ["Iron Harpoon", "Iron Harpoon in Paris"],
        ["Iron Harpoon", "Mallory: Iron Harpoon Part II"],
        ["Iron Harpoon", "Return of the Iron Harpoon"],
        [
            "Isle of the Whales",
            "Below the Isle of the Whales",
            "Flight from the Isle of the Whales",
        ],
        ["Rise of the Isle of the Whales", "War for the Isle of the Whales", "Isle of the Whales"],
    ],
)
def test_films_that_bear_a_well_known_title_are_a_series(titles: list[str]) -> None:
    rows = ((title, 2000 + 3 * place) for place, title in enumerate(titles))
    assert are_one(films(*rows), len(titles))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Iron Harpoon", 1990), ("Return of the Iron Harpoon", 2000, "Comedy,Music")),
        (("Iron Harpoon", 2000), ("Gull and Iron Harpoon", 1990)),  # named after neither
        (("Iron Harpoon", 1990, "Drama", 900), ("Iron Harpoon in Paris", 2000, "Drama", 900)),
        (("Harpoon", 1990), ("Harpoon House", 2000)),  # one word may be chance
        (("Two of Us", 1990), ("Two of Us and a Bear", 2000)),
        (("Iron Harpoon", 1990, "Documentary"), ("Iron Harpoon Tour", 2000, "Documentary")),
    ],
)
def test_look_alikes_that_bear_a_title_are_no_series(
    first: tuple[Any, ...], second: tuple[Any, ...]
) -> None:
    assert are_none(films(first, second))


def test_a_figure_of_speech_is_no_name() -> None:
    others = [("Only First Love", 2001, "Comedy"), ("Her First Love", 2002, "Horror")]
    bearers = [("First Love Again and Again", 2003, "Comedy,Music"), *others]
    assert are_none(films(("First Love", 2000, "Romance"), *bearers))


# Rule 3: people


def test_a_rare_word_at_the_start_and_a_director_are_a_series() -> None:
    titles = films(("The Mallory Cipher", 2000), ("The Mallory Mandate", 2004))
    assert are_none(titles)
    assert are_one(titles, 2, people((0, "nm1", "director"), (1, "nm1", "director")))


def test_the_same_two_words_at_the_start_and_one_person_are_a_series() -> None:
    titles = films(("Mallory Pike and the Cup", 2000, "Family"), ("Mallory Pike and the Key", 2001))
    assert are_one(titles, 2, people((0, "nm1", "actor"), (1, "nm1", "actor")))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Golden Harpoon", "Golden Fleece and Ham"),
        ("A Harpoon for Anna", "Anna's Last Letter"),
        ("In the Sea", "In the Air"),
    ],
)
def test_one_actor_and_one_word_are_no_series(first: str, second: str) -> None:
    titles = films((first, 2000, "Action,War"), (second, 2001, "Comedy,Family"))
    assert are_none(titles, people((0, "nm1", "actor"), (1, "nm1", "actor")))


def test_an_actor_far_down_the_bill_and_a_composer_are_no_sign() -> None:
    titles = films(("The Mallory Cipher", 2000), ("The Mallory Mandate", 2004))
    assert are_one(titles, 2, people((0, "nm1", "actor"), (1, "nm1", "actor")))
    extra = people((0, "nm1", "actor"), (1, "nm1", "actor")).assign(billing=9)
    assert are_none(titles, extra)
    assert are_none(titles, people((0, "nm2", "composer"), (1, "nm2", "composer")))


def test_an_umbrella_over_many_films_is_no_series() -> None:
    """A cinema's broadcasts, say: each has a stem and somebody in common with the next."""
    count = MOST_BEARERS + 1
    rows = [(f"Harpoon Evenings: Tale {place + 100}", 2000) for place in range(count)]
    cast = people(*((place, "nm1", "actor") for place in range(count)))
    assert are_none(films(*rows), cast)
    assert are_one(films(*rows[1:]), count - 1, cast)


@pytest.mark.parametrize(
    ("played", "are_kin"),
    [
        (((0, "Mallory Pike"), (1, "Dr. Mallory Pike")), True),
        (((0, "Mallory Pike"),), True),  # nobody knows who is in the other
        (((0, "Mallory Pike"), (1, "Ida Lindqvist")), False),
    ],
)
def test_films_of_one_director_and_one_word_are_no_series_if_others_are_played(
    played: tuple[tuple[int, str], ...], are_kin: bool
) -> None:
    titles = films(("Lost Harpoon", 2000), ("Harpoon to Anna", 2002))
    who = people((0, "nm1", "director"), (1, "nm1", "director"))
    assert are_one(titles, 2, who, played=characters(*played)) == are_kin
    assert are_none(titles, who, played=characters(*played)) != are_kin


# Rule 4: characters

PIKE = characters((0, "Mallory Pike"), (1, "Captain Mallory Pike"))
UNLIKE = [("Dry Land", 2000), ("Low Tide", 2003)]


@pytest.mark.parametrize("role", ["director", "actor"])
def test_a_character_and_a_lead_are_a_series_whatever_the_titles(role: str) -> None:
    titles = films(*UNLIKE)
    who = people((0, "nm1", role), (1, "nm1", role))
    assert are_one(titles, 2, who, played=PIKE)
    assert are_none(titles, who)
    assert are_none(titles, played=PIKE)


def test_two_characters_and_the_people_behind_them_are_a_series_when_the_actor_changes() -> None:
    rows = [("Dry Land", 2000), ("Low Tide", 2003), ("Spring Flood", 2006), ("Ebb", 2010)]
    played = characters(
        *((place, "Mallory Pike") for place in range(4)), *((place, "Q") for place in (1, 2))
    )
    who = people(
        *((0, "nm1", "actor"), (1, "nm1", "actor"), (2, "nm2", "actor"), (3, "nm2", "actor")),
        *((place, person, "producer") for place in (1, 2) for person in ("nm8", "nm9")),
    )
    assert are_one(films(*rows), 4, who, played=played)
    assert not are_one(films(*rows), 4, who[who["person_id"] != "nm9"], played=played)
    assert not are_one(films(*rows), 4, who, played=played[played["character_name"] != "Q"])


def test_a_character_and_a_rare_word_at_the_start_are_a_series() -> None:
    titles = films(("Cormorant Bay", 1993), ("Cormorant Island", 2015))
    assert are_one(titles, 2, played=PIKE)
    assert are_none(titles)


@pytest.mark.parametrize("single", ["Cormorant", "The Cormorant", "Cormorant (voice)"])
def test_a_single_name_counts_if_a_title_bears_it(single: str) -> None:
    who = people((0, "nm1", "actor"), (1, "nm1", "actor"))
    played = characters((0, single), (1, single))
    titles = films(("The Cormorant", 2000), ("Low Tide", 2003))
    assert are_one(titles, 2, who, played=played)
    assert are_none(films(*UNLIKE), who, played=played)
    assert are_none(
        titles.assign(genres=["Action,Drama", *titles["genres"][1:]]), who, played=played
    )


def test_single_names_and_people_behind_them_are_no_series() -> None:
    titles = films(("The Cormorant", 2000), ("Low Tide", 2003))
    names = ("Cormorant", "Ida")
    played = characters(*((place, name) for place in (0, 1) for name in names))
    who = people(*((place, person, "producer") for place in (0, 1) for person in ("nm8", "nm9")))
    assert are_none(titles, who, played=played)


@pytest.mark.parametrize(
    ("played", "second"),
    [
        (characters((0, "Jack"), (1, "Jack")), ("Low Tide", 2003)),
        (characters((0, "Mr. Pike"), (1, "Pike")), ("Low Tide", 2003)),
        (PIKE, ("Low Tide", 2050)),
        (PIKE, ("Low Tide", 2003, "Comedy,Romance")),
        (PIKE, ("Low Tide", 2003, "Action,Thriller", 100)),
    ],
)
def test_a_first_name_another_time_or_another_kind_are_no_series(
    played: pd.DataFrame, second: tuple[Any, ...]
) -> None:
    who = people((0, "nm1", "actor"), (1, "nm1", "actor"))
    assert are_none(films(("Dry Land", 2000), second), who, played=played)


def test_films_of_one_novel_that_others_made_are_no_series() -> None:
    """Its author, its figures and its words are in both."""
    titles = films(("Pike, a Fate", 1990, "Drama,Horror"), ("Pike and Ida", 2003, "Drama,Horror"))
    played = characters(
        *((place, name) for place in (0, 1) for name in ("Mallory Pike", "Ida Lindqvist"))
    )
    writers = people(*((place, f"nm{who}", "writer") for place in (0, 1) for who in (1, 2)))
    assert are_none(titles, played=played)
    assert are_none(films(*UNLIKE), writers, played=played)


def test_a_character_of_too_many_films_is_no_sign() -> None:
    count = MOST_BEARERS + 1
    rows = [(f"Word{place}", 2000) for place in range(count)]
    who = people(*((place, "nm1", "actor") for place in range(count)))
    played = characters(*((place, "Mallory Pike") for place in range(count)))
    assert are_none(films(*rows), who, played=played)
    assert are_one(films(*rows[1:]), count - 1, who, played=played.iloc[:-1])


def test_the_titles_of_films_that_only_share_a_character_are_no_name_of_their_series() -> None:
    titles = films(("Dry Land", 2000), ("Cormorant", 2003), ("Cormorant Hearts", 2010))
    who = people((0, "nm1", "actor"), (1, "nm1", "actor"))
    assert are_one(titles, 2, who, played=PIKE)


# Rule 5: the name of a series


def test_a_word_before_a_colon_is_no_name_if_more_words_are_the_same() -> None:
    rows = [("Errand: Harpoon", 2000), ("Errand: Harpoon II", 2003), ("Errand to Anna", 2009)]
    assert are_one(films(*rows), 2)


def test_a_film_joins_the_series_whose_name_it_bears() -> None:
    by_number = films(("Harpoon", 2000), ("Harpoon 2", 2003), ("Harpoon Salvation", 2009))
    assert are_one(by_number, 3)
    cipher = [("The Mallory Cipher", 2000), ("The Mallory Mandate", 2004)]
    by_people = films(*cipher, ("The Mallory Estate", 2012))
    assert are_one(by_people, 3, people((0, "nm1", "director"), (1, "nm1", "director")))


def test_a_film_of_another_kind_does_not_join() -> None:
    titles = films(("Harpoon", 2000), ("Harpoon 2", 2003), ("Harpoon Hearts", 2009, "Romance"))
    assert are_one(titles, 2)


def test_a_common_word_is_not_a_series_own() -> None:
    others = [(f"Harpoon {word}", 2009) for word in ("Sunday", "Harvest", "Orchard")]
    assert are_one(films(("Harpoon", 2000), ("Harpoon 2", 2003), *others), 2)


# Places


def places(*titles: str) -> list[int]:
    rows = [(title, 2000 + place) for place, title in enumerate(titles)]
    series, place = find_series(films(*rows), NOBODY, NO_NAMES, NO_ROLES)
    assert (series[: len(titles)] == series[0]).all() and series[0] >= 0
    return place[: len(titles)].tolist()


def test_places_are_told_up_to_the_last_number_that_agrees_with_the_years() -> None:
    assert places("Harpoon", "Harpoon 2", "Harpoon 3") == [1, 2, 3]
    assert places("Harpoon", "Harpoon: The Deep", "Harpoon 3", "Harpoon: The Reef") == [1, 2, 3, 0]


def test_no_place_is_told_where_a_film_may_be_missing() -> None:
    assert places("Harpoon", "Harpoon 3", "Harpoon 4") == [0, 0, 0]
    assert places("Harpoon 2", "Harpoon 3") == [0, 0]
    assert places("Harpoon", "Harpoon: The Deep", "Harpoon: The Reef") == [0, 0, 0]


def test_who_is_in_no_series_has_no_place() -> None:
    series, place = find_series(films(("Harpoon", 2000)), NOBODY, NO_NAMES, NO_ROLES)
    assert (series == -1).all() and (place == 0).all()


# All together


def test_films_linked_through_others_are_one_series_in_whatever_order_they_come() -> None:
    rows = [("Harpoon", 2000), ("Harpoon 2", 2003), ("Harpoon 3", 2006), ("Harpoon: Reef", 2010)]
    titles = films(*rows)
    shuffled = titles.sample(frac=1, random_state=3)
    series, place = find_series(titles, NOBODY, NO_NAMES, NO_ROLES)
    mixed, mixed_place = find_series(shuffled, NOBODY, NO_NAMES, NO_ROLES)
    back = np.argsort(shuffled.index.to_numpy())
    assert are_one(titles, 4)
    assert series.tolist() == mixed[back].tolist()
    assert place.tolist() == mixed_place[back].tolist()


def test_a_catalogue_of_one_film_has_no_series() -> None:
    series, place = find_series(films(("Harpoon", 2000)).head(1), NOBODY, NO_NAMES, NO_ROLES)
    assert (series.tolist(), place.tolist()) == ([-1], [0])


def test_many_films_that_share_words_and_people_form_no_giant() -> None:
    random = np.random.default_rng(7)
    words = [f"w{number}" for number in (random.pareto(0.8, 60_000) * 20).astype(int) % 9_000]
    count = 20_000
    titles = films(*((" ".join(words[3 * row : 3 * row + 3]), 2000) for row in range(count)))
    cast = people(*((row, f"nm{random.integers(count)}", "actor") for row in range(count)))
    series, _ = find_series(titles, cast, NO_NAMES, NO_ROLES)
    assert np.bincount(series[series >= 0], minlength=1).max() < 40
