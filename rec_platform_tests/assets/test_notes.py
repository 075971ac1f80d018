"""What is known of an output: whether it is as it was made, and what a look at it found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from rec_platform.assets import features, lookup, model, notes, similar, stored
from rec_platform.assets.code import code_version
from rec_platform.assets.notes import found_in, is_as_noted, read_note, write_note
from rec_platform.assets.stored import read_recipe
from rec_platform.resources import warehouse
from rec_platform.resources.storage import LocalStorage, Storage
from rec_platform.resources.warehouse import DuckDBWarehouse, Warehouse
from rec_platform_tests.assets.notes import note

LOOKING = similar.__name__
KEPT = "found/test_notes.sum_of_numbers.json"


class Numbers:
    """A table of numbers with a note, and a look at it that is counted."""

    def __init__(self, root: Path) -> None:
        self.storage = LocalStorage(root=str(root))
        self.warehouse = DuckDBWarehouse(root=str(root))
        self.file = root / "tables" / "numbers.parquet"
        self.looks = 0
        self.make([1, 2])

    def make(self, numbers: list[int]) -> None:
        self.write(numbers)
        note(self.storage, self.warehouse, "numbers")

    def write(self, numbers: list[int]) -> None:
        self.warehouse.write("numbers", [pd.DataFrame({"number": numbers})])

    def is_as_noted(self) -> bool:
        return is_as_noted(self.storage, self.warehouse, "numbers")

    def find(self) -> dict[str, int]:
        def sum_of_numbers(storage: Storage, warehouse: Warehouse) -> dict[str, int]:
            del storage
            self.looks += 1
            return {"sum": int(warehouse.head("numbers", 9)["number"].sum())}

        return found_in(self.storage, self.warehouse, ["numbers"], sum_of_numbers)


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Numbers:
    # Tests are in no package of ours; `similar` stands for the module that looks.
    monkeypatch.setattr(notes, "code_version", lambda _, *others: code_version(LOOKING, *others))
    return Numbers(tmp_path)


def test_an_output_is_told_by_its_bytes_or_by_what_it_holds(numbers: Numbers) -> None:
    assert numbers.is_as_noted()
    numbers.write([2, 1])  # the same rows, in another order
    assert numbers.is_as_noted()
    numbers.write([1, 3])
    assert not numbers.is_as_noted()
    numbers.file.unlink()
    assert not numbers.is_as_noted()


def test_equal_bytes_are_not_read_as_a_table(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(DuckDBWarehouse, "_connect")
    assert numbers.is_as_noted()


def test_a_note_without_a_hash_of_the_bytes_counts(numbers: Numbers) -> None:
    made = read_note(numbers.storage, "numbers")
    assert made and made.stored
    write_note(numbers.storage, "numbers", replace(made, stored=""))
    assert numbers.is_as_noted()


def test_what_has_not_changed_is_looked_at_once(numbers: Numbers) -> None:
    assert [numbers.find(), numbers.find()] == [{"sum": 3}] * 2
    assert numbers.looks == 1
    numbers.make([1, 2, 3])
    assert [numbers.find(), numbers.find()] == [{"sum": 6}] * 2
    assert numbers.looks == 2


def test_other_code_looks_again(numbers: Numbers, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers.find()
    monkeypatch.setattr(notes, "code_version", lambda *_: "other")
    numbers.find()
    assert numbers.looks == 2


def test_another_warehouse_looks_again(numbers: Numbers) -> None:
    class Other(DuckDBWarehouse):
        """The same tables."""

    Other.__module__ = "rec_platform.resources.aws.athena"
    numbers.find()
    numbers.warehouse = Other(root=numbers.warehouse.root)
    assert numbers.find() == {"sum": 3}
    assert numbers.looks == 2


@pytest.mark.parametrize("module", [features, lookup, model, similar, stored])
def test_the_code_that_looks_has_a_version(module: ModuleType) -> None:
    """That of notes.py has none: it is left out of what an output is made of."""
    assert code_version(module.__name__) != code_version() == code_version(notes.__name__)


def test_what_somebody_changed_is_looked_at_each_time(numbers: Numbers) -> None:
    numbers.find()
    numbers.write([1, 4])
    assert [numbers.find(), numbers.find()] == [{"sum": 5}] * 2
    numbers.write([1, 2])  # as it was made
    assert numbers.find() == {"sum": 3}
    assert numbers.looks == 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: text.replace('"sum": 3', '"sum": 4'),
        lambda text: text.replace('{"sum": 3}', "null"),
        lambda text: text.replace('"hash": "', '"hash": "0'),
    ],
)
def test_a_finding_that_was_changed_is_looked_for_again(
    numbers: Numbers, harm: Callable[[str], str]
) -> None:
    numbers.find()
    text = (numbers.storage.read(KEPT) or b"").decode()
    assert harm(text) != text
    numbers.storage.write(KEPT, harm(text).encode())
    assert [numbers.find(), numbers.find()] == [{"sum": 3}] * 2
    assert numbers.looks == 2


def test_a_table_that_may_not_be_read_counts_as_none(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(path)

    monkeypatch.setattr(warehouse, "sha256_of", refuse)
    assert numbers.warehouse.digest("numbers") is None
    assert numbers.is_as_noted()  # DuckDB may read it


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'{"found": 1}', b"\xff"])
def test_what_cannot_be_read_of_a_finding_counts_as_none(numbers: Numbers, content: bytes) -> None:
    numbers.find()
    numbers.storage.write(KEPT, content)
    assert [numbers.find(), numbers.find()] == [{"sum": 3}] * 2
    assert numbers.looks == 2


def test_the_recipe_has_the_values_of_its_table(tmp_path: Path) -> None:
    storage, tables = LocalStorage(root=str(tmp_path)), DuckDBWarehouse(root=str(tmp_path))
    for limit in (5, 6):
        tables.write("recipe", [pd.DataFrame([{"limit": limit, "text": "", "share": 0.8}])])
        note(storage, tables, "recipe")
        assert read_recipe(storage, tables) == {"limit": limit, "text": "", "share": 0.8}
