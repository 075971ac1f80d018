# pyright: standard
"""Similar titles: the asset, its check, and the readers of what it reads and writes.

The rules that find neighbours are in modelling/neighbours.py.
"""

from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.made_of import Asked, Step
from rec_platform.assets.notes import found_in
from rec_platform.assets.stored import read_matrix
from rec_platform.choices import SimilarityRule
from rec_platform.release.blend import PARTS
from rec_platform.release.schema import NEIGHBOURS
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse
from rec_platform.weights import parse_weights

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from rec_platform.modelling.neighbours import Block, Catalogue
    from rec_platform.modelling.parts import Parts

# What a rule does not look at: another number of clusters leaves the lists of the blend alone.
UNREAD = {
    SimilarityRule.blend: ("scaled_matrix", "title_clusters"),
    SimilarityRule.nearest: ("title_clusters",),
    SimilarityRule.original_2020: ("scaled_matrix",),
}
BY_ID = "title_id"
BY_NUMBER = "votes DESC, title_id"  # numbers follow popularity: see the lookup's schema


class StoredLists(NamedTuple):
    """The lists of all titles as `similar_titles` has them; a title's list is in its row.

    Attributes:
        neighbours: (titles, NEIGHBOURS) int32, positions, best first, -1 where there are no more.
        scores: (titles, NEIGHBOURS) float32.
        parts: (titles, NEIGHBOURS, parts) uint8.
    """

    neighbours: "np.ndarray"
    scores: "np.ndarray"
    parts: "np.ndarray"


