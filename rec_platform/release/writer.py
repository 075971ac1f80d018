"""Write a lookup: the tables of schema.py, with what the site searches and shows of all titles.

The pipeline imports this; the site does not. What a lookup is made of belongs in assets/lookup.py.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from rec_platform.release.formats import FORMATS
from rec_platform.release.formulas import TRUST_VOTES
from rec_platform.release.misspelt_people import deletes_of_name
from rec_platform.release.schema import INDEXES, SCHEMA, SCHEMA_VERSION, Cluster, Title
from rec_platform.release.shares import shares
from rec_platform.release.spelling import deletes
from rec_platform.release.text import PERSON, search_names, telling_words, title_key
from rec_platform.release.tiles import Combination

# SQLite's default cache, 2 MiB, would be written out again and again.
WRITER_CACHE_KIB = 65_536
BATCH_TITLES = 2_000  # that SQLite indexes at a time, while the next are made

# What the home page shows beside the clusters, and the feeds, computed once when the lookup is
# written.
SHELVES = {
    # The most voted titles of the newest year.
    "new": """
        SELECT title_id FROM titles WHERE year = (SELECT max(year) FROM titles)
        ORDER BY number LIMIT 24
    """,
    # Well-rated titles of the two newest years, the most voted first: new and already known.
    "rising": """
        SELECT title_id FROM titles
        WHERE year >= (SELECT max(year) FROM titles) - 1
            AND rating >= (SELECT avg(rating) FROM titles) + 0.5
        ORDER BY number LIMIT 24
    """,
    # The best rated of the titles with less than a 20th of the most voted title's votes. A rating
    # from few votes says little, so each is drawn towards the mean by a 200th of the highest number
    # of votes (the weighted rating that IMDb describes for its charts).
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
    "titles_per_country": """
        SELECT country, count(*) FROM titles WHERE country IS NOT NULL
        GROUP BY country ORDER BY country
    """,
    "titles_per_language": """
        SELECT language, count(*) FROM titles WHERE language IS NOT NULL
        GROUP BY language ORDER BY language
    """,
    "titles_per_format": "SELECT format, count(*) FROM facts GROUP BY format ORDER BY 2 DESC, 1",
    "titles_per_rating": """
        SELECT CAST(rating * 2 AS INTEGER) / 2.0 AS half, count(*) FROM titles
        GROUP BY half ORDER BY half
    """,
}
FACTS = """
    INSERT INTO facts
    SELECT number, year, runtime_minutes, genres, rating, votes, country, language,
        (votes * rating + :trust * mean) / (votes + :trust), :formats ->> title_type
    FROM titles CROSS JOIN (SELECT avg(rating) AS mean FROM titles)
