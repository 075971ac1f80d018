"""The scorecard: how good a release's lists are, and the gate that no worse release passes.

Scored are the lists that are about to be published, beside others made in the same run: what the
balance knob makes of them, baselines, and an upper mark. What a figure is is in metrics.py, where
ratings come from in ratings.py; without ratings the figures that need none are taken.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.assets.features import is_comparable, read_manifest, read_recipe
from rec_platform.assets.model import read_matrix, read_quality
from rec_platform.assets.similar import (
    RULES,
    Block,
    Catalogue,
    blend,
    read_catalogue,
    similar_titles,
    title_series,
)
from rec_platform.choices import NEIGHBOURS, FeaturePreset, GatedFigure, SimilarityRule
from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    PART_SCALE,
    PARTS,
    WEIGHTS,
    balanced,
)
from rec_platform.release.lookup import SCORE_DIGITS
from rec_platform.resources.clustering import cluster, stability
from rec_platform.resources.ratings import Likes, RatingsSource
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SCORECARD_KEY = "build/scorecard.json"
DIGITS = 4
SIZE_MARGIN = 0.2  # catalogues whose sizes differ by more are not compared
DEFAULT, SEED_RULE, UPPER_MARK = "default", "2020 original", "item-kNN"
NEAREST, MOST_VOTED = "nearest", "most voted"
MARKS = (NEAREST, SEED_RULE, MOST_VOTED, UPPER_MARK)  # what pictures show beside the knob
KNOB = {DEFAULT: BALANCE, "hidden gems": HIDDEN_GEMS, "crowd-pleasers": CROWD_PLEASERS}
COLUMNS = {
    "ndcg": "NDCG@9",
    "hit_rate": "hit rate",
    "tail_ndcg": "tail NDCG@9",
    "coverage": "coverage",
    "siblings": "siblings",
    "diversity": "diversity",
    "novelty": "novelty",
}
SKIPPED = (
    "no figure of what people liked: set REC_RATINGS_SOURCE to a folder of MovieLens "
    "(ratings.csv, links.csv)"
)
TOO_FEW = "no figure of what people liked: hardly any user of the ratings likes two titles here"

LISTS_SQL = f"""
    WITH placed AS (
        SELECT title_id, row_number() OVER (ORDER BY title_id) - 1 AS place FROM titles
    )
    SELECT origin.place, similar.rank, neighbour.place AS neighbour,
        {", ".join(f"similar.{name}_part" for name in PARTS)}
    FROM similar_titles AS similar
    INNER JOIN placed AS origin ON similar.title_id = origin.title_id
    INNER JOIN placed AS neighbour ON similar.similar_id = neighbour.title_id
