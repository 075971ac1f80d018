"""How the blend trades NDCG, tail NDCG and coverage, for users that no tuning has seen.

    .venv/bin/python benchmarks/tuning.py --root ROOT --ratings FOLDER --picture docs/frontier.png
    .venv/bin/python benchmarks/tuning.py --root ROOT --ratings FOLDER --search 600

ROOT is a refreshed root, FOLDER a folder of MovieLens. The frontier is the default weights, with
those of appeal multiplied by a factor. --search looks for better weights on the other half of the
users: a random walk that accepts what raises NDCG + tail NDCG and gives up no coverage. It prints
the figures of both halves: a gain on the half that it has not seen is real. Candidates are those of
the default weights.
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from measure import print_row

from rec_platform.assets.plots import draw_trade_off
from rec_platform.assets.scorecard import score
from rec_platform.assets.similar import read_catalogue
from rec_platform.modelling.neighbours import blend, to_lists
from rec_platform.modelling.ranking import by_catalogue, by_likes
from rec_platform.modelling.scorecard import COLUMNS, MARKS
from rec_platform.release.blend import APPEAL, WEIGHTS
from rec_platform.release.schema import NEIGHBOURS
from rec_platform.resources.judgements import JudgementsSource
from rec_platform.resources.ratings import RatingsSource
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse

FACTORS = (0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
SHOWN = ("ndcg", "tail_ndcg", "coverage", "siblings")  # the last in the nine alone
CHANGED = 0.4  # of the weights, in one step of the walk
STEP = 0.3  # of a weight's logarithm


class Judge:
    """Scores weights on a refreshed root."""

    def __init__(self, root: str, ratings: str) -> None:
        self.warehouse, self.storage = DuckDBWarehouse(root=root), LocalStorage(root=root)
        self.source = RatingsSource(location=ratings)
        titles = self.warehouse.read("titles", order_by="title_id")
        self.catalogue = read_catalogue(self.warehouse, titles)
        self.votes = titles["votes"].to_numpy()
        likes = self.source.read(titles["title_id"])
        self.tuning, self.unseen = likes.training, likes.testing

    def lists(self, weights: Mapping[str, float]) -> np.ndarray:
        """The lists that these weights make."""
        return to_lists(blend(self.catalogue, NEIGHBOURS, weights), len(self.votes))

    def figures(self, lists: np.ndarray, likes: list[np.ndarray]) -> dict[str, float]:
        """How good they are for one half of the users."""
        parts = self.catalogue.parts
        means = {name: mean for name, (mean, *_) in by_likes(lists, likes).items()}
        return means | by_catalogue(lists, parts.series, parts.genres, self.votes)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", required=True, help="a root that was refreshed")
    parser.add_argument("--ratings", required=True, help="a folder of MovieLens")
    parser.add_argument("--picture", type=Path, help="a file for the picture of the frontier")
    parser.add_argument("--search", type=float, metavar="SECONDS", help="search for weights")
    parser.add_argument("--seed", type=int, default=0, help="of the search (%(default)s)")
    arguments = parser.parse_args()
    judge = Judge(arguments.root, arguments.ratings)
    if arguments.search:
        _search(judge, arguments.search, arguments.seed)
        return
    frontier = _frontier(judge)
    if arguments.picture:
        _draw(judge, frontier, arguments.picture)


def _frontier(judge: Judge) -> dict[str, dict[str, float]]:
    print_row("appeal times", *(COLUMNS[name] for name in SHOWN))
    frontier = {}
    for factor in FACTORS:
        weights = {
            name: weight * (factor if name in APPEAL else 1) for name, weight in WEIGHTS.items()
        }
        frontier[f"x{factor:g}"] = judge.figures(judge.lists(weights), judge.unseen)
        print_row(f"{factor:g}", *(f"{frontier[f'x{factor:g}'][name]:.3f}" for name in SHOWN))
    return frontier


def _draw(judge: Judge, frontier: dict[str, dict[str, float]], picture: Path) -> None:
    made = score(judge.storage, judge.warehouse, judge.source, JudgementsSource())
    rows = frontier | {name: made.figures[name] for name in MARKS}
    names = ("tail_ndcg", "coverage")
    figure = Figure(figsize=(10, 4.5), dpi=90)
    for axes, name in zip(figure.subplots(1, len(names)), names, strict=True):
        points = {row: (figures["ndcg"], figures[name]) for row, figures in rows.items()}
        title = draw_trade_off(axes, points, COLUMNS["ndcg"], COLUMNS[name], list(frontier))
        axes.set_title(title, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Software": None})


def _search(judge: Judge, seconds: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    default = judge.figures(judge.lists(WEIGHTS), judge.tuning)

    def gain(figures: Mapping[str, float]) -> float:
        lost = max(0, default["coverage"] - figures["coverage"])
        return figures["ndcg"] + figures["tail_ndcg"] - 2 * lost

    best, most, count = dict(WEIGHTS), gain(default), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        steps = STEP * random.normal(size=len(best)) * (random.random(len(best)) < CHANGED)
        tried = {
            name: weight * float(np.exp(step))
            for (name, weight), step in zip(best.items(), steps, strict=True)
        }
        reached = gain(judge.figures(judge.lists(tried), judge.tuning))
        if reached > most:
            best, most = tried, reached
        count += 1
    print_row(f"{count} weights tried", *(COLUMNS[name] for name in SHOWN))
    for half, likes in (("seen half", judge.tuning), ("unseen half", judge.unseen)):
        for name, weights in (("default", WEIGHTS), ("found", best)):
            figures = judge.figures(judge.lists(weights), likes)
            print_row(f"{half}, {name}", *(f"{figures[figure]:.3f}" for figure in SHOWN))
    print({name: round(weight, 2) for name, weight in best.items()})


if __name__ == "__main__":
    main()
