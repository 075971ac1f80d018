"""Lookups of a few invented titles, to search."""

from collections.abc import Iterable
from pathlib import Path

from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import Cluster, Title
from rec_platform.release.writer import write_lookup
from rec_platform_tests.release.entries import entries


def write(path: Path, titles: Iterable[tuple[Title, str]], count: int) -> Lookup:
    write_lookup(
        path,
        release={"title_count": count},
        clusters=[Cluster(0, "All", count, [], 1900, 2030, 7.0, 9, [], [])],
        **entries(titles),
        neighbours=[b""] * count,
    )
    return Lookup(path)


def title(title_id: str, name: str, original: str, year: int) -> Title:
    return Title(title_id, name, original, year, None, [], 7.0, 9, [], None, None, 0, 0.5)
