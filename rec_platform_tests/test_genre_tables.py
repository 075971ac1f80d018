"""Every table keyed by genre knows the same genres."""

import itertools

import pytest

from api.emblems import EMBLEMS, NO_GENRE
from api.posters import PALETTES, UPRIGHT
from rec_platform.modelling.features import FLAGGED_GENRES, GENRES
from rec_platform.release.genres import COMMON, WORDS
from rec_platform.sample.words import GENRE_GROUPS

SAMPLE_GENRES = {
    genre for group in GENRE_GROUPS for genres in group.genres for genre in genres.split(",")
}


@pytest.mark.parametrize(
    "keys",
    [GENRES, WORDS, SAMPLE_GENRES, EMBLEMS.keys() - {NO_GENRE}, PALETTES.keys() - {NO_GENRE}],
)
def test_every_table_has_every_genre_and_no_other(keys: object) -> None:
    assert sorted(keys) == sorted(GENRES)  # type: ignore[call-overload]


def test_pictures_have_a_design_for_titles_without_genre() -> None:
    assert NO_GENRE in EMBLEMS and NO_GENRE in PALETTES


@pytest.mark.parametrize("some", [COMMON, FLAGGED_GENRES, UPRIGHT])
def test_what_is_true_of_some_genres_names_genres(some: tuple[str, ...]) -> None:
    assert set(some) <= set(GENRES)


def test_genres_are_in_alphabetical_order_without_repetition() -> None:
    assert all(first < second for first, second in itertools.pairwise(GENRES))
