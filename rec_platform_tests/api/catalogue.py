"""An invented release whose lists, shelves, series and scorecard are all there."""

from __future__ import annotations

import struct
from pathlib import Path

from rec_platform.release.blend import LIKENESS, PARTS, WEIGHTS, alike, total
from rec_platform.release.schema import NEIGHBOURS, Cluster, Title, pack
from rec_platform.release.writer import write_lookup
from rec_platform_tests.api.site import HOSTILE, invented, point
from rec_platform_tests.release.entries import entries

KINDS = (["Crime", "Thriller"], ["Sci-Fi"], ["Comedy", "Romance"])
NAMES = ("Heavy Snow", "Dream Ferry", "Seven Kites", "Glass Harbour")
COUNT = 60
SERIES = ("Verdict", "Verdict II", "Verdict: The Last Word")
CENTROIDS = [[0.9, 0.1, 0.2], [0.1, 0.8, 0.3], [0.2, 0.2, 0.9]]
FIGURES = {"p9": 0.876, "ndcg": 0.387, "coverage": 0.61}
SCORECARD = {
    "figures": {"default": FIGURES, "random": {"ndcg": 0.032, "coverage": 1.0}},
    "ratings": {"users": 321, "asked": 9876},
    "judgements": {"pairs": 1234, "ok": 700},
    "note": "",
}


def catalogue() -> list[Title]:
    """Titles of falling fame and of any rating; the first three are a series."""
    titles: list[Title] = []
    for number in range(1, COUNT + 1):
        name = f"{NAMES[number % 4]} {number}"
        titles.append(
            invented(
                number,
                SERIES[number - 1] if number <= 3 else HOSTILE if number == 50 else name,
                number % 3,
                genres=KINDS[number % 3],
                year=1950 + number,
                runtime_minutes=80 + number,
                rating=5 + number * 7 % 45 / 10,
                votes=1_000_000 // number**2,
                series=7 if number <= 3 else None,
                series_place=number if number <= 3 else None,
            )
        )
    return titles


def publish_catalogue(releases: Path, release_id: str = "rich") -> Path:
    titles = catalogue()
    clusters = []
    for number, (name, kind) in enumerate(
        zip(("Crime thrillers", "Space operas", "Romantic comedies"), KINDS, strict=True)
    ):
        own = [title for title in titles if title.cluster == number]
        ids = [title.title_id for title in own]
        rating = sum(title.rating for title in own) / len(own)
        clusters.append(
            Cluster(number, name, len(own), kind, 1960, 1990 + number, rating, 900, ids, ids)
        )
    lookup = releases / release_id / "lookup.sqlite"
    lookup.parent.mkdir(parents=True)
    write_lookup(
        lookup,
        release={
            "created_at": "2024-03-11T04:12:09Z",
            "source_kind": "sample",
            "title_count": len(titles),
            "kmeans": {"centroids": CENTROIDS},
            "weights": WEIGHTS,
            "scorecard": SCORECARD,
            "files": {"title_basics": {"fetched_at": "2024-03-10T21:00:00+00:00"}},
        },
        clusters=clusters,
        **entries((title, "") for title in titles),
        neighbours=[neighbours(number, titles) for number in range(1, COUNT + 1)],
        places=b"".join(struct.pack("<2H", *place(number)) for number in range(1, COUNT + 1)),
    )
    point(releases, release_id)
    return lookup


def place(number: int) -> tuple[int, int]:
    """The turn and the way to the rim of a title on the map of films."""
    return number * 997 % 65_536, number * 1_090


def neighbours(number: int, titles: list[Title]) -> bytes:
    """Other titles, ranked by their fame, their rating and whether they are of the same kind."""
    ranked: list[tuple[float, float, int, bytes]] = []
    for other in range(1, COUNT + 1):
        parts = dict.fromkeys(PARTS, 0) | {
            "tone": 255,
            "genres": 255 * (other % 3 == number % 3),
            "series": 255 * (number <= 3 and other <= 3),
            "fame": 255 - 4 * abs(other - number),
            "popularity": 255 - 4 * other,
            "quality": round(titles[other - 1].rating * 25),
        }
        if other != number:
            values = bytes(parts.values())
            likeness = total(values[: len(LIKENESS)], LIKENESS)
            ranked.append((total(values, WEIGHTS), alike(likeness), other, values))
    ranked = sorted(ranked, reverse=True)[:NEIGHBOURS]
    return pack(
        struct.pack(f"<{len(ranked)}I", *(other for *_, other, _ in ranked)),
        struct.pack(f"<{len(ranked)}f", *(share for _, share, *_ in ranked)),
        b"".join(parts for *_, parts in ranked),
    )
