# pyright: standard
"""Weights fitted to people's own judgements and ratings, held against the default ones.

Half of what people said is tuned on, and the other half tells whether that is a gain. The search is
in modelling/tuning.py. How a refresh takes the weights does not belong here (see recipe.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from rec_platform.assets.markdown import cell, table
from rec_platform.assets.similar import read_catalogue
from rec_platform.modelling.scorecard import COLUMNS
from rec_platform.release.blend import WEIGHTS
from rec_platform.release.schema import NEIGHBOURS
from rec_platform.resources.judgements import JudgementsSource
from rec_platform.resources.ratings import RatingsSource
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from rec_platform.modelling.tuning import Half

TUNING, LEFT_OUT = "tuning half", "left-out half"
SHOWN = ("p9", "r9", "bad9", "ndcg", "tail_ndcg", "coverage")


@dataclass(frozen=True)
class Tuned:
    """Weights, and how good their lists are.

    Attributes:
        weights: by name of the part.
        figures: of the default and of these weights by half: mean and, of what people said, the
            bounds of 95 %.
        goals: what the search raises, likewise.
    """

    weights: dict[str, float]
    figures: dict[tuple[str, str], dict[str, list[float]]]
    goals: dict[tuple[str, str], float]

    def to_text(self) -> str:
        """A table of the figures, and in a sentence whether the weights are better."""
        shown = [name for name in SHOWN if any(name in row for row in self.figures.values())]
        rows = [["lists", *(COLUMNS.get(name, name) for name in shown)]]
        for (half, weights), row in self.figures.items():
            cells = [row.get(name) for name in shown]
            rows.append(
                [
                    f"{half}, {weights}",
                    *(cell(found[0], found[1:]) if found else "" for found in cells),
                ]
            )
        default, own = self.goals[LEFT_OUT, "default"], self.goals[LEFT_OUT, "tuned"]
        told = f"on the left-out half ({own:.3f}, default {default:.3f})"
        verdict = (
            f"The tuned weights are better {told}."
            if own > default
            else f"The tuned weights are no better {told}: the default ones are the safer choice."
        )
        return "\n".join([*table(rows), "", verdict])


def fit(
    warehouse: Warehouse,
    ratings: RatingsSource,
    judgements: JudgementsSource,
    steps: int,
    seed: int,
    told: Callable[[int], None],
) -> Tuned:
    """Fit weights to the tuning half of what people said of the titles in the tables.

    Args:
        warehouse: holds the tables.
        ratings: half of their users are tuned on.
        judgements: half of their pairs are tuned on.
        steps: how many weights are tried.
        seed: of the search.
        told: called with the number of those that were tried.

    Raises:
        dg.Failure: a source cannot be read, is of other titles, or has no two halves.
    """
    from rec_platform.modelling.lists import to_lists
    from rec_platform.modelling.neighbours import blend
    from rec_platform.modelling.tuning import goal, search

    titles = warehouse.read("titles", order_by="title_id")
    halves = _halves(ratings, judgements, titles)
    catalogue = read_catalogue(warehouse, titles)
    own = search(catalogue.parts, halves[TUNING], steps, seed, told)
    figures: dict[tuple[str, str], dict[str, list[float]]] = {}
    lists = {
        name: to_lists(blend(catalogue, NEIGHBOURS, weights), len(titles))
        for name, weights in {"default": WEIGHTS, "tuned": own}.items()
    }
    for half, said in halves.items():
        for name, made in lists.items():
            figures[half, name] = _figures(made, said)
    means = {
        row: {name: mean for name, (mean, *_) in found.items()} for row, found in figures.items()
    }
    return Tuned(own, figures, {row: goal(found) for row, found in means.items()})


def _halves(
    ratings: RatingsSource, judgements: JudgementsSource, titles: "pd.DataFrame"
) -> "dict[str, Half]":
    import numpy as np

    from rec_platform.modelling.tuning import Half

    likes = ratings.read(titles["title_id"]) if ratings.location else None
    judged = judgements.read(titles) if judgements.location else None
    halves: dict[str, Half] = {}
    for name in (TUNING, LEFT_OUT):
        first, second, is_ok = np.zeros(0, "int64"), np.zeros(0, "int64"), np.zeros(0, bool)
        if judged:
            is_in = judged.is_tuning == (name == TUNING)
            first, second, is_ok = judged.first[is_in], judged.second[is_in], judged.is_ok[is_in]
            if not is_ok.any():
                raise dg.Failure(
                    f"the judgements in {judgements.location}: the {name} of their "
                    f"{len(is_in):,} pairs has none that is OK. Halves are by the first title of a "
                    "pair: judge more first titles",
                    allow_retries=False,
                )
        users = (likes.training if name == TUNING else likes.testing) if likes else []
        halves[name] = Half(first, second, is_ok, users)
    return halves


def _figures(lists: "np.ndarray", said: "Half") -> dict[str, list[float]]:
    from rec_platform.modelling.ranking import by_judgements, by_likes, coverage

    figures = {"coverage": [coverage(lists)]}
    if len(said.is_ok):
        figures |= by_judgements(lists, said.first, said.second, said.is_ok)
    if said.likes:
        figures |= by_likes(lists, said.likes)
    return figures
