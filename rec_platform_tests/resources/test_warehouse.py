# pyright: standard
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rec_platform.resources.warehouse import BATCH_VECTORS, DuckDBWarehouse
from rec_platform_tests.keeper import CREW, packed

ROWS = 3 * BATCH_VECTORS * 2_048 + 1


def test_batches_are_all_rows_in_frames_that_stay_small(tmp_path: Path):
    warehouse = DuckDBWarehouse(root=str(tmp_path))
    warehouse.write("numbers", [pd.DataFrame({"number": range(ROWS)})])
    batches = [*warehouse.batches("SELECT number, number + 1 AS following FROM numbers")]
    assert max(map(len, batches)) < ROWS / 2
    together = pd.concat(batches)
    assert sorted(together["number"]) == [*range(ROWS)]
    assert (together["following"] == together["number"] + 1).all()


def test_no_rows_are_no_batches(tmp_path: Path):
    warehouse = DuckDBWarehouse(root=str(tmp_path))
    assert not [*warehouse.batches("SELECT 1 AS number WHERE FALSE")]


def test_categories_are_written_as_what_they_stand_for_in_every_frame(tmp_path: Path):
    warehouse = DuckDBWarehouse(root=str(tmp_path))
    ids = pd.Index(["tt3", "tt1", "tt'2", "tt4"])
    codes = [[0, 1, 2], [2, -1, 0], *([place % 3] for place in range(10))]
    rows = [
        (ids[code] if code >= 0 else None, place, ids[-1])
        for place, some in enumerate(codes)
        for code in some
    ]
    frames = [
        pd.DataFrame(
            {
                "title_id": pd.Categorical.from_codes(some, ids),
                "code": place,
                "Sci-Fi": pd.Categorical.from_codes([3] * len(some), ids),
            }
        )
        for place, some in enumerate(codes)
    ]
    warehouse.write("coded", frames)
    plain = pd.DataFrame(rows, columns=["title_id", "code", "Sci-Fi"])
    warehouse.write("plain", [plain])
    assert warehouse.column_types("coded") == warehouse.column_types("plain")
    assert warehouse.content_hash("coded") == warehouse.content_hash("plain")


def test_what_a_killed_run_has_left_is_not_written(tmp_path: Path):
    warehouse = DuckDBWarehouse(root=str(tmp_path))

    def killed() -> Iterator[pd.DataFrame]:
        yield from (pd.DataFrame({"number": [number]}) for number in range(3))
        shutil.copytree(tmp_path / "tmp" / "numbers", tmp_path / "left")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        warehouse.write("numbers", killed())
    assert not [*(tmp_path / "tmp").iterdir()]
    shutil.copytree(tmp_path / "left", tmp_path / "tmp" / "numbers")
    warehouse.write("numbers", [pd.DataFrame({"number": [7]})])
    assert warehouse.query("SELECT number FROM numbers")["number"].tolist() == [7]
    assert not [*(tmp_path / "tmp").iterdir()]


def test_a_raw_file_is_never_held_in_memory_to_be_joined(tmp_path: Path):
    warehouse = DuckDBWarehouse(root=str(tmp_path))
    warehouse.write("selection", [pd.DataFrame({"title_id": [f"tt{n}" for n in range(9_000)]})])
    raw = tmp_path / "raw" / "title_crew" / "title.crew.tsv.gz"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(packed(CREW, "tt1\t\\N\t\\N"))
    select = "SELECT tconst FROM raw_title_crew JOIN selection ON tconst = title_id"
    with warehouse._connect(select) as connection:
        ((_, plan),) = connection.execute(f"EXPLAIN (FORMAT json) {select}").fetchall()
    joins = [*_operators(json.loads(plan), "HASH_JOIN")]
    # DuckDB holds what is on the right, and looks up what is on the left.
    (sides,) = ([[*_operators(side, "READ_CSV")] for side in join["children"]] for join in joins)
    assert [bool(side) for side in sides] == [True, False]


def _operators(plan: Any, name: str) -> Iterator[dict[str, Any]]:
    for operator in plan if isinstance(plan, list) else [plan]:
        if name in operator["name"].upper().replace(" ", "_"):
            yield operator
        yield from _operators(operator["children"], name)


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        *(("films [imdb]", "films i"), ("films*", "films of others"), ("films?", "films2")),
        *(("it's", "its"), ('100% "films"; #1', "films")),
    ],
)
def test_a_root_of_any_name_has_its_own_tables_and_no_one_elses(
    tmp_path: Path, name: str, beside: str
):
    mine, other = (DuckDBWarehouse(root=str(tmp_path / folder)) for folder in (name, beside))
    for warehouse, number in ((other, 2), (mine, 1)):
        warehouse.write("numbers", [pd.DataFrame({"number": [number]})])
        raw = Path(warehouse.root, "raw", "title_crew", "title.crew.tsv.gz")
        raw.parent.mkdir(parents=True)
        raw.write_bytes(packed(CREW, f"tt{number}\t\\N\t\\N"))
    assert mine.query("SELECT number FROM numbers")["number"].tolist() == [1]
    assert mine.query("SELECT tconst FROM raw_title_crew")["tconst"].tolist() == ["tt1"]
    assert mine.content_hash("numbers") != other.content_hash("numbers")
