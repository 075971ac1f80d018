# pyright: standard
"""What an asset is made of, and whether it has to be made again.

Beside its output each asset keeps a note: a hash of its code, of the data versions of its declared
inputs and of the recipe's fields that it reads. Where the hash is the same and the output is still
there, the asset keeps its output and says so. The step runs in any case, because Dagster skips
whatever is below a skipped step. A data version is a hash of content that does not depend on the
order of rows, so a change stops at the first asset whose output it does not change.

The notes serve the command, the job and single assets alike, on every deployment. `stale_inputs`
follows them upwards, so that nothing is published whose parts do not belong together.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any, cast

import dagster as dg

from rec_platform.assets.raw import read_state
from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

PACKAGE = Path(__file__).parents[1]
RECIPE = "recipe"
PREVIEW_ROWS = 8
PACKAGES = (
    *("rec-platform", "dagster", "duckdb", "numpy", "pandas", "scikit-learn", "scipy", "sqlglot"),
)


# Code


def code_version(*modules: str, text: str = "") -> str:
    """A hash of the code behind an asset: modules, and all of the platform that they import.

    Comments and blank lines do not count. Another version of Python is other code.

    Args:
        modules: names of modules of this package, `rec_platform.modelling.series` say.
        text: what else belongs to the code, such as SQL.
    """
    digest = hashlib.sha256(text.encode())
    for name in sorted(_imported(modules)):
        digest.update(_compiled(name)[0].encode())
    return digest.hexdigest()[:16]


def package_versions() -> dict[str, str]:
    """The versions of the packages that a release depends on."""
    return {name: version(name) for name in PACKAGES}


def _imported(modules: Iterable[str]) -> set[str]:
    """These modules and all modules of this package that they import, directly or not.

    This module is left out: it decides when an output is made, not what is in it.
    """
    waiting, seen = list(modules), {__name__}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(_compiled(name)[1])
    return seen - {__name__}


@cache
def _compiled(module: str) -> tuple[str, set[str]]:
    """A module's code as text without line numbers, and the modules of ours that it imports.

    Python has compiled the module already, so this costs a tenth of parsing it.
    """
    code = SourceFileLoader(module, str(_modules()[module])).get_code(module)
    parts = list(_parts(code))
    names = {name for part in parts if isinstance(part, CodeType) for name in part.co_names}
    # `from package import name` may mean a module of that package.
    packages = [name for name in names if name.split(".")[0] == PACKAGE.name]
    imports = names.union(*({f"{package}.{name}" for name in names} for package in packages))
    text = "\n".join(
        repr((part.co_code, part.co_names, part.co_varnames))
        if isinstance(part, CodeType)
        else repr(part)
        for part in parts
    )
    return text, imports & _modules().keys()


def _parts(value: Any) -> Iterator[Any]:
    """A code object, what is compiled inside it, and its constants, in an order that stays."""
    if isinstance(value, CodeType):
        yield value
        for constant in value.co_consts:
            yield from _parts(constant)
    elif isinstance(value, frozenset):
        yield sorted(map(repr, value))
    else:
        yield value


@cache
def _modules() -> dict[str, Path]:
    """The files of this package's modules."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in PACKAGE.rglob("*.py")
    }


# Notes


@dataclass(frozen=True)
class Note:
    """What is known of an asset's output.

    Attributes:
        made_of: a hash of all that it is made of.
        content: a hash of the output, by which it is known again.
        data_version: what Dagster and the assets below tell outputs apart by.
        inputs: the data version of each input.
        recipe: the fields of the recipe that were read, and their values.
        metadata: what the Dagster UI was shown, as Dagster serialises it.
    """

    made_of: str
    content: str
    data_version: str
    inputs: dict[str, str]
    recipe: dict[str, Any]
    metadata: dict[str, str]


def read_note(storage: Storage, asset: str) -> Note | None:
    """The note of an asset, or None where there is none that can be read."""
    try:
        return Note(**json.loads(storage.read(_note_key(asset)) or ""))
    except (ValueError, TypeError):
        return None


def data_version(storage: Storage, asset: str) -> str | None:
    """The data version of an asset's output, or None where it was never made."""
    for file in RAW_FILES:
        if file.asset == asset:
            state = read_state(storage, file)
            return state.sha256 if state else None
    note = read_note(storage, asset)
    return note.data_version if note else None


def stale_inputs(storage: Storage, assets: Iterable[str], recipe: Mapping[str, Any]) -> list[str]:
    """Why some assets, and all that they are made of, do not belong together.

    Args:
        storage: where the notes are.
        assets: names of assets.
        recipe: the recipe that they should be made by.

    Returns:
        One sentence for each asset that was made of another input or by another recipe; empty
        where all belong together.
    """
    waiting, seen, reasons = sorted(assets), set[str](), list[str]()
    while waiting:
        asset = waiting.pop(0)
        note = None if asset in seen else read_note(storage, asset)
        seen.add(asset)
        if note is None:
            continue
        waiting.extend(note.inputs)
        changed = [
            name for name, made in note.inputs.items() if made != data_version(storage, name)
        ]
        if changed:
            reasons.append(f"{asset} was made of another {', '.join(changed)}")
        reasons += [
            f"{asset} was made with {name}={value}, and the recipe says {recipe.get(name)}"
            for name, value in note.recipe.items()
            if recipe.get(name) != value
        ]
    return reasons


