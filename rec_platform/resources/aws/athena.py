"""The warehouse on AWS: SQL on Athena, Parquet on S3, and Glue's catalogue that says what is where.

Each table has a version, a hash of what it is made of, and its files lie in a folder of that name.
So a table is replaced by turning its entry in Glue to another folder, and one that is already
there is not made, nor paid for, again.
"""

import hashlib
import itertools
import re
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import dagster as dg
from pydantic import Field, PrivateAttr

from rec_platform.ingest.files import RAW_PREFIX
from rec_platform.resources.aws.clients import Clients, client_config, explained, look
from rec_platform.resources.base import Finding
from rec_platform.resources.storage import S3Storage, request_usage
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

LEAST_BILLED_BYTES = 10_000_000  # of a query, however little it reads
OTHER_QUERIES = 50  # beside those in sql/: what checks and the lookup ask
HEADER_BYTES = 65_536
ATTEMPTS = 20
VERSION = "rec_version"
VERSION_FOLDER = re.compile(r"[0-9a-f]{16}-\d+")  # a version of a table, and the attempt at it
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    },
}
RAW_TEXT = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {
            "field.delim": "\t",
            "serialization.format": "\t",
            "serialization.null.format": r"\N",
        },
    },
}
HIVE_TYPES = {
    **{"string": "string", "large_string": "string", "bool": "boolean", "null": "string"},
    **{"int32": "int", "int64": "bigint", "float": "float", "double": "double"},
}
PANDAS_TYPES = {
    **{"int": "int32", "integer": "int32", "bigint": "int64", "boolean": "bool"},
    **{"double": "float64", "float": "float32", "real": "float32"},
}


class QueryFailedError(Exception):
    """A query came to an end without an answer; its text is Athena's own reason."""


class Execution(NamedTuple):
    """A query that succeeded."""

    query_id: str
    scanned_bytes: int
    seconds: float


