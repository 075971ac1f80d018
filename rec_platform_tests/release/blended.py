"""A release by the blend over invented titles, made without the pipeline around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rec_platform.modelling.neighbours import Catalogue, blend
from rec_platform.modelling.parts import Parts
from rec_platform.modelling.tiling import tile
from rec_platform.release.schema import NEIGHBOURS, Cluster, Title, pack
from rec_platform.release.writer import write_lookup
from rec_platform_tests.modelling.catalogues import NO_FACTS
from rec_platform_tests.release.entries import entries

# From common to rare. Two are the same in another order.
GENRES = (
    *("Drama", "Comedy", "Documentary", "Drama,Romance", "Comedy,Romance", "Crime,Drama"),
    *("Action,Thriller", "Animation,Family", "Comedy,Family", "Horror", "Documentary,Music", ""),
    *("War,Drama", "Drama,War", "Western"),
)
NOBODY = pd.DataFrame({"title_id": [], "person_id": [], "role": []}, dtype=str)


def invented_titles(count: int) -> pd.DataFrame:
    """Titles that differ in all that titles are compared by but people, the most voted first."""
    dice = np.random.default_rng(7)
    likely = np.geomspace(30, 1, len(GENRES))
    words = [f"word{number}" for number in range(300)]
    titles = pd.DataFrame(
        {
            "title": [" ".join(dice.choice(words, 2)) for _ in range(count)],
            "title_type": "movie",
            "year": dice.integers(1950, 2020, count),
            "runtime_minutes": np.where(
                dice.random(count) < 0.1, np.nan, dice.integers(50, 160, count)
            ),
            "genres": dice.choice(GENRES, count, p=likely / likely.sum()),
            "rating": np.clip(dice.normal(6.3, 1.2, count), 1, 9.5).round(1),
            "votes": (10 ** dice.uniform(1, 6, count)).astype(int),
            "series": np.where(dice.random(count) < 0.2, dice.integers(0, 30, count), -1),
        }
    )
    titles = titles.sort_values("votes", ascending=False, kind="stable", ignore_index=True)
    return titles.assign(title_id=[f"tt{number:07d}" for number in range(1, count + 1)])


def write_blended(path: Path, titles: pd.DataFrame) -> Parts:
    """Write a lookup of such titles, and return what they are compared by."""
    parts = Parts(titles, NOBODY, titles["series"], *NO_FACTS)
    write_lookup(
        path,
        release={
            "created_at": "2024-03-11T04:12:09Z",
            "source_kind": "sample",
            "title_count": len(titles),
        },
        clusters=[Cluster(0, "All", len(titles), [], 1970, 2000, 6.3, 1_000, [], [])],
        **entries((_title(row), "") for row in titles.to_dict("records")),
        neighbours=_neighbours(parts),
        combinations=tile(titles),
    )
    return parts


def _title(row: dict[Any, Any]) -> Title:
    return Title(
        title_id=row["title_id"],
        title=row["title"],
        original_title=row["title"],
        year=row["year"],
        runtime_minutes=None if np.isnan(row["runtime_minutes"]) else int(row["runtime_minutes"]),
        genres=row["genres"].split(",") if row["genres"] else [],
        rating=row["rating"],
        votes=row["votes"],
        credits=[],
        series=None if row["series"] < 0 else row["series"],
        series_place=None,
        cluster=0,
        distance=0.0,
        title_type=row["title_type"],
    )


def _neighbours(parts: Parts) -> list[bytes]:
    zeros = np.zeros(len(parts))
    packed = [b""] * len(parts)
    for block in blend(Catalogue(zeros, zeros, zeros, parts), NEIGHBOURS):
        rows = zip(block.titles.tolist(), block.neighbours, block.scores, strict=True)
        for title, neighbours, scores in rows:
            kept = neighbours[neighbours >= 0]
            compared = parts.between(np.full(len(kept), title), kept)
            packed[title] = pack(
                (kept + 1).astype("<u4").tobytes(),
                scores[: len(kept)].astype("<f4").tobytes(),
                compared.tobytes(),
            )
    return packed
