"""Similar titles: for each title its ranked neighbours, each with a score and its parts.

A rule is a function from the catalogue to blocks of neighbours; it never holds more than one block
of pairs, so memory stays bounded as titles grow. What the parts are is in parts.py, how they are
weighed in blend.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.assets.features import read_recipe, table_metadata
from rec_platform.assets.model import read_matrix, title_clusters
from rec_platform.choices import NEIGHBOURS, SimilarityRule
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    PART_SCALE,
    PARTS,
    WEIGHTS,
    balanced,
)
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_array

    from rec_platform.modelling.parts import Parts

BLOCK_ROWS = 4_096
# How many candidates come from where, before they are weighed; siblings come all.
NEAREST_CANDIDATES = {HIDDEN_GEMS: 32, BALANCE: 64, CROWD_PLEASERS: 32}  # by place of the knob
PEOPLE_CANDIDATES = 32
WORD_CANDIDATES = 8
COMMON_WORD = 100  # titles; a word of more finds no candidates
GENRE_AXES = 4
LOOSENESS = 2  # a candidate may be (1 + this) times as far as the one that it stands for


@dataclass(frozen=True)
class Catalogue:
    """What a rule may look at; all arrays in the same order of titles.

    Attributes:
        matrix: (titles, columns), float32 in 0..1.
        cluster: (titles,), int.
        distance: (titles,), Euclidean, to the cluster's centroid.
        parts: what the titles are compared by.
    """

    matrix: "np.ndarray"
    cluster: "np.ndarray"
    distance: "np.ndarray"
    parts: "Parts"


@dataclass(frozen=True)
class Block:
    """The neighbours of some titles, best first.

    Attributes:
        titles: (rows,), positions in the catalogue.
        neighbours: (rows, count), positions, never the title itself; -1 where there are no more.
        scores: (rows, count), in 0..1, falling along a row.
    """

    titles: "np.ndarray"
    neighbours: "np.ndarray"
    scores: "np.ndarray"


def blend(
    catalogue: Catalogue, count: int, weights: Mapping[str, float] = WEIGHTS
) -> Iterator[Block]:
    """The visible weighted sum of blend.py, over candidates from several sides.

    Kept are the best at both ends of the balance knob and in its middle, so that the site can
    turn it; they are ranked as in the middle. Other weights are for tuning: see
    `benchmarks/tuning.py`.
    """
    import numpy as np

    parts = catalogue.parts
    words = _rare(parts.words)
    taste = _Taste(catalogue, weights)
    knob = [_weights(weights, balance) for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS)]
    for start in range(0, len(parts), BLOCK_ROWS):
        titles = taste.order[start : start + BLOCK_ROWS]
        candidates = _once(
            titles,
            taste.nearest(titles),
            _most(parts.people, titles, PEOPLE_CANDIDATES),
            _most(words, titles, WORD_CANDIDATES),
            _siblings(parts.series, titles),
        )
        row, column = np.nonzero(candidates >= 0)
        compared = parts.between(titles[row], candidates[row, column])
        scores = np.full((len(knob), *candidates.shape), -1, dtype="float32")
        for turned, found in zip(knob, scores, strict=True):
            found[row, column] = compared @ (turned / turned.sum() / PART_SCALE)
        best = _ranks(scores).min(axis=0)
        # Of those that are equally good somewhere, the ones that are better in the middle.
        order = np.lexsort((-scores[1], best), axis=1)[:, :count]
        order = np.take_along_axis(
            order, np.argsort(-np.take_along_axis(scores[1], order, 1), 1, kind="stable"), 1
        )
        yield Block(
            titles,
            np.take_along_axis(candidates, order, axis=1),
            np.take_along_axis(scores[1], order, axis=1),
        )


class _Taste:
    """Finds the titles that the blend may like best by what every title has.

    A k-d tree (Bentley 1975) over genres, era, fame and rating, scaled so that the squared distance
    is about what the blend takes off. The priors add a straight line to that parabola, so their
    best lies where the parabola's does, shifted: the tree is asked at the shifted place.
    Candidates come from the half of the clusters that are the nearest to the title.
    """

    def __init__(self, catalogue: Catalogue, weights: Mapping[str, float]) -> None:
        import numpy as np
        from scipy.spatial import KDTree
        from sklearn.metrics import pairwise_distances

        from rec_platform.modelling.parts import ERA_YEARS, FAME_DECADES, RATING_WIDTH

        parts = catalogue.parts
        self._scale = np.sqrt(
            [
                weights["era"] / ERA_YEARS**2,
                weights["fame"] / FAME_DECADES**2,
                weights["rating"] / RATING_WIDTH,
            ]
        )
        facts = np.column_stack([parts.year, parts.fame, parts.rating])
        axes = _axes(parts.genres) * np.sqrt(weights["genres"] / 2)
        self._places = np.hstack([facts * self._scale, axes])
        self._weights = weights
        self._tree = KDTree(self._places, balanced_tree=False)
        # Titles that are asked for after their neighbours find their part of the tree in the cache.
        self.order: np.ndarray = self._tree.indices
        self._most_famous = max(float(parts.fame.max()), 1.0)
        clusters = np.unique(catalogue.cluster)
        centroids = [catalogue.matrix[catalogue.cluster == one].mean(axis=0) for one in clusters]
        order = pairwise_distances(catalogue.matrix, np.array(centroids)).argsort(axis=1)
        near = order[:, : (len(clusters) + 1) // 2]
        self._is_near = np.zeros((len(parts), int(clusters.max()) + 1), dtype=bool)
        np.put_along_axis(self._is_near, clusters[near], values=True, axis=1)
        self._cluster = catalogue.cluster

    def nearest(self, titles: "np.ndarray") -> "np.ndarray":
        """Candidates for titles: (rows, count) positions, -1 for none."""
        import numpy as np

        found = []
        for balance, count in NEAREST_CANDIDATES.items():
            weights = balanced(self._weights, balance)
            slopes = [0, weights["popularity"] / self._most_famous, weights["quality"] / 9]
            asked = self._places[titles]
            asked[:, : len(slopes)] += np.array(slopes) / (2 * self._scale)
            near = range(1, min(count, len(self._places)) + 1)
            found.append(self._tree.query(asked, k=near, eps=LOOSENESS, workers=-1)[1])
        candidates = np.hstack(found)
        is_near = self._is_near[titles[:, np.newaxis], self._cluster[candidates]]
        return np.where(is_near, candidates, -1)


def _axes(genres: "np.ndarray") -> "np.ndarray":
    """Genres on a few axes, so that half the squared distance is about 1 - the cosine."""
    import numpy as np

    lengths = np.linalg.norm(genres, axis=1, keepdims=True)
    directions = genres / np.maximum(lengths, 1e-9)
    _, _, axes = np.linalg.svd(directions.T @ directions)
    return directions @ axes[:GENRE_AXES].T


def _weights(weights: Mapping[str, float], balance: float) -> "np.ndarray":
    import numpy as np

    turned = balanced(weights, balance)
    return np.array([turned[name] for name in PARTS])


def _rare(words: "csr_array") -> "csr_array":
    """The columns of words that few titles have."""
    import numpy as np

    count = np.bincount(words.indices, minlength=words.shape[1])
    return words[:, np.flatnonzero((count > 1) & (count <= COMMON_WORD))]


def _most(matrix: "csr_array", titles: "np.ndarray", count: int) -> "np.ndarray":
    """The titles whose rows have the largest products with those of some: (rows, count) or -1."""
    import numpy as np

    product = (matrix[titles] @ matrix.T).tocoo()
    row, other = product.coords
    is_other = titles[row] != other
    row, other, strength = row[is_other], other[is_other], product.data[is_other]
    order = np.lexsort((other, -strength, row))
    return _padded(len(titles), row[order], other[order], count)


def _siblings(series: "np.ndarray", titles: "np.ndarray") -> "np.ndarray":
    """The others of a title's series: (rows, as many as the largest has) or -1."""
    import numpy as np

    members = np.argsort(series, kind="stable")
    starts = np.searchsorted(series[members], series[titles], side="left")
    ends = np.searchsorted(series[members], series[titles], side="right")
    sizes = np.where(series[titles] >= 0, ends - starts, 0)
    row = np.repeat(np.arange(len(titles)), sizes)
    steps = np.arange(len(row)) - np.repeat(sizes.cumsum() - sizes, sizes)
    return _padded(len(titles), row, members[np.repeat(starts, sizes) + steps], sizes.max())


