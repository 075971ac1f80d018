import numpy as np
import pytest

from rec_platform.modelling import baselines
from rec_platform.modelling.baselines import (
    SHRINKAGE,
    at_random,
    item_knn,
    item_knn_alike,
    most_voted,
)


def users(*liked: list[int]) -> list[np.ndarray]:
    return [np.array(titles) for titles in liked]


def test_random_lists_are_of_others_of_the_group_each_once() -> None:
    group = np.random.default_rng(0).integers(0, 3, 300)
    group[:10] = 3
    lists = at_random(group)
    for title, row in enumerate(lists):
        shown = row[row >= 0]
        assert len(shown) == len(set(shown)) == min(48, (group == group[title]).sum() - 1)
        assert title not in shown and set(group[shown]) == {group[title]}
    assert (at_random(group) == lists).all()


def test_the_most_voted_are_in_every_list_but_their_own() -> None:
    votes = np.array([5, 50, 7, 500])
    lists = most_voted(votes)
    assert [row[row >= 0].tolist() for row in lists] == [[3, 1, 2], [3, 2, 0], [3, 1, 0], [1, 2, 0]]


def test_who_likes_a_title_also_likes_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "BLOCK_ROWS", 2)  # more than one block
    # 2 is liked with 0 by two users, 1 by one of them; nobody likes 3 or anything together with 4.
    likes = users([0, 1, 2], [0, 2], [1], [4])
    lists = item_knn(likes, 6, 3, shrinkage=0)
    assert lists.tolist() == [[2, 1, -1], [0, 2, -1], [0, 1, -1], [-1] * 3, [-1] * 3, [-1] * 3]


def test_shrinkage_prefers_what_many_agree_on() -> None:
    # 1 is liked by its only user with 0, 2 by ten of 0's eleven and by two others.
    likes = users([0, 1], *[[0, 2]] * 10, [2], [2])
    assert item_knn(likes, 3, 1, shrinkage=0)[0] == 2
    rare = users([0, 1], [0, 2], [0, 2], [2], [2], [2], [2], [2], [2], [2])
    assert item_knn(rare, 3, 1, shrinkage=0)[0] == 1
    assert item_knn(rare, 3, 1, shrinkage=100)[0] == 2


def test_how_alike_pairs_are_is_what_the_lists_are_ordered_by() -> None:
    # 0 and 2 are liked together by two users, 0 and 1 by one of them.
    likes = users([0, 1, 2], [0, 2], [1], [4])
    first, second = np.array([0, 0, 2, 3, 0]), np.array([2, 1, 0, 5, 4])
    together = 2 / (np.sqrt(2 * 2) + SHRINKAGE)
    once = 1 / (np.sqrt(2 * 2) + SHRINKAGE)
    alike = item_knn_alike(likes, 6, first, second)
    assert alike == pytest.approx(np.array([together, once, together, 0, 0]))
