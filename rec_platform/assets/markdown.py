# pyright: standard
"""Tables in Markdown, for the Dagster UI and the command. Pictures are in plots.py."""

from typing import TYPE_CHECKING

from rec_platform.modelling.scorecard import COLUMNS, Scorecard
from rec_platform.release.schema import Cluster

if TYPE_CHECKING:
    import pandas as pd


def to_markdown(made: Scorecard) -> str:
    """The scorecard as a table, with its ratings and clusters in a line below."""
    shown = [name for name in COLUMNS if any(name in row for row in made.figures.values())]
    rows = [["lists", *(COLUMNS[name] for name in shown)]]
    rows += [
        [name, *(_cell(row.get(key), made.intervals.get(name, {}).get(key)) for key in shown)]
        for name, row in made.figures.items()
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
    figures = {name: made.clusters[name] for name in ("stability", "silhouette")}
    clusters = [f"{name} {value:.3f}" for name, value in figures.items() if value is not None]
    told += f". {made.clusters['clusters']} clusters: {', '.join(clusters) or 'too few titles'}"
    return "\n".join([*lines, "", told])


def _cell(value: float | None, bounds: list[float] | None) -> str:
    if value is None:
        return ""
    if value > 1:  # bits
        return f"{value:.1f}"
    text = f"{value:.3f}"
    return f"{text} ({bounds[0]:.3f}-{bounds[1]:.3f})" if bounds else text


def profiles_table(profiles: list[Cluster], titles: "pd.DataFrame") -> str:
    """What each cluster holds.

    Args:
        profiles: of the clusters.
        titles: title_id, title.
    """
    names = titles.set_index("title_id")["title"]
    lines = [
        "| cluster | name | titles | genres | years | rating | votes | typical | most voted |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {profile.cluster} | {profile.name} | {profile.title_count:,} "
        f"| {', '.join(profile.genres)} | {profile.year_from}-{profile.year_to} "
        f"| {profile.rating:.1f} | {profile.votes:,} "
        f"| {'; '.join(names[profile.typical_titles[:3]])} "
        f"| {'; '.join(names[profile.popular_titles[:3]])} |"
        for profile in profiles
    ]
    return "\n".join(lines)