def _padded(rows: int, row: "np.ndarray", values: "np.ndarray", count: int) -> "np.ndarray":
    """The first values of each row, which are in order of rows, as a table: (rows, count) or -1."""
    import numpy as np

    place = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    table = np.full((rows, count), -1)
    is_kept = place < count
    table[row[is_kept], place[is_kept]] = values[is_kept]
    return table


def _once(titles: "np.ndarray", *found: "np.ndarray") -> "np.ndarray":
    """All candidates, each once and no title its own: (rows, columns) or -1."""
    import numpy as np

    candidates = np.sort(np.hstack(found), axis=1)
    is_repeated = candidates[:, 1:] == candidates[:, :-1]
    candidates[:, 1:][is_repeated] = -1
    candidates[candidates == titles[:, np.newaxis]] = -1
    return candidates


def _ranks(scores: "np.ndarray") -> "np.ndarray":
    """The place of each score along the last axis, 0 for the highest."""
    import numpy as np

    order = np.argsort(-scores, axis=-1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(scores.shape[-1]), axis=-1)
    return ranks


def nearest(catalogue: Catalogue, count: int) -> Iterator[Block]:
    """The true nearest neighbours in the matrix, by Euclidean distance d; the score is 1/(1+d).

    Found with a k-d tree (Bentley 1975), so exact, in about n log n for the few columns there are.
    """
    import numpy as np
    from scipy.spatial import KDTree

    matrix = catalogue.matrix
    # Many titles share all columns but a few, which makes balancing by medians slow.
    tree = KDTree(matrix, balanced_tree=False)
    count = min(count, len(matrix) - 1)
    for start in range(0, len(matrix), BLOCK_ROWS):
        titles = np.arange(start, min(start + BLOCK_ROWS, len(matrix)))
        distances, found = tree.query(matrix[titles], k=count + 1, workers=-1)
        # The title itself is among them at distance 0, unless more of its twins than asked for are.
        is_other = found != titles[:, np.newaxis]
        is_other[is_other.all(axis=1), -1] = False
        shape = (len(titles), count)
        yield Block(
            titles, found[is_other].reshape(shape), 1 / (1 + distances[is_other].reshape(shape))
        )