"""


@dataclass(frozen=True)
class Scorecard:
    """How good lists are.

    Attributes:
        figures: by name of the lists, then of the figure; those that cannot be had are left out.
        intervals: the same, lower and upper bound of 95 %, of figures that are means over users.
        ratings: fingerprint, users and asked (lists scored); None where there were none.
        note: why there are no ratings.
        clusters: stability, silhouette, and for other numbers of clusters [clusters, mean squared
            distance, silhouette].
    """

    figures: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, list[float]]]
    ratings: dict[str, Any] | None
    note: str
    clusters: dict[str, Any]


@dg.asset(
    group_name="quality",
    kinds={"numpy", "json"},
    owners=["team:data"],
    deps=[similar_titles, title_series, "title_clusters", "title_people"],
)
def scorecard(
    context: dg.AssetExecutionContext,
    ratings: RatingsSource,
    storage: Storage,
    warehouse: Warehouse,
) -> dg.MaterializeResult[Any]:
    """How good the lists are, beside baselines, by what people like together.

    Half of the users, whom the upper mark has not seen, say how good the lists are: for
    each title that a user likes, how well its nine find the others. The intervals are of 95 %.
    """
    from rec_platform.assets import plots

    made = score(storage, warehouse, ratings)
    storage.write(SCORECARD_KEY, json.dumps(asdict(made), indent=1).encode())
    if made.note:
        context.log.info(made.note)
    metadata: dict[str, Any] = {
        "scorecard": dg.MetadataValue.md(to_markdown(made)),
        "bars": plots.score_bars(made.figures),
    }
    if made.ratings:
        rows = {row: made.figures[row] for row in (*KNOB, *MARKS)}
        for name in ("tail_ndcg", "coverage"):
            points = {row: (found["ndcg"], found[name]) for row, found in rows.items()}
            metadata[f"ndcg_and_{name}"] = plots.trade_off(
                points, COLUMNS["ndcg"], COLUMNS[name], list(KNOB)
            )
    if made.clusters["quality"]:
        metadata["cluster_count"] = plots.cluster_count(
            made.clusters["quality"], made.clusters["clusters"]
        )
    return dg.MaterializeResult(metadata=metadata)


def score(storage: Storage, warehouse: Warehouse, source: RatingsSource) -> Scorecard:
    """Score the lists that were made last.

    Raises:
        dg.Failure: ratings were asked for and cannot be read.
    """
    titles = warehouse.read("titles", order_by="title_id")
    likes = source.read(titles["title_id"]) if source.location else None
    note = "" if likes else SKIPPED
    if likes and not (likes.training and likes.testing):
        likes, note = None, TOO_FEW
    catalogue = read_catalogue(warehouse, titles)
    votes = titles["votes"].to_numpy()
    figures, intervals = {}, {}
    for name, lists in _all_lists(warehouse, catalogue, titles, likes):
        figures[name] = by_catalogue(lists, catalogue, votes)
        if likes:
            found = by_likes(lists, likes)
            figures[name] = {key: mean for key, (mean, *_) in found.items()} | figures[name]
            intervals[name] = {key: bounds for key, (_, *bounds) in found.items()}
    asked = sum(map(len, likes.testing)) if likes else 0
    return Scorecard(
        figures=_rounded(figures),
        intervals=_rounded(intervals),
        ratings=likes
        and {"fingerprint": likes.fingerprint, "users": len(likes.testing), "asked": asked},
        note=note,
        clusters=_rounded(_clusters(storage, warehouse)),
    )


def is_made_of(storage: Storage, warehouse: Warehouse, release: Mapping[str, Any]) -> bool:
    """Whether the tables are those that a release was made of."""
    if storage.read(SCORECARD_KEY) is None:  # the releases alone were brought here
        return False
    table = warehouse.query("SELECT * FROM recipe")
    return table["fingerprint"].tolist() == [release["fingerprint"]]


def _clusters(storage: Storage, warehouse: Warehouse) -> dict[str, Any]:
    recipe = read_recipe(warehouse)
    quality = read_quality(storage)
    chosen = recipe["clusters"]
    _, matrix = read_matrix(warehouse)
    return {
        "clusters": chosen,
        "stability": stability(matrix, chosen, recipe["seed"]),
        "silhouette": next((found for count, _, found in quality if count == chosen), None),
        "quality": quality,
    }


# The lists


def _all_lists(
    warehouse: Warehouse, catalogue: Catalogue, titles: "pd.DataFrame", likes: Likes | None
) -> "Iterator[tuple[str, np.ndarray]]":
    """Each row's name and lists, (titles, NEIGHBOURS) positions, one after another."""
    import numpy as np

    from rec_platform.modelling.ranking import neighbours_by_likes

    count, recipe = len(titles), read_recipe(warehouse)
    stored, parts = stored_lists(warehouse, count)
    for name, balance in KNOB.items():
        yield name, turned(stored, parts, balance)
    if not likes:
        return
    del stored, parts
    yield "without clusters", to_lists(blend(in_one_cluster(catalogue), NEIGHBOURS), count)
    yield NEAREST, to_lists(RULES[SimilarityRule.nearest](catalogue, NEIGHBOURS), count)
    original = as_the_original(catalogue, titles, recipe["clusters"], recipe["seed"])
    yield SEED_RULE, to_lists(RULES[SimilarityRule.original_2020](original, NEIGHBOURS), count)
    yield "random in cluster", at_random(catalogue.cluster)
    yield "random", at_random(np.zeros(count, dtype=int))
    yield MOST_VOTED, _most_voted(titles["votes"].to_numpy())
    yield UPPER_MARK, neighbours_by_likes(likes.training, count, NEIGHBOURS)


def stored_lists(warehouse: Warehouse, title_count: int) -> "tuple[np.ndarray, np.ndarray]":
    """What `similar_titles` holds, in order of title_id.

    Returns:
        Lists, (titles, NEIGHBOURS) positions or -1, and the parts, (titles, NEIGHBOURS, parts)
        uint8.
    """
    import numpy as np

    table = warehouse.query(LISTS_SQL)
    at = table["place"].to_numpy(), table["rank"].to_numpy() - 1
    lists = np.full((title_count, NEIGHBOURS), -1)
    lists[at] = table["neighbour"].to_numpy()
    parts = np.zeros((title_count, NEIGHBOURS, len(PARTS)), dtype="uint8")
    for column, name in enumerate(PARTS):
        parts[*at, column] = table[f"{name}_part"].to_numpy()
    return lists, parts


def turned(lists: "np.ndarray", parts: "np.ndarray", balance: float) -> "np.ndarray":
    """The lists as recommend.weigh() makes them, at a place of the balance knob."""
    import numpy as np

    if balance == BALANCE:
        return lists
    weights = list(balanced(WEIGHTS, balance).values())
    total = np.zeros(lists.shape)
    for column, weight in enumerate(weights):
        total += parts[:, :, column] * weight
    scores = np.where(lists >= 0, np.round(total / (sum(weights) * PART_SCALE), SCORE_DIGITS), -1)
    return np.take_along_axis(lists, np.argsort(-scores, axis=1, kind="stable"), axis=1)


