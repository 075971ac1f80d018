# pyright: standard
"""The scorecard asset, and the check that lets no worse release pass.

The lists that are about to be published are scored beside baselines made in the same run. The
figures are defined in modelling/ranking.py, the gate in modelling/gate.py. Without ratings, or
without judgements, only the figures that need none are computed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.features import is_comparable, was_published_as_it_is
from rec_platform.assets.made_of import Asked, Step
from rec_platform.assets.markdown import to_markdown
from rec_platform.assets.notes import data_version, require_made, stale_inputs
from rec_platform.assets.similar import read_catalogue, read_lists
from rec_platform.assets.stored import (
    SCORECARD_KEY,
    read_matrix,
    read_quality,
    read_recipe,
    read_scorecard,
)
from rec_platform.choices import SimilarityRule
from rec_platform.modelling.gate import compared, no_worse, worse
from rec_platform.modelling.kmeans import stability
from rec_platform.modelling.scorecard import COLUMNS, DEFAULT, KNOB, MARKS, Scorecard
from rec_platform.resources.judgements import Judgements, JudgementsSource
from rec_platform.resources.publishing import read_manifest
from rec_platform.resources.ratings import Likes, RatingsSource
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse
from rec_platform.weights import parse_weights

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from rec_platform.modelling.baselines import Lists
    from rec_platform.modelling.facts import Facts

DIGITS = 4
SIZE_MARGIN = 0.2  # catalogues whose sizes differ by more are not compared
NOT_LIKED = (
    "no figure of what people liked: set REC_RATINGS_SOURCE to a folder of MovieLens "
    "(ratings.csv, links.csv)"
)
NOT_JUDGED = (
    "no figure of what people judged alike: set REC_JUDGEMENTS_SOURCE to a file of pairs, each "
    "OK or NOT_OK"
)
FRONTIERS = ("p9", "tail_ndcg", "coverage")  # drawn against NDCG


@dg.asset(
    group_name="quality",
    kinds={"numpy", "json"},
    owners=["team:data"],
    deps=[
        *("recipe", "titles", "title_credits", "title_series"),
        *("title_characters", "title_origins", "title_keywords"),
        *("scaled_matrix", "kmeans_model", "title_clusters", "similar_titles"),
    ],
    code_version=code_version(__name__),
)
def scorecard(
    context: dg.AssetExecutionContext,
    ratings: RatingsSource,
    judgements: JudgementsSource,
    recipe: Asked,
    storage: Storage,
    warehouse: Warehouse,
) -> dg.MaterializeResult[Any]:
    """How good the lists are, beside baselines: by people's judgements and by what they like.

    Judged pairs say whether what is listed is alike. What people like together is that of the half
    of the users that the upper mark has not seen: for each title that a user likes, how well its
    nine find the user's other likes. Intervals are 95 % confidence intervals.
    """
    step = Step(
        context,
        storage,
        warehouse,
        fields=["clusters", "seed", "rule", "weights"],
        files=[SCORECARD_KEY],
        outside={"ratings": ratings.fingerprint(), "judgements": judgements.fingerprint()},
        asked=recipe,
    )
    if kept := step.kept():
        return kept
    from rec_platform.assets import plots

    made = score(storage, warehouse, ratings, judgements)
    storage.write(SCORECARD_KEY, json.dumps(asdict(made), indent=1).encode())
    if made.note:
        context.log.info(made.note)
    metadata: dict[str, Any] = {
        "scorecard": dg.MetadataValue.md(to_markdown(made)),
        "bars": plots.score_bars(made.figures),
    }
    for figure in FRONTIERS if made.ratings else ():
        points = {
            name: (made.figures[name]["ndcg"], made.figures[name][figure])
            for name in (*KNOB, *MARKS)
            if figure in made.figures[name]
        }
        if set(KNOB) <= points.keys():
            metadata[f"ndcg_and_{figure}"] = plots.trade_off(
                points, COLUMNS["ndcg"], COLUMNS[figure], list(KNOB)
            )
    if made.clusters["quality"]:
        metadata["cluster_count"] = plots.cluster_count(
            made.clusters["quality"], made.clusters["clusters"]
        )
    return step.made(metadata)


def score(
    storage: Storage,
    warehouse: Warehouse,
    ratings: RatingsSource,
    judgements: JudgementsSource,
) -> Scorecard:
    """Score the lists that were made last.

    Raises:
        dg.Failure: ratings or judgements were asked for, and cannot be read or are of other titles.
    """
    import numpy as np

    from rec_platform.modelling.facts import Facts
    from rec_platform.modelling.ranking import by_catalogue, by_likes, series_rows

    recipe = read_recipe(storage, warehouse)
    titles = warehouse.read("titles", order_by="title_id")
    likes = ratings.read(titles["title_id"]) if ratings.location else None
    judged = judgements.read(titles) if judgements.location else None
    facts, votes = Facts(titles), titles["votes"].to_numpy()
    series = warehouse.read("title_series", order_by="title_id")["series"].to_numpy()
    figures: dict[str, dict[str, float]] = {}
    intervals: dict[str, dict[str, list[float]]] = {}
    left_out: dict[str, list[float]] = {}
    rows = series_rows(series, facts.year)
    for made in _all_lists(warehouse, facts, titles, likes, judged, recipe):
        row = rows if made.name in KNOB else None  # a title's page has it above the list
        by_people: dict[str, list[float]] = {}
        if judged:
            by_people |= _by_judgements(made, judged, np.ones(len(judged.is_ok), dtype=bool))
        if likes:
            by_people |= by_likes(made.lists, likes.testing)
        if judged and made.name == DEFAULT:
            left_out = _by_judgements(made, judged, ~judged.is_tuning)
        figures[made.name] = {name: mean for name, (mean, *_) in by_people.items()} | by_catalogue(
            made.lists, series, facts.combination, facts.overlap, votes, row
        )
        intervals[made.name] = {name: bounds for name, (_, *bounds) in by_people.items()}
    notes = (NOT_JUDGED if not judged else "", NOT_LIKED if not likes else "")
    return Scorecard(
        figures=_rounded(figures),
        intervals=_rounded({name: bounds for name, bounds in intervals.items() if bounds}),
        ratings=likes and _facts_of_likes(likes),
        judgements=judged and _facts_of_judgements(judged) | {"left_out": _rounded(left_out)},
        note="; ".join(filter(None, notes)),
        clusters=_rounded(_clusters(storage, warehouse, recipe)),
    )


def _by_judgements(
    made: "Lists", judged: Judgements, which: "np.ndarray"
) -> dict[str, list[float]]:
    """The figures of lists by some of the judged pairs."""
    import numpy as np

    from rec_platform.modelling.ranking import by_judgements

    first, second = judged.first[which], judged.second[which]
    alike = None
    if made.alike:  # who may be in a list can differ from side to side, and either counts
        alike = np.maximum(made.alike(first, second), made.alike(second, first))
    return by_judgements(made.lists, first, second, judged.is_ok[which], alike)


def _facts_of_likes(likes: Likes) -> dict[str, Any]:
    asked = sum(map(len, likes.testing))
    return {"fingerprint": likes.fingerprint, "users": len(likes.testing), "asked": asked}


def _facts_of_judgements(judged: Judgements) -> dict[str, Any]:
    return {
        "fingerprint": judged.fingerprint,
        "pairs": len(judged.is_ok),
        "ok": int(judged.is_ok.sum()),
        "missing": judged.missing,
        "ambiguous": judged.ambiguous,
        "left_out_pairs": int((~judged.is_tuning).sum()),
    }


def _all_lists(
    warehouse: Warehouse,
    facts: "Facts",
    titles: "pd.DataFrame",
    likes: Likes | None,
    judged: Judgements | None,
    recipe: Mapping[str, Any],
) -> "Iterator[Lists]":
    """The release's lists by the knob, then the baselines where people say how good they are."""
    from rec_platform.modelling.baselines import Lists, baselines
    from rec_platform.modelling.lists import weigh_lists
    from rec_platform.modelling.neighbours import alike

    weights = parse_weights(recipe["weights"])
    rule = catalogue = None
    if likes or judged:  # the other figures need none of what titles share
        catalogue = read_catalogue(warehouse, titles)
        rule = partial(alike, SimilarityRule(recipe["rule"]), catalogue, weights=weights)
    lists, _, parts = read_lists(warehouse, len(titles))
    for name, balance in KNOB.items():
        yield Lists(name, weigh_lists(lists, parts, facts.popularity, balance, weights), rule)
    if catalogue:
        training = likes.training if likes else None
        yield from baselines(catalogue, titles, training, recipe["clusters"], recipe["seed"])


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
    return not stale_inputs(storage, warehouse, ["cluster_lookup"], read_recipe(storage, warehouse))


