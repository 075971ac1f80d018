"""Notes, versions and the step that keeps what it has, on small assets over a real warehouse."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from rec_platform.assets import code
from rec_platform.assets.code import code_version
from rec_platform.assets.made_of import Step
from rec_platform.assets.notes import data_version, read_note, stale_inputs
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse

PACKAGE = code.PACKAGE
SECRET_KEY = "model/secret.json"


class Small:
    """Three assets: `recipe`, `evens` of its limit, and `count`, which has a file of its own."""

    def __init__(self, root: Path) -> None:
        self.storage = LocalStorage(root=str(root))
        self.warehouse = DuckDBWarehouse(root=str(root))
        self.choices: dict[str, Any] = {"limit": 9, "colour": "red"}
        self.evens_code = "1"
        self.dies = False
        self.made: list[str] = []

    def materialize(self, *names: str) -> dict[str, Any]:
        """Materialise some of the assets, or all; their metadata by name."""
        assets = list(self._assets())
        self.made = []
        result = dg.materialize(
            assets,
            selection=list(names) or None,
            resources={"storage": self.storage, "warehouse": self.warehouse},
            raise_on_error=False,
        )
        self.failure = next((event for event in result.all_events if event.is_step_failure), None)
        return {
            key: result.asset_materializations_for_node(key)[0].metadata
            for key in ("recipe", "evens", "count")
            if result.asset_materializations_for_node(key)
        }

    def reused(self, *names: str) -> list[str]:
        shown = self.materialize(*names)
        return [name for name, metadata in shown.items() if metadata["is_reused"].value]

    def version(self, asset: str) -> str | None:
        return data_version(self.storage, asset)

    def _assets(self) -> Iterator[dg.AssetsDefinition]:
        small = self

        @dg.asset
        def recipe(
            context: dg.AssetExecutionContext, storage: LocalStorage, warehouse: DuckDBWarehouse
        ):
            step = Step(context, storage, warehouse, table="recipe", outside=small.choices)
            if kept := step.kept():
                return kept
            warehouse.write("recipe", [pd.DataFrame([small.choices])])
            return step.made({})

        @dg.asset(deps=[recipe], code_version=small.evens_code)
        def evens(
            context: dg.AssetExecutionContext, storage: LocalStorage, warehouse: DuckDBWarehouse
        ):
            step = Step(context, storage, warehouse, fields=["limit"], table="evens")
            if kept := step.kept():
                return kept
            small.made.append("evens")
            numbers = [number for number in range(step.recipe["limit"]) if number % 2 == 0]
            warehouse.write("evens", [pd.DataFrame({"number": numbers})])
            if small.dies:
                raise RuntimeError("the step died")
            return step.made({"rows": len(numbers), "text": dg.MetadataValue.md("**even**")})

        @dg.asset(deps=[evens])
        def count(
            context: dg.AssetExecutionContext, storage: LocalStorage, warehouse: DuckDBWarehouse
        ):
            step = Step(context, storage, warehouse, files=[SECRET_KEY])
            if kept := step.kept():
                return kept
            small.made.append("count")
            storage.write(SECRET_KEY, str(warehouse.row_count("evens")).encode())
            return step.made({})

        return iter((recipe, evens, count))


@pytest.fixture
def small(tmp_path: Path) -> Small:
    small = Small(tmp_path)
    small.materialize()
    return small


def test_what_is_made_of_the_same_is_kept_and_shown_as_before(small: Small) -> None:
    version = small.version("evens")
    shown = small.materialize()
    assert small.made == []
    assert all(metadata["is_reused"].value for metadata in shown.values())
    assert shown["evens"]["rows"].value == 5
    assert shown["evens"]["text"] == dg.MetadataValue.md("**even**")
    assert small.version("evens") == version


def test_only_the_fields_that_an_asset_reads_count(small: Small) -> None:
    small.choices["colour"] = "blue"
    assert small.reused() == ["evens", "count"]


def test_a_change_stops_at_the_output_that_it_does_not_change(small: Small) -> None:
    small.choices["limit"] = 10  # has the same even numbers
    assert small.reused() == ["count"]
    small.evens_code = "2"
    assert small.reused() == ["recipe", "count"]
    small.choices["limit"] = 11
    assert small.reused() == []


def _wipe(table: Path) -> None:
    table.unlink()


def _cut(table: Path) -> None:
    table.write_bytes(table.read_bytes()[:-9])


def _change(table: Path) -> None:
    pd.DataFrame({"number": [0, 2, 4, 6, 9]}).to_parquet(table)


@pytest.mark.parametrize("harm", [_wipe, _cut])
def test_a_table_that_was_harmed_is_made_again_and_has_its_version_again(
    small: Small, tmp_path: Path, harm: Any
) -> None:
    version = small.version("evens")
    harm(tmp_path / "tables" / "evens.parquet")
    assert small.reused() == ["recipe", "count"]
    assert small.version("evens") == version


def test_a_table_that_somebody_changed_is_made_again(small: Small, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    _change(tmp_path / "tables" / "evens.parquet")
    assert small.reused() == ["recipe", "count"]


def test_a_file_that_somebody_changed_is_made_again(small: Small) -> None:
    small.storage.write(SECRET_KEY, b"7")
    assert small.reused() == ["recipe", "evens"]
    assert small.storage.read(SECRET_KEY) == b"5"


def test_what_a_step_left_that_died_is_not_taken_for_its_output(small: Small) -> None:
    small.choices["limit"], small.dies = 3, True
    small.materialize()
    assert small.failure
    assert read_note(small.storage, "evens") is None
    small.choices["limit"], small.dies = 9, False  # as it was made of before it died
    assert small.reused() == ["count"]


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b'{"made_of": 1}', b"\xff"])
def test_a_note_that_cannot_be_read_counts_as_none(small: Small, content: bytes) -> None:
    small.storage.write("made_of/evens.json", content)
    assert small.reused() == ["recipe", "count"]


def test_an_input_that_was_never_made_is_named(tmp_path: Path) -> None:
    small = Small(tmp_path)
    assert small.materialize("count") == {}
    assert small.failure
    data = small.failure.step_failure_data.user_failure_data
    assert data and "evens has no output in this root" in str(data.description)


def test_parts_that_do_not_belong_together_are_named(small: Small) -> None:
    assert stale_inputs(small.storage, small.warehouse, ["count"], small.choices) == []
    small.choices["limit"] = 11
    small.materialize("recipe")
    # `evens` is reached in two ways, and told once.
    reasons = stale_inputs(small.storage, small.warehouse, ["count", "evens"], small.choices)
    assert reasons == ["evens was made with limit=9, and the recipe says 11"]
    small.materialize("evens")
    reasons = stale_inputs(small.storage, small.warehouse, ["count"], small.choices)
    assert reasons == ["count was made of another evens"]
    small.materialize("count")
    assert stale_inputs(small.storage, small.warehouse, ["count"], small.choices) == []


# Content


def content(folder: Path, **columns: list[Any]) -> str | None:
    warehouse = DuckDBWarehouse(root=str(folder))
    warehouse.write("numbers", [pd.DataFrame(columns)])
    return warehouse.content_hash("numbers")


def test_the_order_of_rows_does_not_count_and_all_else_does(tmp_path: Path) -> None:
    same = content(tmp_path, number=[1, 2, 2], name=["a", "b", None])
    assert content(tmp_path, number=[2, 1, 2], name=[None, "a", "b"]) == same
    others = [
        content(tmp_path, number=[1, 2], name=["a", "b"]),
        content(tmp_path, number=[1, 2, 2], name=["b", "a", None]),
        content(tmp_path, number=[1, 2, 2], name=["a", "b", ""]),
        content(tmp_path, number=[1, 2, 2], text=["a", "b", None]),
        content(tmp_path, name=["a", "b", None], number=[1, 2, 2]),
        content(tmp_path, number=[1.0, 2.0, 2.0], name=["a", "b", None]),
        content(tmp_path, number=[1, 1, 2], name=["a", "a", None]),
        content(tmp_path, number=[2, 2], name=["b", "b"]),
        content(tmp_path, number=[3, 3], name=["b", "b"]),
    ]
    assert len({same, *others}) == len(others) + 1


def test_a_table_that_is_not_there_has_no_content(tmp_path: Path) -> None:
    assert DuckDBWarehouse(root=str(tmp_path)).content_hash("numbers") is None


# Code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package, whose code is looked at in place of the real one's."""
    copy = tmp_path / "rec_platform"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "PACKAGE", copy)
    forget_code()
    yield copy
    forget_code()


def forget_code() -> None:
    code._compiled.cache_clear()
    code._modules.cache_clear()


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    forget_code()


SERIES = "rec_platform.assets.similar"


def test_comments_and_the_command_do_not_count(package: Path) -> None:
    before = code_version(SERIES)
    edit(package / "modelling" / "series.py", "import numpy", "# So.\n\nimport numpy")
    with (package / "cli.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert code_version(SERIES) == before


def test_code_counts_that_is_imported_from_a_sub_folder_and_by_way_of_others(package: Path) -> None:
    before, features = code_version(SERIES), code_version("rec_platform.modelling.features")
    with (package / "release" / "text.py").open("a") as file:
        file.write("\nNEW = 1\n")
    forget_code()
    assert code_version(SERIES) != before
    assert code_version("rec_platform.modelling.features") == features


def test_other_text_counts_too() -> None:
    assert code_version(SERIES, text="SELECT 1") != code_version(SERIES, text="SELECT 2")
