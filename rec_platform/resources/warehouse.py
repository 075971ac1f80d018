# pyright: standard
"""Where tables are kept and SQL runs: typed Parquet, and one dialect, Athena's, in `sql/*.sql`.

What a table holds is in sql/ and in the assets.
"""

import hashlib
import re
import shutil
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from rec_platform.choices import ROOT
from rec_platform.ingest.files import RAW_PREFIX, file_to_read, scan_tsv, sql_literal
from rec_platform.resources.base import DeploymentResource
from rec_platform.resources.settings import LocalFolder
from rec_platform.resources.storage import sha256_of

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


_PACKAGE = Path(__file__).parents[1]
_PACKAGED_SQL = _PACKAGE / "sql"
BATCH_VECTORS = 64  # of DuckDB's 2,048 rows
UNCOMPRESSED = "FORMAT parquet, COMPRESSION uncompressed"
# Inside the package in a wheel, beside it in the repository.
SQL_FOLDER = _PACKAGED_SQL if _PACKAGED_SQL.is_dir() else _PACKAGE.parent / "sql"


class Warehouse(DeploymentResource):
    """Named tables. A table is replaced whole; until then readers find the old one."""

    @abstractmethod
    def create(self, table: str, select: str) -> Mapping[str, Any]:
        """Replace a table with the rows of a SELECT, written in Athena's dialect.

        Returns:
            What the Dagster UI shows of how the table was made.
        """

    @abstractmethod
    def write(self, table: str, frames: "Iterable[pd.DataFrame]") -> None:
        """Replace a table with frames of the same columns, one after another.

        Categories are written as the values they stand for, and are the same in all frames.
        """

    @abstractmethod
    def query(self, select: str) -> "pd.DataFrame":
        """The rows of a SELECT, written in Athena's dialect."""

    def batches(self, select: str) -> "Iterator[pd.DataFrame]":
        """The same rows in frames one after another, so that they need not fit into memory."""
        yield self.query(select)

    @abstractmethod
    def column_types(self, table: str) -> dict[str, str]:
        """The columns of a table and their types, in order."""

    @abstractmethod
    def content_hash(self, table: str) -> str | None:
        """A hash of a table's columns and rows, whatever their order.

        Returns:
            The hash, or None where there is no such table or it cannot be read.
        """

    def digest(self, table: str) -> str | None:
        """A digest of a table's bytes, much cheaper than its content_hash.

        Returns:
            The digest; None where there is no such table, it cannot be read, or nobody can tell.
        """
        del table
        return None

    def place(self, table: str) -> Mapping[str, str]:
        """Where a table is, as Dagster's own metadata: `dagster/uri`, `dagster/table_name`."""
        del table
        return {}

    @abstractmethod
    def forget(self, table: str) -> None:
        """Drop a table, if it is there."""

    def read(self, table: str, order_by: str, columns: str = "*") -> "pd.DataFrame":
        """All rows of a table in a fixed order, so that equal tables give equal results.

        Args:
            table: its name.
            order_by: columns, comma-separated, that together tell all rows apart.
            columns: those to read, comma-separated; all of them by default.
        """
        return self.query(f"SELECT {columns} FROM {table} ORDER BY {order_by}")

    def head(self, table: str, rows: int) -> "pd.DataFrame":
        """A few rows of a table, to look at."""
        return self.query(f"SELECT * FROM {table} LIMIT {rows}")

    def row_count(self, table: str) -> int:
        """The number of rows of a table."""
        return int(self.query(f"SELECT count(*) AS row_count FROM {table}").iloc[0, 0])