@dg.asset(
    group_name="site",
    kinds={"scipy", "parquet"},
    owners=["team:data"],
    deps=[
        *("recipe", "titles", "title_credits", "title_series"),
        *("title_characters", "title_origins", "title_keywords"),
        *("scaled_matrix", "title_clusters"),
    ],
    code_version=code_version(__name__),
)
def similar_titles(
    context: dg.AssetExecutionContext, recipe: Asked, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """For each title its neighbours by the recipe's rule, ranked from 1, with a score in 0..1.

    A score is how alike the two are, and a list is not in its order. Each neighbour has the parts
    of the blend, 0 to 255, whatever the rule.
    """
    step = Step(
        context,
        storage,
        warehouse,
        fields=["rule", "weights"],
        table="similar_titles",
        unread=lambda made_by: UNREAD[SimilarityRule(made_by["rule"])],
        asked=recipe,
    )
    if kept := step.kept():
        return kept
    import pandas as pd

    from rec_platform.modelling.neighbours import RULES, blend

    rule = SimilarityRule(step.recipe["rule"])
    weights = parse_weights(step.recipe["weights"])
    find = partial(blend, weights=weights) if rule is SimilarityRule.blend else RULES[rule]
    titles = warehouse.read("titles", order_by="title_id")
    catalogue = read_catalogue(warehouse, titles)
    ids = pd.Index(titles["title_id"])
    blocks = find(catalogue, NEIGHBOURS)
    warehouse.write("similar_titles", (_frame(block, catalogue.parts, ids) for block in blocks))
    return step.made({"rule": rule.value, "weights": weights})


def _frame(block: "Block", parts: "Parts", ids: "pd.Index[str]") -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    row, column = np.nonzero(block.neighbours >= 0)
    titles, neighbours = block.titles[row], block.neighbours[row, column]
    if block.compared is None:
        compared = parts.between(titles, neighbours)
    else:
        compared = block.compared[row, column]
    columns = {
        "title_id": pd.Categorical.from_codes(titles, ids),
        "rank": (column + 1).astype("int32"),
        "similar_id": pd.Categorical.from_codes(neighbours, ids),
        "score": block.scores[row, column].astype("float32"),
    }
    # Athena has no unsigned bytes.
    of_parts = compared.T.astype("int32", order="C")
    parts_columns = {f"{name}_part": of_parts[place] for place, name in enumerate(PARTS)}
    return pd.DataFrame(columns | parts_columns, copy=False)


def lists_sql(order_by: str, kept: Iterable[str]) -> str:
    """The rows of `similar_titles`, with positions in some order of titles instead of ids."""
    return f"""
        WITH placed AS (
            SELECT title_id, row_number() OVER (ORDER BY {order_by}) - 1 AS place FROM titles
        )
        SELECT origin.place, similar.rank, neighbour.place AS neighbour, similar.score,
            {", ".join(f"similar.{name}_part" for name in kept)}
        FROM similar_titles AS similar
        INNER JOIN placed AS origin ON similar.title_id = origin.title_id
        INNER JOIN placed AS neighbour ON similar.similar_id = neighbour.title_id
    """


def read_lists(
    warehouse: Warehouse, title_count: int, order_by: str = BY_ID, kept: Collection[str] = PARTS
) -> StoredLists:
    """The lists that `similar_titles` wrote, by position in some order of titles.

    Args:
        warehouse: holds similar_titles and titles.
        title_count: how many titles there are.
        order_by: columns of titles.
        kept: the parts to read.
    """
    import numpy as np

    shape = (title_count, NEIGHBOURS)
    lists = StoredLists(
        np.full(shape, -1, "int32"),
        np.zeros(shape, "float32"),
        np.zeros((*shape, len(kept)), "uint8"),
    )
    of_parts = [f"{name}_part" for name in kept]
    for table in warehouse.batches(lists_sql(order_by, kept)):
        cells = table["place"].to_numpy(), table["rank"].to_numpy() - 1
        lists.neighbours[cells] = table["neighbour"].to_numpy()
        lists.scores[cells] = table["score"].to_numpy()
        lists.parts[cells] = table[of_parts].to_numpy("uint8")
    return lists


def read_catalogue(warehouse: Warehouse, titles: "pd.DataFrame") -> "Catalogue":
    """What the rules see, from the tables of the earlier stages.

    Args:
        warehouse: holds scaled_matrix, title_clusters, title_credits, title_series,
            title_characters, title_origins and title_keywords.
        titles: the table of that name, in the order of title_id.
    """
    from rec_platform.modelling.neighbours import Catalogue
    from rec_platform.modelling.parts import Parts

    _, matrix = read_matrix(warehouse)
    of_people = "title_id, person_id, role"
    people = warehouse.read("title_credits", order_by=of_people, columns=of_people)
    clusters = warehouse.read("title_clusters", order_by="title_id")
    series = warehouse.read("title_series", order_by="title_id")["series"].to_numpy()
    cluster = clusters["cluster"].to_numpy()
    parts = Parts(
        titles,
        people,
        series,
        warehouse.read("title_characters", order_by="title_id, character_name"),
        warehouse.read("title_origins", order_by="title_id"),
        warehouse.read("title_keywords", order_by="title_id, keyword"),
    )
    return Catalogue(matrix, cluster, clusters["distance"].to_numpy(), parts)


@dg.asset_check(asset=similar_titles, blocking=True)
def every_title_has_neighbours(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Every title has neighbours, each once, never itself, all in the catalogue, scored in 0..1."""
    looked_at = ["similar_titles", "titles"]
    problems = found_in(storage, warehouse, looked_at, _problems_of_neighbours)
    return dg.AssetCheckResult(
        passed=not problems, metadata=problems, description=str(problems or "sound")
    )


def _problems_of_neighbours(storage: Storage, warehouse: Warehouse) -> dict[str, int]:
    del storage
    counts = warehouse.query("""
        SELECT
            (
                SELECT count(*) FROM titles AS listed
                WHERE NOT EXISTS (
                    SELECT 1 FROM similar_titles WHERE similar_titles.title_id = listed.title_id
                )
            ) AS without_neighbours,
            count(CASE WHEN origin.title_id IS NULL THEN 1 END) AS unknown_titles,
            count(CASE WHEN similar.title_id = similar.similar_id THEN 1 END) AS own_neighbour,
            count(CASE WHEN neighbour.title_id IS NULL THEN 1 END) AS unknown_neighbours,
            count(*) - (
                SELECT count(*) FROM (SELECT DISTINCT title_id, similar_id FROM similar_titles)
            ) AS repeated,
            count(*) - count(CASE WHEN similar.score BETWEEN 0 AND 1 THEN 1 END)
                AS scores_out_of_range
        FROM similar_titles AS similar
        LEFT JOIN titles AS origin ON similar.title_id = origin.title_id
        LEFT JOIN titles AS neighbour ON similar.similar_id = neighbour.title_id
    """).iloc[0]
    return {str(name): int(count) for name, count in counts.items() if count}
