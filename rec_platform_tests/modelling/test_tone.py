"""Which films may be in each other's lists, and which have another tone."""

import numpy as np
import pytest

from rec_platform.modelling.tone import gate, other_tone


def passes(title: str, neighbour: str) -> bool:
    return bool(gate([title, neighbour])[0, 1])


@pytest.mark.parametrize(
    ("title", "neighbour"),
    [
        ("Drama", "Drama"),
        ("Drama,War", "Comedy,Drama"),
        ("Documentary", "Documentary,Music"),
        ("Animation,Family", "Animation,Comedy,Family"),
        ("Comedy,Family", "Comedy"),
        ("Crime,Family", "Crime,Family,Thriller"),  # for families all the same
        ("Comedy,Horror", "Comedy,Family"),  # the gate is for the young
    ],
)
def test_films_that_share_a_genre_a_format_and_an_audience_pass(title: str, neighbour: str) -> None:
    assert passes(title, neighbour)


@pytest.mark.parametrize(
    ("title", "neighbour"),
    [
        ("Drama", "Comedy"),
        ("", ""),
        ("Drama,Unheard-Of", "Comedy,Unheard-Of"),
        ("Documentary,Music", "Drama,Music"),
        ("Drama,Music", "Documentary,Music"),
        ("Animation,Comedy", "Comedy"),
        ("Comedy,Family", "Comedy,Crime"),
        ("Drama,Family", "Drama,War"),
        ("Family,Fantasy", "Fantasy,Horror"),
        ("Adventure,Family", "Adventure,Thriller"),
    ],
)
def test_films_of_other_genres_formats_or_audiences_do_not_pass(title: str, neighbour: str) -> None:
    assert not passes(title, neighbour)


def test_what_one_of_two_films_has_and_the_other_has_not_is_taken_off_either_way() -> None:
    combinations = ["Drama", "Drama,Romance", "Action,Drama,Romance", "Comedy,Horror,Musical"]
    taken = other_tone(combinations)
    assert taken[0].tolist() == pytest.approx([0, 2.5, 3.5, 7])
    assert taken[1, 2] == pytest.approx(1)
    assert np.array_equal(taken, taken.T)


def test_a_family_film_has_another_tone_unless_it_is_animated_or_a_documentary() -> None:
    combinations = ["Adventure", "Adventure,Family", "Adventure,Animation", "Animation,Family"]
    taken = other_tone(combinations)
    assert (taken[0, 1], taken[2, 3]) == (4.5, 0)
