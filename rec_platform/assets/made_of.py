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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import dagster as dg
from pydantic import TypeAdapter

from rec_platform.assets.code import code_version, package_versions
from rec_platform.assets.raw import is_as_stored, read_state
from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

RECIPE = "recipe"
PREVIEW_ROWS = 8


# Notes


@dataclass(frozen=True)
class Note:
    """What is known of an asset's output.

    Attributes:
        made_of: a hash of all that it is made of.
        content: a hash of the output, by which a change is noticed.
        data_version: identifies the output to Dagster and to the assets below.
        table: the asset's table, empty if it has none.
        files: keys of the asset's files in the storage.
        inputs: the data version of each input.
        recipe: the fields of the recipe that were read, and their values.
        metadata: what the Dagster UI was shown, as Dagster serialises it.
    """

    made_of: str
    content: str
    data_version: str
    table: str
    files: list[str]
    inputs: dict[str, str]
    recipe: dict[str, Any]
    metadata: dict[str, str]


_NOTES = TypeAdapter(Note)


def read_note(storage: Storage, asset: str) -> Note | None:
    """The note of an asset, or None where there is none that can be read."""
    try:
        return _NOTES.validate_json(storage.read(_note_key(asset)) or b"")
    except ValueError:
        return None


def data_version(storage: Storage, asset: str) -> str | None:
    """The data version of an asset's output, or None where it was never made."""
    for file in RAW_FILES:
        if file.asset == asset:
            state = read_state(storage, file)
            return state.sha256 if state else None
    note = read_note(storage, asset)
    return note.data_version if note else None


def is_as_noted(storage: Storage, warehouse: Warehouse, asset: str) -> bool:
    """Whether an asset's output is there and has not been changed since it was made."""
    for file in RAW_FILES:
        if file.asset == asset:
            return is_as_stored(storage, file)
    note = read_note(storage, asset)
    return note is not None and note.content == _content(storage, warehouse, note.table, note.files)


def stale_inputs(
    storage: Storage, warehouse: Warehouse, assets: Iterable[str], recipe: Mapping[str, Any]
) -> list[str]:
    """Why some assets, and all that they are made of, do not belong together.

    Args:
        storage: where the notes and files are.
        warehouse: where the tables are.
        assets: names of assets.
        recipe: the recipe that they should be made by.

    Returns:
        What is wrong with each asset that was changed, or was made of another input or by another
        recipe; empty if all belong together.
    """
    waiting, seen, reasons = sorted(assets), set[str](), list[str]()
    while waiting:
        asset = waiting.pop(0)
        if asset in seen:
            continue
        seen.add(asset)
        if not is_as_noted(storage, warehouse, asset):
            reasons.append(f"{asset} was changed after it was made")
        note = read_note(storage, asset)
        if note is None:
            continue
        waiting.extend(note.inputs)
        changed = [name for name in note.inputs if note.inputs[name] != data_version(storage, name)]
        if changed:
            reasons.append(f"{asset} was made of another {', '.join(changed)}")
        reasons += [
            f"{asset} was made with {name}={value}, and the recipe says {recipe.get(name)}"
            for name, value in note.recipe.items()
            if recipe.get(name) != value
        ]
    return reasons


def _content(
    storage: Storage, warehouse: Warehouse, table: str, files: Iterable[str]
) -> str | None:
    """A hash of an output as it is now, or None if some of it is missing."""
    hashes = [warehouse.content_hash(table)] if table else []
    hashes += [storage.digest(key) for key in files]
    if None in hashes:
        return None
    return hashlib.sha256("".join(map(str, hashes)).encode()).hexdigest()


def _note_key(asset: str) -> str:
    return f"made_of/{asset}.json"


# A step