class AthenaWarehouse(Warehouse):
    """Athena over Parquet files in `root/tables`, and over IMDb's own files in `root/raw`."""

    root: str = ""  # s3://bucket/prefix
    database: str = Field(default="rec_platform", description="Glue's database.")
    workgroup: str = Field(default="rec_platform", description="Athena's workgroup.")
    max_gigabytes: float = Field(
        default=10, gt=0, description="The most that the workgroup may let one query scan."
    )
    max_seconds: float = Field(default=900, gt=0, description="After these a query is stopped.")
    poll_seconds: float = Field(default=0.5, gt=0, description="Between two looks at a query.")

    _clients: Clients = PrivateAttr(default_factory=Clients)
    _files: S3Storage | None = PrivateAttr(default=None)
    _is_limited: bool = PrivateAttr(default=False)
    _billed_bytes: int = PrivateAttr(default=0)
    _token: str = PrivateAttr(default="")
    _asked_at: float = PrivateAttr(default=0)

    # Tables

    def create(self, table: str, select: str) -> Mapping[str, Any]:
        """See Warehouse; a table that is made of the same already is not made again."""
        version = _hash(select, *sorted(self._versions(select).items()))
        if self._is_there(table, version):
            return {"version": version, "is_reused": True}
        for attempt in range(1, ATTEMPTS + 1):
            name, folder = f"{table}__{version}_{attempt}", f"tables/{table}/{version}-{attempt}"
            statement = (
                f'CREATE TABLE "{self.database}"."{name}" WITH ('
                "format = 'PARQUET', write_compression = 'ZSTD', "
                f"external_location = '{self._storage.address(folder)}/') AS\n{select}"
            )
            try:
                execution = self._execute(statement)
            except QueryFailedError as error:
                self._forget(name)
                self._storage.delete(folder)
                self._raise_unless_old(error, table)
                continue
            entry = self._entry(name)
            if entry is not None:  # else what an older run made was cleaned up since
                columns = entry["StorageDescriptor"]["Columns"]
                self._turn(table, columns, folder, version)
                self._forget(name)
                return self._metadata(execution, version)
        raise dg.Failure(f"{table}: {ATTEMPTS} queries failed: look at them in Athena's history")

    def write(self, table: str, frames: "Iterable[pd.DataFrame]") -> None:
        """See Warehouse."""
        import pyarrow.parquet as pq

        unfinished = self._storage.scratch_dir() / f"{table}.parquet"
        tables = _arrow_tables(frames)
        first = next(tables)
        with pq.ParquetWriter(unfinished, first.schema, compression="zstd") as writer:
            for found in itertools.chain([first], tables):
                writer.write_table(found)
        with unfinished.open("rb") as reader:
            version = hashlib.file_digest(reader, "sha256").hexdigest()[:16]
        folder = f"tables/{table}/{version}-0"
        if self._is_there(table, version):
            unfinished.unlink()
            return
        self._storage.put(unfinished, f"{folder}/part.parquet")
        columns = [
            {"Name": field.name, "Type": HIVE_TYPES[str(field.type)]} for field in first.schema
        ]
        self._turn(table, columns, folder, version)

    def read(self, table: str, order_by: str) -> "pd.DataFrame":
        """See Warehouse; the table's files are read as they are, and no query is paid for."""
        columns = [name.strip() for name in order_by.split(",")]
        frame = self._frame(table)
        return frame.sort_values(columns, kind="stable", ignore_index=True)

    def head(self, table: str, rows: int) -> "pd.DataFrame":
        """See Warehouse."""
        return self._frame(table).head(rows)

    def row_count(self, table: str) -> int:
        """See Warehouse."""
        import pyarrow.parquet as pq

        return sum(pq.read_metadata(file).num_rows for file in self._parts(table))

    def column_types(self, table: str) -> dict[str, str]:
        """See Warehouse."""
        columns = self._known(table)["StorageDescriptor"]["Columns"]
        return {column["Name"]: column["Type"] for column in columns}

    def query(self, select: str) -> "pd.DataFrame":
        """See Warehouse; the answer comes as Parquet, in no order."""
        self._versions(select)
        folder = f"queries/{uuid4().hex}"
        address = self._storage.address(folder)
        try:
            self._execute(f"UNLOAD (\n{select}\n) TO '{address}/' WITH (format = 'PARQUET')")
            files = _files_below(self._storage.fetch(folder))
            return _read_parquet(files) if files else self._no_rows(select)
        except QueryFailedError as error:
            raise self._failure(error, select.strip().partition("\n")[0]) from None
        finally:
            self._storage.delete(folder)

    def usage(self) -> Mapping[str, float]:
        """See DeploymentResource."""
        requests = self._clients.requests + self._storage.requests
        return {"athena_bytes": self._billed_bytes, **request_usage(requests)}

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """See DeploymentResource."""
        return {"athena_bytes": scanned_bytes + OTHER_QUERIES * LEAST_BILLED_BYTES}

    @property
    def _storage(self) -> S3Storage:
        if self._files is None:
            self._files = S3Storage(root=self.root)
        return self._files

    def _frame(self, table: str) -> "pd.DataFrame":
        files = self._parts(table)
        return _read_parquet(files) if files else _empty(self.column_types(table))

    def _parts(self, table: str) -> list[Path]:
        location = self._known(table)["StorageDescriptor"]["Location"]
        return _files_below(self._storage.fetch(self._storage.key(location)))

    # Glue's catalogue

    def _entry(self, name: str) -> dict[str, Any] | None:
        glue = self._clients("glue")
        with explained(f"the table {self.database}.{name} could not be looked up"):
            try:
                return glue.get_table(DatabaseName=self.database, Name=name)["Table"]
            except glue.exceptions.EntityNotFoundException:
                return None

    def _known(self, table: str) -> dict[str, Any]:
        entry = self._entry(table)
        if entry is None:
            raise dg.Failure(
                f"there is no table {self.database}.{table}: materialise the asset {table} first"
            )
        return entry

    def _is_there(self, table: str, version: str) -> bool:
        entry = self._entry(table)
        if entry is None or entry.get("Parameters", {}).get(VERSION) != version:
            return False
        location = entry["StorageDescriptor"]["Location"]
        return bool(self._storage.etags(self._storage.key(location)))

    def _turn(self, table: str, columns: list[dict[str, str]], folder: str, version: str) -> None:
        """Let a table's name mean another folder, in one step, and drop all but the one before."""
        entry = self._entry(table)
        before = entry["StorageDescriptor"]["Location"].rstrip("/") if entry else ""
        self._register(
            table,
            {**PARQUET, "Columns": columns, "Location": self._storage.address(folder) + "/"},
            {"classification": "parquet", VERSION: version},
        )
        for name in self._storage.folders(f"tables/{table}"):
            # A reader may be in the middle of the one before.
            is_old = name not in (Path(folder).name, Path(before).name)
            if is_old and VERSION_FOLDER.fullmatch(name):
                self._storage.delete(f"tables/{table}/{name}")

    def _register(self, table: str, storage: dict[str, Any], parameters: dict[str, str]) -> None:
        given = {
            "Name": table,
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": storage,
            "Parameters": {"EXTERNAL": "TRUE", **parameters},
        }
        glue = self._clients("glue")
        with explained(f"the table {self.database}.{table} could not be registered"):
            try:
                glue.update_table(DatabaseName=self.database, TableInput=given, SkipArchive=True)
            except glue.exceptions.EntityNotFoundException:
                self._require_database()
                glue.create_table(DatabaseName=self.database, TableInput=given)

    def _require_database(self) -> None:
        glue = self._clients("glue")
        with explained(f"the database {self.database} could not be made"):
            try:
                glue.get_database(Name=self.database)
            except glue.exceptions.EntityNotFoundException:
                glue.create_database(DatabaseInput={"Name": self.database})

    def _forget(self, name: str) -> None:
        """Drop an entry; the files stay."""
        glue = self._clients("glue")
        with explained(f"the table {self.database}.{name} could not be dropped"):
            try:
                glue.delete_table(DatabaseName=self.database, Name=name)
            except glue.exceptions.EntityNotFoundException:
                return

    def _versions(self, statement: str) -> dict[str, str]:
        """The versions of all tables that a statement names; raw ones are registered if need be."""
        glue = self._clients("glue")
        words = set(re.findall(r"\w+", statement))
        self._require_database()
        with explained(f"the tables of {self.database} could not be listed"):
            pages = glue.get_paginator("get_tables").paginate(DatabaseName=self.database)
            entries = {table["Name"]: table for page in pages for table in page["TableList"]}
        known = {
            name: entry.get("Parameters", {}).get(VERSION, "") for name, entry in entries.items()
        }
        raw = {
            word: self._register_raw(word, known) for word in words if word.startswith(RAW_PREFIX)
        }
        return {name: version for name, version in known.items() if name in words} | raw

    def _register_raw(self, table: str, known: Mapping[str, str]) -> str:
        """Register one of IMDb's files as it lies there, every column a string."""
        folder = f"raw/{table.removeprefix(RAW_PREFIX)}"
        files = self._storage.etags(folder)
        if not files:
            raise dg.Failure(f"there is no file in {folder}: materialise the asset {table} first")
        version = _hash(*files.items())
        if known.get(table) != version:
            (name, *_) = files
            columns = [{"Name": column, "Type": "string"} for column in self._header(name)]
            self._register(
                table,
                {**RAW_TEXT, "Columns": columns, "Location": self._storage.address(folder) + "/"},
                {"skip.header.line.count": "1", VERSION: version},
            )
        return version

    def _header(self, name: str) -> list[str]:
        """The column names in a gz file, of which only the beginning is fetched."""
        with explained(f"s3://{self._storage.bucket}/{name} could not be read"):
            answer = self._clients("s3").get_object(
                Bucket=self._storage.bucket, Key=name, Range=f"bytes=0-{HEADER_BYTES - 1}"
            )
            packed = answer["Body"].read()
        text = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, HEADER_BYTES)
        return text.partition(b"\n")[0].decode().split("\t")

    # Queries

    def _execute(self, statement: str) -> Execution:
        """Run a statement, once: asked again, Athena answers with the same query.

        Raises:
            QueryFailedError: it failed or was cancelled.
            dg.Failure: it took too long, or AWS could not be asked.
        """
        self._require_limit()
        from pyathena.error import Error

        started: list[str] = []
        deadline = time.monotonic() + self.max_seconds
        try:
            self._run(statement, started, deadline)
        except Error as error:
            if error.__cause__ is not None:  # not the query's own failure
                with explained("Athena could not be asked"):
                    raise error.__cause__ from None
        except TimeoutError:
            self._stop(started)
            raise dg.Failure(
                f"the query {started[0]} was stopped after {self.max_seconds:,.0f} s: look at it "
                "in Athena's history, or allow more with REC_ATHENA_MAX_SECONDS"
            ) from None
        except BaseException:
            self._stop(started)
            raise
        finally:
            self._remove_results(started)
        return self._outcome(started[0])

    def _run(self, statement: str, started: list[str], deadline: float) -> None:
        from pyathena import connect
        from pyathena.util import RetryConfig

        def heed_deadline(_: Any) -> None:
            if time.monotonic() > deadline:
                raise TimeoutError

        self._token = hashlib.sha256(statement.encode()).hexdigest()
        with (
            connect(
                session=self._session(),
                config=client_config(),
                retry_config=RetryConfig(attempt=1),  # boto3 does it
                region_name=self._session().region_name,
                work_group=self.workgroup,
                schema_name=self.database,
                s3_staging_dir=self._storage.address("queries/"),
                poll_interval=self.poll_seconds,
                on_start_query_execution=started.append,
                on_poll=heed_deadline,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def _session(self) -> Any:
        """The session of the clients, whose requests for a query carry our token."""
        session = self._clients.session
        for event, handler in (
            ("provide-client-params.athena.StartQueryExecution", self._give_token),
            ("after-call.athena.StartQueryExecution", self._note_time),
        ):
            session.events.register(event, handler, unique_id=f"rec-platform-{event}")
        return session

    def _give_token(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return params | {"ClientRequestToken": self._token}

    def _note_time(self, http_response: Any, **_: Any) -> None:
        if date := http_response.headers.get("date"):
            self._asked_at = parsedate_to_datetime(date).timestamp()

    def _outcome(self, query_id: str) -> Execution:
        with explained(f"the query {query_id} could not be looked up"):
            found = self._clients("athena").get_query_execution(QueryExecutionId=query_id)
        status, figures = found["QueryExecution"]["Status"], found["QueryExecution"]["Statistics"]
        scanned = int(figures.get("DataScannedInBytes", 0))
        if status["State"] != "FAILED":  # the one kind that is free
            self._billed_bytes += max(scanned, LEAST_BILLED_BYTES)
        if status["State"] != "SUCCEEDED":
            reason = status.get("StateChangeReason") or status["State"].lower()
            # The token of a query that failed leads to it again, for as long as Athena knows it.
            is_old = status["SubmissionDateTime"].timestamp() < self._asked_at - 2
            raise QueryFailedError(reason, query_id, is_old)
        return Execution(query_id, scanned, figures.get("TotalExecutionTimeInMillis", 0) / 1000)

    def _raise_unless_old(self, error: QueryFailedError, what: str) -> None:
        *_, is_old = error.args
        if not is_old:
            raise self._failure(error, what) from None
        dg.get_dagster_logger().info(f"{what}: an earlier query failed, so it is asked again")

    def _failure(self, error: QueryFailedError, what: str) -> dg.Failure:
        reason, query_id, _ = error.args
        fix = "look at the query in Athena's history"
        if re.search("bytes scanned", reason, re.IGNORECASE):
            fix = f"raise the limit of the workgroup {self.workgroup}, if that much is meant"
        elif re.search("cancel", reason, re.IGNORECASE):
            fix = "somebody stopped it: run the refresh again"
        return dg.Failure(f"{what}: Athena says {reason!r} of {query_id}: {fix}")

    def _stop(self, started: list[str]) -> None:
        for query_id in started:
            with explained(f"the query {query_id} could not be stopped"):
                self._clients("athena").stop_query_execution(QueryExecutionId=query_id)

    def _remove_results(self, started: list[str]) -> None:
        """Remove what Athena writes beside the answer, of each query, even of one that failed."""
        for name in self._storage.names("queries") if started else ():
            if name.startswith(started[0]):
                self._storage.delete(f"queries/{name}")

    def _no_rows(self, select: str) -> "pd.DataFrame":
        """An answer without rows, of which UNLOAD writes no file."""
        name = f"none__{uuid4().hex[:8]}"
        folder = f"queries/{name}"
        statement = (
            f'CREATE TABLE "{self.database}"."{name}" WITH (format = \'PARQUET\', '
            f"external_location = '{self._storage.address(folder)}/') AS\n{select}\nWITH NO DATA"
        )
        try:
            self._execute(statement)
            return _empty(self.column_types(name))
        finally:
            self._forget(name)
            self._storage.delete(folder)

    def _require_limit(self) -> None:
        """Refuse a workgroup in which one query may scan any amount."""
        if self._is_limited:
            return
        with explained(f"the workgroup {self.workgroup} could not be looked up"):
            found, fix = self._limit()
        if fix:
            raise dg.Failure(f"the workgroup {self.workgroup} has {found}: {fix}")
        self._is_limited = True

    def _limit(self) -> tuple[str, str]:
        athena = self._clients("athena")
        try:
            group = athena.get_work_group(WorkGroup=self.workgroup)["WorkGroup"]
        except athena.exceptions.InvalidRequestException:
            return "not been made", "make it as docs/aws.md says, or set REC_ATHENA_WORKGROUP"
        settings = group["Configuration"]
        limit = settings.get("BytesScannedCutoffPerQuery")
        most = self.max_gigabytes * 1e9
        change = f"aws athena update-work-group --work-group {self.workgroup} "
        if group.get("State") == "DISABLED":
            return "been disabled", f"run `{change}--state ENABLED`"
        if settings.get("EnforceWorkGroupConfiguration"):
            change += "--configuration-updates EnforceWorkGroupConfiguration=false"
            return "settings that override where tables are written", f"run `{change}`"
        if not limit or limit > most:
            found = f"a limit of {limit / 1e9:.1f} GB a query" if limit else "no limit a query"
            change += f"--configuration-updates BytesScannedCutoffPerQuery={most:.0f}"
            return found, f"run `{change}`, or set REC_ATHENA_MAX_GIGABYTES"
        return f"a limit of {limit / 1e9:.1f} GB a query", ""

    def _metadata(self, execution: Execution, version: str) -> dict[str, Any]:
        region = self._clients.session.region_name
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

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield look("Athena's workgroup", self._limit)
        yield look("Glue's database", self._find_database)

    def _find_database(self) -> tuple[str, str]:
        glue = self._clients("glue")
        try:
            glue.get_database(Name=self.database)
        except glue.exceptions.EntityNotFoundException:
            return f"{self.database} is made by the first refresh", ""
        return self.database, ""


def _hash(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _files_below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix not in (".etag", ".part"))


def _arrow_tables(frames: "Iterable[pd.DataFrame]") -> "Iterator[pa.Table]":
    """Frames as Arrow tables that share the first one's schema."""
    import pyarrow as pa

    schema = None
    for frame in frames:
        table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
        schema = schema or table.schema.remove_metadata()
        yield table.cast(schema)


def _read_parquet(files: list[Path]) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(file) for file in files])
    frame = table.to_pandas()
    nullable = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count and column.type in nullable:  # else they would become floats
            frame[name] = column.to_pandas(types_mapper=nullable.get)
    return frame


def _empty(types: Mapping[str, str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series(dtype=PANDAS_TYPES.get(kind, "str")) for name, kind in types.items()}
    )
