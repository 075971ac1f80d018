"""Similar titles: for each title its ranked neighbours, each with a score.

A rule is a function from the matrix and the clusters to blocks of neighbours; it never holds more
than one block of pairs, so memory stays bounded as titles grow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.choices import NEIGHBOURS, SimilarityRule
from rec_platform.model import read_matrix, title_clusters
from rec_platform.storage import Storage
from rec_platform.tables import read_recipe, table_metadata
from rec_platform.warehouse import Warehouse

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

BLOCK_ROWS = 8_192


@dataclass(frozen=True)
class Catalogue:
    """What a rule may look at; all arrays in the same order of titles.

    Attributes:
        matrix: (titles, columns), float32 in 0..1.
        cluster: (titles,), int.
        distance: (titles,), Euclidean, to the cluster's centroid.
    """

    matrix: "np.ndarray"
    cluster: "np.ndarray"
    distance: "np.ndarray"


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
    SimilarityRule.seed: seed,
    SimilarityRule.nearest: nearest,
}


@dg.asset(
    group_name="site",
    kinds={"scipy", "parquet"},
    owners=["team:data"],
    deps=[title_clusters],
)
def similar_titles(storage: Storage, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """For each title its neighbours by the recipe's rule, ranked from 1, with a score in 0..1."""
    del storage  # asked for because it holds the lock
    rule = SimilarityRule(read_recipe(warehouse)["rule"])
    title_ids, matrix = read_matrix(warehouse)
    clusters = warehouse.read("title_clusters", order_by="title_id")
    catalogue = Catalogue(matrix, clusters["cluster"].to_numpy(), clusters["distance"].to_numpy())
    ids = title_ids.to_numpy(object)
    blocks = RULES[rule](catalogue, NEIGHBOURS)
    warehouse.write("similar_titles", (_frame(block, ids) for block in blocks))
    metadata = {"rule": rule.value} | table_metadata(warehouse, "similar_titles")
    return dg.MaterializeResult(metadata=metadata)


def _frame(block: Block, ids: "np.ndarray") -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    count = block.neighbours.shape[1]
    is_found = (block.neighbours >= 0).ravel()
    columns = {
        "title_id": ids[np.repeat(block.titles, count)[is_found]],
        "rank": np.tile(np.arange(1, count + 1, dtype="int32"), len(block.titles))[is_found],
        "similar_id": ids[block.neighbours.ravel()[is_found]],
        "score": block.scores.ravel()[is_found].astype("float32"),
    }
    return pd.DataFrame(columns)


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
