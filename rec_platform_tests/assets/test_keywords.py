"""The keywords of a refresh: made from the file that is named, and empty without one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.conftest import Platform, remade


def table(platform: Platform) -> pd.DataFrame:
    warehouse = DuckDBWarehouse(root=str(platform.root))
    return warehouse.read("title_keywords", order_by="title_id, keyword")


def write(folder: Path, *lines: str) -> str:
    path = folder / "keywords.tsv"
    path.write_text("\n".join(["title_id\tkeyword\tweight", *lines, ""]))
    return str(path)


def test_without_a_source_the_table_is_there_and_empty(released: Platform):
    warehouse = DuckDBWarehouse(root=str(released.root))
    assert table(released).empty
    assert warehouse.column_types("title_keywords") == {
        "title_id": "varchar",
        "keyword": "varchar",
        "weight": "double",
    }


def test_a_source_fills_the_table_and_other_keywords_are_a_change(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    title, *_ = DuckDBWarehouse(root=str(platform.root)).read("titles", "title_id")["title_id"]
    source = write(tmp_path, f"{title}\tSea\t0.5", "tt9999999\tsea\t1")
    monkeypatch.setenv("REC_KEYWORDS_SOURCE", source)
    assert platform.refresh().exit_code == 0
    assert table(platform).to_numpy().tolist() == [[title, "sea", 0.5]]
    assert "title_keywords" in remade()
    platform.refresh()
    assert not remade()
    write(tmp_path, f"{title}\tSea\t0.6")
    platform.refresh()
    assert "title_keywords" in remade()
    assert table(platform)["weight"].tolist() == [0.6]


def test_a_source_of_other_films_fails_and_says_so(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_KEYWORDS_SOURCE", write(tmp_path, "tt9999999\tsea\t1"))
    done = platform.refresh()
    assert done.exit_code == 1
    assert "title_keywords: the keywords in" in done.stderr
    assert "none of its titles is in the catalogue" in done.stderr


@pytest.mark.parametrize("variable", ["REC_KEYWORDS_SOURCE", "REC_RATINGS_SOURCE"])
def test_the_doctor_and_the_refresh_say_at_once_what_is_missing(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, variable: str
):
    assert platform.run("doctor", "--source", "sample").exit_code == 0
    monkeypatch.setenv(variable, "nowhere")
    before = platform.files()
    done = platform.refresh()
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-2].startswith("recipe: the ") and variable in done.stderr
    assert platform.files() == before
    told = platform.run("doctor", "--source", "sample")
    assert told.exit_code == 1
    assert variable in told.stdout and "nowhere" in told.stdout
