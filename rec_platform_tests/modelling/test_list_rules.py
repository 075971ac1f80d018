import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rec_platform.modelling.list_rules import NEAR, give_place, ranked
from rec_platform.modelling.neighbours import Catalogue, blend
from rec_platform.modelling.parts import Parts
from rec_platform.release.schema import LIST_LENGTH
from rec_platform_tests.modelling.catalogues import NO_FACTS, lists

FIRST_OUTSIDE, LAST = LIST_LENGTH, LIST_LENGTH - 1


def placed(scores: list[float], directors: set[int]) -> list[int]:
    """The columns in the order of their places."""
    table = np.array([scores])
    give_place(table, np.array([[column in directors for column in range(len(scores))]]))
    return np.argsort(ranked(table)[0]).tolist()


SCORES = [-float(place) / 4 for place in range(20)]


def test_the_best_of_the_directors_other_films_has_the_last_place() -> None:
    order = placed(SCORES, {14, 12, 17})
    assert order[LAST] == 12
    assert [column for column in order if column != 12] == [
        column for column in range(20) if column != 12
    ]


@pytest.mark.parametrize("directors", [set[int](), {3, 12}, {LAST, 12}])
def test_a_list_that_has_one_or_could_have_none_stays(directors: set[int]) -> None:
    assert placed(SCORES, directors) == list(range(20))


def test_the_film_just_outside_moves_in() -> None:
    order = placed(SCORES, {FIRST_OUTSIDE})
    assert order[LAST : LAST + 2] == [FIRST_OUTSIDE, LAST]


@pytest.mark.parametrize(("gap", "moves"), [(NEAR, True), (NEAR + 0.01, False)])
def test_a_film_that_is_far_less_alike_stays_out(gap: float, moves: bool) -> None:
    scores = [*SCORES[:12], SCORES[LAST] - gap, -np.inf]
    assert (placed(scores, {12, 13})[LAST] == 12) is moves


def test_a_list_shorter_than_nine_stays() -> None:
    assert placed(SCORES[:5], {4}) == list(range(5))
    assert placed([0.0, -1.0, *[-np.inf] * 18], {1, 5}) == list(range(20))


@given(
    st.lists(st.integers(-300, 0), min_size=1, max_size=40, unique=True),
    st.sets(st.integers(0, 39)),
)
def test_places_are_given_once(tenths: list[int], directors: set[int]) -> None:
    scores = [score / 10 for score in tenths]
    order = placed(scores, directors)
    assert sorted(order) == list(range(len(scores)))
    before = placed(scores, set())
    moved = order[LAST : LAST + 1]
    assert order == before or (
        [column for column in order if column not in moved]
        == [column for column in before if column not in moved]
    )


def directed(genres: str, series: int) -> list[int]:
    """The list of a film whose director made the least famous of sixty others."""
    count = 61
    titles = pd.DataFrame(
        {
            "title_id": [f"tt{place:02}" for place in range(count)],
            "title": [f"Film {chr(65 + place % 26)}{place}" for place in range(count)],
            "title_type": "movie",
            "year": 2000,
            "runtime_minutes": 100,
            "genres": ["Drama"] * (count - 1) + [genres],
            "rating": 8.0,
            "votes": [500_000] * (count - 1) + [300_000],
        }
    )
    directors = [f"nm{place}" for place in range(count - 1)] + ["nm0"]
    people = pd.DataFrame(
        {"title_id": titles["title_id"], "person_id": directors, "role": "director"}
    )
    numbers = np.full(count, -1)
    numbers[[0, count - 1]] = series
    nothing = np.zeros(count)
    parts = Parts(titles, people, numbers, *NO_FACTS)
    return lists([*blend(Catalogue(nothing[:, np.newaxis], nothing, nothing, parts), 48)])[0]


def test_a_films_list_has_another_of_its_directors() -> None:
    assert 60 in directed("Drama", -1)[:LIST_LENGTH]


def test_the_director_has_no_place_for_a_film_of_other_genres() -> None:
    assert 60 not in directed("Western", -1)[:LIST_LENGTH]
