# pyright: standard
"""Pictures for the Dagster UI.

Each function takes the data that it draws and returns Markdown metadata that holds a small PNG.
Tables do not belong here (see markdown.py).
"""

import base64
from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

from rec_platform.choices import GatedFigure
from rec_platform.release.schema import Cluster

COLOUR = "#2f6690"
MAP_TITLES = 4_000


def _picture(draw: Callable[..., str]) -> Callable[..., dg.MarkdownMetadataValue]:
    """Turn a function that draws on axes and returns a title into one that returns metadata."""

    @wraps(draw)
    def picture(*data: Any) -> dg.MarkdownMetadataValue:
        # Figure, not pyplot: no global state, no display, safe in any thread.
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 4), dpi=90)
        # Fixed margins, with room for names at the left: a computed layout draws everything twice.
        axes = figure.add_axes((0.1, 0.13, 0.86, 0.77))
        axes.spines[["top", "right"]].set_visible(False)
        title = draw(axes, *data)
        axes.set_title(title, loc="left")
        file = BytesIO()
        figure.savefig(file, format="png")
        encoded = base64.b64encode(file.getvalue()).decode()
        return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{encoded})")

    return picture


@_picture
def titles_per_year(axes: "Axes", titles: "pd.DataFrame") -> str:
    """Bars: titles by release year."""
    years = np.arange(titles["year"].min(), titles["year"].max() + 2) - 0.5
    _bars(axes, titles["year"], years)
    return "Titles per year"


@_picture
def titles_per_rating(axes: "Axes", titles: "pd.DataFrame") -> str:
    """Bars: titles by rating, in steps of a tenth."""
    _bars(axes, titles["rating"], np.arange(0.95, 10.15, 0.1))
    axes.set_xlabel("rating")
    return "Titles per rating"


@_picture
def votes(axes: "Axes", titles: "pd.DataFrame") -> str:
    """Bars: titles by votes, on a logarithmic scale."""
    most = max(2.0, float(titles["votes"].max()))
    _bars(axes, titles["votes"].clip(lower=1), np.geomspace(1, most, 50))
    axes.set_xscale("log")
    axes.set_xlabel("votes")
    return "Titles by votes"


def _bars(axes: "Axes", values: "pd.Series[float]", edges: np.ndarray) -> None:
    """A histogram as one shape, because a hundred bars take a hundred times as long to draw."""
    counts, _ = np.histogram(values, edges)
    axes.stairs(counts, edges, fill=True, color=COLOUR)


@_picture
def cluster_sizes(axes: "Axes", clusters: list[Cluster]) -> str:
    """Bars: titles in each cluster."""
    names = [f"{cluster.name} ({cluster.cluster})" for cluster in clusters]
    axes.barh(names, [cluster.title_count for cluster in clusters], color=COLOUR)
    axes.invert_yaxis()
    axes.set_position((0.3, 0.13, 0.66, 0.77))
    return "Titles per cluster"


@_picture
def cluster_map(axes: "Axes", matrix: np.ndarray, cluster: np.ndarray, names: list[str]) -> str:
    """Points: titles on the plane of the matrix's first two principal components."""
    from sklearn.decomposition import PCA

    step = max(1, len(matrix) // MAP_TITLES)
    plane = PCA(2, svd_solver="full").fit_transform(matrix[::step])
    shown = cluster[::step]
    for number, name in enumerate(names):
        points = plane[shown == number]
        axes.scatter(*points.T, s=5, alpha=0.6, color=f"C{number % 10}", label=name)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, markerscale=3)
    axes.set_axis_off()
    axes.set_position((0.02, 0.03, 0.68, 0.87))
    return "Map of the clusters"


@_picture
def cluster_count(axes: "Axes", quality: list[tuple[int, float, float]], chosen: int) -> str:
    """Lines: mean squared distance and silhouette against the number of clusters."""
    counts, distances, silhouettes = zip(*quality, strict=True)
    axes.plot(counts, distances, "o-", color=COLOUR)
    axes.set_xlabel("clusters")
    axes.set_ylabel("mean squared distance", color=COLOUR)
    axes.axvline(chosen, color="grey", linestyle=":")
    other = axes.twinx()
    other.plot(counts, silhouettes, "s--", color="#d1495b")
    other.set_ylabel("silhouette", color="#d1495b")
    axes.set_position((0.1, 0.13, 0.8, 0.77))
    other.set_position((0.1, 0.13, 0.8, 0.77))
    return f"Mean squared distance and silhouette by number of clusters (chosen: {chosen})"


@_picture
def score_bars(axes: "Axes", figures: dict[str, dict[str, float]]) -> str:
    """Bars: the gated figures of each row of the scorecard."""
    names = list(figures)
    bars = 0.8 / len(GatedFigure)
    for place, figure in enumerate(GatedFigure):
        values = [row.get(figure, 0) for row in figures.values()]
        heights = np.arange(len(names)) + (place - (len(GatedFigure) - 1) / 2) * bars
        axes.barh(heights, values, bars, color=f"C{place}", label=figure.value)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    axes.set_position((0.25, 0.13, 0.57, 0.77))
    return "Scorecard"


def draw_trade_off(
    axes: "Axes",
    points: dict[str, tuple[float, float]],
    across: str,
    up: str,
    line: list[str],
) -> str:
    """Points: two figures of each row of a scorecard; a line joins the rows of one knob."""
    joined = sorted(points[name] for name in line)
    axes.plot(*zip(*joined, strict=True), "-", color=COLOUR, alpha=0.5)
    for name, (x, y) in points.items():
        axes.plot(x, y, "o", color=COLOUR if name in line else "#d1495b")
        axes.annotate(name, (x, y), xytext=(5, 4), textcoords="offset points", fontsize=8)
    axes.margins(x=0.2, y=0.1)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    return f"{up} against {across}"


trade_off = _picture(draw_trade_off)
