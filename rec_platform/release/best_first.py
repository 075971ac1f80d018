"""The best of all titles for a title's list, by what any two titles can be compared by.

That is all but series, people, characters, keywords, words and origin. What shares those is among
the neighbours that a release stores. The search is best first (Hjaltason and Samet, ACM TODS 1999):
bounds tell how good the best title of a combination of genres, or of a tile, can be. What cannot be
better than what is found is not looked at. How parts are weighed belongs in blend.py.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from heapq import heapify, heappop, heappush
from itertools import accumulate

from rec_platform.release import formulas
from rec_platform.release.blend import UNCOMPARED, UNITS, share_alike, total
from rec_platform.release.filters import Filter
from rec_platform.release.schema import SCORE_DIGITS, Neighbour, Title
from rec_platform.release.tiles import Bounds, Tiles

MOST_ONE_BY_ONE = 500  # titles that are compared without a look at bounds
MOST_SCATTERED = 20 * MOST_ONE_BY_ONE  # titles with a flag among which few may pass the rest
BEHIND = -1e6  # points for a closed gate: fame may outweigh what the blend takes off for it
# What waits in the queue. Of what is equally good, a title comes after what may hold a better one.
STORED, GENRES, COMBINATION, TILE, TITLE = range(5)
# Its points times -1, what it is, its order among equals, its combination, and its places.
Waiting = tuple[float, int, int, int, int, int]


class BestFirst:
    """Compares all titles with one.

    Args:
        tiles: all titles.
        title: the one title.
        number: of the one title.
        weights: of the parts in its list. Only those of popularity and quality may be negative.
        most_famous: log10 of the votes of the most voted title.
    """

    def __init__(
        self,
        tiles: Tiles,
        title: Title,
        number: int,
        weights: Mapping[str, float],
        most_famous: float,
    ) -> None:
        self._tiles, self._weights, self._most_famous = tiles, weights, most_famous
        self._format = title.format
        combination, place = tiles.find(title, number)
        self._tone = [*weights].index("tone")
        self._compared = tiles.compared(combination)
        self._own = tiles.figures(place)
        terms = {name: [weight * unit for unit in UNITS[name]] for name, weight in weights.items()}
        uncompared = sum(terms[name][part] for name, part in UNCOMPARED.items() if name in terms)
        points = [uncompared + BEHIND * (not tone) for tone in self._compared["tone"]]
        for name, parts in self._compared.items():
            term = terms[name]
            points = [sum_ + term[part] for sum_, part in zip(points, parts, strict=True)]
        self._by_genres = points
        year, runtime, fame, rating = self._own
        self._era = _adds(terms["era"], lambda other: formulas.era(other - year))
        self._runtime = _adds(terms["runtime"], lambda other: formulas.runtime(other - runtime))
        self._fame = _adds(terms["fame"], lambda other: formulas.fame(other - fame))
        self._rating = _adds(terms["rating"], lambda other: formulas.rating(other - rating))
        self._popularity = _adds(
            terms["popularity"], lambda other: formulas.popularity(other, most_famous)
        )
        self._quality = _adds(terms["quality"], formulas.quality)

    def ranked(
        self,
        wanted: Filter,
        stored: Sequence[Neighbour],
        skipped: Collection[int],
        flags: bytearray | None = None,
    ) -> Iterator[Neighbour]:
        """Stored neighbours and the titles that pass a filter, best first.

        What is behind a closed gate comes last. The stored ones keep their order and come before
        what is equally good. Of others that are equally good the most voted comes first.

        Args:
            wanted: the filter.
            stored: neighbours of the one title, best first, which are not compared again.
            skipped: the numbers of titles that are not looked for.
            flags: by number, whether a title meets the conditions that tiles cannot tell; None if
                there are no such conditions.
        """
        stored = sorted(stored, key=self._is_behind_gate)
        queue = [*self._stored(stored), *self._looked_for(wanted, skipped, flags)]
        heapify(queue)
        while queue:
            _, kind, order, combination, start, end = heappop(queue)
            if kind == STORED:
                yield stored[order]
            elif kind == TITLE:
                yield self._neighbour(order, combination, start)
            else:
                inside = (
                    self._titles(combination, range(start, end), wanted, skipped, flags)
                    if kind == TILE
                    else self._tiles_of(combination, kind, wanted)
                )
                for waiting in inside:
                    heappush(queue, waiting)

    def _is_behind_gate(self, neighbour: Neighbour) -> bool:
        return not neighbour.parts[self._tone]

    def _stored(self, neighbours: Sequence[Neighbour]) -> Iterator[Waiting]:
        own = [
            -round(
                total(neighbour.parts, self._weights) + BEHIND * self._is_behind_gate(neighbour),
                SCORE_DIGITS,
            )
            for neighbour in neighbours
        ]
        # By its parts a neighbour may be worse than those after it: a little, for they were ranked
        # before the parts were rounded, or more, if it has the director's place. It counts as the
        # best of them, so that none is held back.
        lost = [*accumulate(reversed(own), min)][::-1]
        for order, cost in enumerate(lost):
            yield cost, STORED, order, 0, 0, 0

    def _looked_for(
        self, wanted: Filter, skipped: Collection[int], flags: bytearray | None
    ) -> Iterable[Waiting]:
        """What may hold titles that pass a filter; the titles themselves if few have a flag.

        Few titles are scattered over so many tiles that all of these would be looked at.
        """
        combinations = [*self._combinations(wanted)]
        if flags is None or flags.count(1) > MOST_SCATTERED:
            return combinations
        places = self._tiles.passing(self._tiles.places(flags), wanted, None)
        if len(places) > MOST_ONE_BY_ONE:
            return combinations
        passing = {combination for _, _, _, combination, _, _ in combinations}
        both = ((self._tiles.combination_of(place), place) for place in places)
        return self._unskipped((pair for pair in both if pair[0] in passing), skipped)

    def _combinations(self, wanted: Filter) -> Iterator[Waiting]:
        """The combinations of genres that may pass a filter, as good as any title could be.

        They are of the title's own format, unless another one is asked for.
        """
        most = self._most(self._tiles.bounds, wanted)
        wanted_format = wanted.format or self._format
        for combination, genres in enumerate(self._tiles.genres):
            if (
                self._tiles.formats[combination] == wanted_format
                and genres.issuperset(wanted.genres)
                and genres.isdisjoint(wanted.without_genres)
                and self._tiles.combinations[combination].may_pass(wanted)
            ):
                yield self._lost(combination, most), GENRES, combination, combination, 0, 0

    def _tiles_of(self, combination: int, kind: int, wanted: Filter) -> Iterator[Waiting]:
        """A combination of genres as good as its best title could be, or else its tiles."""
        inside, bounds = TILE, self._tiles.tiles(combination)
        if kind == GENRES and len(bounds) > 1:
            inside, bounds = COMBINATION, [self._tiles.combinations[combination]]
        for some in bounds:
            if some.may_pass(wanted):
                lost = self._lost(combination, self._most(some, wanted))
                yield lost, inside, some.start, combination, some.start, some.end

    def _titles(
        self,
        combination: int,
        places: range,
        wanted: Filter,
        skipped: Collection[int],
        flags: bytearray | None,
    ) -> Iterator[Waiting]:
        passing = self._tiles.passing(places, wanted, flags)
        return self._unskipped(((combination, place) for place in passing), skipped)

    def _unskipped(
        self, places: Iterable[tuple[int, int]], skipped: Collection[int]
    ) -> Iterator[Waiting]:
        """The titles at these places, each with its combination of genres."""
        numbers = self._tiles.columns["number"]
        for combination, place in places:
            number = numbers[place]
            if number not in skipped:
                lost = self._lost(combination, self._points(place))
                yield lost, TITLE, number, combination, place, place

    def _lost(self, combination: int, points: float) -> float:
        return -round(self._by_genres[combination] + points, SCORE_DIGITS)

    def _points(self, place: int) -> float:
        """What the figures of a title add."""
        year, runtime, fame, rating = self._tiles.figures(place)
        return (
            self._era(year)
            + self._runtime(runtime)
            + self._fame(fame)
            + self._popularity(fame)
            + self._rating(rating)
            + self._quality(rating)
        )

    def _most(self, bounds: Bounds, wanted: Filter) -> float:
        """What the best figures within bounds would add that pass a filter."""
        bounds = bounds.narrowed(wanted)
        year, runtime, fame, rating = self._own
        return (
            self._era(_nearest(year, bounds.years))
            + self._runtime(runtime)
            + self._fame(_nearest(fame, bounds.fame))
            + max(map(self._popularity, bounds.fame))
            + self._rating(_nearest(rating, bounds.rating))
            + max(map(self._quality, bounds.rating))
        )

    def _neighbour(self, number: int, combination: int, place: int) -> Neighbour:
        own_year, own_runtime, own_fame, own_rating = self._own
        year, runtime, fame, rating = self._tiles.figures(place)
        values = UNCOMPARED | {
            **{name: parts[combination] for name, parts in self._compared.items()},
            "era": formulas.era(year - own_year),
            "runtime": formulas.runtime(runtime - own_runtime),
            "fame": formulas.fame(fame - own_fame),
            "rating": formulas.rating(rating - own_rating),
            "popularity": formulas.popularity(fame, self._most_famous),
            "quality": formulas.quality(rating),
        }
        parts = bytes(values[name] for name in self._weights)
        return Neighbour(number, share_alike(parts, self._weights), parts)


def _adds(terms: Sequence[float], part: Callable[[float], int]) -> Callable[[float], float]:
    """What a figure of a title adds; remembered, as many have the same year, length or votes."""

    @cache
    def added(figure: float) -> float:
        return terms[part(figure)]

    return added


def _nearest(value: float, bounds: tuple[float, float]) -> float:
    """Of the values within bounds, the nearest to this one."""
    low, high = bounds
    return low if value < low else min(value, high)
