# pyright: standard
from pathlib import Path

import pandas as pd

from rec_platform.resources.warehouse import BATCH_VECTORS, DuckDBWarehouse

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