def seed(catalogue: Catalogue, count: int) -> Iterator[Block]:
    """The 2020 original's rule: of the same cluster, those about as far from the centroid.

    The score is 1/(1+|difference of the distances|). Titles on opposite sides of the centroid look
    alike to it, which is why it is kept as a baseline only.
    """
    import numpy as np

    for cluster in np.unique(catalogue.cluster):
        members = np.flatnonzero(catalogue.cluster == cluster)
        # In order of distance, a title's nearest are among the `count` before and after it.
        members = members[np.argsort(catalogue.distance[members], kind="stable")]
        distance = catalogue.distance[members]
        steps = np.array([step for step in range(-count, count + 1) if step])
        for start in range(0, len(members), BLOCK_ROWS):
            places = np.arange(start, min(start + BLOCK_ROWS, len(members)))
            window = places[:, np.newaxis] + steps
            is_inside = (window >= 0) & (window < len(members))
            window = np.clip(window, 0, len(members) - 1)
            difference = np.abs(distance[window] - distance[places, np.newaxis])
            difference[~is_inside] = np.inf
            best = np.argsort(difference, axis=1, kind="stable")[:, :count]
            difference = np.take_along_axis(difference, best, axis=1)
            neighbours = members[np.take_along_axis(window, best, axis=1)]
            neighbours[~np.isfinite(difference)] = -1
            yield Block(members[places], neighbours, 1 / (1 + difference))


RULES: dict[SimilarityRule, Callable[[Catalogue, int], Iterator[Block]]] = {
    SimilarityRule.original_2020: seed,
    SimilarityRule.nearest: nearest,
    SimilarityRule.blend: blend,
}


