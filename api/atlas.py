"""The atlas: the clusters as a map, and what sets each of them apart, from a release's own figures.

It is plain Python without NumPy, which suffices for a few clusters. How the map is drawn belongs in
templates/map.html.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import Cluster

from .emblems import EMBLEMS, NO_GENRE

SIZE = 800  # the map's width, in its own units
COVERED = 0.46  # the share of the square that the bubbles cover
SMALLEST = 82  # the smallest radius that holds a name
GAP = 8
POWER_STEPS = 100
SETTLING_STEPS, DRAWING_STEPS = 600, 60

Vector = tuple[float, ...]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bubble:
    """A cluster on the map: its centre, its radius, and the genre that gives it its emblem."""

    cluster: Cluster
    x: float
    y: float
    radius: float
    genre: str


@dataclass(frozen=True, slots=True)
class Atlas:
    """The map: clusters of similar titles lie close together.

    `shown` is the share of the variance between the centroids that two dimensions keep, in 0..1, or
    None if the release holds no centroids.
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
        return [bubble.cluster for bubble in self.bubbles]

    def bubble(self, cluster: int) -> Bubble:
        """The bubble of the cluster with this number."""
        (bubble,) = (bubble for bubble in self.bubbles if bubble.cluster.cluster == cluster)
        return bubble

    def nearest(self, cluster: int, limit: int = 3) -> list[Cluster]:
        """The clusters whose bubbles are nearest to this cluster's, the nearest first."""
        here = self.bubble(cluster)
        others = [bubble for bubble in self.bubbles if bubble is not here]
        others.sort(
            key=lambda other: math.dist((other.x, other.y), (here.x, here.y)) - other.radius
        )
        return [bubble.cluster for bubble in others[:limit]]


def atlas(lookup: Lookup) -> Atlas:
    """The map of a release's clusters: the same release gives the same map."""
    clusters = lookup.clusters()
    centroids = lookup.release.get("kmeans", {}).get("centroids", [])
    known = [
        tuple(centroids[cluster.cluster])
        for cluster in clusters
        if cluster.cluster < len(centroids)
    ]
    is_known = len(known) == len(clusters) > 2
    places, shown = projected(tuple(known)) if is_known else (((0.0, 0.0),) * len(clusters), None)
    radii = _radii([cluster.title_count for cluster in clusters])
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
    """Radii of circles whose areas are in proportion to the counts, but large enough for a name."""
    total = max(1, sum(counts))
    return tuple(
        max(SMALLEST, SIZE * math.sqrt(COVERED * count / total / math.pi)) for count in counts
    )


@lru_cache(maxsize=4)
def projected(points: tuple[Vector, ...]) -> tuple[tuple[Place, ...], float]:
    """Points on their two principal components, and the share of their variance that these keep.

    Principal component analysis by power iteration on the covariance matrix, one component after
    the other. The signs are fixed so that the largest coordinate of each component is positive.
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
    # A tiny circle of offsets separates bubbles that lie on the same spot.
    now = [
        [x / reach * SIZE / 3 + math.cos(2.4 * at), y / reach * SIZE / 3 + math.sin(2.4 * at)]
        for at, (x, y) in enumerate(places)
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
        if step < DRAWING_STEPS:  # drawn together, so that the map is no larger than necessary
            now = [[0.995 * x, 0.995 * y] for x, y in now]
        elif is_settled:
            break
    return tuple((x, y) for x, y in now)


# What sets a cluster apart


def own_genres(clusters: Sequence[Cluster]) -> dict[int, str]:
    """A genre for each cluster, by its number: a leading one that no larger cluster has, if any."""
    taken: dict[int, str] = {}
    for cluster in clusters:
        leading = [genre for genre in cluster.genres if genre in EMBLEMS] or [NO_GENRE]
        free = [genre for genre in leading if genre not in taken.values()]
        taken[cluster.cluster] = (free or leading)[0]
    return taken


SUPERLATIVES: tuple[tuple[str, Callable[[Cluster], float]], ...] = (
    ("the best rated of all", lambda cluster: cluster.rating),
    ("the best known of all", lambda cluster: cluster.votes),
    ("the newest of all", lambda cluster: cluster.year_from + cluster.year_to),
    ("the oldest of all", lambda cluster: -cluster.year_from - cluster.year_to),
    ("the least explored of all", lambda cluster: -cluster.votes),
    ("the largest of all", lambda cluster: cluster.title_count),
    ("rated lowest of all", lambda cluster: -cluster.rating),
)


def superlatives(clusters: Sequence[Cluster]) -> dict[int, str]:
    """In which respect a cluster exceeds all others, in words, by its number."""
    phrases: dict[int, str] = {}
    for words, figure in SUPERLATIVES:
        first, *rest = sorted(clusters, key=figure, reverse=True)
        if rest and figure(first) > figure(rest[0]):
            phrases.setdefault(first.cluster, words)
    return phrases
