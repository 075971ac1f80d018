# pyright: standard
"""Notes: what is known of each asset's output, and what was found in it.

A note says what an output was made of, and what it holds. `stale_inputs` follows notes upwards, so
that nothing is published whose parts do not belong together. Findings are kept beside the notes:
what has not changed is not looked at again. Whether an output has to be made again belongs in
made_of.py.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any, TypeVar

import dagster as dg
from pydantic import TypeAdapter

from rec_platform.assets.code import code_version, package_versions
from rec_platform.assets.raw import is_as_stored, read_state
from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

Finding = TypeVar("Finding")


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
        stored: a hash of the output's bytes, empty if nobody knows: reading them is much quicker
            than reading what they hold.
    """

    made_of: str
    content: str
    data_version: str
    table: str
    files: list[str]
    inputs: dict[str, str]
    recipe: dict[str, Any]
    metadata: dict[str, str]
    stored: str = ""


@dataclass(frozen=True)
class _Found:
    """What was found in some outputs, and a hash of it, of them and of the code that looked."""

    hash: str
    found: Any


_NOTES, _FOUND = TypeAdapter(Note), TypeAdapter(_Found)


def read_note(storage: Storage, asset: str) -> Note | None:
    """The note of an asset, or None where there is none that can be read."""
    try:
        return _NOTES.validate_json(storage.read(note_key(asset)) or b"")
    except ValueError:
        return None


def write_note(storage: Storage, asset: str, note: Note) -> None:
    """Keep the note of an asset."""
    storage.write(note_key(asset), json.dumps(asdict(note)).encode())


def note_key(asset: str) -> str:
    """Where the note of an asset is kept."""
    return f"made_of/{asset}.json"


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
    return note is not None and is_output_of(note, storage, warehouse)


def is_output_of(note: Note, storage: Storage, warehouse: Warehouse) -> bool:
    """Whether the output that a note tells of is there and has not been changed."""
    output = storage, warehouse, note.table, note.files
    if note.stored and note.stored == hash_stored(*output):
        return True
    return note.content == hash_content(*output)


def stale_inputs(
    storage: Storage,
    warehouse: Warehouse,
    assets: Collection[str],
    recipe: Mapping[str, Any],
    *,
    is_whole: bool = True,
) -> list[str]:
    """Why some assets, and all that they are made of, do not belong together.

    Args:
        storage: where the notes and files are.
        warehouse: where the tables are.
        assets: names of assets.
        recipe: the recipe that they should be made by; empty if it does not matter.
        is_whole: whether to look at all outputs. If not, those of the assets alone are looked at,
            and notes say the rest, which takes no time.

    Returns:
        What is wrong with each asset that was changed, or was made of another input or by another
        recipe; empty if all belong together.
    """
    version = cache(partial(data_version, storage))  # on S3 each look at a note is a request
    waiting, seen, reasons = sorted(assets), set[str](), list[str]()
    while waiting:
        asset = waiting.pop(0)
        if asset in seen:
            continue
        seen.add(asset)
        if (is_whole or asset in assets) and not is_as_noted(storage, warehouse, asset):
            reasons.append(f"{asset} was changed after it was made")
        note = read_note(storage, asset)
        if note is None:
            continue
        waiting.extend(note.inputs)
        changed = [name for name in note.inputs if note.inputs[name] != version(name)]
        if changed:
            reasons.append(f"{asset} was made of another {', '.join(changed)}")
        reasons += [
            f"{asset} was made with {name}={value}, and the recipe says {recipe.get(name)}"
            for name, value in note.recipe.items()
            if recipe and recipe.get(name) != value
        ]
    return reasons


def hash_content(
    storage: Storage, warehouse: Warehouse, table: str, files: Iterable[str]
) -> str | None:
    """A hash of what an output holds, whatever the order of its rows; None if some is missing."""
    return _hash([warehouse.content_hash(table)] if table else [], storage, files)


def hash_stored(
    storage: Storage, warehouse: Warehouse, table: str, files: Iterable[str]
) -> str | None:
    """A hash of an output's bytes; None if some are missing, or the warehouse does not tell."""
    return _hash([warehouse.digest(table)] if table else [], storage, files)


def _hash(of_table: list[str | None], storage: Storage, files: Iterable[str]) -> str | None:
    hashes = [*of_table, *map(storage.digest, files)]
    if None in hashes:
        return None
    return hashlib.sha256("".join(map(str, hashes)).encode()).hexdigest()


def require_made(storage: Storage, warehouse: Warehouse, assets: Iterable[str]) -> None:
    """Check that some outputs are there, changed or not.

    Raises:
        dg.Failure: one is missing or cannot be read.
    """
    for asset in assets:
        note = read_note(storage, asset)
        if note and is_output_of(note, storage, warehouse):
            continue
        table, files = (note.table, note.files) if note else (asset, [])
        if hash_content(storage, warehouse, table, files) is None:
            raise dg.Failure(
                f"{asset} is not made yet, or cannot be read: materialise it", allow_retries=False
            )


def found_in(
    storage: Storage,
    warehouse: Warehouse,
    assets: Collection[str],
    look: Callable[[Storage, Warehouse], Finding],
) -> Finding:
    """What a look at some outputs finds, or found when they held what they hold now.

    Nothing is kept of an output that is not as its note says.

    Args:
        storage: where the notes are, and the files that it looks at.
        warehouse: where the tables are that it looks at.
        assets: all whose outputs it looks at; none of them is a raw file.
        look: a function of a module, which finds something that JSON can hold.

    Raises:
        dg.Failure: one of the outputs is missing.
    """
    notes = [read_note(storage, asset) for asset in assets]
    if not all(note and is_output_of(note, storage, warehouse) for note in notes):
        require_made(storage, warehouse, assets)
        return look(storage, warehouse)
    code = code_version(look.__module__, type(warehouse).__module__)
    looked_at = [[note.content for note in notes if note], code, package_versions()]
    module = look.__module__.rpartition(".")[2]
    key = f"found/{module}.{look.__name__.strip('_')}.json"
    try:
        kept = _FOUND.validate_json(storage.read(key) or b"")
    except ValueError:
        kept = None
    if kept and kept.hash == _hash_found(looked_at, kept.found):
        return kept.found
    found = look(storage, warehouse)
    kept = _Found(_hash_found(looked_at, found), found)
    storage.write(key, json.dumps(asdict(kept)).encode())
    return found


def _hash_found(looked_at: list[Any], found: Any) -> str:
    return hashlib.sha256(json.dumps([looked_at, found]).encode()).hexdigest()
