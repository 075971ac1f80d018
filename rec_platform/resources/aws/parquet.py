# pyright: standard
"""Tables in Parquet files, as pandas frames: what pyarrow writes and reads for Athena."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

HIVE_TYPES = {
    **{"string": "string", "large_string": "string", "bool": "boolean"},
    **{"int32": "int", "int64": "bigint", "float": "float", "double": "double"},
}
PANDAS_TYPES = {
    **{"int": "int32", "integer": "int32", "bigint": "int64", "boolean": "bool"},
    **{"double": "float64", "float": "float32", "real": "float32"},
}


def write_parquet(file: Path, frames: "Iterable[pd.DataFrame]") -> dict[str, str]:
    """Write frames of the same columns to one file, one after another.

    Returns:
        Hive's types by column, in order.
    """
    import pyarrow.parquet as pq

    tables = _arrow_tables(frames)
    first = next(tables)
    with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    return {field.name: HIVE_TYPES[str(field.type)] for field in first.schema}


def read_parquet(files: list[Path]) -> "pd.DataFrame":
    """All rows of files with the same columns; whole numbers stay whole beside nulls."""
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


def count_rows(files: list[Path]) -> int:
    """The number of rows, from the files' own metadata."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file).num_rows for file in files)


def empty_frame(types: Mapping[str, str]) -> "pd.DataFrame":
    """A frame without rows, for a table of which Athena wrote no file.

    Args:
        types: Hive's types by column.
    """
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series(dtype=PANDAS_TYPES.get(kind, "str")) for name, kind in types.items()}
    )


def _arrow_tables(frames: "Iterable[pd.DataFrame]") -> "Iterator[pa.Table]":
    """Frames as Arrow tables that share the first one's schema."""
    import pyarrow as pa

    schema = None
    for frame in frames:
        table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
        schema = schema or _typed(table.schema.remove_metadata())
        yield table.cast(schema)


def _typed(schema: "pa.Schema") -> "pa.Schema":
    """A schema for Hive: categories are their values, and columns without any value are text."""
    import pyarrow as pa

    fields: list[pa.Field] = []
    for field in schema:
        if pa.types.is_dictionary(field.type):
            field = field.with_type(field.type.value_type)
        fields.append(field.with_type(pa.string()) if pa.types.is_null(field.type) else field)
    return pa.schema(fields)
