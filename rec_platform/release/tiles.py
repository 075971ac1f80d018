"""Tiles: all titles of a release, arranged so that the best for a list are found among few of them.

The titles of one combination of genres are cut into tiles, by year and then by votes (sort-tile-
recursive packing: Leutenegger, Lopez and Edgington, ICDE 1997). The bounds of a tile tell how good
the best of its titles can be. modelling/tiling.py arranges them; best_first.py looks through them.
"""

import json
import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import compress, count, pairwise
from math import inf, log10
from typing import Any, NamedTuple

from rec_platform.release.filters import Filter
from rec_platform.release.formats import FILM
from rec_platform.release.schema import Title

TILE_TITLES = 32
BY_COMBINATION = ("genres", "tone", "mix")  # parts that two combinations of genres decide
# What is kept of each title, with the type of the value as `array` and NumPy name it.
COLUMNS = {
    "number": "I",
    "year": "H",
    "runtime": "f",  # minutes; the usual length if it is not known
    "fame": "f",  # log10 of the votes
    "rating": "f",  # the trusted rating: see modelling/facts.py
    "known_runtime": "H",  # minutes, 0 if it is not known
    "own_rating": "f",  # the rating as it is
}


class Combination(NamedTuple):
    """The titles of a format with one combination of genres, as a release stores them.

    Attributes:
        genres: JSON array.
        compared: from pack_compared().
        titles: the columns one after another, little-endian, each in the order of the tiles.
        format: see formats.py; a release of schema 6 or older has films alone.
    """

    genres: str
    compared: bytes
    titles: bytes
    format: str = FILM


class Bounds(NamedTuple):
    """Titles that are stored one after another, and the least and the greatest of their values."""

    start: int
    end: int
    years: tuple[int, int]
    fame: tuple[float, float]
    rating: tuple[float, float]
    shortest: float  # infinite if no length is known
    longest: int  # 0 if no length is known
    highest: float  # of the ratings as they are

    def may_pass(self, wanted: Filter) -> bool:
        """Whether one of the titles may pass a filter, whatever its genres."""
        return (
            (wanted.year_min is None or self.years[1] >= wanted.year_min)
            and (wanted.year_max is None or self.years[0] <= wanted.year_max)
            and (wanted.votes_min is None or self.fame[1] >= least_fame(wanted.votes_min))
            and (wanted.rating_min is None or self.highest >= _single(wanted.rating_min))
            and (wanted.runtime_min is None or self.longest >= wanted.runtime_min)
            and (wanted.runtime_max is None or self.shortest <= wanted.runtime_max)
        )

    def narrowed(self, wanted: Filter) -> "Bounds":
        """The bounds of those of the titles that pass a filter."""
        (first, last), (least, most) = self.years, self.fame
        if wanted.year_min is not None:
            first = max(first, wanted.year_min)
        if wanted.year_max is not None:
            last = min(last, wanted.year_max)
        if wanted.votes_min is not None:
            least = max(least, least_fame(wanted.votes_min))
        return self._replace(years=(first, last), fame=(least, most))


