"""Read a lookup, the SQLite file of a release.

This and what it imports are all that the site needs of a release, and they load within
milliseconds. Which release serves belongs in serving.py; how a lookup is written, in writer.py.
"""

import json
import random
import sqlite3
import struct
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from math import log10
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import quote

from rec_platform.release import choosing, weighted_sum
from rec_platform.release.blend import PARTS, WEIGHTS, Blend
from rec_platform.release.choosing import Order
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.named import PersonName
from rec_platform.release.origins import Origins, offered
from rec_platform.release.queries import of_id, placeholders
from rec_platform.release.rows import Titles, cluster_of, decode
from rec_platform.release.schema import (
    KNOWS_PEOPLE,
    READABLE_VERSIONS,
    SCHEMA_VERSION,
    Cluster,
    MappedTitle,
    Neighbour,
    Title,
    unpack,
)
from rec_platform.release.search import TITLE_ID, search
from rec_platform.release.tiles import Combination, Tiles

LARGEST = 2**31 - 1  # a number that no title has
READER_CACHE_KIB = 8_192  # SQLite's default, 2 MiB, holds little of a large release
FLAGS = 16  # filters whose titles are remembered, a byte for each title

_KEYS = {"title_words": "word", "characters": "name"}


class LookupFileError(Exception):
    """A lookup or its pointer is missing, damaged or of another schema version."""


class Answer(NamedTuple):
    """The titles that a query may mean, and what search.py's Found says of them."""

    titles: list[Title]
    left_out: list[str]
    people: list[PersonName]
    read_as: list[str]


