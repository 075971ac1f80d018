"""How the blend trades NDCG, tail NDCG and coverage, for users that no tuning has seen.

    .venv/bin/python benchmarks/frontier.py --root ROOT --ratings FOLDER --picture docs/frontier.png

ROOT is a refreshed root, FOLDER a folder of MovieLens. The frontier is the default weights, with
those of appeal multiplied by a factor. `rec-platform tune` looks for better weights.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure
from measure import print_row

from rec_platform.assets.plots import draw_trade_off
from rec_platform.assets.scorecard import score
from rec_platform.assets.similar import read_catalogue
from rec_platform.modelling.lists import to_lists
from rec_platform.modelling.neighbours import blend
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


class Judge:
    """Scores weights on a refreshed root."""

    def __init__(self, root: str, ratings: str) -> None:
        self.warehouse, self.storage = DuckDBWarehouse(root=root), LocalStorage(root=root)
        self.source = RatingsSource(location=ratings)
        titles = self.warehouse.read("titles", order_by="title_id")
        self.catalogue = read_catalogue(self.warehouse, titles)
        self.votes = titles["votes"].to_numpy()
        self.likes = self.source.read(titles["title_id"]).testing

    def figures(self, weights: Mapping[str, float]) -> dict[str, float]:
        """How good the lists of these weights are."""
        parts = self.catalogue.parts
        lists = to_lists(blend(self.catalogue, NEIGHBOURS, weights), len(self.votes))
        means = {name: mean for name, (mean, *_) in by_likes(lists, self.likes).items()}
        return means | by_catalogue(
            lists, parts.series, parts.combination, parts.overlap, self.votes
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", required=True, help="a root that was refreshed")
    parser.add_argument("--ratings", required=True, help="a folder of MovieLens")
    parser.add_argument("--picture", type=Path, help="a file for the picture of the frontier")
    arguments = parser.parse_args()
    judge = Judge(arguments.root, arguments.ratings)
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
        frontier[f"x{factor:g}"] = judge.figures(weights)
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


if __name__ == "__main__":
    main()
