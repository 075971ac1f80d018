"""Tiles: all titles of a release, arranged so that the best for a list are found among few of them.

The titles of one combination of genres are cut into tiles, by year and then by votes (sort-tile-
recursive packing: Leutenegger, Lopez and Edgington, ICDE 1997). The bounds of a tile tell how good
the best of its titles can be. modelling/tiling.py arranges them; best_first.py looks through them.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

from rec_platform.release.filters import Filter
from rec_platform.release.formats import FILM
from rec_platform.release.schema import Title

TILE_TITLES = 32
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
    highest: float  # of the ratings as they are

    def may_pass(self, wanted: Filter) -> bool:
        """Whether one of the titles may pass a filter, whatever its genres."""
        return (
            (wanted.year_min is None or self.years[1] >= wanted.year_min)
            and (wanted.year_max is None or self.years[0] <= wanted.year_max)
            and (wanted.rating_min is None or self.highest >= _single(wanted.rating_min))
            and (wanted.runtime_max is None or self.shortest <= wanted.runtime_max)
        )


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
            count, start = len(titles) // width, 0
            for column in self.columns.values():
                end = start + count * column.itemsize
                column.frombytes(titles[start:end])
                start = end
            ends.append(ends[-1] + count)
        if sys.byteorder == "big":
            for column in self.columns.values():
                column.byteswap()
        self._figures = [self.columns[name] for name in ("year", "runtime", "fame", "rating")]
        self.combinations = [self._bounds(*pair) for pair in pairwise(ends)]
        self.bounds = self._bounds(0, ends[-1])

    def tiles(self, combination: int) -> list[Bounds]:
        """The tiles of a combination of genres."""
        if combination not in self._tiles:
            start, end, *_ = self.combinations[combination]
            self._tiles[combination] = [
                self._bounds(first, min(first + TILE_TITLES, end))
                for first in range(start, end, TILE_TITLES)
            ]
        return self._tiles[combination]

    def passing(
        self, places: Sequence[int], wanted: Filter, flags: Sequence[int] | None
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

    def compared(self, combination: int) -> tuple[bytes, bytes]:
        """The parts `genres` and `tone` of a combination with each, as bytes."""
        both = zlib.decompress(self._compared[combination])
        return both[: len(self.genres)], both[len(self.genres) :]

    def _bounds(self, start: int, end: int) -> Bounds:
        values = {name: column[start:end] for name, column in self.columns.items()}
        years, fame, rating = (
            (min(values[name]), max(values[name])) for name in ("year", "fame", "rating")
        )
        shortest = min((minutes for minutes in values["known_runtime"] if minutes), default=inf)
        return Bounds(start, end, years, fame, rating, shortest, max(values["own_rating"]))


def pack_compared(genres: bytes, tone: bytes) -> bytes:
    """The parts of one combination with each, in their order, as one value.

    Args:
        genres: a byte for each combination.
        tone: likewise; 0 where the gate is closed.
    """
    return zlib.compress(genres + tone)


def _single(value: float) -> float:
    """The value in single precision, as columns hold it."""
    return array("f", [value])[0]
