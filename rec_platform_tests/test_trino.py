"""The SQL means on Trino, whose dialect Athena speaks, what it means on DuckDB here."""

import gzip
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import pandas as pd
import pytest

from rec_platform.assets import lookup, lookup_rows
from rec_platform.assets.features import titles_are_sound
from rec_platform.assets.similar import BY_NUMBER, every_title_has_neighbours, read_lists
from rec_platform.choices import SelectionPreset
from rec_platform.ingest.files import NULL, RAW_FILES
from rec_platform.recipe import Recipe
from rec_platform.release.blend import PARTS
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse, Warehouse, hash_parquet
from rec_platform_tests.sql_files import SQL
from rec_platform_tests.trino_server import NoTrinoError, Trino, trino

pytestmark = pytest.mark.trino

SAMPLE = "sample"
TITLES = 1_000
REAL_SETS = ("known-5000", "all-regions-2018-07", "all-regions-2022-09")
REAL_DATA = Path(os.environ.get("REC_REAL_DATA", "unset"))
YEAR_MAX = 2026
DUCKDB_TYPES = {"real": "float"}


class TrinoWarehouse(Warehouse):
    """Trino over a schema of its own and the raw files in `root/raw`, as Athena sees them.

    Its Parquet files are read by DuckDB, as they are by pyarrow on AWS.
    """

    port: int
    folder: str
    root: str
    schema_name: str

    def open(self) -> "TrinoWarehouse":
        """Make the schema and register the raw files."""
        self._execute(f"CREATE SCHEMA hive.{self.schema_name}")
        for file in RAW_FILES:
            columns = ", ".join(f'"{column}" varchar' for column in file.columns)
            place = Path(self.root, file.storage_key).parent.relative_to(self.folder)
            self._execute(
                f"CREATE TABLE {file.asset} ({columns}) WITH (format = 'TEXTFILE', "
                f"external_location = 'local:///{place}', skip_header_line_count = 1, "
                f"textfile_field_separator = '\t', null_format = '{NULL}')"
            )
        return self

    def create(self, table: str, select: str) -> Mapping[str, Any]:
        """See Warehouse."""
        self._execute(f"DROP TABLE IF EXISTS {table}")
        self._execute(f"CREATE TABLE {table} WITH (format = 'PARQUET') AS {select}")
        return {}

    def write(self, table: str, frames: "Iterable[pd.DataFrame]") -> None:
        """See Warehouse."""
        place = Path("written", self.schema_name, table)
        folder = Path(self.folder, place)
        folder.mkdir(parents=True)
        frame = pd.concat(frames)
        with duckdb.connect() as connection:
            connection.register("frame", frame)
            connection.execute(f"COPY (FROM frame) TO '{folder / 'part'}' (FORMAT parquet)")
            described = connection.execute("DESCRIBE frame").fetchall()
        kinds = {kind: name for name, kind in DUCKDB_TYPES.items()}
        columns = ", ".join(
            f"{name} {kinds.get(kind.lower(), kind)}" for name, kind, *_ in described
        )
        self._execute(
            f"CREATE TABLE {table} ({columns}) "
            f"WITH (format = 'PARQUET', external_location = 'local:///{place}')"
        )

    def query(self, select: str) -> pd.DataFrame:
        """See Warehouse."""
        answer = f"answer_{hashlib.sha256(select.encode()).hexdigest()[:12]}"
        self.create(answer, select)
        return _duckdb(f"FROM {self.scan(answer)}").df()

    def read(self, table: str, order_by: str, columns: str = "*") -> pd.DataFrame:
        """See Warehouse; Trino does not keep the order of rows that it writes."""
        return _duckdb(f"SELECT {columns} FROM {self.scan(table)} ORDER BY {order_by}").df()

    def column_types(self, table: str) -> dict[str, str]:
        """See Warehouse, in DuckDB's names."""
        described = self._execute(f"DESCRIBE {table}")
        return {name: DUCKDB_TYPES.get(kind) or kind for name, kind, *_ in described}

    def content_hash(self, table: str) -> str | None:
        """See Warehouse."""
        if [table] not in self._execute("SHOW TABLES"):
            return None
        with duckdb.connect() as connection:
            return hash_parquet(connection, self._files(table))

    def forget(self, table: str) -> None:
        """See Warehouse."""
        self._execute(f"DROP TABLE IF EXISTS {table}")

    def scan(self, table: str) -> str:
        """The table in DuckDB's SQL: Trino's own files, of which there are none for no rows."""
        if files := self._files(table):
            return f"read_parquet({[str(file) for file in files]})"
        columns = self.column_types(table).items()
        nulls = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns)
        return f"(SELECT {nulls} LIMIT 0)"

    def _files(self, table: str) -> list[Path]:
        paths = self._execute(f'SELECT DISTINCT "$path" FROM {table}')
        return [Path(path.replace("local://", self.folder)) for (path,) in paths]

    def _execute(self, statement: str) -> list[Any]:
        return Trino(self.port, Path(self.folder)).execute(statement, self.schema_name)


