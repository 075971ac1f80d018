# pyright: standard
"""What an asset is made of, and whether it has to be made again.

Beside its output each asset keeps a note: a hash of its code, of the data versions of its declared
inputs and of the recipe's fields that it reads. Where the hash is the same and the output is still
there, the asset keeps its output and says so. The step runs in any case, because Dagster skips
whatever is below a skipped step. A data version is a hash of content that does not depend on the
order of rows, so a change stops at the first asset whose output it does not change.

The notes serve the command, the job and single assets alike, on every deployment: see notes.py.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import dagster as dg

from rec_platform.assets.code import code_version, package_versions
from rec_platform.assets.notes import (
    Note,
    data_version,
    hash_content,
    hash_stored,
    is_output_of,
    note_key,
    read_note,
    stale_inputs,
    write_note,
)
from rec_platform.assets.stored import RECIPE, read_recipe
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

PREVIEW_ROWS = 8
# The recipe as a resource. Its class here would make its code a part of each asset's version.
Asked = dg.ResourceParam[Any]


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
        is_whole: whether to look at all outputs that the inputs are made of, too.
        unread: of a recipe, the dependencies that its output is not made of.
        asked: the recipe that this run was asked for. The table `recipe` counts; if the run does
            not make it, they may differ, and the log says so.

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
        asked: Any = None,
    ) -> None:
        self._storage, self._warehouse, self._log = storage, warehouse, context.log
        self._table, self._files = table, list(files)
        self._is_whole = is_whole
        self._asset = context.asset_key.to_user_string()
        spec = context.assets_def.specs_by_key[context.asset_key]
        names = sorted(dep.asset_key.to_user_string() for dep in spec.deps)
        versions = {name: self._version_of(name) for name in names}
        self._recipe = read_recipe(storage, warehouse) if RECIPE in names else {}
        # Of the recipe, only the fields count. A KeyError here: declare the recipe.
        self.recipe = {name: self._recipe[name] for name in fields}
        if asked:
            self._warn_of_other_recipe(asked.choices())
        without = {RECIPE, *unread(self.recipe)}
        self.inputs = {name: versions[name] for name in names if name not in without}
        engine = code_version(type(warehouse).__module__)
        made_of = [spec.code_version, engine, self.inputs, self.recipe, dict(outside or {})]
        text = json.dumps([*made_of, package_versions()], sort_keys=True)
        self.made_of = hashlib.sha256(text.encode()).hexdigest()

    def _warn_of_other_recipe(self, asked: Mapping[str, Any]) -> None:
        others = [
            f"{name}={value}, not {asked[name]}"
            for name, value in self.recipe.items()
            if asked[name] not in (None, value)  # None is the year of the run that made the recipe
        ]
        if others:
            self._log.warning(
                f"{self._asset} is made with {'; '.join(others)}: the table `recipe` counts, and "
                "this run's settings differ. To use them, materialise `recipe` too"
            )

    def kept(self) -> dg.MaterializeResult[Any] | None:
        """What Dagster is told if the output can be kept, or None if it must be made.

        Raises:
            dg.Failure: it must be made, and an input was changed after it was made, or what the
                inputs are made of does not belong together.
        """
        note = read_note(self._storage, self._asset)
        if note is None and self._storage.read(note_key(self._asset)) is not None:
            self._log.warning(
                f"{note_key(self._asset)} cannot be read: {self._asset} is made again"
            )
        if note and note.made_of == self.made_of:
            if is_output_of(note, self._storage, self._warehouse):
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
        self._storage.delete(note_key(self._asset))
        return None

    def _require_sound_inputs(self) -> None:
        names = [*self.inputs, *([RECIPE] if self._recipe else [])]
        reasons = stale_inputs(
            self._storage, self._warehouse, names, self._recipe, is_whole=self._is_whole
        )
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
        output = self._storage, self._warehouse, self._table, self._files
        stored = hash_stored(*output)  # first: what is changed from here on is noticed by it
        content = hash_content(*output)
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
            stored=stored or "",
        )
        write_note(self._storage, self._asset, note)
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
