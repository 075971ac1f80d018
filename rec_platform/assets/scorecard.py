# pyright: standard
"""The scorecard asset, and the check that lets no worse release pass.

The lists that are about to be published are scored beside baselines made in the same run. The
figures are defined in modelling/ranking.py, the gate in modelling/gate.py. Without ratings, only
the figures that need none are computed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from itertools import chain
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.features import is_comparable
from rec_platform.assets.made_of import (
    Step,
    data_version,
    read_recipe,
    stale_inputs,
)
from rec_platform.assets.markdown import to_markdown
from rec_platform.assets.similar import read_catalogue, read_lists
from rec_platform.assets.stored import (
    SCORECARD_KEY,
    read_matrix,
    read_quality,
    read_scorecard,
)
from rec_platform.modelling.gate import compared, no_worse, worse
from rec_platform.modelling.kmeans import stability
from rec_platform.modelling.scorecard import COLUMNS, KNOB, MARKS, Scorecard
from rec_platform.resources.publishing import read_manifest, was_published
from rec_platform.resources.ratings import Likes, RatingsSource
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse
from rec_platform.weights import parse_weights

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from rec_platform.modelling.neighbours import Catalogue

DIGITS = 4
SIZE_MARGIN = 0.2  # catalogues whose sizes differ by more are not compared
SKIPPED = (
    "no figure of what people liked: set REC_RATINGS_SOURCE to a folder of MovieLens "
    "(ratings.csv, links.csv)"
)
TOO_FEW = "no figure of what people liked: hardly any user of the ratings likes two titles here"


@dg.asset(
    group_name="quality",
    kinds={"numpy", "json"},
    owners=["team:data"],
    deps=[
        *("recipe", "titles", "title_people", "title_series"),
        *("scaled_matrix", "kmeans_model", "title_clusters", "similar_titles"),
    ],
    code_version=code_version(__name__),
)
def scorecard(
    context: dg.AssetExecutionContext,
    ratings: RatingsSource,
    storage: Storage,
    warehouse: Warehouse,
) -> dg.MaterializeResult[Any]:
    """How good the lists are, compared with baselines and judged by what people like together.

    The lists are judged by the half of the users that the upper mark has not seen: for each title
    that a user likes, how well its nine find the user's other likes. Intervals are 95 % confidence
    intervals.
    """
    step = Step(
        context,
        storage,
        warehouse,
        fields=["clusters", "seed", "weights"],
        files=[SCORECARD_KEY],
        outside={"ratings": ratings.fingerprint()},
    )
    if kept := step.kept():
        return kept
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
        rows = {name: made.figures[name] for name in (*KNOB, *MARKS)}
        for figure in ("tail_ndcg", "coverage"):
            points = {name: (row["ndcg"], row[figure]) for name, row in rows.items()}
            metadata[f"ndcg_and_{figure}"] = plots.trade_off(
                points, COLUMNS["ndcg"], COLUMNS[figure], list(KNOB)
            )
    if made.clusters["quality"]:
        metadata["cluster_count"] = plots.cluster_count(
            made.clusters["quality"], made.clusters["clusters"]
        )
    return step.made(metadata)


def score(storage: Storage, warehouse: Warehouse, source: RatingsSource) -> Scorecard:
    """Score the lists that were made last.

    Raises:
        dg.Failure: ratings were asked for and cannot be read.
    """
    from rec_platform.modelling.ranking import by_catalogue, by_likes, series_rows

    recipe = read_recipe(warehouse)
    titles = warehouse.read("titles", order_by="title_id")
    likes, note = _likes(source, titles)
    catalogue = read_catalogue(warehouse, titles)
    parts, votes = catalogue.parts, titles["votes"].to_numpy()
    figures: dict[str, dict[str, float]] = {}
    intervals: dict[str, dict[str, list[float]]] = {}
    rows = series_rows(parts.series, parts.year)
    for name, lists in chain(
        _knob_lists(warehouse, parts.popularity, parse_weights(recipe["weights"])),
        _baselines(catalogue, titles, likes, recipe),
    ):
        row = rows if name in KNOB else None  # a title's page has it above the list
        figures[name] = by_catalogue(lists, parts.series, parts.genres, votes, row)
        if likes:
            liked = by_likes(lists, likes.testing)
            figures[name] = {figure: mean for figure, (mean, *_) in liked.items()} | figures[name]
            intervals[name] = {figure: bounds for figure, (_, *bounds) in liked.items()}
    asked = sum(map(len, likes.testing)) if likes else 0
    return Scorecard(
        figures=_rounded(figures),
        intervals=_rounded(intervals),
        ratings=likes
        and {"fingerprint": likes.fingerprint, "users": len(likes.testing), "asked": asked},
        note=note,
        clusters=_rounded(_clusters(storage, warehouse, recipe)),
    )


def _likes(source: RatingsSource, titles: "pd.DataFrame") -> tuple[Likes | None, str]:
    """What users like of the titles, or why there are no figures."""
    if not source.location:
        return None, SKIPPED
    likes = source.read(titles["title_id"])
    return (likes, "") if likes.training and likes.testing else (None, TOO_FEW)


def _knob_lists(
    warehouse: Warehouse, popularity: "np.ndarray", weights: Mapping[str, float]
) -> "Iterator[tuple[str, np.ndarray]]":
    from rec_platform.modelling.neighbours import weigh_lists

    lists, parts = read_lists(warehouse, len(popularity))
    for name, balance in KNOB.items():
        yield name, weigh_lists(lists, parts, popularity, balance, weights)


def _baselines(
    catalogue: "Catalogue",
    titles: "pd.DataFrame",
    likes: Likes | None,
    recipe: Mapping[str, Any],
) -> "Iterator[tuple[str, np.ndarray]]":
    from rec_platform.modelling.baselines import baselines

    if likes:
        yield from baselines(catalogue, titles, likes.training, recipe["clusters"], recipe["seed"])


def _clusters(storage: Storage, warehouse: Warehouse, recipe: Mapping[str, Any]) -> dict[str, Any]:
    quality = read_quality(storage)
    chosen = recipe["clusters"]
    _, matrix = read_matrix(warehouse)
    return {
        "clusters": chosen,
        "stability": stability(matrix, chosen, recipe["seed"]),
        "silhouette": {count: silhouette for count, _, silhouette in quality}.get(chosen),
        "quality": quality,
    }


def _rounded(value: Any) -> Any:
    """All numbers within, rounded so that the last bit of a sum cannot tell two runs apart."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def is_made_of(storage: Storage, warehouse: Warehouse, release: Mapping[str, Any]) -> bool:
    """Whether the tables are those that a release was made of."""
    if data_version(storage, "cluster_lookup") != release["fingerprint"]:
        return False
    return not stale_inputs(storage, warehouse, ["cluster_lookup"], read_recipe(warehouse))


