# pyright: standard
"""What holds for any titles at all: features, their scaling, and how alike two titles are."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rec_platform.modelling.features import (
    GENRES,
    balanced_features,
    min_max,
    original_2020_features,
)
from rec_platform.modelling.neighbours import blend, nearest
from rec_platform.release.blend import PARTS
from rec_platform.release.schema import SERIES_MOST
from rec_platform_tests.modelling.catalogues import catalogue, lists

ANY = settings(deadline=None, derandomize=True, max_examples=25)
OWN = ("popularity", "quality")  # parts of the neighbour alone

numbers = st.floats(-1e9, 1e9, allow_subnormal=False)
columns = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30)
genres = st.lists(st.sampled_from([*GENRES, "Talk-Show"]), max_size=3, unique=True)
titles = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.text(max_size=20),
            "year": st.integers(1880, 2100),
            "genres": genres.map(lambda names: ",".join(sorted(names))),
            "rating": st.integers(10, 100).map(lambda tenths: tenths / 10),
            "votes": st.integers(0, 3_000_000),
        }
    ),
    min_size=1,
    max_size=20,
).map(pd.DataFrame)


@ANY
@given(columns)
def test_scaled_values_are_within_0_and_1_and_in_the_order_of_the_column(
    rows: list[tuple[float, float]],
) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b"])
    scaled, bounds = min_max(frame)
    for name in frame:
        assert bounds[name] == (frame[name].min(), frame[name].max())
        values = scaled[name].to_numpy()
        assert values.dtype == "float32" and values.min() == 0
        assert values.max() == (frame[name].nunique() > 1)
        assert (np.diff(values[np.argsort(frame[name], kind="stable")]) >= 0).all()


@ANY
@given(st.lists(st.integers(-10_000, 10_000), min_size=2), st.integers(1, 1_000), st.integers())
def test_the_unit_of_a_column_does_not_matter(values: list[int], unit: int, zero: int) -> None:
    frame = pd.DataFrame({"a": values})
    other = frame * unit + zero % 10_000
    np.testing.assert_allclose(min_max(other)[0], min_max(frame)[0], atol=1e-6)


@ANY
@given(titles)
def test_the_originals_columns_of_a_title_do_not_depend_on_other_titles(rows: pd.DataFrame) -> None:
    together = original_2020_features(rows)
    assert np.isfinite(together.to_numpy()).all()
    alone = [original_2020_features(rows.iloc[[place]]) for place in range(len(rows))]
    pd.testing.assert_frame_equal(pd.concat(alone), together)


@ANY
@given(titles)
def test_the_topics_of_a_title_add_up_to_1_unless_it_has_no_genre(rows: pd.DataFrame) -> None:
    features = balanced_features(rows)
    topics = features.filter(like="topic_").to_numpy()
    assert topics.min() >= 0
    has_genre = [bool(set(names.split(",")) & {*GENRES}) for names in rows["genres"]]
    np.testing.assert_allclose(topics.sum(axis=1), np.array(has_genre, dtype=float), atol=1e-9)


@ANY
@given(titles, st.randoms(use_true_random=False))
def test_the_order_of_titles_does_not_change_their_features(rows: pd.DataFrame, random) -> None:
    places = list(range(len(rows)))
    random.shuffle(places)
    shuffled = balanced_features(rows.iloc[places])
    pd.testing.assert_frame_equal(shuffled.sort_index(), balanced_features(rows))


@ANY
@given(st.integers(2, 60))
def test_two_titles_are_as_alike_from_either_side(count: int) -> None:
    parts = catalogue(count).parts
    first, second = (side.ravel() for side in np.indices((count, count)))
    there = pd.DataFrame(parts.between(first, second), columns=[*PARTS])
    back = pd.DataFrame(parts.between(second, first), columns=[*PARTS])
    for name in PARTS:
        if name not in OWN:
            assert (there[name] == back[name]).all(), name
        else:
            assert there.groupby(second)[name].nunique().max() == 1, name
    itself = there[first == second]
    for name in ("era", "runtime", "fame", "rating"):
        assert (itself[name] == 255).all(), name


@ANY
@given(st.integers(2, 120), st.integers(1, 60))
def test_a_list_holds_each_title_once_and_never_its_own(count: int, length: int) -> None:
    titles = catalogue(count)
    for rule in (blend, nearest):
        blocks = list(rule(titles, length))
        found = lists(blocks)
        assert sorted(found) == list(range(count))
        for title, row in found.items():
            assert len(row) == len({*row} - {title}) <= length
            assert all(0 <= other < count for other in row)
        assert all(((block.scores >= 0) & (block.scores <= 1)).all() for block in blocks)
    series = titles.parts.series
    for row in lists(list(blend(titles, length))).values():
        numbers_ = [series[other] for other in row if series[other] >= 0]
        assert all(numbers_.count(number) <= SERIES_MOST for number in numbers_)