def to_lists(blocks: Iterable[Block], title_count: int) -> "np.ndarray":
    """Blocks as one table, (titles, NEIGHBOURS) positions or -1."""
    import numpy as np

    lists = np.full((title_count, NEIGHBOURS), -1)
    for block in blocks:
        lists[block.titles, : block.neighbours.shape[1]] = block.neighbours
    return lists


def in_one_cluster(catalogue: Catalogue) -> Catalogue:
    """The catalogue as if there were one cluster, which adds the same to all and bounds none."""
    import numpy as np

    parts = copy.copy(catalogue.parts)
    parts.cluster = np.zeros_like(catalogue.cluster)
    return replace(catalogue, cluster=parts.cluster, parts=parts)


def as_the_original(
    catalogue: Catalogue, titles: "pd.DataFrame", clusters: int, seed: int
) -> Catalogue:
    """The catalogue as the 2020 original saw it: in its own columns, clustered by them."""
    from rec_platform.modelling.features import PRESETS, min_max

    matrix = min_max(PRESETS[FeaturePreset.original_2020](titles))[0].to_numpy("float32")
    found = cluster(matrix, matrix, clusters, seed)
    return replace(catalogue, matrix=matrix, cluster=found.cluster, distance=found.distance)


def at_random(group: "np.ndarray", seed: int = 0) -> "np.ndarray":
    """Random lists of titles of the same group, by place in a shuffled ring of it.

    Args:
        group: (titles,) int.
        seed: of the shuffle.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    lists = np.full((len(group), NEIGHBOURS), -1)
    for one in np.unique(group):
        ring = random.permutation(np.flatnonzero(group == one))
        steps = np.arange(1, min(NEIGHBOURS, len(ring) - 1) + 1)
        places = (np.arange(len(ring))[:, np.newaxis] + steps) % len(ring)
        lists[ring, : len(steps)] = ring[places]
    return lists


def _most_voted(votes: "np.ndarray") -> "np.ndarray":
    """The same list for everybody, but that no title is in its own."""
    import numpy as np

    best = np.argsort(-votes, kind="stable")[: NEIGHBOURS + 1]
    lists = np.tile(best, (len(votes), 1))
    is_own = lists == np.arange(len(votes))[:, np.newaxis]
    order = np.argsort(is_own, axis=1, kind="stable")
    return np.take_along_axis(np.where(is_own, -1, lists), order, axis=1)[:, :NEIGHBOURS]


# The figures


def by_catalogue(
    lists: "np.ndarray", catalogue: Catalogue, votes: "np.ndarray"
) -> dict[str, float]:
    """The figures that need no ratings."""
    from rec_platform.modelling import ranking as metrics

    found = {
        "coverage": metrics.coverage(lists),
        "siblings": metrics.siblings(lists, catalogue.parts.series),
        "diversity": metrics.diversity(lists, catalogue.parts.genres),
        "novelty": metrics.novelty(lists, votes),
    }
    return {name: value for name, value in found.items() if value is not None}


def by_likes(lists: "np.ndarray", likes: Likes) -> dict[str, list[float]]:
    """The figures of the testing half: mean, lower and upper bound."""
    from rec_platform.modelling import ranking as metrics

    head = metrics.most_liked(likes.testing, len(lists))
    tail_likes = [liked[~head[liked]] for liked in likes.testing]
    ndcg, hits, asked = metrics.gains(lists, likes.testing).T
    tail_lists = metrics.without(lists[:, : metrics.SHOWN], head)
    tail, _, tail_asked = metrics.gains(tail_lists, tail_likes).T
    return {
        "ndcg": metrics.mean_and_interval(ndcg, asked),
        "hit_rate": metrics.mean_and_interval(hits, asked),
        "tail_ndcg": metrics.mean_and_interval(tail, tail_asked),
    }


def _rounded(value: Any) -> Any:
    """All numbers within, rounded so that the last bit of a sum cannot tell two runs apart."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return round(value, DIGITS) if isinstance(value, float) else value


# Showing


def read_scorecard(storage: Storage) -> Scorecard:
    """The scorecard that `scorecard` wrote."""
    return Scorecard(**json.loads(storage.read(SCORECARD_KEY) or "{}"))