def _duckdb(select: str) -> Any:
    return duckdb.sql(select)


Pair = tuple[DuckDBWarehouse, TrinoWarehouse]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trino]:
    try:
        with trino(tmp_path_factory.mktemp("trino")) as server:
            yield server
    except NoTrinoError as error:
        pytest.skip(str(error))


def warehouses(server: Trino, dataset: str, preset: SelectionPreset, schema: str = "") -> Pair:
    """Both, over the same raw files of a data set, with every table in `sql/` made in each."""
    root = server.folder / dataset
    if not root.exists():
        _lay_out(dataset, root)
    schema = schema or f"{dataset}_{preset.value}".replace("-", "_")
    both = (
        DuckDBWarehouse(root=str(root)),
        TrinoWarehouse(
            port=server.port, folder=str(server.folder), root=str(root), schema_name=schema
        ).open(),
    )
    choices = Recipe(preset=preset).choices() | {"year_max": YEAR_MAX, "fingerprint": "f" * 64}
    for warehouse in both:
        warehouse.write("recipe", [pd.DataFrame([choices])])
        for table, sql in SQL.items():
            warehouse.create(table, sql)
    return both


def _lay_out(dataset: str, root: Path) -> None:
    from rec_platform.sample.writer import write_sample

    source = REAL_DATA / "imdb" / dataset
    if dataset == SAMPLE:
        source = root.with_name("written-sample")
        write_sample(source, TITLES)
    elif not source.is_dir():
        pytest.skip(f"REC_REAL_DATA names no folder with imdb/{dataset}")
    for file in RAW_FILES:
        target = root / file.storage_key
        target.parent.mkdir(parents=True)
        if (source / file.file).exists():
            shutil.copyfile(source / file.file, target)
        else:  # as the raw asset leaves an optional file that the source lacks
            assert not file.is_required
            target.write_bytes(gzip.compress(("\t".join(file.columns) + "\n").encode()))


def differences(ours: DuckDBWarehouse, theirs: TrinoWarehouse, table: str) -> list[str]:
    """In what a table differs between the engines: columns, types, rows of only one of them."""
    columns, their_columns = ours.column_types(table), theirs.column_types(table)
    if list(columns.items()) != list(their_columns.items()):
        return [f"{columns} here, {their_columns} on Trino"]
    here, there = f"read_parquet('{ours.root}/tables/{table}.parquet')", theirs.scan(table)
    only_here = _duckdb(f"FROM {here} EXCEPT ALL FROM {there}").fetchall()
    only_there = _duckdb(f"FROM {there} EXCEPT ALL FROM {here}").fetchall()
    return [f"{row} only here" for row in only_here] + [
        f"{row} only on Trino" for row in only_there
    ]


@pytest.mark.parametrize("preset", SelectionPreset)
@pytest.mark.parametrize("dataset", [SAMPLE, *REAL_SETS])
def test_every_table_is_the_same_row_for_row(
    server: Trino, dataset: str, preset: SelectionPreset
) -> None:
    ours, theirs = warehouses(server, dataset, preset)
    assert ours.row_count("titles") > 0
    for table in ("recipe", *SQL):
        differing = differences(ours, theirs, table)
        assert not differing, f"{table}: {len(differing)} differences, first {differing[:3]}"


HALF = "SELECT CAST(7 / 2 AS double) AS half"  # DuckDB divides whole numbers as fractions


