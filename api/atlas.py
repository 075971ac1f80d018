"""The atlas: the clusters as a map, and what sets each of them apart, from a release's own figures.

Plain Python, for the site imports no NumPy: there are few clusters. How the map is drawn belongs
in templates/atlas.html.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from api.emblems import EMBLEMS, NO_GENRE
from rec_platform.release.lookup import Cluster, Lookup

SIZE = 800  # the map's width, in its own units
COVERED = 0.46  # the part of the square that the bubbles cover
SMALLEST = 82  # a radius that still holds a name
GAP = 8
POWER_STEPS = 100
SETTLING_STEPS, DRAWING_STEPS = 600, 60

Vector = tuple[float, ...]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bubble:
    """A cluster on the map: its centre, its radius, and the genre whose emblem it bears."""

    cluster: Cluster
    x: float
    y: float
    radius: float
    genre: str


@dataclass(frozen=True, slots=True)
class Atlas:
    """The map: clusters that hold like titles lie close together.

    `shown` is the part of the variance between the centroids that two dimensions keep, in 0..1, or
    None for a release that holds no centroids.
    """

    bubbles: list[Bubble]
    left: float
    top: float
    width: float
    height: float
    shown: float | None

    @property
    def clusters(self) -> list[Cluster]:
        """All clusters, the largest first."""
        return [one.cluster for one in self.bubbles]

    def bubble(self, cluster: int) -> Bubble:
        """The bubble of the cluster with this number."""
        (found,) = (one for one in self.bubbles if one.cluster.cluster == cluster)
        return found

    def nearest(self, cluster: int, limit: int = 3) -> list[Cluster]:
        """The clusters whose bubbles are nearest to one's, the nearest first."""
        here = self.bubble(cluster)
        others = [one for one in self.bubbles if one is not here]
        others.sort(key=lambda one: math.dist((one.x, one.y), (here.x, here.y)) - one.radius)
        return [one.cluster for one in others[:limit]]


def atlas(lookup: Lookup) -> Atlas:
    """The map of a release's clusters: the same release gives the same map."""
    clusters = lookup.clusters()
    centroids = lookup.release.get("kmeans", {}).get("centroids", [])
    known = [tuple(centroids[one.cluster]) for one in clusters if one.cluster < len(centroids)]
    is_known = len(known) == len(clusters) > 2
    places, shown = projected(tuple(known)) if is_known else (((0.0, 0.0),) * len(clusters), None)
    radii = _radii([one.title_count for one in clusters])
    places = settled(places, radii)
    left, top = (
        min(place[axis] - radius for place, radius in zip(places, radii, strict=True)) - GAP
        for axis in (0, 1)
    )
    right, bottom = (
        max(place[axis] + radius for place, radius in zip(places, radii, strict=True)) + GAP
        for axis in (0, 1)
    )
    genres = own_genres(clusters)
    bubbles = [
        Bubble(cluster, x, y, radius, genres[cluster.cluster])
        for cluster, (x, y), radius in zip(clusters, places, radii, strict=True)
    ]
    return Atlas(bubbles, left, top, right - left, bottom - top, shown)


def _radii(counts: list[int]) -> tuple[float, ...]:
    """Radii whose circles have areas in proportion to the counts, as far as names still fit."""
    total = max(1, sum(counts))
    return tuple(
        max(SMALLEST, SIZE * math.sqrt(COVERED * count / total / math.pi)) for count in counts
    )


@lru_cache(maxsize=4)
def projected(points: tuple[Vector, ...]) -> tuple[tuple[Place, ...], float]:
    """Points on their two principal components, and the part of their variance that these keep.

    Principal component analysis by power iteration on the covariance matrix, one component after
    the other. The signs are fixed so that the largest part of each component is positive.
    """
    count, width = len(points), len(points[0])
    means = [sum(point[axis] for point in points) / count for axis in range(width)]
    centred = [[value - mean for value, mean in zip(point, means, strict=True)] for point in points]
    matrix = [[sum(row[i] * row[j] for row in centred) for j in range(width)] for i in range(width)]
    total = sum(matrix[axis][axis] for axis in range(width)) or 1.0
    components: list[list[float]] = []
    kept = 0.0
    for _ in range(2):
        vector = [1.0 + axis / width for axis in range(width)]
        length = 0.0
        for _ in range(POWER_STEPS):
            product = [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]
            length = math.hypot(*product)
            if length == 0:
                break
            vector = [value / length for value in product]
        if max(vector, key=abs) < 0:
            vector = [-value for value in vector]
        components.append(vector)
        kept += length
        for i in range(width):
            for j in range(width):
                matrix[i][j] -= length * vector[i] * vector[j]
    places = [
        (
            sum(a * b for a, b in zip(row, components[0], strict=True)),
            sum(a * b for a, b in zip(row, components[1], strict=True)),
        )
        for row in centred
    ]
    return tuple(places), min(1.0, kept / total)


@lru_cache(maxsize=4)
def settled(places: tuple[Place, ...], radii: tuple[float, ...]) -> tuple[Place, ...]:
    """The places in map units, moved apart until no two bubbles overlap."""
    reach = max((abs(value) for place in places for value in place), default=0) or 1
    # A spiral of no size to speak of parts those that lie on one spot.
    now = [
        [x / reach * SIZE / 3 + math.cos(2.4 * one), y / reach * SIZE / 3 + math.sin(2.4 * one)]
        for one, (x, y) in enumerate(places)
    ]
    for step in range(SETTLING_STEPS):
        is_settled = True
        for a, b in combinations(range(len(now)), 2):
            apart = math.dist(now[a], now[b]) or 1e-9
            missing = radii[a] + radii[b] + GAP - apart
            if missing > 0.5:
                is_settled = False
                for axis in (0, 1):
                    push = (now[b][axis] - now[a][axis]) / apart * missing / 2
                    now[a][axis] -= push
                    now[b][axis] += push
        if step < DRAWING_STEPS:  # closer together, so that the map is no larger than it must be
            now = [[0.995 * x, 0.995 * y] for x, y in now]
        elif is_settled:
            break
    return tuple((x, y) for x, y in now)


# What sets a cluster apart


def own_genres(clusters: Sequence[Cluster]) -> dict[int, str]:
    """A genre for each cluster by its number: a leading one that no larger cluster has yet."""
    taken: dict[int, str] = {}
    for cluster in clusters:
        leading = [genre for genre in cluster.genres if genre in EMBLEMS] or [NO_GENRE]
        free = [genre for genre in leading if genre not in taken.values()]
        taken[cluster.cluster] = (free or leading)[0]
    return taken


SUPERLATIVES: tuple[tuple[str, Callable[[Cluster], float]], ...] = (
    ("the best rated of all", lambda one: one.rating),
    ("the best known of all", lambda one: one.votes),
    ("the newest of all", lambda one: one.year_from + one.year_to),
    ("the oldest of all", lambda one: -one.year_from - one.year_to),
    ("the least explored of all", lambda one: -one.votes),
    ("the largest of all", lambda one: one.title_count),
    ("rated lowest of all", lambda one: -one.rating),
)


def superlatives(clusters: Sequence[Cluster]) -> dict[int, str]:
    """What a cluster is more than every other one, in words, for those that are."""
    said: dict[int, str] = {}
    for words, figure in SUPERLATIVES:
        first, *rest = sorted(clusters, key=figure, reverse=True)
        if rest and figure(first) > figure(rest[0]):
            said.setdefault(first.cluster, words)
    return said
