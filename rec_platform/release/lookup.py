"""The lookup: one immutable SQLite file per release, its schema, its writer and its reader.

The pipeline writes it once, the site only selects from it. Standard library only: this is the one
module of the platform that the site imports, and it must start within milliseconds. How a release
is made and published does not belong here (see publish.py), nor which one serves (see serving.py).
"""

import itertools
import json
import random
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from rec_platform.release.blend import PARTS, WEIGHTS
from rec_platform.release.search import placeholders, search, search_key, search_names
from rec_platform.release.spelling import forms

SCHEMA_VERSION = 4
LOOKUP_FILE = "lookup.sqlite"
# SQLite's own 2 MiB are written out again and again, and hold little of a large release.
WRITER_CACHE_KIB = 65_536
READER_CACHE_KIB = 8_192
SCORE_DIGITS = 6  # what is exact of a score packed as float32

# `number` runs from 1 for the most voted title, so that rowid order is order of popularity:
# the first rows of any full-text match are its best known titles, without a sort.
SCHEMA = """
CREATE TABLE release (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL                -- JSON
) WITHOUT ROWID;
CREATE TABLE clusters (
    cluster INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    title_count INTEGER NOT NULL,
    genres TEXT NOT NULL,              -- JSON array, the most characteristic first
    year_from INTEGER NOT NULL,        -- the middle half of its titles' years
    year_to INTEGER NOT NULL,
    rating REAL NOT NULL,              -- mean
    votes INTEGER NOT NULL,            -- median
    typical_titles TEXT NOT NULL,      -- JSON array of title_id, nearest to the centroid first
    popular_titles TEXT NOT NULL       -- JSON array of title_id, most voted first
);
CREATE TABLE titles (
    number INTEGER PRIMARY KEY,
    title_id TEXT NOT NULL,
    title TEXT NOT NULL,
    original_title TEXT NOT NULL,
    year INTEGER NOT NULL,
    runtime_minutes INTEGER,
    genres TEXT NOT NULL,              -- JSON array
    rating REAL NOT NULL,
    votes INTEGER NOT NULL,
    credits TEXT NOT NULL,             -- JSON array of [person_id, role, name], as billed
    series INTEGER,                    -- the same for titles of one series
    series_place INTEGER,              -- from 1, by year; NULL where it is not certain
    cluster INTEGER NOT NULL REFERENCES clusters,
    distance REAL NOT NULL,            -- Euclidean, to the cluster's centroid
    search_key TEXT NOT NULL           -- the title as people type it: see search_key()
);
CREATE TABLE neighbours (
    number INTEGER PRIMARY KEY REFERENCES titles,
    packed BLOB NOT NULL               -- numbers, best first, then scores, then parts: see pack()
);
CREATE VIRTUAL TABLE title_search USING fts5 (
    names,                             -- search_names() of all its names
    content = '', detail = 'none', columnsize = 0, prefix = '1 2 3 4 5 6 7 8 9 10',
    tokenize = "unicode61 categories 'L* M* N* Co'"
);
CREATE TABLE words (
    number INTEGER PRIMARY KEY,        -- in order of the most voted title that has it
    word TEXT NOT NULL                 -- of search_names()
);
CREATE VIRTUAL TABLE word_search USING fts5 (
    forms,                             -- forms() of the word, to find it misspelt
    content = '', detail = 'none', columnsize = 0,
    tokenize = "unicode61 categories 'L* M* N* Co'"
);
-- Bytes of a leaf: a list of titles on many leaves is skipped through, one on few is read through,
-- and of the default, 4050 bytes, all the titles with "of" in them fill only three.
INSERT INTO title_search (title_search, rank) VALUES ('pgsz', 500);
INSERT INTO word_search (word_search, rank) VALUES ('pgsz', 500);
"""

# Made when all rows are there, which is faster.
INDEXES = """
CREATE UNIQUE INDEX titles_by_id ON titles (title_id);
CREATE INDEX titles_by_cluster ON titles (cluster, number);
CREATE INDEX titles_by_search_key ON titles (search_key, number);
CREATE INDEX words_by_word ON words (word);
CREATE INDEX titles_by_series ON titles (series, year) WHERE series IS NOT NULL;
"""