class DuckDBWarehouse(Warehouse):
    """DuckDB in this process over Parquet files in `root/tables`.

    Raw tables are views of IMDb's gz files in `root/raw`, every column a string, as in Athena.
    Work that needs more than `memory_limit` spills to `root/tmp`.
    """

    root: LocalFolder = ROOT
    memory_limit: str = "1GB"

    _database: Any = PrivateAttr(default=None)  # opened once, as each opening takes 20 ms

    def create(self, table: str, select: str) -> Mapping[str, Any]:
        """See Warehouse."""
        with self._connect(select) as connection:
            self._replace(connection, table, to_duckdb(select))
        return {}

    def write(self, table: str, frames: "Iterable[pd.DataFrame]") -> None:
        """See Warehouse.

        Each frame becomes a file, so that only one is in memory. Categories are joined at the end,
        because DuckDB would copy all of them with each frame.
        """
        folder = Path(self.root, "tmp", table)
        files: list[Path] = []
        columns, joins = "*", ""
        with self._connect() as connection, _emptied(folder):
            for number, frame in enumerate(frames):
                coded = frame.select_dtypes("category")
                if not number and len(coded.columns):
                    columns, joins = _decoded(connection, frame, [*coded])
                codes = {name: coded[name].cat.codes for name in coded}
                connection.register("frame", frame.assign(**codes))
                files.append(folder / f"{number}.parquet")
                target = sql_literal(str(files[-1]))
                connection.execute(f"COPY frame TO {target} ({UNCOMPRESSED})")
            written = f"{_scan_parquet(files)} AS written"
            self._replace(connection, table, f"SELECT {columns} FROM {written}{joins}")

    def query(self, select: str) -> "pd.DataFrame":
        """See Warehouse."""
        with self._connect(select) as connection:
            return connection.execute(to_duckdb(select)).df()

    def batches(self, select: str) -> "Iterator[pd.DataFrame]":
        """See Warehouse."""
        with self._connect(select) as connection:
            connection.execute(to_duckdb(select))
            while len(frame := connection.fetch_df_chunk(BATCH_VECTORS)):
                yield frame

    def column_types(self, table: str) -> dict[str, str]:
        """See Warehouse."""
        with self._connect(table) as connection:
            described = connection.execute(f"DESCRIBE {table}").fetchall()
        return {name: kind.lower() for name, kind, *_ in described}

    def content_hash(self, table: str) -> str | None:
        """See Warehouse."""
        with self._connect() as connection:
            return hash_parquet(connection, [self._file(table)])

    def digest(self, table: str) -> str | None:
        """See Warehouse."""
        try:
            return sha256_of(self._file(table))
        except OSError:  # no right to read it, a bad sector: it is made again
            return None

    def place(self, table: str) -> Mapping[str, str]:
        """See Warehouse."""
        return {"dagster/uri": self._file(table).absolute().as_uri()}

    def forget(self, table: str) -> None:
        """See Warehouse."""
        self._file(table).unlink(missing_ok=True)

    @contextmanager
    def _connect(self, statement: str = "") -> "Iterator[duckdb.DuckDBPyConnection]":
        """A connection with a view of each table that the statement names, as it is now."""
        scratch = Path(self.root, "tmp")
        scratch.mkdir(parents=True, exist_ok=True)
        if self._database is None:
            import duckdb

            options: dict[str, Any] = {
                "memory_limit": self.memory_limit,
                "temp_directory": str(scratch / "duckdb"),
                # Tables are joined as SQL writes them, the larger on the left, as Athena's guide
                # asks. DuckDB takes a gz for a few rows, and would hash 90 million to find some.
                "disabled_optimizers": "join_order,build_side_probe_side",
            }
            self._database = duckdb.connect(":memory:", config=options)
        with self._database.cursor() as connection:
            connection.execute("SET enable_progress_bar = false")
            for name in set(re.findall(r"\w+", statement)):
                if scan := self._scan(name):
                    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {scan}")
            yield connection

    def _scan(self, name: str) -> str | None:
        """The table function that reads a table, or None if there is no such table."""
        if name.startswith(RAW_PREFIX):
            folder = Path(self.root, "raw", name.removeprefix(RAW_PREFIX))
            return next((scan_tsv(file) for file in folder.glob("*.tsv.gz")), None)
        file = self._file(name)
        return _scan_parquet([file]) if file.exists() else None

    def _file(self, table: str) -> Path:
        return Path(self.root, "tables", f"{table}.parquet")

    def _replace(self, connection: "duckdb.DuckDBPyConnection", table: str, select: str) -> None:
        target = self._file(table)
        unfinished = Path(self.root, "tmp", f"{table}.parquet")
        target.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"COPY ({select}) TO {sql_literal(str(unfinished))} (FORMAT parquet)")
        unfinished.replace(target)


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """A folder that is empty, whatever a killed run has left there, and gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder)


def _decoded(
    connection: "duckdb.DuckDBPyConnection", frame: "pd.DataFrame", coded: Sequence[str]
) -> tuple[str, str]:
    """Columns and joins of a SELECT over a frame that gives its categories for their codes."""
    columns: list[str] = []
    joins: list[str] = []
    for number, name in enumerate(frame):
        if name in coded:
            categories = frame[name].cat.categories.to_frame(index=False, name="category")
            connection.register(f"of_{number}", categories.reset_index(names="code"))
            columns.append(f'of_{number}.category AS "{name}"')
            joins.append(f' LEFT JOIN of_{number} ON written."{name}" = of_{number}.code')
        else:
            columns.append(f'written."{name}"')
    return ", ".join(columns), "".join(joins)


def _scan_parquet(files: Sequence[Path]) -> str:
    """A DuckDB table function over Parquet files, one after another."""
    return f"read_parquet([{', '.join(map(file_to_read, files))}])"


def hash_parquet(connection: "duckdb.DuckDBPyConnection", files: Sequence[Path]) -> str | None:
    """A hash of the columns and rows in Parquet files, whatever the order of the rows.

    It is the sum of DuckDB's 64-bit hashes of the rows, so it costs one scan and no sort.

    Returns:
        The hash, or None where the files are missing or cannot be read.
    """
    import duckdb

    scan = _scan_parquet(files)
    try:
        columns = connection.execute(f"DESCRIBE FROM {scan}").fetchall()
        names = ", ".join(f'"{name}"' for name, *_ in columns)
        rows = connection.execute(f"SELECT count(*), sum(hash({names})) FROM {scan}").fetchall()
    except duckdb.Error:
        return None
    shape = [(name, kind) for name, kind, *_ in columns]
    return hashlib.sha256(repr((shape, rows)).encode()).hexdigest()


def to_duckdb(select: str) -> str:
    """Translate a SELECT from Athena's dialect to DuckDB's.

    Raises:
        sqlglot.errors.ParseError: `select` is not one statement of that dialect.
    """
    import sqlglot

    (statement,) = sqlglot.transpile(select, read="athena", write="duckdb")
    return statement
