"""Tables made of the real files that REC_REAL_DATA names."""

import os
import shutil
from pathlib import Path

import pandas as pd

from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.sql_files import SQL

DATA = Path(os.environ.get("REC_REAL_DATA", "unset"))


def warehouse(root: Path, folder: str, preset: str, *tables: str) -> DuckDBWarehouse:
    """A warehouse with the raw files of a folder, the titles of a preset up to 2026, and tables."""
    for file in RAW_FILES:
        origin = DATA / "imdb" / folder / file.file
        if origin.exists():
            (root / file.storage_key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, root / file.storage_key)
    made = DuckDBWarehouse(root=str(root))
    recipe = {"preset": preset, "title_types": "movie", "min_votes": 0, "year_max": 2026}
    made.write("recipe", [pd.DataFrame([recipe])])
    for table in SQL:
        if table in ("eligible_titles", "eligible_akas", "titles", *tables):
            made.create(table, SQL[table])
    return made