def to_markdown(made: Scorecard) -> str:
    """The scorecard as a table, and what else there is to say in lines below it."""
    shown = [name for name in COLUMNS if any(name in found for found in made.figures.values())]
    rows = [["lists", *(COLUMNS[name] for name in shown)]]
    rows += [
        [name, *(_cell(found.get(key), made.intervals.get(name, {}).get(key)) for key in shown)]
        for name, found in made.figures.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    told = made.note
    if made.ratings:
        told = f"{made.ratings['users']:,} users, {made.ratings['asked']:,} lists asked for"
    found = {name: made.clusters[name] for name in ("stability", "silhouette")}
    clusters = [f"{name} {value:.3f}" for name, value in found.items() if value is not None]
    told += f". {made.clusters['clusters']} clusters: {', '.join(clusters) or 'too few titles'}"
    return "\n".join([*lines, "", told])


def _cell(value: float | None, bounds: list[float] | None) -> str:
    if value is None:
        return ""
    if value > 1:  # bits
        return f"{value:.1f}"
    text = f"{value:.3f}"
    return f"{text} ({bounds[0]:.3f}-{bounds[1]:.3f})" if bounds else text


# The gate


def worse(made: Scorecard, serving: Scorecard | None, max_drop: float) -> dict[GatedFigure, str]:
    """Why a release is worse, by figure, in words; empty where it is not.

    Args:
        made: of the release that was made.
        serving: of the one that serves; None where there is none to be compared with. Figures by
            ratings are compared where the ratings are the same.
        max_drop: what a figure may lose, as a share of what it was.
    """
    found = {}
    new = made.figures[DEFAULT]
    old = serving.figures[DEFAULT] if serving else {}
    for figure in compared(made, serving):
        before, after = old[figure], new[figure]
        if after < before * (1 - max_drop):
            found[figure] = (
                f"{figure} fell from {before:.3f}, in the serving release, to {after:.3f}: by "
                f"{1 - after / before:.0%}, more than {max_drop:.0%}"
            )
    least = made.figures.get(SEED_RULE, {}).get("ndcg", 0)
    if new.get("ndcg", least) < least:
        below = f"ndcg is {new['ndcg']:.3f}, below the 2020 original's {least:.3f}"
        found[GatedFigure.ndcg] = "; ".join(filter(None, [found.get(GatedFigure.ndcg), below]))
    return found


def compared(made: Scorecard, serving: Scorecard | None) -> list[GatedFigure]:
    """The gated figures that both have, and by the same ratings where they are by ratings."""
    if serving is None:
        return []
    same_ratings = _fingerprint(made) == _fingerprint(serving)
    return [
        figure
        for figure in GatedFigure
        if (same_ratings or figure not in (GatedFigure.ndcg, GatedFigure.tail_ndcg))
        and figure in made.figures[DEFAULT]
        and figure in serving.figures[DEFAULT]
    ]


def _fingerprint(made: Scorecard) -> str | None:
    return made.ratings["fingerprint"] if made.ratings else None


def _comparable(storage: Storage, choices: Mapping[str, Any], title_count: int) -> Scorecard | None:
    serving = read_manifest(storage)
    found: dict[str, Any] = serving.get("scorecard") or {}
    # What another version of this program scored may have had other figures.
    is_known = set(found) == {field.name for field in fields(Scorecard)}
    if not is_known or not is_comparable(storage, serving, choices):
        return None
    # Whether so many titles are right is asked elsewhere.
    is_alike = abs(title_count / serving["title_count"] - 1) <= SIZE_MARGIN
    return Scorecard(**found) if is_alike else None


def _no_worse(figures: list[GatedFigure]) -> str:
    missing = [figure.value for figure in GatedFigure if figure not in figures]
    if not figures:
        return "not compared: no release serves that was made and scored alike"
    told = f"no worse in {', '.join(figures)}"
    return (
        f"{told}; not compared, for lack of the same ratings: {', '.join(missing)}"
        if missing
        else told
    )


@dg.asset_check(asset=scorecard, blocking=True)
def release_is_no_worse(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """No gated figure falls by more than the recipe's share, nor NDCG below the 2020 original's.

    Compared is with the serving release, where it was made of the same source and selection and,
    for figures by ratings, scored by the same ratings. A figure that the recipe forces may fall.
    """
    choices = read_recipe(warehouse)
    serving = _comparable(storage, choices, warehouse.row_count("titles"))
    made = read_scorecard(storage)
    reasons = worse(made, serving, choices["max_score_drop"])
    forced = set(filter(None, choices["force"].split(",")))
    open_reasons = [figure.value for figure in reasons if figure not in forced]
    figures = compared(made, serving)
    told = "; ".join(reasons.values())
    if open_reasons:
        told += f". If that is right, set REC_FORCE={','.join(open_reasons)} once"
    elif reasons:
        told += ". Published all the same, as REC_FORCE says"
    return dg.AssetCheckResult(
        passed=not open_reasons,
        description=told or _no_worse(figures),
        metadata={"compared": [figure.value for figure in figures], **reasons},
    )
