"""Placing: the circles are filled, alike lies beside alike, and nothing depends on chance."""

import numpy as np
import pytest

from rec_platform.modelling.placing import place
from rec_platform.release.schema import PLACE_STEPS


def crowd(count: int) -> np.ndarray:
    """Rows of three groups that differ, and of one column that differs among all."""
    dice = np.random.default_rng(3)
    groups = np.eye(3)[dice.integers(0, 3, count)]
    return np.column_stack([groups, dice.random(count) / 4]).astype("float32")


def test_every_ring_of_a_circle_holds_as_many_as_it_has_room_for():
    placed = place(crowd(1_000), np.zeros(1_000, dtype=int))
    assert placed.dtype == np.uint16
    way = placed[:, 1] / PLACE_STEPS
    assert np.histogram(way, 10, (0, 1))[0].tolist() == [100] * 10


def test_films_of_a_group_lie_on_the_same_side():
    rows = crowd(900)
    turn = place(rows, np.zeros(900, dtype=int))[:, 0] / PLACE_STEPS * 2 * np.pi
    group = rows[:, :3].argmax(axis=1)
    for number in range(3):
        sides = np.exp(1j * turn[group == number])
        assert abs(sides.mean()) > 0.5
    assert abs(np.exp(1j * turn).mean()) < 0.3


def test_each_cluster_is_placed_by_itself_and_always_alike():
    rows, cluster = crowd(300), np.arange(300) % 2
    placed = place(rows, cluster)
    for number in (0, 1):
        members = cluster == number
        alone = place(rows[members], np.zeros(members.sum(), dtype=int))
        assert (placed[members] == alone).all()
    assert (placed == place(rows, cluster)).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_films_that_do_not_differ_have_places_too(count: int):
    placed = place(np.ones((count, 4), dtype="float32"), np.zeros(count, dtype=int))
    assert len({way for _, way in placed.tolist()}) == count
