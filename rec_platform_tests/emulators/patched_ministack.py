"""ministack as a program, with the least that it needs to behave as Athena does here.

ministack's Athena gives the SQL to DuckDB as it is, and reads tables by rules of its own. It is
replaced here by one that knows Athena's dialect (by sqlglot), `\\N` as null, CREATE TABLE AS and
UNLOAD to Parquet on S3, the token by which a statement runs once, the workgroup's limit, and bytes
scanned.

A test gives it orders in the file `outcomes` beside its log. Each line is the fate of one query, in
order: `ok`, `stall` (until it is stopped), or `fail <reason>`. It writes each query that it starts
to the file `queries`.
"""

import asyncio
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ministack.core.responses import error_response_json
from ministack.services import athena, glue, s3

OUTCOMES, QUERIES = Path("outcomes"), Path("queries")
CREATE = re.compile(
    r"""\s*CREATE\ TABLE\ "(\w+)"\."(\w+)"\ WITH\ \((.*?)\)\ AS\n(.*?)(\nWITH\ NO\ DATA)?$""",
    re.DOTALL | re.VERBOSE,
)
UNLOAD = re.compile(r"\s*UNLOAD \(\n(.*)\n\) TO '([^']+)' WITH", re.DOTALL)
LOCATION = re.compile(r"external_location = '([^']+)'")
GLUE_TYPES = {"varchar": "string", "integer": "int", "bigint": "bigint", "double": "double"}
GLUE_TYPES |= {"float": "float", "boolean": "boolean", "hugeint": "bigint"}

start_without_token = athena._start_query_execution
tokens: dict[str, tuple[dict[str, Any], Any]] = {}


def start_query_execution(data: dict[str, Any]) -> Any:
    token, statement = data["ClientRequestToken"], data["QueryString"]
    asked = {name: value for name, value in data.items() if name != "ClientRequestToken"}
    if token in tokens:
        known, answer = tokens[token]
        if known == asked:
            return answer
        return error_response_json("InvalidRequestException", "Idempotent parameter mismatch", 400)
    answer = start_without_token(data)
    tokens[token] = (asked, answer)
    with QUERIES.open("a") as writer:
        writer.write(statement.replace("\n", " ") + "\n")
    return answer


async def execute_query(
    query_id: str, query: str, database: str, ddl: Any, catalog: Any = None
) -> None:
    del ddl, catalog
    execution = athena._executions[query_id]
    status = execution["Status"]
    status["State"] = "RUNNING"
    fate, _, reason = next_outcome().partition(" ")
    while fate == "stall" and status["State"] == "RUNNING":
        await asyncio.sleep(0.05)
    try:
        if status["State"] == "RUNNING":
            await asyncio.to_thread(run, execution, query, database)
            if fate == "fail":
                raise RuntimeError(reason)
            status["State"] = "SUCCEEDED"
    except CancelledError as error:
        status |= {"State": "CANCELLED", "StateChangeReason": str(error)}
    except Exception as error:
        status |= {"State": "FAILED", "StateChangeReason": str(error)[:1000]}
    status["CompletionDateTime"] = status["SubmissionDateTime"]
    location = urlparse(execution["ResultConfiguration"]["OutputLocation"])
    s3._put_object(location.netloc, location.path.lstrip("/") + ".metadata", b"", {})


class CancelledError(Exception):
    pass


def next_outcome() -> str:
    lines = OUTCOMES.read_text().splitlines() if OUTCOMES.exists() else []
    OUTCOMES.write_text("\n".join(lines[1:]))
    return lines[0] if lines else "ok"