"""
KINDS = "SELECT genres, country, year, count(*) FROM titles GROUP BY genres, country, year"

# json.dumps() with an option builds an encoder on each call, which is slow for 100,000 rows.
to_json = json.JSONEncoder(ensure_ascii=False).encode

PersonRow = tuple[str, str, str]  # of the table `people`


class Entry(NamedTuple):
    """What a lookup has of a title.

    Attributes:
        title: its row; the credits are those below.
        names: its other names, one on each line.
        credits: as the table has them.
        people: person_words() of whoever is credited.
    """

    title: Title
    names: str
    credits: str
    people: str


@lru_cache(maxsize=10_000)  # most titles have none of some, and few combinations of genres exist
def _array(*values: str) -> str:
    return to_json(values)


def write_lookup(
    path: Path,
    *,
    release: dict[str, Any],
    clusters: Iterable[Cluster],
    titles: Iterable[Entry],
    people: Iterable[PersonRow],
    neighbours: Iterable[bytes],
    combinations: Iterable[Combination] = (),
    places: bytes = b"",
) -> None:
    """Write a lookup file, streaming.

    Args:
        path: the file to write; one that exists is replaced.
        release: facts about the release; every value must be serialisable as JSON.
        clusters: the clusters' profiles.
        titles: the most voted first. A title's number is its place in this order, from 1.
        people: those who are credited, in the order of their ids.
        neighbours: each title's neighbours from pack(), in the same order.
        combinations: all titles by combination of genres, so that filters reach them; only if the
            neighbours are those of the blend.
        places: each title's place on the map of films, in the same order: two little-endian uint16.
            Without it there is no such map.

    Raises:
        sqlite3.Error: a title_id occurs twice, or the disk is full.
    """
    path.unlink(missing_ok=True)
    # Never used by two threads at once: see _write_titles().
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with closing(connection):
        # A half-written file is thrown away, so a journal would gain nothing.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        connection.executescript(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}; {SCHEMA}")
        connection.execute("BEGIN")
        entries = {"schema_version": SCHEMA_VERSION} | release
        connection.executemany(
            "INSERT INTO release VALUES (?, ?)",
            ((key, to_json(value)) for key, value in entries.items()),
        )
        connection.executemany(_insert("clusters", 10), map(_cluster_row, clusters))
        title_words, characters = _write_titles(connection, titles)
        connection.executemany(_insert("neighbours", 2), enumerate(neighbours, start=1))
        rows = ((number, *stored) for number, stored in enumerate(combinations))
        connection.executemany(_insert("combinations", 5), rows)
        connection.execute(_insert("places", 1), (places,))
        connection.executemany(_insert("people", 3), people)
        connection.execute(FACTS, {"trust": TRUST_VOTES, "formats": to_json(FORMATS)})
        connection.executemany(_insert("title_words", 2), sorted(title_words.items()))
        connection.executemany(_insert("characters", 2), sorted(characters.items()))
        connection.execute("INSERT INTO title_search (title_search) VALUES ('optimize')")
        connection.execute("INSERT INTO word_search (word_search) VALUES ('optimize')")
        connection.execute("COMMIT")
        connection.executescript(INDEXES)
        connection.executemany(_insert("release", 2), _digest(connection))


def _digest(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """What the site shows about all titles together, so that no request has to read them all."""
    for name, sql in SHELVES.items():
        yield f"{name}_titles", to_json([title_id for (title_id,) in connection.execute(sql)])
    for name, sql in COUNTS.items():
        yield name, to_json(connection.execute(sql).fetchall())
    groups = connection.execute(KINDS)
    yield "shares", to_json(shares((json.loads(genres), *rest) for genres, *rest in groups))


def _insert(table: str, column_count: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * column_count)})"


def _cluster_row(cluster: Cluster) -> tuple[Any, ...]:
    return (
        cluster.cluster,
        cluster.name,
        cluster.title_count,
        to_json(cluster.genres),
        cluster.year_from,
        cluster.year_to,
        cluster.rating,
        cluster.votes,
        to_json(cluster.typical_titles),
        to_json(cluster.popular_titles),
    )


def _write_titles(
    connection: sqlite3.Connection, titles: Iterable[Entry]
) -> tuple[Counter[str], Counter[str]]:
    """Write the titles and their words, and fill the full-text indexes of both.

    Returns:
        How many titles are called by each telling word, and how many have each character.
    """
    title_words, characters = Counter[str](), Counter[str]()
    words: dict[str, int] = {}
    numbered = enumerate(titles, start=1)
    with ThreadPoolExecutor(1) as pool:
        indexing = pool.submit(_index, connection, {}, {})
        while batch := [*islice(numbered, BATCH_TITLES)]:
            rows: list[tuple[Any, ...]] = []
            names: dict[int, str] = {}
            new_words: list[tuple[int, str]] = []
            spellings: dict[int, str] = {}
            for number, entry in batch:
                title = entry.title
                rows.append(_title_row(number, entry))
                title_words.update(telling_words(title.title))
                characters.update(title.characters)
                names[number] = _names(entry)
                for word in names[number].split():
                    if word not in words:
                        words[word] = len(words) + 1
                        new_words.append((words[word], word))
                        is_persons = word.startswith(PERSON)
                        found_by = deletes_of_name(word[1:]) if is_persons else deletes(word)
                        spellings[words[word]] = " ".join(sorted(found_by))
            indexing.result()
            connection.executemany(_insert("titles", 21), rows)
            connection.executemany(_insert("words", 2), new_words)
            indexing = pool.submit(_index, connection, names, spellings)
        indexing.result()
    return title_words, characters


def _index(
    connection: sqlite3.Connection, names: Mapping[int, str], spellings: Mapping[int, str]
) -> None:
    """Fill the full-text indexes: by one statement each, which needs Python's lock only once."""
    for index, column, texts in (
        ("title_search", "names", names),
        ("word_search", "deletes", spellings),
    ):
        connection.execute(
            f"INSERT INTO {index} (rowid, {column}) "
            "SELECT CAST(key AS INTEGER), value FROM json_each(?)",
            (to_json(texts),),
        )


def _names(entry: Entry) -> str:
    title = entry.title
    original = title.original_title if title.original_title != title.title else ""
    names = search_names(f"{title.title}\n{original}\n{entry.names}")
    return f"{names} {entry.people}"


def _title_row(number: int, entry: Entry) -> tuple[Any, ...]:
    title = entry.title
    return (
        number,
        title.title_id,
        title.title,
        title.original_title,
        title.year,
        title.runtime_minutes,
        _array(*title.genres),
        title.rating,
        title.votes,
        entry.credits,
        title.series,
        title.series_place,
        title.cluster,
        title.distance,
        title_key(title.title),
        _array(*title.characters),
        title.country,
        title.language,
        _array(*title.keywords),
        title.title_type,
        title.end_year,
    )
