# pyright: standard
from pathlib import Path

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