class Tiles:
    """All titles of a release. The place of a title is that of its values in the columns.

    Attributes:
        formats: of each combination.
        genres: of each combination.
        columns: by name, see `COLUMNS`.
        combinations: the bounds of the titles of each.
        bounds: of all titles.
    """

    def __init__(self, stored: Iterable[Combination]) -> None:
        self.formats: list[str] = []
        self.genres: list[frozenset[str]] = []
        self.columns: dict[str, array[Any]] = {name: array(kind) for name, kind in COLUMNS.items()}
        self._places: dict[tuple[str, ...], int] = {}
        self._compared: list[bytes] = []
        self._tiles: dict[int, list[Bounds]] = {}
        width = sum(column.itemsize for column in self.columns.values())
        ends = [0]
        for genres, compared, titles, format_ in stored:
            named = tuple(json.loads(genres))
            self._places[format_, *named] = len(self.genres)
            self.formats.append(format_)
            self.genres.append(frozenset(named))
            self._compared.append(compared)
            title_count, start = len(titles) // width, 0
            for column in self.columns.values():
                end = start + title_count * column.itemsize
                column.frombytes(titles[start:end])
                start = end
            ends.append(ends[-1] + title_count)
        if sys.byteorder == "big":
            for column in self.columns.values():
                column.byteswap()
        self._figures = [self.columns[name] for name in ("year", "runtime", "fame", "rating")]
        self.combinations = [self._bounds(*pair) for pair in pairwise(ends)]
        self.bounds = self._bounds(0, ends[-1])
        self._ends = ends[1:]

    def tiles(self, combination: int) -> list[Bounds]:
        """The tiles of a combination of genres."""
        if combination not in self._tiles:
            start, end, *_ = self.combinations[combination]
            self._tiles[combination] = [
                self._bounds(first, min(first + TILE_TITLES, end))
                for first in range(start, end, TILE_TITLES)
            ]
        return self._tiles[combination]

    @cached_property
    def _place_of(self) -> "array[int]":
        """The place of each title by its number."""
        numbers = self.columns["number"]
        places: array[int] = array("I", bytes(4 * (max(numbers, default=0) + 1)))
        for place, number in enumerate(numbers):
            places[number] = place
        return places

    def places(self, flags: bytearray) -> list[int]:
        """The places of the titles whose number has a flag."""
        return [self._place_of[number] for number in compress(count(), flags)]

    def combination_of(self, place: int) -> int:
        """The combination of genres of the title at a place."""
        return bisect_right(self._ends, place)

    def passing(
        self, places: Sequence[int], wanted: Filter, flags: bytearray | None
    ) -> Sequence[int]:
        """The places of those titles that pass a filter, whatever their genres.

        Args:
            places: of the titles.
            wanted: the filter.
            flags: by number, whether a title meets the conditions that tiles cannot tell.
        """
        if wanted.year_min is not None:
            year, least = self.columns["year"], wanted.year_min
            places = [place for place in places if year[place] >= least]
        if wanted.year_max is not None:
            year, most = self.columns["year"], wanted.year_max
            places = [place for place in places if year[place] <= most]
        if wanted.rating_min is not None:
            rating, lowest = self.columns["own_rating"], _single(wanted.rating_min)
            places = [place for place in places if rating[place] >= lowest]
        if wanted.runtime_min is not None:
            runtime, shortest = self.columns["known_runtime"], wanted.runtime_min
            places = [place for place in places if runtime[place] >= shortest]
        if wanted.runtime_max is not None:
            runtime, longest = self.columns["known_runtime"], wanted.runtime_max
            places = [place for place in places if 0 < runtime[place] <= longest]
        if flags is not None:
            number = self.columns["number"]
            places = [place for place in places if flags[number[place]]]
        return places

    def figures(self, place: int) -> tuple[int, float, float, float]:
        """The year, length, fame and trusted rating of a title."""
        year, runtime, fame, rating = self._figures
        return year[place], runtime[place], fame[place], rating[place]

    def find(self, title: Title, number: int) -> tuple[int, int]:
        """The combination and the place of a title."""
        combination = self._places[title.format, *title.genres]
        start, end, *_ = self.combinations[combination]
        return combination, self.columns["number"].index(number, start, end)

    def compared(self, combination: int) -> dict[str, bytes]:
        """Some parts of a combination with each, as bytes; older releases have no `mix`."""
        packed, width = zlib.decompress(self._compared[combination]), len(self.genres)
        rows = (packed[start : start + width] for start in range(0, len(packed), width))
        return dict(zip(BY_COMBINATION, rows, strict=False))

    def _bounds(self, start: int, end: int) -> Bounds:
        values = {name: column[start:end] for name, column in self.columns.items()}
        years, fame, rating = (
            (min(values[name]), max(values[name])) for name in ("year", "fame", "rating")
        )
        lengths = [minutes for minutes in values["known_runtime"] if minutes]
        shortest, longest = min(lengths, default=inf), max(lengths, default=0)
        return Bounds(start, end, years, fame, rating, shortest, longest, max(values["own_rating"]))


def least_fame(votes: int) -> float:
    """The fame of so many votes, or a little less: columns are of single precision."""
    return log10(max(1, votes)) - 1e-5


def pack_compared(genres: bytes, tone: bytes, mix: bytes) -> bytes:
    """The parts of one combination with each, in their order, as one value.

    Args:
        genres: a byte for each combination.
        tone: likewise; 0 where the gate is closed.
        mix: likewise.
    """
    return zlib.compress(genres + tone + mix)


def _single(value: float) -> float:
    """The value in single precision, as columns hold it."""
    return array("f", [value])[0]