# What the home page shows beside the clusters, found once when the lookup is written.
SHELVES = {
    # Of the two newest years and well rated, the most voted first: new, and already known.
    "rising": """
        SELECT title_id FROM titles
        WHERE year >= (SELECT max(year) FROM titles) - 1
            AND rating >= (SELECT avg(rating) FROM titles) + 0.5
        ORDER BY number LIMIT 24
    """,
    # Rated best of those with less than a 20th of the most voted title's votes. Where few have
    # voted a rating says little, so it is drawn to the mean, as by a 200th of those votes more
    # (the weighted rating that IMDb describes for its charts).
    "gems": """
        WITH catalogue AS (SELECT max(votes) AS most, avg(rating) AS mean FROM titles)
        SELECT title_id FROM titles CROSS JOIN catalogue
        WHERE votes < most / 20
        ORDER BY (rating * votes + mean * most / 200) / (votes + most / 200) DESC, number
        LIMIT 24
    """,
}
COUNTS = {
    "titles_per_year": "SELECT year, count(*) FROM titles GROUP BY year ORDER BY year",
    "titles_per_rating": """
        SELECT CAST(rating * 2 AS INTEGER) / 2.0 AS half, count(*) FROM titles
        GROUP BY half ORDER BY half
    """,
}


class LookupFileError(Exception):
    """A lookup or its pointer is missing, damaged or of another schema version."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Who did what in a title; a person with two roles has two credits."""

    person_id: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Title:
    """A title of the release.

    `series` is the same number for titles of one series, and `series_place` their place in it.
    `distance` is Euclidean, from the title's features to its cluster's centroid.
    """

    title_id: str
    title: str
    original_title: str
    year: int
    runtime_minutes: int | None
    genres: list[str]
    rating: float
    votes: int
    credits: list[Credit]
    series: int | None
    series_place: int | None
    cluster: int
    distance: float

    def people(self, *roles: str) -> list[str]:
        """The names of those with one of these roles, each once, in order of billing."""
        return list(dict.fromkeys(one.name for one in self.credits if one.role in roles))


class Neighbour(NamedTuple):
    """A neighbour of a title as it is stored: its number, and how alike the two are.

    `score` is in 0..1, higher is more alike; `parts` are in the order of `blend.PARTS`, 0 to 255.
    """

    number: int
    score: float
    parts: bytes


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster holds: its size, leading genres, usual years, mean rating, median votes."""

    cluster: int
    name: str
    title_count: int
    genres: list[str]
    year_from: int
    year_to: int
    rating: float
    votes: int
    typical_titles: list[str]
    popular_titles: list[str]


# Writing


def write_lookup(
    path: Path,
    *,
    release: dict[str, Any],
    clusters: Iterable[Cluster],
    titles: Iterable[tuple[Title, str]],
    neighbours: Iterable[bytes],
) -> None:
    """Write a lookup file, streaming.

    Args:
        path: the file to write; one that exists is replaced.
        release: what describes the release; every value must be JSON.
        clusters: the clusters' profiles.
        titles: each title with its other names as one text to search in, most voted first; a
            title's number is its place here, from 1.
        neighbours: for each title, in the same order, its neighbours as pack() packs them.

    Raises:
        sqlite3.Error: a title_id occurs twice, or the disk is full.
    """
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # A half-written file is thrown away, so nothing is gained by a journal.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        connection.executescript(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}; {SCHEMA}")
        connection.execute("BEGIN")
        entries = {"schema_version": SCHEMA_VERSION} | release
        connection.executemany(
            "INSERT INTO release VALUES (?, ?)",
            ((key, _json(value)) for key, value in entries.items()),
        )
        connection.executemany(_insert("clusters", 10), map(_cluster_row, clusters))
        connection.executemany(_insert("titles", 15), _title_rows(connection, titles))
        connection.executemany(_insert("neighbours", 2), enumerate(neighbours, start=1))
        connection.execute("INSERT INTO title_search (title_search) VALUES ('optimize')")
        connection.execute("INSERT INTO word_search (word_search) VALUES ('optimize')")
        connection.execute("COMMIT")
        connection.executescript(INDEXES)
        connection.executemany(_insert("release", 2), _digest(connection))


def _digest(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """What the site shows of all titles together, so that no request has to read them all."""
    for name, sql in SHELVES.items():
        yield f"{name}_titles", _json([title_id for (title_id,) in connection.execute(sql)])
    for name, sql in COUNTS.items():
        yield name, _json(connection.execute(sql).fetchall())


def _insert(table: str, column_count: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * column_count)})"


def _cluster_row(cluster: Cluster) -> tuple[Any, ...]:
    return (
        cluster.cluster,
        cluster.name,
        cluster.title_count,
        _json(cluster.genres),
        cluster.year_from,
        cluster.year_to,
        cluster.rating,
        cluster.votes,
        _json(cluster.typical_titles),
        _json(cluster.popular_titles),
    )


def _title_rows(
    connection: sqlite3.Connection, titles: Iterable[tuple[Title, str]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of `titles`, filling the full-text indexes on the way."""
    words: dict[str, int] = {}
    for number, (title, akas) in enumerate(titles, start=1):
        key = search_key(title.title)
        original = title.original_title if title.original_title != title.title else ""
        names = search_names(f"{title.title} {original} {akas}")
        connection.execute("INSERT INTO title_search (rowid, names) VALUES (?, ?)", (number, names))
        for word in names.split():
            if word not in words:
                words[word] = len(words) + 1
                entry = (words[word], word)
                connection.execute("INSERT INTO words VALUES (?, ?)", entry)
                entry = (words[word], " ".join(sorted(forms(word))))
                connection.execute("INSERT INTO word_search (rowid, forms) VALUES (?, ?)", entry)
        yield (
            number,
            title.title_id,
            title.title,
            title.original_title,
            title.year,
            title.runtime_minutes,
            _json(title.genres),
            title.rating,
            title.votes,
            _json([[one.person_id, one.role, one.name] for one in title.credits]),
            title.series,
            title.series_place,
            title.cluster,
            title.distance,
            key,
        )


