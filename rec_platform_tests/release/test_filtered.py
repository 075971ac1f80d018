"""Filters reach all titles: lists against all titles of a release, compared one by one."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from functools import cache, partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from rec_platform.modelling.parts import Parts
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    LIKENESS,
    PARTS,
    alike,
    total,
)
from rec_platform.release.filters import Filter
from rec_platform.release.lookup import Lookup
from rec_platform.release.reasons import reasons
from rec_platform.release.recommend import basket, recommendations
from rec_platform.release.schema import (
    NEIGHBOURS,
    SCORE_DIGITS,
    SERIES_MOST,
    Neighbour,
)
from rec_platform_tests.release.blended import invented_titles, write_blended

COUNT = 2_000
FILTERS = {
    "documentaries": Filter(genres=("Documentary",)),
    "two genres": Filter(genres=("Romance", "Drama")),
    "under closed gates but for a few": Filter(genres=("Animation",)),
    "old": Filter(year_max=1985),
    "of three years": Filter(year_min=2012, year_max=2014),
    "good": Filter(rating_min=8.3),
    "short": Filter(runtime_max=75),
    "long": Filter(runtime_min=157),
    "known to many": Filter(votes_min=300_000),
    "known to more than a few": Filter(votes_min=163),
    "long and known to some": Filter(votes_min=2_000, runtime_min=150),
    "all at once": Filter(
        year_min=1970, year_max=2015, rating_min=6.1, runtime_max=120, genres=("Comedy",)
    ),
    "a few": Filter(genres=("Western",), rating_min=5),
    "everything": Filter(year_min=1800),
}
SOME = (1, 2, 30, 400, 1_100, COUNT)  # the most voted, the least voted, and others
BALANCES = (HIDDEN_GEMS, 0.3, BALANCE, CROWD_PLEASERS)
# What the pipeline compares in single precision may round to the next byte.
BYTE = 1 / 255 + 1e-9


class Release:
    """A release by the blend, and what its titles are compared by."""

    def __init__(self, path: Path, parts: Parts) -> None:
        self.lookup = Lookup(path)
        self.titles = self.lookup.numbered(range(1, len(parts) + 1))
        self.compared = cache(partial(compared, parts))
        self.ranked = cache(self._ranked)

    def stored(self, number: int) -> dict[int, bytes]:
        """The parts of the stored neighbours of a title."""
        neighbours = self.lookup.neighbours(self.titles[number - 1].title_id)
        return {neighbour.number: neighbour.parts for neighbour in neighbours}

    def best(self, number: int, limit: int, balance: float, wanted: Filter) -> list[int]:
        """The best that pass, of the stored neighbours and of all others outside the series."""
        of_series: Counter[int | None] = Counter()
        listed: list[int] = []
        for other in self.ranked(number, balance):
            title = self.titles[other - 1]
            if wanted.passes(title):
                of_series[title.series] += 1
                if title.series is None or of_series[title.series] <= SERIES_MOST:
                    listed.append(other)
        return listed[:limit]

    def _ranked(self, number: int, balance: float) -> list[int]:
        title, rule = self.titles[number - 1], self.lookup.rule
        popularity = self.lookup.popularity(title.votes)
        turned = rule.turned(balance, popularity)
        stored = rule.weigh(self.lookup.neighbours(title.title_id), balance, popularity)
        ranked = [
            (is_gated(one.parts), -round(least, SCORE_DIGITS), place - NEIGHBOURS, one.number)
            for place, (least, one) in enumerate(zip(falling(stored, turned), stored, strict=True))
        ]
        known = {number, *(neighbour.number for neighbour in stored)}
        for other, parts in enumerate(self.compared(number), start=1):
            is_sibling = self.titles[other - 1].series == title.series is not None
            if other not in known and not is_sibling:
                points = round(total(parts, turned), SCORE_DIGITS)
                ranked.append((is_gated(parts), -points, other, other))
        return [other for *_, other in sorted(ranked)]


def is_gated(parts: bytes) -> bool:
    return parts[PARTS.index("tone")] == 0


def falling(stored: list[Neighbour], weights: dict[str, float]) -> list[float]:
    """The points of stored neighbours, which keep their order before the gate and behind it."""
    least = {False: 0.0, True: 0.0}
    points: list[float] = []
    for one in stored:
        side = is_gated(one.parts)
        least[side] = min(least[side], total(one.parts, weights))
        points.append(least[side])
    return points


def compared(parts: Parts, number: int) -> list[bytes]:
    """The parts of all titles with one, as if they shared no person and no word."""
    every = np.arange(len(parts))
    rows = parts.between(np.full(len(every), number - 1), every)
    rows[:, [PARTS.index(name) for name in ("people", "title")]] = 0
    return [row.tobytes() for row in rows]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    path = tmp_path_factory.mktemp("filtered") / "lookup.sqlite"
    parts = write_blended(path, invented_titles(COUNT))
    return Release(path, parts)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filtered_list_is_the_best_of_all_titles(release: Release, name: str) -> None:
    asked = found = beyond = 0
    for number, balance, limit in product(SOME, BALANCES, (9, NEIGHBOURS)):
        title = release.titles[number - 1]
        listed = recommendations(release.lookup, title, limit, balance, FILTERS[name])
        best = release.best(number, limit, balance, FILTERS[name])
        assert len(listed) == len(best) > 0
        found += len({release.lookup.number(row.title.title_id) for row in listed} & {*best})
        asked += len(best)
        beyond += len({*best} - release.stored(number).keys())
    assert found >= 0.999 * asked
    assert beyond > 20


@pytest.mark.parametrize("name", FILTERS)
def test_what_is_found_is_compared_as_in_the_pipeline(release: Release, name: str) -> None:
    for number in SOME:
        title, stored = release.titles[number - 1], release.stored(number)
        for row in recommendations(release.lookup, title, 9, BALANCE, FILTERS[name]):
            other = release.lookup.number(row.title.title_id)
            parts = stored.get(other, release.compared(number)[other - 1])
            expected = {name: part / 255 for name, part in zip(PARTS, parts, strict=True)}
            assert row.parts == pytest.approx(expected, abs=BYTE)
            likeness = total([round(row.parts[name] * 255) for name in LIKENESS], LIKENESS)
            assert row.score == pytest.approx(alike(likeness), abs=1e-6)
            assert row.reasons == reasons(title, row.title, release.lookup.shares) != []


@pytest.mark.parametrize("name", FILTERS)
def test_a_closed_gate_opens_only_when_nothing_else_is_left(release: Release, name: str) -> None:
    gated = 0
    for number, balance in product(SOME, BALANCES):
        title, wanted = release.titles[number - 1], FILTERS[name]
        tones = [
            row.parts["tone"]
            for row in recommendations(release.lookup, title, NEIGHBOURS, balance, wanted)
        ]
        assert tones == sorted(tones, key=lambda tone: tone == 0)
        gated += tones.count(0)
    assert gated or name != "under closed gates but for a few"


def test_filters_that_no_title_passes_give_an_empty_list(release: Release) -> None:
    nothing = (
        Filter(genres=("Musical",)),
        Filter(genres=("Documentary", "Western")),
        Filter(year_min=2020),
        Filter(year_max=1949),
        Filter(year_min=2000, year_max=1999),
        Filter(rating_min=9.6),
        Filter(runtime_max=49),
    )
    for number, wanted in product(SOME, nothing):
        title = release.titles[number - 1]
        assert not any(map(wanted.passes, release.titles))
        assert recommendations(release.lookup, title, 9, BALANCE, wanted) == []
        assert basket(release.lookup, [title], 9, BALANCE, wanted) == []


def test_a_filter_for_one_title_finds_it_from_everywhere(release: Release) -> None:
    (known,) = (title for title in release.titles if title.title_id == "tt0001234")
    wanted = Filter(
        year_min=known.year,
        year_max=known.year,
        rating_min=known.rating,
        runtime_max=known.runtime_minutes,
        genres=tuple(known.genres),
    )
    passing = {title.title_id for title in release.titles if wanted.passes(title)}
    assert known.title_id in passing
    for number in SOME:
        title = release.titles[number - 1]
        listed = recommendations(release.lookup, title, NEIGHBOURS, BALANCE, wanted)
        assert {row.title.title_id for row in listed} == passing - {title.title_id}


def test_a_longer_list_begins_as_the_shorter_one(release: Release) -> None:
    for name, number, balance in product(FILTERS, SOME, BALANCES):
        title, wanted = release.titles[number - 1], FILTERS[name]
        long = recommendations(release.lookup, title, NEIGHBOURS, balance, wanted)
        assert recommendations(release.lookup, title, 9, balance, wanted) == long[:9]


def test_a_basket_holds_what_is_best_of_all_titles_for_each(release: Release) -> None:
    liked, wanted = [release.titles[number - 1] for number in SOME[:3]], FILTERS["short"]
    merged = {row.title.title_id for row in basket(release.lookup, liked, 48, BALANCE, wanted)}
    for title in liked:
        first, *_ = recommendations(release.lookup, title, 9, BALANCE, wanted)
        assert first.title.title_id in merged
    stored = set().union(*(release.stored(number) for number in SOME[:3]))
    assert {release.lookup.number(title_id) for title_id in merged} - stored


def test_the_same_titles_give_the_same_file_and_the_same_lists(
    release: Release, tmp_path: Path
) -> None:
    write_blended(tmp_path / "lookup.sqlite", invented_titles(COUNT))
    again = Lookup(tmp_path / "lookup.sqlite")
    assert again.path.read_bytes() == release.lookup.path.read_bytes()
    for number, wanted in product(SOME, FILTERS.values()):
        title = release.titles[number - 1]
        assert recommendations(again, title, 9, BALANCE, wanted) == recommendations(
            release.lookup, title, 9, BALANCE, wanted
        )


def test_each_place_is_of_the_combination_within_whose_bounds_it_lies(release: Release) -> None:
    tiles = release.lookup.tiles
    assert tiles
    found = [tiles.combination_of(place) for place in range(COUNT)]
    assert found == [
        combination
        for combination, bounds in enumerate(tiles.combinations)
        for _ in range(bounds.start, bounds.end)
    ]


@pytest.mark.parametrize("change", ["DROP TABLE combinations", "DELETE FROM combinations"])
def test_a_release_without_tiles_filters_its_neighbours(
    release: Release, tmp_path: Path, change: str
) -> None:
    """As one of an earlier schema does, and one of another rule than the blend."""
    shutil.copy(release.lookup.path, tmp_path)
    with closing(sqlite3.connect(tmp_path / "lookup.sqlite", isolation_level=None)) as connection:
        connection.execute(change)
    old = Lookup(tmp_path / "lookup.sqlite")
    for number, balance, wanted in product(SOME, BALANCES, FILTERS.values()):
        title = release.titles[number - 1]
        everything = recommendations(old, title, NEIGHBOURS, balance)
        assert [row.title for row in recommendations(old, title, 9, balance, wanted)] == [
            row.title for row in everything if wanted.passes(row.title)
        ][:9]
