"""The schema of a lookup: its tables, their rows in Python, and how neighbours are packed.

A lookup is one immutable SQLite file per release. writer.py writes it once; lookup.py reads it.
"""

import itertools
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from rec_platform.release.formats import FORMATS

SCHEMA_VERSION = 7
# 4 has neither characters nor origin nor keywords; 5 has no people, facts and places. Their names
# may lack people and wording.py's forms: a search then finds "Men in Black II" only by "ii".
# 6 has films alone, and does not find people misspelt.
READABLE_VERSIONS = (4, 5, 6, 7)
KNOWS_PEOPLE = 6  # and facts and places
LOOKUP_FILE = "lookup.sqlite"
NEIGHBOURS = 48  # that a release holds for each title
LIST_LENGTH = 9  # titles in a list, unless more are asked for
SERIES_MOST = 3  # films of one series that a list holds: a title's page shows its series in a row
PLACE_STEPS = 65_536  # of a turn, and of the way to the rim, on the map of films
SCORE_DIGITS = 6  # decimals that survive packing a score as float32

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
    typical_titles TEXT NOT NULL,      -- JSON array of title_id, known and nearest to the centroid
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
    series INTEGER,                    -- the same number for all titles of a series
    series_place INTEGER,              -- from 1, by year; NULL if it is not certain
    cluster INTEGER NOT NULL REFERENCES clusters,
    distance REAL NOT NULL,            -- Euclidean, to the cluster's centroid
    search_key TEXT NOT NULL,          -- the title as people type it: see search_key()
    characters TEXT NOT NULL,          -- JSON array of those that other titles have, too
    country TEXT,                      -- IMDb's code
    language TEXT,                     -- IMDb's code
    keywords TEXT NOT NULL,            -- JSON array of the rarest that other titles have, too
    title_type TEXT NOT NULL,          -- IMDb's: see formats.py
    end_year INTEGER                   -- of a series that has ended
);
CREATE TABLE neighbours (
    number INTEGER PRIMARY KEY REFERENCES titles,
    packed BLOB NOT NULL               -- numbers, best first, then scores, then parts: see pack()
);
CREATE TABLE people (
    person_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    credits TEXT NOT NULL              -- JSON array of [title's number, role], the most voted first
);
CREATE TABLE facts (                   -- what titles are chosen and sorted by, in narrow rows
    number INTEGER PRIMARY KEY REFERENCES titles,
    year INTEGER NOT NULL,
    runtime_minutes INTEGER,
    genres TEXT NOT NULL,              -- JSON array
    rating REAL NOT NULL,
    votes INTEGER NOT NULL,
    country TEXT,
    language TEXT,
    trusted_rating REAL NOT NULL,      -- see formulas.py
    format TEXT NOT NULL               -- see formats.py
);
CREATE TABLE title_words (             -- how many titles are called so: rare words tell more
    word TEXT PRIMARY KEY,
    title_count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE characters (
    name TEXT PRIMARY KEY,
    title_count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE places (                  -- on the map of films, one row
    packed BLOB NOT NULL               -- by number the turn and the way to the rim: placing.py
);
CREATE TABLE combinations (            -- of genres; none where another rule than the blend was used
    combination INTEGER PRIMARY KEY,
    genres TEXT NOT NULL,              -- JSON array, as its titles have it
    compared BLOB NOT NULL,            -- parts of it with each combination: see pack_compared()
    titles BLOB NOT NULL,              -- columns of its titles: see tiles.py
    format TEXT NOT NULL               -- of its titles
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
    deletes,                           -- deletes() of a word, deletes_of_name() of a person's
    content = '', detail = 'none', columnsize = 0,
    tokenize = "unicode61 categories 'L* M* N* Co'"
);
-- Bytes of a leaf. SQLite skips within a list of titles only from leaf to leaf, so small leaves are
-- faster to search: with the default of 4050 bytes, all titles with "of" fill only three.
INSERT INTO title_search (title_search, rank) VALUES ('pgsz', 500);
INSERT INTO word_search (word_search, rank) VALUES ('pgsz', 500);
"""

# Created after all rows are written, which is faster.
INDEXES = """
CREATE UNIQUE INDEX titles_by_id ON titles (title_id);
CREATE INDEX titles_by_cluster ON titles (cluster, number);
CREATE INDEX titles_by_search_key ON titles (search_key, number);
CREATE INDEX words_by_word ON words (word);
CREATE INDEX facts_by_trusted_rating ON facts (trusted_rating DESC, number);
CREATE INDEX facts_by_year ON facts (year DESC, number);
CREATE INDEX titles_by_series ON titles (series, year) WHERE series IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Credit:
    """Who did what in a title; a person with two roles has two credits."""

    person_id: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Title:
    """A title of the release.

    `series` is the same number for all titles of a series; `series_place` is the title's place in
    it, from 1. `distance` is Euclidean, from the title's features to its cluster's centroid.
    `characters` and `keywords` are those that other titles have, too, the most telling first.
    `country` and `language` are IMDb's codes, null where the origin is unsure. `title_type` is
    IMDb's; `end_year` is null but for a series that has ended.
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
    characters: list[str] = field(default_factory=list[str])
    country: str | None = None
    language: str | None = None
    keywords: list[str] = field(default_factory=list[str])
    title_type: str = "movie"
    end_year: int | None = None

    @property
    def format(self) -> str:
        """What lists keep apart: see formats.py."""
        return FORMATS[self.title_type]

    def credited(self, *roles: str) -> list[Credit]:
        """The people with one of these roles, each once, in order of billing."""
        people: dict[str, Credit] = {}
        for credit in self.credits:
            if credit.role in roles:
                people.setdefault(credit.person_id, credit)
        return [*people.values()]


class MappedTitle(NamedTuple):
    """A title on the map of films; `turn` and `way` are in 65,536ths: see modelling/placing.py."""

    title_id: str
    title: str
    year: int
    cluster: int
    turn: int
    way: int


class Neighbour(NamedTuple):
    """A title's neighbour as stored: its number, and how alike the two titles are.

    `score` is in 0..1, higher is more alike; `parts` are 0 to 255, in the order of the release's
    weights. The order of a title's neighbours is that of its list, not of their scores.
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


def pack(numbers: bytes, scores: bytes, parts: bytes) -> bytes:
    """A title's neighbours as one value, which takes a third of the space of rows.

    Args:
        numbers: little-endian uint32, best first.
        scores: the same number of little-endian float32, in 0..1.
        parts: as many bytes for each neighbour as there are parts.
    """
    return numbers + scores + parts


def unpack(packed: bytes, part_count: int, limit: int | None = None) -> list[Neighbour]:
    """The first `limit` neighbours that pack() packed, or all of them."""
    count = len(packed) // (8 + part_count)
    values = struct.unpack_from(f"<{count}I{count}f", packed)
    starts = range(8 * count, len(packed), part_count)
    rows = zip(values[:count], values[count:], starts, strict=True)
    return [
        Neighbour(number, round(score, SCORE_DIGITS), packed[start : start + part_count])
        for number, score, start in itertools.islice(rows, limit)
    ]
