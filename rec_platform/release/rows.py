"""How rows of a lookup's tables become titles and clusters."""

import itertools
import json
import sqlite3
from collections.abc import Sequence
from threading import Lock
from typing import Any

from rec_platform.release.queries import placeholders
from rec_platform.release.schema import Cluster, Credit, Title

MOST_KEPT = 5_000  # titles, of two or three kilobytes each

# json.loads() checks its options on each call, which shows in the time of a page.
decode = json.JSONDecoder().raw_decode
EMPTY = "[]"


class Titles:
    """The titles of a lookup. The best known are in many lists, so thousands of them are kept.

    Args:
        connection: a lookup.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._kept: dict[int, Title] = {}
        self._lock = Lock()

    def numbered(self, numbers: Sequence[int]) -> list[Title]:
        """The titles with these numbers, in the order asked for."""
        titles = {number: self._kept.get(number) for number in numbers}
        missing = [number for number, title in titles.items() if title is None]
        if missing:
            sql = f"SELECT * FROM titles WHERE number IN ({placeholders(missing)})"
            for row in self._connection.execute(sql, missing):
                titles[row[0]] = self.of(row)
        return [title for number in numbers if (title := titles[number])]

    def of(self, row: Any) -> Title:
        """A row of `titles`."""
        title = self._kept.get(row[0])
        if title is None:
            title = title_of(row)
            with self._lock:
                if len(self._kept) >= MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[row[0]] = title
        return title


def title_of(row: Any) -> Title:
    """A row of `titles`, of this schema or an older one."""
    number, title_id, title, original, year, runtime, genres, rating, votes, *rest = row
    credits_, series, series_place, cluster, distance, key, *newer = rest
    del number, key
    newer = newer or [EMPTY, None, None, EMPTY]
    characters, country, language, keywords, *newest = newer
    title_type, end_year = newest or ("movie", None)
    return Title(
        title_id=title_id,
        title=title,
        original_title=original,
        year=year,
        runtime_minutes=runtime,
        genres=decode(genres)[0],
        rating=rating,
        votes=votes,
        credits=list(itertools.starmap(Credit, decode(credits_)[0])),
        series=series,
        series_place=series_place,
        cluster=cluster,
        distance=distance,
        characters=decode(characters)[0] if characters != EMPTY else [],
        country=country,
        language=language,
        keywords=decode(keywords)[0] if keywords != EMPTY else [],
        title_type=title_type,
        end_year=end_year,
    )


def cluster_of(row: Any) -> Cluster:
    """A row of `clusters`."""
    cluster, name, title_count, genres, year_from, year_to, rating, votes, typical, popular = row
    return Cluster(
        cluster=cluster,
        name=name,
        title_count=title_count,
        genres=decode(genres)[0],
        year_from=year_from,
        year_to=year_to,
        rating=rating,
        votes=votes,
        typical_titles=decode(typical)[0],
        popular_titles=decode(popular)[0],
    )
