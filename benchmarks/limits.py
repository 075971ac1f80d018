"""What no refresh can be faster than, and what the 2020 original did, for `report.py`.

This is not a benchmark itself. Each limit does the least that a stage must do with the same files,
titles or rows, in this process and on the same machine.
"""

import csv
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from measure import run
from sklearn.cluster import KMeans

from rec_platform.ingest.files import scan_tsv
from rec_platform.modelling.features import min_max, original_2020_features
from rec_platform.release.blend import PARTS

# What sql/ reads of each file.
COLUMNS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear"
    " runtimeMinutes genres",
    "title.akas": "titleId title region language types attributes",
    "title.ratings": "tconst averageRating numVotes",
    "title.crew": "tconst directors writers",
    "title.principals": "tconst ordering nconst category characters",
    "name.basics": "nconst primaryName",
}
COMPARED = 1_000  # about as many others as the blend compares a title with
BLOCK_ROWS = 4_096
# The original's selection, from the six files as they lie on the disk, unpacked.
ORIGINAL_SQL = """
    SELECT DISTINCT tconst AS title_id, genres, CAST(averageRating AS double) AS rating,
        primaryTitle AS title, CAST(numVotes AS integer) AS votes,
        CAST(startYear AS integer) AS year
    FROM {title.basics} AS basics JOIN {title.ratings} AS ratings USING (tconst)
    JOIN {title.akas} AS akas ON titleId = tconst
    WHERE titleType = 'movie' AND isAdult = '0' AND region = 'US' AND language = 'en'
        AND genres IS NOT NULL AND startYear IS NOT NULL
    ORDER BY title_id
"""


def seconds(work: Callable[[], Any]) -> float:
    """How long something takes, by the wall clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def files_of(source: Path) -> list[str]:
    """The files of a source, by name."""
    return sorted(str(file) for file in source.glob("*.tsv.gz"))


def gzip_seconds(source: Path) -> float:
    """Decompress all files, one after another, to nowhere."""
    return run(["gzip", "-dc", *files_of(source)]).seconds


def duckdb_seconds(source: Path) -> float:
    """Read the columns that sql/ needs, once, and count their values."""
    return seconds(lambda: _count_values(source))


def _count_values(source: Path) -> None:
    with duckdb.connect() as connection:
        for name, columns in COLUMNS.items():
            if (file := source / f"{name}.tsv.gz").exists():
                counts = ", ".join(f"count({column})" for column in columns.split())
                connection.execute(f"SELECT {counts} FROM {scan_tsv(file)}").fetchall()


def product_seconds(titles: int) -> float:
    """Compare each title with as many others as the blend does, as a product of matrices."""
    random = np.random.default_rng(0)
    rows = random.random((titles, len(PARTS)), dtype="float32")
    others = random.random((len(PARTS), COMPARED), dtype="float32")
    starts = range(0, titles, BLOCK_ROWS)
    return seconds(lambda: [rows[start : start + BLOCK_ROWS] @ others for start in starts])


def sqlite_seconds(lookup: Path, folder: Path) -> float:
    """Insert all rows of a lookup's plain tables into another file, without its indexes."""
    tables = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"
    copy = folder / "inserts.sqlite"
    copy.unlink(missing_ok=True)
    spent = 0.0
    with sqlite3.connect(lookup) as reader, sqlite3.connect(copy) as writer:
        writer.execute("PRAGMA journal_mode = OFF")
        for name, sql in reader.execute(tables).fetchall():
            if name.startswith("sqlite_"):
                continue
            rows = reader.execute(f'SELECT * FROM "{name}"').fetchall()
            writer.execute(sql)
            values = ", ".join("?" * len(rows[0])) if rows else ""
            insert = f'INSERT INTO "{name}" VALUES ({values})'
            spent += seconds(lambda insert=insert, rows=rows: writer.executemany(insert, rows))
        spent += seconds(writer.commit)
    copy.unlink()
    return spent


def original_seconds(source: Path, folder: Path) -> tuple[float, int, int]:
    """The original's way: unpack all, one query, its 14 columns, K-Means, a CSV.

    Returns:
        Seconds, titles in the CSV, and bytes on the disk.
    """
    started = time.perf_counter()
    tables = {}
    for file in map(Path, files_of(source)):
        unpacked = folder / file.stem
        run(["sh", "-c", f"gzip -dc '{file}' > '{unpacked}'"])
        packed = scan_tsv(file)
        tables[file.name.removesuffix(".tsv.gz")] = packed.replace(
            str(file), str(unpacked)
        ).replace("compression='gzip'", "compression='none'")
    sql = ORIGINAL_SQL
    for name, table in tables.items():
        sql = sql.replace("{" + name + "}", table)
    with duckdb.connect() as connection:
        titles = connection.execute(sql).df()
    matrix = min_max(original_2020_features(titles))[0].to_numpy("float32")
    model = KMeans(min(9, len(titles)), init="random", n_init=1, random_state=0).fit(matrix)
    distances = np.linalg.norm(matrix - model.cluster_centers_[model.labels_], axis=1)
    titles = titles.assign(cluster=model.labels_, distance=distances)
    with (folder / "clusters.csv").open("w", newline="") as file:
        csv.writer(file).writerows(titles.itertuples(index=False))
    spent = time.perf_counter() - started
    size = sum(path.stat().st_size for path in folder.iterdir())
    for path in folder.iterdir():
        path.unlink()
    return spent, len(titles), size