@dg.asset_check(asset=scorecard, blocking=True)
def release_is_no_worse(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """No gated figure falls by more than the recipe's share, nor NDCG below the 2020 original's.

    The release is compared with the serving one if both were made of the same source and selection.
    Figures that need ratings are compared if the ratings are the same. A figure that the recipe
    forces may fall.
    """
    choices = read_recipe(warehouse)
    made = read_scorecard(storage)
    if was_published(storage, "scorecard", data_version(storage, "scorecard")):
        return dg.AssetCheckResult(passed=True, description="a release was published with it")
    serving = _comparable(storage, choices, warehouse.row_count("titles"))
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
        description=told or no_worse(figures),
        metadata={"compared": [figure.value for figure in figures], **reasons},
    )


def _comparable(storage: Storage, choices: Mapping[str, Any], title_count: int) -> Scorecard | None:
    """The serving release's scorecard; None if it is no measure for this run's."""
    serving = read_manifest(storage)
    scored: dict[str, Any] = serving.get("scorecard") or {}
    # Another version of this program may have scored other figures.
    is_known = set(scored) == {field.name for field in fields(Scorecard)}
    if not is_known or not is_comparable(storage, serving, choices):
        return None
    # Whether the number of titles is right is for `titles_are_enough` to say.
    is_alike = abs(title_count / serving["title_count"] - 1) <= SIZE_MARGIN
    return Scorecard(**scored) if is_alike else None