def pack(numbers: bytes, scores: bytes, parts: bytes) -> bytes:
    """A title's neighbours in one value: as rows they would take three times as much.

    Args:
        numbers: little-endian uint32, best first.
        scores: as many little-endian float32, in 0..1.
        parts: as many times `len(blend.PARTS)` bytes.
    """
    return numbers + scores + parts


def unpack(packed: bytes, limit: int | None = None) -> list[Neighbour]:
    """What pack() packed: its first `limit` neighbours, or all."""
    width = len(PARTS)
    count = len(packed) // (8 + width)
    values = struct.unpack_from(f"<{count}I{count}f", packed)
    starts = range(8 * count, len(packed), width)
    found = zip(values[:count], values[count:], starts, strict=True)
    return [
        Neighbour(number, round(score, SCORE_DIGITS), packed[start : start + width])
        for number, score, start in itertools.islice(found, limit)
    ]


# json.dumps() with an option builds an encoder each time, which shows in 100,000 rows, and
# json.loads() looks at its options first, which shows in a page.
_json = json.JSONEncoder(ensure_ascii=False).encode
_decode = json.JSONDecoder().raw_decode


# Reading


class Lookup:
    """A read-only view of one release.

    Safe to share between threads: SQLite serialises the connection, and nothing is ever written.

    Args:
        path: a file that `write_lookup` wrote.

    Raises:
        LookupFileError: the file is missing, damaged or of another schema version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # immutable=1: no locks and no checks for change, which holds because a release never does.
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
        self.weights: dict[str, float] = self.release.get("weights", WEIGHTS)
        version = self.release.get("schema_version")
        if version != SCHEMA_VERSION:
            raise LookupFileError(
                f"{path} has schema version {version}, this program reads {SCHEMA_VERSION}: "
                "run `rec-platform refresh` with this version, or serve with the one that wrote it"
            )
        if tuple(self.weights) != PARTS:
            raise LookupFileError(f"{path} has parts {[*self.weights]}, this program {[*PARTS]}")

    def close(self) -> None:
        """Close the file; the lookup cannot be used afterwards."""
        self._connection.close()

    def title(self, title_id: str) -> Title | None:
        """The title with this id, or None."""
        return next(self._titles("SELECT * FROM titles WHERE title_id = ?", title_id), None)

    def titles(self, title_ids: list[str]) -> list[Title]:
        """The titles with these ids, in the order asked for; unknown ids are left out."""
        found = (self.title(title_id) for title_id in title_ids)
        return [title for title in found if title is not None]

    def neighbours(self, title_id: str, limit: int | None = None) -> list[Neighbour]:
        """The most similar titles, best first, or `limit` of them; empty for an unknown title."""
        row = self._connection.execute(
            "SELECT packed FROM titles JOIN neighbours USING (number) WHERE title_id = ?",
            (title_id,),
        ).fetchone()
        return unpack(row[0], limit) if row else []

    def numbered(self, numbers: Sequence[int]) -> list[Title]:
        """The titles with these numbers, in the order asked for."""
        sql = f"SELECT * FROM titles WHERE number IN ({placeholders(numbers)})"
        rows = self._connection.execute(sql, tuple(numbers))
        found = {row[0]: _title(row) for row in rows}
        return [found[number] for number in numbers]

    def search(self, query: str, limit: int = 20) -> list[Title]:
        """The titles that a query may mean, best first: see search.py."""
        return self.numbered(search(self._connection, query, limit))

    def clusters(self) -> list[Cluster]:
        """All clusters, the largest first."""
        rows = self._connection.execute("SELECT * FROM clusters ORDER BY title_count DESC, cluster")
        return [_cluster(row) for row in rows]

    def cluster(self, cluster: int) -> Cluster | None:
        """The cluster with this number, or None."""
        row = self._connection.execute(
            "SELECT * FROM clusters WHERE cluster = ?", (cluster,)
        ).fetchone()
        return _cluster(row) if row else None

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

    def shelf(self, name: str, limit: int = 10) -> list[Title]:
        """The first titles of a shelf of SHELVES."""
        return self.titles(self.release[f"{name}_titles"][:limit])

    def series(self, title: Title) -> list[Title]:
        """The titles of a title's series with itself, by year; empty where it is in none."""
        if title.series is None:
            return []
        sql = "SELECT * FROM titles WHERE series = ? ORDER BY year, title_id"
        return list(self._titles(sql, title.series))

    def random_title(self) -> Title:
        """Any title, each with the same chance."""
        (count,) = self._connection.execute("SELECT max(number) FROM titles").fetchone()
        return self.numbered([random.randint(1, count)])[0]  # noqa: S311

    def all_neighbours(self) -> Iterator[tuple[str, list[Neighbour]]]:
        """Every title's id with its neighbours, in order of title_id."""
        rows = self._connection.execute(
            "SELECT title_id, packed FROM titles JOIN neighbours USING (number) ORDER BY title_id"
        )
        for title_id, packed in rows:
            yield title_id, unpack(packed)

    def title_ids(self) -> dict[int, str]:
        """The id of each title by its number."""
        return dict(self._connection.execute("SELECT number, title_id FROM titles"))

    def _titles(self, sql: str, *parameters: Any) -> Iterator[Title]:
        return map(_title, self._connection.execute(sql, parameters))


def _title(row: Any) -> Title:
    number, title_id, title, original, year, runtime, genres, rating, votes, *rest = row
    credits_, series, series_place, cluster, distance, key = rest
    del number, key
    return Title(
        title_id=title_id,
        title=title,
        original_title=original,
        year=year,
        runtime_minutes=runtime,
        genres=_decode(genres)[0],
        rating=rating,
        votes=votes,
        credits=list(itertools.starmap(Credit, _decode(credits_)[0])),
        series=series,
        series_place=series_place,
        cluster=cluster,
        distance=distance,
    )


def _cluster(row: Any) -> Cluster:
    cluster, name, title_count, genres, year_from, year_to, rating, votes, typical, popular = row
    return Cluster(
        cluster=cluster,
        name=name,
        title_count=title_count,
        genres=_decode(genres)[0],
        year_from=year_from,
        year_to=year_to,
        rating=rating,
        votes=votes,
        typical_titles=_decode(typical)[0],
        popular_titles=_decode(popular)[0],
    )