class Lookup:
    """A read-only view of one release.

    `rule` weighs its neighbours; `most_famous` is log10 of the votes of its most voted title.
    `knows_people` says whether it has people and facts, `compares` whether any two of its titles
    can be compared.

    Safe to share between threads: SQLite serialises the connection, and nothing writes to it.

    Args:
        path: a file that `write_lookup` wrote.

    Raises:
        LookupFileError: the file is missing, damaged or of another schema version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # immutable=1 skips locks and checks for changes. A release never changes.
        uri = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
        try:
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
            self.release = {
                key: json.loads(value)
                for key, value in self._connection.execute("SELECT key, value FROM release")
            }
        except (sqlite3.Error, ValueError) as error:
            raise LookupFileError(f"{path} cannot be read as a lookup: {error}") from error
        version = self.release.get("schema_version")
        if version not in READABLE_VERSIONS:
            raise LookupFileError(
                f"{path} has schema version {version}, this program reads {SCHEMA_VERSION}: "
                "run `rec-platform refresh` with this version, or serve with the one that wrote it"
            )
        weights = self.release.get("weights", WEIGHTS)
        if tuple(weights) == weighted_sum.PARTS:
            self.rule = weighted_sum.WeightedSum(weights)
        elif set(weights) <= set(PARTS):
            self.rule = Blend(weights)
        else:
            raise LookupFileError(
                f"{path} has the parts {[*weights]}; this program reads {[*PARTS]}"
            )
        self._by_number = Titles(self._connection)
        self._flags: dict[Filter, bytearray] = {}
        self._lock = Lock()
        self.knows_people: bool = version >= KNOWS_PEOPLE
        sql = "SELECT 1 FROM sqlite_master WHERE name = 'combinations'"
        self._has_tiles = any(self._connection.execute(sql)) and any(
            self._connection.execute("SELECT 1 FROM combinations LIMIT 1")
        )
        self.compares = self.knows_people and self._has_tiles
        self.shares: dict[str, float] | None = self.release.get("shares")
        # Numbers follow votes.
        sql = "SELECT votes FROM titles WHERE number = 1"
        (votes,) = self._connection.execute(sql).fetchone() or (1,)
        self.most_famous = max(1.0, log10(max(1, votes)))

    def close(self) -> None:
        """Close the file; the lookup cannot be used afterwards."""
        self._connection.close()

    def title(self, title_id: str) -> Title | None:
        """The title with this id, or None."""
        return next(self._titles("SELECT * FROM titles WHERE title_id = ?", title_id), None)

    def titles(self, title_ids: list[str]) -> list[Title]:
        """The titles with these ids, in the order asked for; unknown ids are left out."""
        titles = (self.title(title_id) for title_id in title_ids)
        return [title for title in titles if title is not None]

    def neighbours(self, title_id: str, limit: int | None = None) -> list[Neighbour]:
        """The most similar titles, best first, or `limit` of them; empty for an unknown title."""
        row = self._connection.execute(
            "SELECT packed FROM titles JOIN neighbours USING (number) WHERE title_id = ?",
            (title_id,),
        ).fetchone()
        return unpack(row[0], len(self.rule.weights), limit) if row else []

    def numbered(self, numbers: Sequence[int]) -> list[Title]:
        """The titles with these numbers, in the order asked for."""
        return self._by_number.numbered(numbers)

    def search(self, query: str, limit: int = 20) -> list[Title]:
        """The titles that a query may mean, best first; search.py says how."""
        return self.numbered(search(self._connection, query, limit).numbers)

    def of_address(self, address: str) -> Title | None:
        """The title whose id stands in an address, in small or capital letters, or None."""
        asked = TITLE_ID.search(address)
        number = asked and of_id(self._connection, asked[1])
        return self.numbered([number])[0] if number else None

    def find(self, query: str, limit: int = 20) -> Answer:
        """What a query may mean. A release of schema 5 or older names no people."""
        found = search(self._connection, query, limit, self.knows_people)
        return Answer(self.numbered(found.numbers), *found[1:])

    def clusters(self) -> list[Cluster]:
        """All clusters, the largest first."""
        rows = self._connection.execute("SELECT * FROM clusters ORDER BY title_count DESC, cluster")
        return [cluster_of(row) for row in rows]

    def cluster(self, cluster: int) -> Cluster | None:
        """The cluster with this number, or None."""
        row = self._connection.execute(
            "SELECT * FROM clusters WHERE cluster = ?", (cluster,)
        ).fetchone()
        return cluster_of(row) if row else None

    def cluster_titles(self, cluster: int, limit: int = 20, offset: int = 0) -> list[Title]:
        """A cluster's titles, the most voted first."""
        return list(
            self._titles(
                "SELECT * FROM titles WHERE cluster = ? ORDER BY number LIMIT ? OFFSET ?",
                cluster,
                limit,
                offset,
            )
        )

    def most_voted(self, limit: int) -> list[Title]:
        """The most voted titles."""
        return list(self._titles("SELECT * FROM titles ORDER BY number LIMIT ?", limit))

    def shelf(self, name: str, limit: int = 10) -> list[Title]:
        """The first titles of a shelf that the writer made: `new`, `rising` or `gems`.

        It is empty in a release whose version made no such shelf.
        """
        return self.titles(self.release.get(f"{name}_titles", [])[:limit])

    def series(self, title: Title) -> list[Title]:
        """All titles of a title's series, by year; empty for a title that is in no series."""
        if title.series is None:
            return []
        sql = "SELECT * FROM titles WHERE series = ? ORDER BY year, title_id"
        return list(self._titles(sql, title.series))

    def credits_of(self, person_id: str) -> tuple[str, list[tuple[int, str]]] | None:
        """A person's name and, for each credit, the title's number and the role; None if unknown.

        The most voted titles come first. A release of schema 5 or older knows no people.
        """
        if not self.knows_people:
            return None
        sql = "SELECT name, credits FROM people WHERE person_id = ?"
        row = self._connection.execute(sql, (person_id,)).fetchone()
        return (row[0], [(number, role) for number, role in decode(row[1])[0]]) if row else None

    def trusted(self, numbers: Sequence[int]) -> list[int]:
        """The numbers of these titles, those with the highest trusted ratings first."""
        sql = f"""
            SELECT number FROM facts WHERE number IN ({placeholders(numbers)})
            ORDER BY trusted_rating DESC, number
        """
        return [number for (number,) in self._connection.execute(sql, tuple(numbers))]

    def title_counts(self, table: str, names: Collection[str]) -> dict[str, int]:
        """How many titles have each of these `title_words` or `characters`."""
        sql = f"SELECT * FROM {table} WHERE {_KEYS[table]} IN ({placeholders(names)})"
        return dict(self._connection.execute(sql, tuple(names)))

    def number(self, title_id: str) -> int:
        """The number of a title of this release."""
        sql = "SELECT number FROM titles WHERE title_id = ?"
        return self._connection.execute(sql, (title_id,)).fetchone()[0]

    def siblings(self, title: Title) -> list[int]:
        """The numbers of all titles of a title's series; none for a title that is in no series."""
        sql = "SELECT number FROM titles WHERE series = ?"
        return [number for (number,) in self._connection.execute(sql, (title.series,))]

    @cached_property
    def tiles(self) -> Tiles | None:
        """All titles, to find the best of them; None in a release that has only neighbours."""
        if not self._has_tiles:  # a release of 0.1.0, or of another rule than the blend
            return None
        rows = self._connection.execute("SELECT * FROM combinations ORDER BY combination")
        return Tiles(Combination(*stored) for _, *stored in rows)

    @cached_property
    def origins(self) -> Origins:
        """The countries and languages that a filter offers."""
        return offered(
            self.release.get("titles_per_country", ()), self.release.get("titles_per_language", ())
        )

    @cached_property
    def genres(self) -> frozenset[str]:
        """Every genre that a title has."""
        rows = self._connection.execute("SELECT DISTINCT genres FROM titles")
        return frozenset(genre for (genres,) in rows for genre in json.loads(genres))

    def choose(
        self, wanted: Filter, order: Order = "votes", limit: int = 20, offset: int = 0
    ) -> list[Title]:
        """The titles that pass a filter, sorted: see choosing.py. Only if `knows_people`."""
        return self.numbered(choosing.choose(self._connection, wanted, order, limit, offset))

    def count(self, wanted: Filter) -> int:
        """How many titles pass a filter. Only if `knows_people`."""
        return choosing.count(self._connection, wanted)

    def mapped(self, limit: int, cluster: int | None = None) -> list[MappedTitle]:
        """The most voted titles, of one cluster or of all, with their places on the map of films.

        A release of schema 5 or older has no such map.
        """
        sql = "SELECT packed FROM places"
        packed = self._connection.execute(sql).fetchone()[0] if self.knows_people else b""
        if not packed:
            return []
        of_cluster = "" if cluster is None else "WHERE cluster = :cluster"
        rows = self._connection.execute(
            f"SELECT number, title_id, title, year, cluster FROM titles {of_cluster} "
            "ORDER BY number LIMIT :limit",
            {"cluster": cluster, "limit": limit},
        )
        return [
            MappedTitle._make((*row, *struct.unpack_from("<2H", packed, 4 * (number - 1))))
            for number, *row in rows
        ]

    def random_title(self) -> Title:
        """A random title; every title is equally likely."""
        (count,) = self._connection.execute("SELECT max(number) FROM titles").fetchone()
        return self.numbered([random.randint(1, count)])[0]  # noqa: S311

    def random_of(self, wanted: Filter) -> Title | None:
        """A random title of those that pass a filter, or None. Only if `knows_people`."""
        count = self.count(wanted)
        return self.choose(wanted, offset=random.randrange(count), limit=1)[0] if count else None  # noqa: S311

    def all_neighbours(self) -> Iterator[tuple[str, int, list[Neighbour]]]:
        """Every title's id and votes with its neighbours, in order of title_id."""
        rows = self._connection.execute(
            "SELECT title_id, votes, packed FROM titles JOIN neighbours USING (number) "
            "ORDER BY title_id"
        )
        for title_id, votes, packed in rows:
            yield title_id, votes, unpack(packed, len(self.rule.weights))

    def catalogue(
        self, start: int, count: int, limit: int
    ) -> Iterator[tuple[str, int, str, str, bytes]]:
        """Titles in the order of their numbers, from one place (from 0) on.

        Of each its id, year, title, original title, and the numbers of its first `limit`
        neighbours, little-endian uint32.
        """
        rows = self._connection.execute(
            "SELECT title_id, year, title, original_title, packed "
            "FROM titles LEFT JOIN neighbours USING (number) "
            "WHERE number > ? AND number <= ? ORDER BY number",
            (start, start + count),
        )
        row_size = 8 + len(self.rule.weights)
        for title_id, year, title, original, packed in rows:
            stored = packed or b""
            numbers = stored[: 4 * min(limit, len(stored) // row_size)]
            yield title_id, year, title, original, numbers

    def popularity(self, votes: int) -> float:
        """The logarithm of these votes over that of the most voted title's, in 0..1."""
        return log10(max(1, votes)) / self.most_famous

    def title_ids(self, first: int = 1, last: int = LARGEST) -> dict[int, str]:
        """The id of each title by its number, of the titles with these numbers."""
        sql = "SELECT number, title_id FROM titles WHERE number BETWEEN ? AND ?"
        return dict(self._connection.execute(sql, (first, last)))

    def flags(self, wanted: Filter) -> bytearray | None:
        """Which numbers pass a filter; None if all do. Only if `knows_people`.

        The last few are remembered. A cache of functools would keep the release from being freed.
        """
        if wanted == EVERYTHING:
            return None
        with self._lock:
            flags = self._flags.pop(wanted, None) or choosing.flags(self._connection, wanted)
            self._flags[wanted] = flags
            if len(self._flags) > FLAGS:
                del self._flags[next(iter(self._flags))]
        return flags

    def _titles(self, sql: str, *parameters: Any) -> Iterator[Title]:
        return map(self._by_number.of, self._connection.execute(sql, parameters))
