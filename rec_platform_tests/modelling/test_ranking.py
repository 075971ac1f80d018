import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from rec_platform.modelling.ranking import (
    area_and_interval,
    by_catalogue,
    by_judgements,
    by_likes,
    coverage,
    diversity,
    gains,
    mean_and_interval,
    most_liked,
    novelty,
    series_rows,
    siblings,
    without,
)

# Discounts of the ranks 1, 2, 3, 4: 1 / log2(1 + rank).
FIRST, SECOND, THIRD, FOURTH = 1.0, 0.6309298, 0.5, 0.4306766


def lists(*rows: list[int], width: int = 9) -> np.ndarray:
    return np.array([[*row, *[-1] * (width - len(row))] for row in rows])


def users(*liked: list[int]) -> list[np.ndarray]:
    return [np.array(titles) for titles in liked]


def test_a_list_that_has_the_other_likes_first_is_perfect() -> None:
    some = lists([1, 2, 3], [2, 0, 3], [1, 0], [])
    assert gains(some, users([0, 1, 2])).tolist() == [[pytest.approx(3.0), 3, 3]]


def test_a_hit_further_down_counts_by_its_discount_over_the_best_there_could_be() -> None:
    # Of the likes 0, 1, 2: title 0 finds 2 at rank 2, title 1 finds 0 and 2 at ranks 3 and 4,
    # title 2 finds nothing; the best would be ranks 1 and 2.
    some = lists([3, 2], [3, 4, 0, 2], [3, 4], [], [])
    expected = (SECOND + THIRD + FOURTH) / (FIRST + SECOND)
    assert gains(some, users([0, 1, 2])).tolist() == [[pytest.approx(expected), 2, 3]]


def test_nobody_can_find_more_than_nine() -> None:
    some = lists(
        *([place for place in range(12) if place != title] for title in range(12)), width=11
    )
    ((ndcg, hits, asked),) = gains(some, users(list(range(12))))
    assert (ndcg, hits, asked) == (pytest.approx(12), 12, 12)


def test_the_tenth_of_a_list_is_not_shown() -> None:
    others = list(range(2, 11))
    some = lists([*others, 1], *[[] for _ in range(10)], width=10)
    assert gains(some, users([0, 1]))[0].tolist() == [0, 0, 2]


def test_an_empty_list_finds_nothing_and_is_asked_for_all_the_same() -> None:
    assert gains(lists([], [0]), users([0, 1]))[0].tolist() == [1, 1, 2]


def test_who_likes_one_title_asks_for_nothing() -> None:
    assert gains(lists([1], [0]), users([0], [], [0, 1])).tolist() == [
        [0, 0, 0],
        [0, 0, 0],
        [2, 2, 2],
    ]


def test_what_one_user_likes_is_nothing_to_the_next() -> None:
    some = lists([1], [0], [0], [0])
    assert gains(some, users([0, 1], [2, 3]))[:, 0].tolist() == [2, 0]


def test_the_head_is_the_most_liked_tenth_of_what_anybody_likes() -> None:
    # Of 40 titles 20 are liked, of which two are the tenth: 3, three times, and 5, twice.
    likes = users(list(range(20)), [3, 5], [3])
    assert np.flatnonzero(most_liked(likes, 40)).tolist() == [3, 5]


def test_without_some_titles_what_follows_moves_up() -> None:
    is_head = np.array([False, True, False, False, True])
    rest = without(lists([1, 2, 4, 3], [4, 1], width=5), is_head)
    assert rest.tolist() == [[2, 3, -1, -1, -1], [-1] * 5]


def test_coverage_is_the_share_of_titles_that_are_shown_in_some_list() -> None:
    beyond = [1, 1, 1, 1, 1, 1, 1, 1, 1, 3]
    assert coverage(lists([1, 2], [2], beyond, [], width=10)) == 2 / 4


def test_siblings_are_those_of_a_series_that_the_first_nine_have() -> None:
    # 0 has one of two, 1 both, 2 none; 3 and 4 are of no series, and 5 has no sibling.
    series = np.array([7, 7, 7, -1, -1, 8])
    some = lists([3, 1, 4], [0, 2], [3], [4], [3], [0])
    assert siblings(some, series) == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_of_a_long_series_nine_siblings_are_all() -> None:
    series = np.zeros(12, dtype=int)
    some = lists(*([place for place in range(10) if place != title][:9] for title in range(12)))
    assert siblings(some, series) == 1


