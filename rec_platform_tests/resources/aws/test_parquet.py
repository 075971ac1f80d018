# pyright: standard
"""Frames in Parquet files as Athena reads them."""

from pathlib import Path

import pandas as pd

from rec_platform.resources.aws.parquet import read_parquet, write_parquet


def test_categories_are_written_as_what_they_stand_for_in_every_frame(tmp_path: Path):
    ids = pd.Index(["tt3", "tt1", "tt2"])
    frames = [
        pd.DataFrame({"title_id": pd.Categorical.from_codes(codes, ids), "place": place})
        for place, codes in enumerate([[0, 1], [2, 0, 0]])
    ]
    types = write_parquet(tmp_path / "table.parquet", frames)
    assert types == {"title_id": "string", "place": "bigint"}
    table = read_parquet([tmp_path / "table.parquet"])
    assert table["title_id"].tolist() == ["tt3", "tt1", "tt2", "tt3", "tt3"]
    assert table["place"].tolist() == [0, 0, 1, 1, 1]
