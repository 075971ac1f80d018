from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from rec_platform.choices import FeaturePreset
from rec_platform.modelling.features import (
    DESCRIPTIONS,
    GENRES,
    PRESETS,
    TOPIC_COUNT,
    balanced_features,
    genre_flags,
    min_max,
    original_2020_features,
)


def titles(**columns: Sequence[object]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    known = {"title": "A", "year": 2000, "genres": "Drama", "rating": 5.0, "votes": 2_000}
    return pd.DataFrame({name: [value] * count for name, value in known.items()} | columns)


def test_the_seed_writes_genre_numbers_one_after_another() -> None:
    genres = ["Drama,Thriller", "Action", "Film-Noir,Western", "", "Talk-Show", "Crime,Talk-Show"]
    encoded = original_2020_features(titles(genres=genres))["genres"]
    assert encoded.tolist() == [821, 1, 1123, 0, 0, 6]


@pytest.mark.parametrize(
    ("rating", "votes", "expected"),
    [
        (4.7, 652, 3.5),
        (4.5, 1_000, 4.0),  # half to even, down
        (5.5, 1_000, 6.0),  # half to even, up
        (8.0, 9, 0.8),
        (8.0, 10, 2.4),
        (8.0, 99, 2.4),
        (8.0, 100, 4.0),
        (8.0, 500, 5.6),
        (8.0, 999, 5.6),
    ],
)
def test_the_seed_rounds_ratings_and_weighs_them_by_votes(
    rating: float, votes: int, expected: float
) -> None:
    encoded = original_2020_features(titles(rating=[rating], votes=[votes]))["rating"]
    assert encoded.tolist() == pytest.approx([expected])


def test_the_seed_reads_the_code_points_of_nine_characters_as_one_number() -> None:
    names = ["Up", "ABCDEFGHIJK", "ABCDEFGHI", "É", ""]
    encoded = original_2020_features(titles(title=names))["title"]
    assert encoded.tolist() == [85112, float("656667686970717273"), encoded[1], 201, 0]


def test_the_seed_has_fourteen_columns_in_the_original_order() -> None:
    assert list(original_2020_features(titles(title=["A"]))) == [
        *("genres", "rating", "title", "year"),
        *("is_action", "is_adventure", "is_comedy", "is_crime", "is_documentary"),
        *("is_drama", "is_horror", "is_mystery", "is_romance", "is_thriller"),
    ]


def test_a_flag_is_a_whole_genre_and_not_some_of_its_letters() -> None:
    flags = original_2020_features(titles(genres=["Music", "Drama,Romance"]))
    assert flags[["is_drama", "is_romance"]].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert genre_flags(["Musical"])[0, GENRES.index("Music")] == 0


def test_scaling_spans_zero_to_one_and_keeps_the_bounds() -> None:
    scaled, bounds = min_max(pd.DataFrame({"year": [1990, 2000, 2010], "same": [3.0, 3.0, 3.0]}))
    assert scaled["year"].tolist() == [0, 0.5, 1]
    assert scaled["same"].tolist() == [0, 0, 0]
    assert bounds == {"year": (1990.0, 2010.0), "same": (3.0, 3.0)}
    assert (scaled.dtypes == "float32").all()


def test_genres_that_are_found_together_become_one_topic() -> None:
    groups = [GENRES[first : first + 2] for first in range(0, 2 * TOPIC_COUNT, 2)]
    genres = [
        text for first, second in groups for text in (f"{first},{second}", first, second) * 10
    ]
    shares = balanced_features(titles(genres=genres)).filter(like="topic").to_numpy()
    topic = shares.argmax(axis=1).reshape(TOPIC_COUNT, -1)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (topic == topic[:, :1]).all()
    assert len(set(topic[:, 0])) == TOPIC_COUNT


def test_a_genre_counted_many_times_weighs_as_its_many_titles_do() -> None:
    combinations = ["Drama", "Drama,War", "Comedy", "Comedy,Romance", "Horror", "Horror,Thriller"]
    genres = [genre for number, genre in enumerate(combinations) for _ in range(5 * number + 1)]
    from sklearn.decomposition import NMF

    whole = NMF(n_components=6, init="nndsvda", max_iter=2000, random_state=0)
    topics = whole.fit_transform(genre_flags(genres))
    expected = topics / topics.sum(axis=1, keepdims=True)
    shares = balanced_features(titles(genres=genres)).filter(like="topic").to_numpy()
    assert np.allclose(np.sort(shares), np.sort(expected), atol=0.02)


def test_the_same_titles_get_the_same_columns_in_any_order() -> None:
    frame = titles(genres=["Drama", "Comedy,Romance", "Horror", "Drama,Romance"] * 10)
    shuffled = frame.sample(frac=1, random_state=1)
    again = balanced_features(shuffled).sort_index()
    assert np.allclose(balanced_features(frame), again)


@pytest.mark.parametrize("genres", [["", "Drama"], ["", "Talk-Show"], ["Drama", "Drama"]])
def test_titles_without_genre_or_votes_are_still_numbers(genres: list[str]) -> None:
    features = balanced_features(titles(genres=genres, votes=[0, 5]))
    assert np.isfinite(features.to_numpy()).all()


@pytest.mark.parametrize("preset", FeaturePreset)
def test_each_column_of_a_preset_is_described(preset: FeaturePreset) -> None:
    flags = [*GENRES, *(f"{one},{other}" for one, other in pairwise(GENRES))]
    assert {*PRESETS[preset](titles(genres=flags))} == {*DESCRIPTIONS[preset]}