def test_siblings_in_the_row_of_the_series_are_found_once() -> None:
    series = np.array([7, 7, 7, -1])
    some = lists([1, 3], [3], [3], [])
    assert siblings(some, series) == pytest.approx((1 / 2 + 0 + 0) / 3)
    row = lists([1], [0], [], [])
    assert siblings(some, series, row) == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert siblings(some, series, series_rows(series, np.array([2, 1, 3, 4]))) == 1


def test_the_row_of_a_series_has_the_first_nine_others_by_year() -> None:
    series = np.array([7, -1, 7, 8, 7, *[9] * 12])
    year = np.array([1990, 1980, 1970, 1960, 1980, *range(2012, 2000, -1)])
    rows = series_rows(series, year)
    assert rows[:5, :3].tolist() == [[2, 4, -1], [-1] * 3, [4, 0, -1], [-1] * 3, [2, 0, -1]]
    assert rows[5].tolist() == list(range(16, 7, -1))
    assert (series_rows(np.array([-1, -1]), np.array([1, 2])) == -1).all()


def test_without_a_series_there_is_no_figure_of_siblings() -> None:
    assert siblings(lists([1], [0]), np.array([-1, -1])) is None


def test_diversity_is_one_less_the_overlap_of_the_genres() -> None:
    # The genres of titles 0 and 1 overlap by a quarter; 2 and 3 have others, and the same.
    combination, overlap = np.array([0, 1, 2, 2]), np.eye(3)
    overlap[0, 1] = overlap[1, 0] = 1 / 4
    genres = (combination, overlap)
    assert diversity(lists([0, 1], width=2), *genres) == pytest.approx(1 - 1 / 4)
    assert diversity(lists([0, 1, 2]), *genres) == pytest.approx((1 - 1 / 4 + 1 + 1) / 3)
    assert diversity(lists([2, 3]), *genres) == 0
    # A list of one has no pair, and counts for nothing.
    assert diversity(lists([0, 1], [2]), *genres) == pytest.approx(1 - 1 / 4)


def test_novelty_is_the_bits_of_the_share_of_votes() -> None:
    votes = np.array([4, 2, 1, 1])
    assert novelty(lists([0], [1, 3]), votes) == pytest.approx((1 + 2 + 3) / 3)


def test_the_mean_is_over_all_that_was_asked_and_the_interval_holds_it() -> None:
    random = np.random.default_rng(0)
    counts = random.integers(1, 50, 300)
    sums = random.binomial(counts, 0.3)
    mean, low, high = mean_and_interval(sums, counts)
    assert mean == sums.sum() / counts.sum()
    # The interval of a share by its formula, as users differ here by chance alone.
    error = 1.96 * np.sqrt(0.3 * 0.7 / counts.sum())
    assert (low, high) == (
        pytest.approx(mean - error, abs=0.004),
        pytest.approx(mean + error, abs=0.004),
    )
    assert mean_and_interval(sums, counts) == [mean, low, high]


def test_users_who_all_say_the_same_leave_no_doubt() -> None:
    assert mean_and_interval(np.array([1.0, 2, 3]), np.array([2.0, 4, 6])) == [0.5, 0.5, 0.5]


def test_the_tail_is_what_is_left_of_likes_and_lists_without_the_head() -> None:
    likes = users([0, 1, 2], [0])  # 0 is the head: the only title that two users like
    some = lists([], [0, 2], [0, 1], *[[] for _ in range(7)])
    assert by_likes(some, likes)["tail_ndcg"][0] == 1
    nine_then_2 = [0, 3, 4, 5, 6, 7, 8, 9, 10, 2]
    some = lists([], nine_then_2, [0, 1], *[[] for _ in range(8)], width=10)
    # What follows moves up into the nine: it is the tail that is ranked.
    gain = (1 + 1 / np.log2(10)) / 2
    assert by_likes(some, likes)["tail_ndcg"][0] == pytest.approx(gain)
    ten_then_2 = [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 2]
    some = lists([], ten_then_2, [0, 1], *[[] for _ in range(9)], width=11)
    assert by_likes(some, likes)["tail_ndcg"][0] == 1 / 2


