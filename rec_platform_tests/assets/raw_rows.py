"""Raw files of a few invented rows, and the tables that sql/ makes of them."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.sql_files import SQL


def write_raw(root: Path, rows: Mapping[str, str]) -> DuckDBWarehouse:
    """A warehouse over raw files: | stands for a tab, and - for a null; other files are empty."""
    for file in RAW_FILES:
        lines = rows.get(file.name, "").strip().splitlines()
        text = "".join(f"{line}\n" for line in ["\t".join(file.columns), *map(_tsv, lines)])
        path = root / file.storage_key
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(text.encode()))
    return DuckDBWarehouse(root=str(root))


def _tsv(line: str) -> str:
    return "\t".join(r"\N" if value == "-" else value for value in line.strip().split("|"))


def build(
    warehouse: DuckDBWarehouse,
    preset: str,
    min_votes: int = 0,
    year_max: int = 2026,
    title_types: str = "movie",
) -> list[str]:
    """Make every table and return the ids of the selected titles."""
    choices = {"preset": preset, "min_votes": min_votes, "year_max": year_max}
    recipe = choices | {"title_types": title_types}
    warehouse.write("recipe", [pd.DataFrame([recipe])])
    for table, sql in SQL.items():
        warehouse.create(table, sql)
    return warehouse.read("titles", order_by="title_id")["title_id"].tolist()
