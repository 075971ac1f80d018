"""What IMDb's files look like: their names, columns and numbers, and how DuckDB reads them.

A new copy is held against this in verify.py; what the columns mean is in sql/.
"""

import glob
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RAW_PREFIX = "raw_"  # of the tables
NULL = r"\N"

# Numbers that every engine's CAST takes, and none rounds (DuckDB makes 13 of 12.5, Athena fails).
INTEGER = "[0-9]{1,9}"
DECIMAL = "[0-9]{1,9}([.][0-9]{1,9})?"


@dataclass(frozen=True)
class RawFile:
    """One of IMDb's files: what it must look like to be taken."""

    name: str
    description: str
    columns: tuple[str, ...]
    numbers: Mapping[str, str] = field(default_factory=dict[str, str])  # column: pattern
    key: str | None = None  # the first column, where its values are unique
    is_required: bool = False

    @property
    def asset(self) -> str:
        """The asset's and the table's name."""
        return RAW_PREFIX + self.name

    @property
    def file(self) -> str:
        """The file's name at its source."""
        return self.name.replace("_", ".") + ".tsv.gz"

    @property
    def storage_key(self) -> str:
        """Where its last good copy is kept."""
        return f"raw/{self.name}/{self.file}"

    @property
    def state_key(self) -> str:
        """Where what is known of that copy is kept."""
        return f"raw/{self.name}.json"  # outside the folder, because Athena reads every file in it


RAW_FILES = (
    RawFile(
        "title_basics",
        "Every title: type, names, years, runtime, genres.",
        (
            *("tconst", "titleType", "primaryTitle", "originalTitle", "isAdult"),
            *("startYear", "endYear", "runtimeMinutes", "genres"),
        ),
        numbers=dict.fromkeys(("isAdult", "startYear", "endYear", "runtimeMinutes"), INTEGER),
        key="tconst",
        is_required=True,
    ),
    RawFile(
        "title_akas",
        "The names of titles by region and language.",
        (
            *("titleId", "ordering", "title", "region", "language"),
            *("types", "attributes", "isOriginalTitle"),
        ),
        numbers={"ordering": INTEGER, "isOriginalTitle": INTEGER},
        is_required=True,
    ),
    RawFile(
        "title_ratings",
        "Mean rating and number of votes of titles that have five votes or more.",
        ("tconst", "averageRating", "numVotes"),
        numbers={"averageRating": DECIMAL, "numVotes": INTEGER},
        key="tconst",
        is_required=True,
    ),
    RawFile(
        "title_crew", "Directors and writers.", ("tconst", "directors", "writers"), key="tconst"
    ),
    RawFile(
        "title_principals",
        "Leading cast and crew, in order of billing.",
        ("tconst", "ordering", "nconst", "category", "job", "characters"),
        numbers={"ordering": INTEGER},
    ),
    RawFile(
        "name_basics",
        "People: names, years, professions.",
        (
            *("nconst", "primaryName", "birthYear", "deathYear"),
            *("primaryProfession", "knownForTitles"),
        ),
        numbers={"birthYear": INTEGER, "deathYear": INTEGER},
        key="nconst",
    ),
)


def scan_tsv(path: Path) -> str:
    r"""A DuckDB table function over one of IMDb's files, strict about its shape.

    Quotes are literal and `\N` is null in these files, and every column is a string.
    """
    with gzip.open(path) as reader:
        names = reader.readline().decode().rstrip("\n").split("\t")
    return (
        f"read_csv({file_to_read(path)}, delim='\t', header=true, auto_detect=false, "
        "compression='gzip', quote='', escape='', nullstr='\\N', strict_mode=true, "
        f"columns={dict.fromkeys(names, 'VARCHAR')})"
    )


def file_to_read(path: Path) -> str:
    """A file as DuckDB's table functions take it: a literal whose `[`, `*` and `?` are themselves.

    They take patterns: that of `films [imdb]/titles.parquet` reads `films i/titles.parquet`.
    """
    return sql_literal(glob.escape(str(path)))


def sql_literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