def test_likes_give_three_figures_each_with_the_bounds_of_its_interval() -> None:
    figures = by_likes(lists([1], [2], [3], [2]), users([0, 1], [2, 3]))
    assert set(figures) == {"ndcg", "hit_rate", "tail_ndcg"}
    assert figures["hit_rate"] == [3 / 4, 1 / 2, 1]


def test_the_catalogue_gives_siblings_only_where_there_are_series() -> None:
    others = np.zeros(2, dtype=int), np.ones((1, 1)), np.array([1, 1])
    figures = by_catalogue(lists([1], []), np.array([7, 7]), *others)
    assert figures == {"coverage": 1 / 2, "siblings": 1 / 2, "diversity": 0, "novelty": 1}
    alone = by_catalogue(lists([1], []), np.array([-1, -1]), *others)
    assert alone.keys() == figures.keys() - {"siblings"}


def judged(*pairs: tuple[int, int, bool]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first, second, is_ok = zip(*pairs, strict=True)
    return np.array(first), np.array(second), np.array(is_ok)


def test_a_judged_pair_is_in_the_lists_if_either_is_in_the_others_nine() -> None:
    beyond = [3, 3, 3, 3, 3, 3, 3, 3, 3, 1]  # the tenth is not shown
    some = lists(beyond, [2], [], [], [3], width=10)
    pairs = judged(
        (1, 2, True),  # listed
        (2, 1, True),  # listed, from the other side
        (0, 1, True),
        (2, 3, True),
        (0, 3, False),  # listed
        (2, 0, False),
        (1, 0, False),
    )
    figures = by_judgements(some, *pairs)
    assert {name: mean for name, (mean, *_) in figures.items()} == {
        "p9": pytest.approx(2 / 3),
        "r9": 2 / 4,
        "bad9": pytest.approx(1 / 3),
    }
    assert all(low <= mean <= high for mean, low, high in figures.values())
    assert figures == by_judgements(some, *pairs)


def test_a_place_that_is_empty_is_no_judged_title() -> None:
    # -1 is no position: the last title is not in a list that ends early.
    figures = by_judgements(lists([], [], []), *judged((0, 2, True), (1, 2, False)))
    assert figures == {"r9": [0, 0, 0], "bad9": [0, 0, 0]}


def test_a_figure_of_no_pairs_is_left_out() -> None:
    likeness = np.array([0.5])
    assert by_judgements(lists([1], []), *judged((0, 1, True)), likeness).keys() == {"p9", "r9"}
    only_bad = by_judgements(lists([], []), *judged((0, 1, False)), likeness)
    assert only_bad.keys() == {"bad9"}
    both = judged((0, 1, True), (1, 0, False))
    assert "auc" not in by_judgements(lists([1], []), *both)
    assert by_judgements(lists([1], []), *both, np.array([0.9, 0.1]))["auc"][0] == 1


def test_the_area_is_how_often_what_is_ok_is_said_to_be_more_alike() -> None:
    random = np.random.default_rng(0)
    is_ok = random.random(400) < 0.6
    likeness = (random.normal(size=400) + is_ok).round(1)  # with many ties
    area, low, high = area_and_interval(likeness, is_ok)
    assert area == pytest.approx(roc_auc_score(is_ok, likeness))
    # The interval by Hanley and McNeil's formula for the standard error.
    good, bad = is_ok.sum(), (~is_ok).sum()
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    error = 1.96 * np.sqrt(
        (area * (1 - area) + (good - 1) * (first - area**2) + (bad - 1) * (second - area**2))
        / (good * bad)
    )
    assert (low, high) == (
        pytest.approx(area - error, abs=0.01),
        pytest.approx(area + error, abs=0.01),
    )


def test_draws_in_which_all_pairs_are_of_one_kind_tell_no_area() -> None:
    assert area_and_interval(np.array([0.9, 0.1]), np.array([True, False])) == [1, 1, 1]
