# pyright: standard
"""The warehouse on AWS: SQL on Athena, Parquet on S3, and Glue's catalogue that says what is where.

Each table has a version, a hash of what it is made of, and its files lie in a folder of that name.
A table is replaced by pointing its entry in Glue to another folder. A table that is there already
is not made, nor paid for, again.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dagster as dg
from pydantic import Field

from rec_platform.ingest.files import RAW_PREFIX
from rec_platform.resources.aws.catalogue import Catalogue, hash_parts
from rec_platform.resources.aws.doctor import find_database, look
from rec_platform.resources.aws.parquet import (
    count_rows,
    empty_frame,
    read_parquet,
    write_parquet,
)
from rec_platform.resources.aws.queries import (
    LEAST_BILLED_BYTES,
    Execution,
    QueryFailedError,
    QueryRunner,
)
from rec_platform.resources.aws.s3 import S3Storage, request_usage
from rec_platform.resources.base import Finding
from rec_platform.resources.warehouse import Warehouse, hash_parquet

if TYPE_CHECKING:
    import pandas as pd

OTHER_QUERIES = 50  # beside those in sql/: what checks and the lookup ask
ATTEMPTS = 20
VERSION_FOLDER = re.compile(r"[0-9a-f]{16}-\d+")  # what a version of a table is made of, attempt


class AthenaWarehouse(Warehouse):
    """Athena over Parquet files in `root/tables`, and over IMDb's own files in `root/raw`."""

    root: str = ""  # s3://bucket/prefix
    database: str = Field(
        default="rec_platform", pattern="^[a-z0-9_]+$", description="Glue's database."
    )
    workgroup: str = Field(default="rec_platform", description="Athena's workgroup.")
    max_gigabytes: float = Field(
        default=10, gt=0, description="The most that the workgroup may let one query scan."
    )
    max_seconds: float = Field(default=900, gt=0, description="After these a query is stopped.")
    poll_seconds: float = Field(default=0.5, gt=0, description="Between two looks at a query.")

    @cached_property
    def _storage(self) -> S3Storage:
        return S3Storage(root=self.root)

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue(self._storage, self.database)

    @cached_property
    def _queries(self) -> QueryRunner:
        return QueryRunner(
            self._storage,
            self.database,
            self.workgroup,
            self.max_gigabytes,
            self.max_seconds,
            self.poll_seconds,
        )

    def create(self, table: str, select: str) -> Mapping[str, Any]:
        """See Warehouse; a table that is made of the same already is not made again."""
        version = hash_parts(select, *sorted(self._catalogue.versions(select).items()))
        if self._catalogue.has(table, version):
            return {"version": version, "is_reused": True}
        # Athena leads a query that it knows to its old answer, whose files may be gone when a table
        # becomes again what it was. So a query is named by what it replaces, too.
        place = hash_parts(version, self._folder_name(table), self.workgroup)
        for attempt in range(1, ATTEMPTS + 1):
            name, folder = f"{table}__{place}_{attempt}", f"tables/{table}/{place}-{attempt}"
            try:
                execution = self._create_as(name, folder, select)
            except QueryFailedError as error:
                self._catalogue.forget(name)
                self._storage.delete(folder)
                if not error.is_old:
                    raise self._queries.failure(error, table) from None
                dg.get_dagster_logger().info(
                    f"{table}: an earlier query failed, so it is asked again"
                )
                continue
            entry = self._catalogue.entry(name)
            if entry is None:
                continue  # what an older run made was cleaned up since
            self._point(table, self._catalogue.types(entry), folder, version)
            self._catalogue.forget(name)
            return self._metadata(execution, version)
        raise dg.Failure(f"{table}: {ATTEMPTS} queries failed: look at them in Athena's history")

    def write(self, table: str, frames: "Iterable[pd.DataFrame]") -> None:
        """See Warehouse."""
        unfinished = self._storage.scratch_dir() / f"{table}.parquet"
        types = write_parquet(unfinished, frames)
        with unfinished.open("rb") as reader:
            version = hashlib.file_digest(reader, "sha256").hexdigest()[:16]
        folder = f"tables/{table}/{version}-0"
        if self._catalogue.has(table, version):
            unfinished.unlink()
            return
        self._storage.put(unfinished, f"{folder}/part.parquet")
        self._point(table, types, folder, version)

    def read(self, table: str, order_by: str, columns: str = "*") -> "pd.DataFrame":
        """See Warehouse; the table's files are read as they are, and no query is paid for."""
        frame = self._frame(table)
        frame = frame.sort_values(_names(order_by), kind="stable", ignore_index=True)
        return frame if columns == "*" else frame[_names(columns)]

    def head(self, table: str, rows: int) -> "pd.DataFrame":
        """See Warehouse."""
        return self._frame(table).head(rows)

    def row_count(self, table: str) -> int:
        """See Warehouse."""
        return count_rows(self._files(self._catalogue.existing(table)))

    def column_types(self, table: str) -> dict[str, str]:
        """See Warehouse."""
        return self._catalogue.column_types(table)

    def content_hash(self, table: str) -> str | None:
        """See Warehouse; no query is paid for."""
        import duckdb

        entry = None if table.startswith(RAW_PREFIX) else self._catalogue.entry(table)
        if entry is None:
            return None
        files = self._files(entry)
        if not files:  # Athena writes no file of a table without rows
            return hash_parts(*self.column_types(table).items())
        with duckdb.connect() as connection:
            return hash_parquet(connection, files)

    def digest(self, table: str) -> str | None:
        """See Warehouse; nothing is read for it."""
        entry = None if table.startswith(RAW_PREFIX) else self._catalogue.entry(table)
        if entry is None:
            return None
        folder = self._catalogue.folder(entry)
        types = self._catalogue.types(entry)
        return hash_parts(folder, *types.items(), *sorted(self._storage.etags(folder).items()))

    def place(self, table: str) -> Mapping[str, str]:
        """See Warehouse."""
        return {
            "dagster/table_name": f"{self.database}.{table}",
            "dagster/uri": self._storage.address(f"tables/{table}"),
        }

    def forget(self, table: str) -> None:
        """See Warehouse; its files go when the next version is made."""
        self._catalogue.forget(table)

    def query(self, select: str) -> "pd.DataFrame":
        """See Warehouse; the answer comes as Parquet, in no order."""
        self._catalogue.versions(select)  # registers the raw files it names
        folder = f"queries/{uuid4().hex}"
        address = self._storage.address(folder)
        try:
            self._queries.execute(
                f"UNLOAD (\n{select}\n) TO '{address}/' WITH (format = 'PARQUET')"
            )
            files = _files_below(self._storage.fetch(folder))
            return read_parquet(files) if files else self._no_rows(select)
        except QueryFailedError as error:
            raise self._queries.failure(error, select.strip().partition("\n")[0]) from None
        finally:
            self._storage.delete(folder)

    def usage(self) -> Mapping[str, float]:
        """See DeploymentResource."""
        return {
            "athena_bytes": self._queries.billed_bytes,
            **request_usage(self._storage.requests),
        }

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """See DeploymentResource."""
        return {"athena_bytes": scanned_bytes + OTHER_QUERIES * LEAST_BILLED_BYTES}

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield look("Athena's workgroup", self._queries.limit)
        yield look("Glue's database", find_database, self._storage.clients, self.database)

    def probe(self) -> Iterator[Finding]:
        """See DeploymentResource; Glue's database is made if there is none."""
        yield look("rights on tables", self._use_tables)

    def _use_tables(self) -> tuple[str, str]:
        import pandas as pd

        table = f"doctor_{uuid4().hex[:8]}"
        try:
            self.write(table, [pd.DataFrame({"probe": [1]})])
            self.query(f"SELECT probe FROM {table}")
            self.query(f"SELECT probe FROM {table} WHERE probe > 1")  # without rows: a second query
            self._queries.stop_last()
        finally:
            self.forget(table)
            self._storage.delete(f"tables/{table}")
        return "a table made, asked, dropped", ""

    def _create_as(self, name: str, folder: str, select: str, end: str = "") -> Execution:
        """Make a table of a SELECT's rows in a folder.

        Raises:
            QueryFailedError: the query failed or was cancelled.
        """
        return self._queries.execute(
            f'CREATE TABLE "{self.database}"."{name}" WITH ('
            "format = 'PARQUET', write_compression = 'ZSTD', "
            f"external_location = '{self._storage.address(folder)}/') AS\n{select}{end}"
        )

    def _no_rows(self, select: str) -> "pd.DataFrame":
        """An empty answer, for which UNLOAD writes no file."""
        name = f"none__{uuid4().hex[:8]}"
        folder = f"queries/{name}"
        try:
            self._create_as(name, folder, select, "\nWITH NO DATA")
            return empty_frame(self.column_types(name))
        finally:
            self._catalogue.forget(name)
            self._storage.delete(folder)

    def _point(self, table: str, types: Mapping[str, str], folder: str, version: str) -> None:
        """Let a table's name mean another folder, and delete all folders but the one before."""
        kept = {Path(folder).name, self._folder_name(table)}
        self._catalogue.point(table, types, folder, version)
        for name in self._storage.folders(f"tables/{table}"):
            # A reader may be in the middle of the one before.
            if name not in kept and VERSION_FOLDER.fullmatch(name):
                self._storage.delete(f"tables/{table}/{name}")

    def _folder_name(self, table: str) -> str:
        """The name of the folder that a table's name means now, or nothing."""
        entry = self._catalogue.entry(table)
        return Path(self._catalogue.folder(entry)).name if entry else ""

    def _frame(self, table: str) -> "pd.DataFrame":
        files = self._files(self._catalogue.existing(table))
        return read_parquet(files) if files else empty_frame(self.column_types(table))

    def _files(self, entry: Mapping[str, Any]) -> list[Path]:
        """Local copies of a table's files."""
        return _files_below(self._storage.fetch(self._catalogue.folder(entry)))

    def _metadata(self, execution: Execution, version: str) -> dict[str, Any]:
        region = self._storage.clients.session.region_name
        return {
            "version": version,
            "is_reused": False,
            "athena_scanned_bytes": execution.scanned_bytes,
            "athena_seconds": execution.seconds,
            "athena_query": dg.MetadataValue.url(
                f"https://{region}.console.aws.amazon.com/athena/home?region={region}"
                f"#/query-editor/history/{execution.query_id}"
            ),
        }


def _names(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",")]


def _files_below(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
