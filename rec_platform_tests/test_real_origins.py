"""Where real films are from, compared with what a person knows of them.

`origins_by_hand.tsv` is what one person knows, without a look into IMDb: ids of 225 films of 2017
and 2022, well known ones and foreign ones, and the countries and languages that are right answers,
the leading ones first. A film that several countries made has several right answers.
"""

from pathlib import Path

import pandas as pd
import pytest

from rec_platform_tests.real_files import DATA, warehouse

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="REC_REAL_DATA names no folder of real files"),
]

BY_HAND = Path(__file__).with_name("origins_by_hand.tsv")


def origins(root: Path, folder: str, preset: str) -> pd.DataFrame:
    made = warehouse(root, folder, preset, "selection", "title_origins")
    return made.read("title_origins", order_by="title_id").set_index("title_id")


def test_what_is_told_is_right_nineteen_times_in_twenty(tmp_path: Path) -> None:
    known = pd.read_csv(BY_HAND, sep="\t", index_col="title_id").map(lambda text: text.split(","))
    told = pd.concat(
        origins(tmp_path / folder, folder, "world")
        for folder in ("all-regions-2018-07", "all-regions-2022-09")
    ).join(known, how="inner")
    assert len(told) == len(known) == 225
    for column, answers, fewest in (("country", "countries", 90), ("language", "languages", 70)):
        answered = told[told[column].notna()]
        right = [
            answer in good for answer, good in zip(answered[column], answered[answers], strict=True)
        ]
        assert len(answered) >= fewest
        assert sum(right) >= 0.95 * len(right), answered[[not is_ for is_ in right]]


def test_of_american_names_alone_nothing_is_told(tmp_path: Path) -> None:
    table = origins(tmp_path, "us-2022-09", "us_release")
    assert len(table) == 84_495
    assert table[["country", "language"]].isna().all(axis=None)