def run(execution: dict[str, Any], query: str, database: str) -> None:
    import duckdb
    import sqlglot

    folder = Path(tempfile.mkdtemp())
    created, unloaded = CREATE.match(query), UNLOAD.match(query)
    if created:
        select = created[4]
        (target,) = LOCATION.findall(created[3])
    elif unloaded:
        select, target = unloaded[1], unloaded[2]
    else:
        raise RuntimeError("neither CREATE TABLE AS nor UNLOAD")
    try:
        with duckdb.connect(":memory:") as connection:
            scanned = 0
            for name in set(re.findall(r"\w+", select)):
                if table := glue._tables.get(f"{database}/{name}"):
                    require_lower_case(table)
                    files = materialise(table["StorageDescriptor"]["Location"], folder / name)
                    scanned += sum(file.stat().st_size for file in files)
                    connection.execute(f'CREATE VIEW "{name}" AS FROM {relation(table, files)}')
            require_limit(execution, scanned)
            require_empty(target)
            (statement,) = sqlglot.transpile(select, read="athena", write="duckdb")
            file = folder / "part"
            columns = connection.execute(f"DESCRIBE ({statement})").fetchall()
            connection.execute(f"COPY ({statement}) TO '{file}' (FORMAT parquet)")
            rows = connection.execute(f"FROM read_parquet('{file}') LIMIT 1").fetchall()
        if rows and not (created and created[5]):
            put(target, file)
        if created:
            register(created[1], created[2], target, columns)
    finally:
        shutil.rmtree(folder)


def relation(table: dict[str, Any], files: list[Path]) -> str:
    storage = table["StorageDescriptor"]
    names = [column["Name"] for column in storage["Columns"]]
    paths = [str(file) for file in files]
    if not files:
        types = (f"NULL::{column['Type']} AS {column['Name']}" for column in storage["Columns"])
        return f"(SELECT {', '.join(types)} LIMIT 0)"
    if "Parquet" in storage["SerdeInfo"]["SerializationLibrary"]:
        return f"read_parquet({paths})"
    serde = storage["SerdeInfo"]["Parameters"]
    return (
        f"read_csv({paths}, delim='{serde['field.delim']}', quote='', escape='', header=false, "
        f"nullstr='{serde['serialization.null.format']}', auto_detect=false, "
        f"skip={table['Parameters']['skip.header.line.count']}, compression='gzip', "
        f"columns={dict.fromkeys(names, 'VARCHAR')})"
    )


def materialise(location: str, folder: Path) -> list[Path]:
    """Athena reads every object below a location, whatever its name."""
    folder.mkdir()
    files = []
    bucket, prefix = split(location)
    for key in sorted(s3._buckets[bucket]["objects"]):
        if key.startswith(prefix):
            file = folder / key.removeprefix(prefix).replace("/", "_")
            file.write_bytes(s3._get_object_data(bucket, key))
            files.append(file)
    return files


def require_limit(execution: dict[str, Any], scanned: int) -> None:
    execution["Statistics"]["DataScannedInBytes"] = scanned
    settings = athena._workgroups[execution["WorkGroup"]]["Configuration"]
    if scanned > settings.get("BytesScannedCutoffPerQuery", float("inf")):
        raise CancelledError("Query cancelled! : Bytes scanned limit was exceeded")


def require_lower_case(table: dict[str, Any]) -> None:
    names = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    if any(name != name.lower() for name in names):
        raise RuntimeError(f"the catalogue names columns in mixed case: {names}")


def require_empty(location: str) -> None:
    bucket, prefix = split(location)
    if any(key.startswith(prefix) for key in s3._buckets[bucket]["objects"]):
        raise RuntimeError(f"HIVE_PATH_ALREADY_EXISTS: {location}")


def put(location: str, file: Path) -> None:
    bucket, prefix = split(location)
    s3._put_object(bucket, f"{prefix}20260101_000000_00000_part", file.read_bytes(), {})


def register(database: str, name: str, location: str, columns: list[Any]) -> None:
    glue._tables[f"{database}/{name}"] = {
        "Name": name,
        "DatabaseName": database,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {},
        "StorageDescriptor": {
            "Columns": [
                {"Name": column, "Type": GLUE_TYPES[kind.lower()]} for column, kind, *_ in columns
            ],
            "Location": location,
            "SerdeInfo": {"SerializationLibrary": "ParquetHiveSerDe"},
        },
    }


def split(location: str) -> tuple[str, str]:
    parsed = urlparse(location)
    return parsed.netloc, parsed.path.lstrip("/")


if __name__ == "__main__":
    from ministack.app import main

    athena._start_query_execution = start_query_execution
    athena._execute_query = execute_query
    main()