class Step:
    """One materialisation of an asset, which keeps the output it has or makes a new one.

    The inputs are the dependencies that the asset declares. An asset reads the recipe through
    `recipe`, which holds only the fields it declares.

    Args:
        context: of the asset.
        storage: where the notes, and the asset's files, are.
        warehouse: where the asset's table is.
        fields: the recipe's fields that the asset reads.
        table: the asset's table, empty where it has none.
        files: keys of the asset's files in the storage.
        outside: what else determines the output, by name.
        is_whole: whether all that the inputs are made of must belong together.
        unread: of a recipe, the dependencies that its output is not made of.

    Raises:
        dg.Failure: an input has no output.
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
        is_whole: bool = False,
        unread: Callable[[Mapping[str, Any]], Iterable[str]] = lambda _: (),
    ) -> None:
        self._storage, self._warehouse, self._log = storage, warehouse, context.log
        self._table, self._files = table, list(files)
        self._is_whole = is_whole
        self._asset = context.asset_key.to_user_string()
        spec = context.assets_def.specs_by_key[context.asset_key]
        names = sorted(dep.asset_key.to_user_string() for dep in spec.deps)
        versions = {name: self._version_of(name) for name in names}
        self._recipe = read_recipe(warehouse) if RECIPE in names else {}
        # Of the recipe, only the fields count. A KeyError here: declare the recipe.
        self.recipe = {name: self._recipe[name] for name in fields}
        without = {RECIPE, *unread(self.recipe)}
        self.inputs = {name: versions[name] for name in names if name not in without}
        engine = code_version(type(warehouse).__module__)
        made_of = [spec.code_version, engine, self.inputs, self.recipe, dict(outside or {})]
        text = json.dumps([*made_of, package_versions()], sort_keys=True)
        self.made_of = hashlib.sha256(text.encode()).hexdigest()

    def kept(self) -> dg.MaterializeResult[Any] | None:
        """What Dagster is told if the output can be kept, or None if it must be made.

        Raises:
            dg.Failure: it must be made, and an input was changed after it was made.
        """
        note = read_note(self._storage, self._asset)
        if note is None and self._storage.read(_note_key(self._asset)) is not None:
            self._log.warning(
                f"{_note_key(self._asset)} cannot be read: {self._asset} is made again"
            )
        if note and note.made_of == self.made_of:
            content = _content(self._storage, self._warehouse, self._table, self._files)
            if note.content == content:
                shown = {name: dg.deserialize_value(text) for name, text in note.metadata.items()}
                return self._result(note.data_version, {**shown, "is_reused": True})
            output = ", ".join(
                [*([f"the table {self._table}"] if self._table else []), *self._files]
            )
            self._log.warning(
                f"{output}: missing, damaged or changed since it was made: made again"
            )
            if self._table:  # or a warehouse that knows tables by what they are made of keeps it
                self._warehouse.forget(self._table)
        self._require_sound_inputs()
        # While the output is being made, it has no note.
        self._storage.delete(_note_key(self._asset))
        return None

    def _require_sound_inputs(self) -> None:
        if self._is_whole:
            reasons = stale_inputs(self._storage, self._warehouse, self.inputs, self._recipe)
        else:
            names = [*self.inputs, *([RECIPE] if self._recipe else [])]
            reasons = [
                f"{name} was changed after it was made"
                for name in names
                if not is_as_noted(self._storage, self._warehouse, name)
            ]
        if reasons:
            raise dg.Failure(
                f"{'; '.join(reasons)}. What is made from it would not be what it says it is: run "
                "the refresh job, or first materialise what is named, and all below it",
                allow_retries=False,
            )

    def made(
        self,
        metadata: Mapping[str, Any],
        data_version: str | None = None,
        descriptions: Mapping[str, str] | None = None,
    ) -> dg.MaterializeResult[Any]:
        """Note what the output, which is in its place now, was made of, and tell Dagster.

        Args:
            metadata: what the Dagster UI shows of it, in addition to its table's columns and rows.
            data_version: where it is not to be a hash of the output.
            descriptions: of the table's columns, by name.
        """
        content = _content(self._storage, self._warehouse, self._table, self._files)
        if content is None:
            raise RuntimeError(f"{self._asset} left no output")
        shown = dict(metadata)
        if self._table:
            shown |= table_metadata(self._warehouse, self._table, descriptions or {})
        # Dagster's own class turns plain values into those that it can serialise.
        values = dg.AssetMaterialization(self._asset, metadata=shown).metadata
        note = Note(
            made_of=self.made_of,
            content=content,
            data_version=data_version or content,
            table=self._table,
            files=self._files,
            inputs=self.inputs,
            recipe=self.recipe,
            metadata={
                name: dg.serialize_value(cast("Any", value)) for name, value in values.items()
            },
        )
        self._storage.write(_note_key(self._asset), json.dumps(asdict(note)).encode())
        return self._result(note.data_version, {**values, "is_reused": False})

    def _result(self, version: str, metadata: Mapping[str, Any]) -> dg.MaterializeResult[Any]:
        # Not in the note: a root may be moved.
        place = self._warehouse.place(self._table) if self._table else {}
        if self._files:
            place = {"dagster/uri": self._storage.address(self._files[0])}
        return dg.MaterializeResult(
            metadata={**metadata, **place}, data_version=dg.DataVersion(version)
        )

    def _version_of(self, asset: str) -> str:
        version_ = data_version(self._storage, asset)
        if version_ is None:
            raise dg.Failure(
                f"{asset} has no output in this root that this version made: materialise it first",
                allow_retries=False,
            )
        return version_


def table_metadata(
    warehouse: Warehouse, table: str, descriptions: Mapping[str, str]
) -> dict[str, Any]:
    """What the Dagster UI shows of a table: its columns, its size, its first rows."""
    schema = dg.TableSchema(
        [
            dg.TableColumn(name, kind, descriptions.get(name) or None)
            for name, kind in warehouse.column_types(table).items()
        ]
    )
    preview = warehouse.head(table, PREVIEW_ROWS)
    records = json.loads(preview.to_json(orient="records", double_precision=4))
    return {
        "dagster/column_schema": schema,
        "dagster/row_count": warehouse.row_count(table),
        "preview": dg.MetadataValue.table([dg.TableRecord(row) for row in records], schema),
    }


def read_recipe(warehouse: Warehouse) -> dict[str, Any]:
    """What the `recipe` asset wrote, as plain values."""
    return json.loads(warehouse.head(RECIPE, 1).iloc[0].to_json())