def _note_key(asset: str) -> str:
    return f"made_of/{asset}.json"


# A step


class Step:
    """One materialisation of an asset, which keeps the output it has or makes a new one.

    The inputs are the dependencies that the asset declares. An asset reads the recipe through
    `recipe`, which holds the fields it names and no others.

    Args:
        context: of the asset.
        storage: where the notes, and the asset's files, are.
        warehouse: where the asset's table is.
        fields: the recipe's fields that the asset reads.
        table: the asset's table, empty where it has none.
        files: keys of the asset's files in the storage.
        outside: what it is made of beside assets, code and recipe, by name.

    Raises:
        dg.Failure: an input was never made.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        storage: Storage,
        warehouse: Warehouse,
        *,
        fields: Iterable[str] = (),
        table: str = "",
        files: Iterable[str] = (),
        outside: Mapping[str, Any] | None = None,
    ) -> None:
        self._storage, self._warehouse = storage, warehouse
        self._table, self._files = table, files
        self._asset = context.asset_key.to_user_string()
        spec = context.assets_def.specs_by_key[context.asset_key]
        inputs = sorted(dep.asset_key.to_user_string() for dep in spec.deps)
        self.inputs = {name: self._version_of(name) for name in inputs if name != RECIPE}
        recipe = read_recipe(warehouse) if RECIPE in inputs else {}
        self.recipe = {name: recipe[name] for name in fields}  # a KeyError: declare the recipe
        made_of = [spec.code_version, self.inputs, self.recipe, dict(outside or {})]
        text = json.dumps([*made_of, package_versions()], sort_keys=True)
        self.made_of = hashlib.sha256(text.encode()).hexdigest()

    def kept(self) -> dg.MaterializeResult[Any] | None:
        """What Dagster is told where the output can be kept, or None where it must be made."""
        note = read_note(self._storage, self._asset)
        if note and note.made_of == self.made_of and note.content == self._content():
            metadata = {name: dg.deserialize_value(text) for name, text in note.metadata.items()}
            return _result(note.data_version, {**metadata, "is_reused": True})
        # Nothing is known of the output while it is being made.
        self._storage.delete(_note_key(self._asset))
        return None

    def made(
        self, metadata: Mapping[str, Any], data_version: str | None = None
    ) -> dg.MaterializeResult[Any]:
        """Note what the output, which is in its place now, was made of, and tell Dagster.

        Args:
            metadata: what the Dagster UI shows of it, beside its table's columns and first rows.
            data_version: where it is not to be a hash of the output.
        """
        content = self._content()
        if content is None:
            raise RuntimeError(f"{self._asset} left no output")
        shown = dict(metadata)
        if self._table:
            shown |= table_metadata(self._warehouse, self._table)
        # Dagster's own class turns plain values into those that it can serialise.
        values = dg.AssetMaterialization(self._asset, metadata=shown).metadata
        note = Note(
            made_of=self.made_of,
            content=content,
            data_version=data_version or content,
            inputs=self.inputs,
            recipe=self.recipe,
            metadata={
                name: dg.serialize_value(cast("Any", value)) for name, value in values.items()
            },
        )
        self._storage.write(_note_key(self._asset), json.dumps(asdict(note)).encode())
        return _result(note.data_version, {**values, "is_reused": False})

    def _version_of(self, asset: str) -> str:
        version_ = data_version(self._storage, asset)
        if version_ is None:
            raise dg.Failure(
                f"{asset} has not been made here by this version: materialise it first",
                allow_retries=False,
            )
        return version_

    def _content(self) -> str | None:
        """A hash of the output as it is now, or None where some of it is missing."""
        hashes = [self._warehouse.content_hash(self._table)] if self._table else []
        hashes += [_file_hash(self._storage.fetch(key)) for key in self._files]
        if None in hashes:
            return None
        return hashlib.sha256("".join(map(str, hashes)).encode()).hexdigest()


def _file_hash(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def table_metadata(warehouse: Warehouse, table: str) -> dict[str, Any]:
    """What the Dagster UI shows of a table: its columns, its size, its first rows."""
    schema = dg.TableSchema(
        [dg.TableColumn(name, kind) for name, kind in warehouse.column_types(table).items()]
    )
    preview = warehouse.head(table, PREVIEW_ROWS)
    records = json.loads(preview.to_json(orient="records", double_precision=4))
    return {
        "dagster/column_schema": schema,
        "dagster/row_count": warehouse.row_count(table),
        "preview": dg.MetadataValue.table([dg.TableRecord(row) for row in records], schema),
    }


def _result(data_version: str, metadata: Mapping[str, Any]) -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(data_version))


def read_recipe(warehouse: Warehouse) -> dict[str, Any]:
    """What the `recipe` asset wrote, as plain values."""
    return json.loads(warehouse.head(RECIPE, 1).iloc[0].to_json())