@pytest.mark.parametrize(
    ("here", "there", "complaints"),
    [
        (HALF, HALF, ["(3.5,) only here", "(3.0,) only on Trino"]),
        ("SELECT 7 / 2 AS x", "SELECT 7 / 2 AS x", ["{'x': 'double'} here, {'x': 'integer'} on "]),
        ("SELECT 1 AS x", "SELECT 1 AS x UNION ALL SELECT 1", ["(1,) only on Trino"]),
        ("SELECT 1 AS x, 2 AS y", "SELECT 2 AS y, 1 AS x", ["{'x': 'integer', 'y': 'integer'} "]),
    ],
    ids=["value", "type", "multiplicity", "order of columns"],
)
def test_a_difference_between_the_engines_is_found(
    both: Pair, here: str, there: str, complaints: list[str]
) -> None:
    ours, theirs = both
    ours.create("differing", here)
    theirs.create("differing", there)
    differing = differences(ours, theirs, "differing")
    assert len(differing) == len(complaints)
    assert all(map(str.startswith, differing, complaints))


@pytest.fixture(scope="module")
def both(server: Trino) -> Pair:
    """Both with the sample, and with clusters and neighbours that are made up."""
    both = warehouses(server, SAMPLE, SelectionPreset.world, schema="queries")
    ids = both[0].read("titles", order_by="title_id")["title_id"]
    numbers = pd.Series(range(len(ids)))
    clusters = pd.DataFrame(
        {
            "title_id": ids,
            "cluster": (numbers % 9).astype("int32"),
            "distance": (numbers / len(ids)).astype("float32"),
        }
    )
    similar = pd.DataFrame(
        {
            "title_id": ids.repeat(2),
            "rank": pd.Series([1, 2] * len(ids), dtype="int32").to_numpy(),
            "similar_id": [ids[(at + rank) % len(ids)] for at in numbers for rank in (1, 2)],
            "score": [1 / (at + rank) for at in numbers for rank in (1, 2)],
        }
        | {f"{name}_part": [at * rank % 256 for at in numbers for rank in (1, 2)] for name in PARTS}
    ).astype({"score": "float32"} | {f"{name}_part": "int32" for name in PARTS})
    series = pd.DataFrame({"title_id": ids, "series": numbers % 50 - 1, "place": numbers // 50 % 3})
    keywords = pd.DataFrame({"title_id": ids, "keyword": "time travel", "weight": 0.5})
    for warehouse in both:
        warehouse.write("title_keywords", [keywords])
        warehouse.write("title_clusters", [clusters])
        warehouse.write("title_series", [series])
        warehouse.write("similar_titles", [similar])
    return both


def test_a_table_has_the_same_hash_whichever_engine_wrote_it(both: Pair) -> None:
    here, there = (warehouse.content_hash("similar_titles") for warehouse in both)
    assert here == there is not None
    assert [warehouse.content_hash("nowhere") for warehouse in both] == [None, None]


def test_the_checks_have_the_same_answers(both: Pair, tmp_path: Path) -> None:
    storage = LocalStorage(root=str(tmp_path))  # without notes, so that each looks itself
    for check in (titles_are_sound, every_title_has_neighbours):
        here, there = (check(storage, warehouse) for warehouse in both)
        assert here == there
        assert isinstance(here, dg.AssetCheckResult)
        assert here.passed


def test_what_the_lookup_asks_has_the_same_answers(both: Pair) -> None:
    count = both[0].row_count("titles")
    here, there = (read_lists(warehouse, count, BY_NUMBER) for warehouse in both)
    assert np.count_nonzero(here.neighbours >= 0) == both[0].row_count("similar_titles")
    for ours, theirs in zip(here, there, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    credited, also_credited = (lookup_rows.Credited(warehouse, count) for warehouse in both)
    titles = list(lookup_rows.titles(both[0], credited))
    assert titles == list(lookup_rows.titles(both[1], also_credited))
    assert len(titles) == count
    assert titles[0].title.keywords == ["time travel"]
    people = list(credited.people())
    assert people == list(also_credited.people())
    assert people
    weights, their_weights = (lookup._stored_weights(warehouse, "") for warehouse in both)
    assert weights == their_weights