@dg.asset(
    group_name="site",
    kinds={"scipy", "parquet"},
    owners=["team:data"],
    deps=[title_clusters, "title_series", "title_people"],
)
def similar_titles(storage: Storage, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """For each title its neighbours by the recipe's rule, ranked from 1, with a score in 0..1.

    With each neighbour come the parts of the blend, 0 to 255, whatever the rule.
    """
    del storage  # asked for because it holds the lock
    rule = SimilarityRule(read_recipe(warehouse)["rule"])
    titles = warehouse.read("titles", order_by="title_id")
    catalogue = read_catalogue(warehouse, titles)
    ids = titles["title_id"].to_numpy(object)
    blocks = RULES[rule](catalogue, NEIGHBOURS)
    warehouse.write("similar_titles", (_frame(block, catalogue.parts, ids) for block in blocks))
    metadata = {"rule": rule.value, "weights": WEIGHTS}
    return dg.MaterializeResult(metadata=metadata | table_metadata(warehouse, "similar_titles"))


def read_catalogue(warehouse: Warehouse, titles: "pd.DataFrame") -> Catalogue:
    """What the earlier stages made, in order of title_id as `titles` are."""
    from rec_platform.modelling.parts import Parts

    _, matrix = read_matrix(warehouse)
    people = warehouse.read("title_people", order_by="title_id, person_id, role")
    clusters = warehouse.read("title_clusters", order_by="title_id")
    series = warehouse.read("title_series", order_by="title_id")["series"].to_numpy()
    cluster = clusters["cluster"].to_numpy()
    parts = Parts(titles, people, cluster, series)
    return Catalogue(matrix, cluster, clusters["distance"].to_numpy(), parts)


def _frame(block: Block, parts: "Parts", ids: "np.ndarray") -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    count = block.neighbours.shape[1]
    is_found = (block.neighbours >= 0).ravel()
    one = np.repeat(block.titles, count)[is_found]
    other = block.neighbours.ravel()[is_found]
    compared = parts.between(one, other).astype("int32")  # Athena has no unsigned bytes
    columns = {
        "title_id": ids[one],
        "rank": np.tile(np.arange(1, count + 1, dtype="int32"), len(block.titles))[is_found],
        "similar_id": ids[other],
        "score": block.scores.ravel()[is_found].astype("float32"),
    }
    parts_columns = {f"{name}_part": compared[:, at] for at, name in enumerate(PARTS)}
    return pd.DataFrame(columns | parts_columns)


@dg.asset(
    group_name="features",
    kinds={"scipy", "parquet"},
    owners=["team:data"],
    deps=["title_people", "title_akas"],
)
def title_series(storage: Storage, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """The series each title belongs to, -1 for none, and its place in it, 0 where unsure."""
    from rec_platform.modelling.series import find_series

    del storage  # asked for because it holds the lock
    titles = warehouse.read("titles", order_by="title_id")
    people = warehouse.read("title_people", order_by="title_id, person_id, role")
    akas = warehouse.read("title_akas", order_by="title_id, name")
    series, place = find_series(titles, people, akas)
    table = titles[["title_id"]].assign(series=series, place=place)
    warehouse.write("title_series", [table])
    found = table.loc[table["series"] >= 0, "series"]
    metadata = {"series": found.nunique(), "titles_in_series": len(found)}
    return dg.MaterializeResult(metadata=metadata | table_metadata(warehouse, "title_series"))


@dg.asset_check(asset=similar_titles, blocking=True)
def every_title_has_neighbours(warehouse: Warehouse) -> dg.AssetCheckResult:
    """Every title has a neighbour, none is its own, all are titles of the catalogue, ranks hold."""
    found = warehouse.query("""
        SELECT
            (SELECT count(*) FROM titles) - count(DISTINCT similar.title_id) AS without_neighbours,
            sum(CASE WHEN similar.title_id = similar.similar_id THEN 1 ELSE 0 END) AS own_neighbour,
            sum(CASE WHEN titles.title_id IS NULL THEN 1 ELSE 0 END) AS unknown_neighbours,
            count(*) - (
                SELECT count(*) FROM (SELECT DISTINCT title_id, similar_id FROM similar_titles)
            ) AS repeated,
            sum(CASE WHEN similar.score BETWEEN 0 AND 1 THEN 0 ELSE 1 END) AS scores_out_of_range
        FROM similar_titles AS similar
        LEFT JOIN titles ON similar.similar_id = titles.title_id
    """).iloc[0]
    problems = {name: int(value) for name, value in found.items() if value}
    return dg.AssetCheckResult(
        passed=not problems, metadata=problems, description=str(problems or "sound")
    )
