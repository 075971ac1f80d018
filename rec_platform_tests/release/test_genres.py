import itertools

import pytest

from rec_platform.modelling.features import GENRES
from rec_platform.release.genres import COMMON, WORDS, kind


@pytest.mark.parametrize(
    ("genres", "called"),
    [
        ("Drama", "dramas"),
        ("Crime,Thriller", "crime thrillers"),
        ("Comedy,Romance", "romantic comedies"),
        ("Crime,Drama,Thriller", "crime thrillers"),
        ("Action,Adventure,Sci-Fi", "sci-fi adventures"),
        ("Drama,History,War", "historical war films"),
        ("Crime,Film-Noir", "noir crime films"),
        ("Music,Musical", "musicals"),
        ("Drama,Game-Show", "dramas"),
        ("Game-Show", ""),
        ("", ""),
    ],
)
def test_films_are_called_as_people_call_them(genres: str, called: str) -> None:
    assert kind(genres.split(",")) == called


def test_every_genre_has_words() -> None:
    assert WORDS.keys() == set(GENRES)
    assert set(COMMON) < WORDS.keys()


def test_any_two_genres_are_called_the_same_in_either_order_and_by_both() -> None:
    for genre, other in itertools.permutations(set(GENRES) - {"Music"}, 2):
        called = kind([genre, other])
        assert called == kind([other, genre])
        assert any(word in called for word in WORDS[genre])
        assert any(word in called for word in WORDS[other])
