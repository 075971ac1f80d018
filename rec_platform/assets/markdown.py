# pyright: standard
"""Tables in Markdown, for the Dagster UI and the command. Pictures are in plots.py."""

from typing import TYPE_CHECKING, Any

from rec_platform.modelling.scorecard import COLUMNS, DEFAULT, Scorecard
from rec_platform.release.schema import Cluster

if TYPE_CHECKING:
    import pandas as pd


def to_markdown(made: Scorecard) -> str:
    """The scorecard as a table, with its ratings, judgements and clusters below."""
    shown = [name for name in COLUMNS if any(name in row for row in made.figures.values())]
    rows = [["lists", *(COLUMNS[name] for name in shown)]]
    rows += [
        [name, *(cell(row.get(key), made.intervals.get(name, {}).get(key)) for key in shown)]
        for name, row in made.figures.items()
    ]
    lines = table(rows)
    told = []
    if made.ratings:
        told.append(f"{made.ratings['users']:,} users, {made.ratings['asked']:,} lists asked for")
    if made.judgements:
        told.append(_judged(made.judgements))
    if made.note:
        told.append(made.note)
    if made.clusters:
        figures = {name: made.clusters[name] for name in ("stability", "silhouette")}
        clusters = [f"{name} {value:.3f}" for name, value in figures.items() if value is not None]
        count = made.clusters["clusters"]
        told.append(f"{count} clusters: {', '.join(clusters) or 'too few titles'}")
    return "\n".join([*lines, "", ". ".join(told)])


def _judged(judgements: dict[str, Any]) -> str:
    told = f"{judgements['pairs']:,} judged pairs, {judgements['ok']:,} of them OK"
    for name, reason in (
        ("missing", "have a title that is not here"),
        ("ambiguous", "could mean several titles"),
    ):
        if judgements[name]:
            told += f"; {judgements[name]:,} more {reason}"
    left_out = [
        f"{COLUMNS[name]} {cell(mean, bounds)}"
        for name, (mean, *bounds) in judgements["left_out"].items()
    ]
    if left_out:
        told += (
            f". By the {judgements['left_out_pairs']:,} pairs left out of tuning, {DEFAULT}: "
            f"{', '.join(left_out)}"
        )
    return told


def table(rows: list[list[str]]) -> list[str]:
    """The lines of a table, the first row of which is its header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return lines


def cell(value: float | None, bounds: list[float] | None = None) -> str:
    """A figure with its interval; empty if there is none."""
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