@dg.asset_check(asset=scorecard, blocking=True)
def release_is_no_worse(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """No gated figure is worse by more than the recipe's share, nor NDCG below the 2020 original's.

    The release is compared with the serving one if both were made of the same source and selection,
    in figures that both have. Those by judgements or ratings are compared if these are the same.
    NDCG may fall where judgements rise, and a figure that the recipe forces may be worse.
    """
    if was_published_as_it_is(storage, warehouse, "scorecard"):
        return dg.AssetCheckResult(passed=True, description="a release was published with it")
    require_made(storage, warehouse, ["scorecard", "titles"])
    made = read_scorecard(storage)
    choices = read_recipe(storage, warehouse)
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
        description=told or no_worse(made, serving, choices["max_score_drop"]),
        metadata={"compared": [figure.value for figure in figures], **reasons},
    )


def _comparable(storage: Storage, choices: Mapping[str, Any], title_count: int) -> Scorecard | None:
    """The serving release's scorecard; None if it is no measure for this run's."""
    serving = read_manifest(storage)
    if not serving.get("scorecard") or not is_comparable(storage, serving, choices):
        return None
    # Whether the number of titles is right is for `titles_are_enough` to say.
    is_alike = abs(title_count / serving["title_count"] - 1) <= SIZE_MARGIN
    return Scorecard.of(serving["scorecard"]) if is_alike else None
