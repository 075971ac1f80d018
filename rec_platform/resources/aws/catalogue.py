"""Glue's catalogue: which tables there are, of what version, and where their files are."""

import hashlib
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import dagster as dg

from rec_platform.resources.aws.clients import explained
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform.resources.warehouse import RAW_PREFIX

HEADER_BYTES = 65_536
VERSION = "rec_version"
FILES = "rec_files"  # how many there are: Athena writes none for a table without rows
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


class Catalogue:
    """The entries of one database.

    Args:
        storage: where the tables' files are.
        database: the name of Glue's database. It is made when it is first needed.
    """

    def __init__(self, storage: S3Storage, database: str) -> None:
        self._storage = storage
        self._database = database

    def entry(self, table: str) -> dict[str, Any] | None:
        """What Glue knows of a table, or None where there is none."""
        glue = self._storage.clients("glue")
        with explained(f"the table {self._database}.{table} could not be looked up"):
            try:
                return glue.get_table(DatabaseName=self._database, Name=table)["Table"]
            except glue.exceptions.EntityNotFoundException:
                return None

    def existing(self, table: str) -> dict[str, Any]:
        """What Glue knows of a table.

        Raises:
            dg.Failure: there is no such table.
        """
        entry = self.entry(table)
        if entry is None:
            raise dg.Failure(
                f"there is no table {self._database}.{table}: materialise the asset {table} first"
            )
        return entry

    def column_types(self, table: str) -> dict[str, str]:
        """The columns of a table and Hive's types of them, in order."""
        return self.types(self.existing(table))

    def types(self, entry: Mapping[str, Any]) -> dict[str, str]:
        """The same, of an entry."""
        return {column["Name"]: column["Type"] for column in entry["StorageDescriptor"]["Columns"]}

    def folder(self, entry: Mapping[str, Any]) -> str:
        """The key of the folder with a table's files."""
        return self._storage.key(entry["StorageDescriptor"]["Location"])

    def has(self, table: str, version: str) -> bool:
        """Whether a table is there in this version, with its files."""
        entry = self.entry(table)
        if entry is None:
            return False
        parameters = entry.get("Parameters", {})
        files = len(self._storage.etags(self.folder(entry)))
        return (parameters.get(VERSION), parameters.get(FILES)) == (version, str(files))

    def point(self, table: str, types: Mapping[str, str], folder: str, version: str) -> None:
        """Let a table's name mean another folder of Parquet files, in one step."""
        self._register(
            table,
            {**PARQUET, **self._place(types, folder)},
            {
                "classification": "parquet",
                VERSION: version,
                FILES: str(len(self._storage.etags(folder))),
            },
        )

    def forget(self, table: str) -> None:
        """Drop an entry, if it is there; the files stay."""
        glue = self._storage.clients("glue")
        with explained(f"the table {self._database}.{table} could not be dropped"):
            try:
                glue.delete_table(DatabaseName=self._database, Name=table)
            except glue.exceptions.EntityNotFoundException:
                return

    def versions(self, statement: str) -> dict[str, str]:
        """The versions of all tables that a statement names.

        Raw files that the statement names are registered first, as they lie there now.

        Raises:
            dg.Failure: there is no file of a raw table.
        """
        glue = self._storage.clients("glue")
        words = set(re.findall(r"\w+", statement))
        self._require_database()
        with explained(f"the tables of {self._database} could not be listed"):
            pages = glue.get_paginator("get_tables").paginate(DatabaseName=self._database)
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
        etags = self._storage.etags(folder)
        if not etags:
            raise dg.Failure(f"there is no file in {folder}: materialise the asset {table} first")
        version = hash_parts(*etags.items())
        if known.get(table) != version:
            (name, *_) = etags
            types = dict.fromkeys(self._header(name), "string")
            self._register(
                table,
                {**RAW_TEXT, **self._place(types, folder)},
                {"skip.header.line.count": "1", VERSION: version},
            )
        return version

    def _header(self, name: str) -> list[str]:
        """The column names in a gz file, of which only the beginning is fetched."""
        with explained(f"s3://{self._storage.bucket}/{name} could not be read"):
            answer = self._storage.clients("s3").get_object(
                Bucket=self._storage.bucket, Key=name, Range=f"bytes=0-{HEADER_BYTES - 1}"
            )
            packed = answer["Body"].read()
        text = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, HEADER_BYTES)
        return text.partition(b"\n")[0].decode().split("\t")

    def _place(self, types: Mapping[str, str], folder: str) -> dict[str, Any]:
        return {
            # In lower case, as Athena asks of the catalogue: it reads names of any case so.
            "Columns": [{"Name": name.lower(), "Type": kind} for name, kind in types.items()],
            "Location": self._storage.address(folder) + "/",
        }

    def _register(self, table: str, storage: dict[str, Any], parameters: dict[str, str]) -> None:
        entry = {
            "Name": table,
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": storage,
            "Parameters": {"EXTERNAL": "TRUE", **parameters},
        }
        glue = self._storage.clients("glue")
        with explained(f"the table {self._database}.{table} could not be registered"):
            try:
                glue.update_table(DatabaseName=self._database, TableInput=entry, SkipArchive=True)
            except glue.exceptions.EntityNotFoundException:
                self._require_database()
                try:
                    glue.create_table(DatabaseName=self._database, TableInput=entry)
                except glue.exceptions.AlreadyExistsException:  # an answer to us was lost
                    glue.update_table(
                        DatabaseName=self._database, TableInput=entry, SkipArchive=True
                    )

    def _require_database(self) -> None:
        glue = self._storage.clients("glue")
        with explained(f"the database {self._database} could not be made"):
            try:
                glue.get_database(Name=self._database)
            except glue.exceptions.EntityNotFoundException:
                with suppress(glue.exceptions.AlreadyExistsException):  # an answer to us was lost
                    glue.create_database(DatabaseInput={"Name": self._database})


def hash_parts(*parts: Any) -> str:
    """A version: 16 hexadecimal digits that change with any of the parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
