# pyright: standard
"""What of a root is damaged: for `rec-platform doctor`. A refresh makes it again."""

from collections.abc import Iterator
from pathlib import Path

from rec_platform.assets.costs import unreadable_receipts
from rec_platform.assets.notes import is_as_noted, read_note
from rec_platform.assets.raw import is_as_stored
from rec_platform.dagster_home import unreadable_records
from rec_platform.ingest.files import RAW_FILES
from rec_platform.release.lookup import LookupFileError
from rec_platform.resources.base import Finding
from rec_platform.resources.publishing import open_pointed
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse
from rec_platform.set_aside import misplaced

SET_ASIDE = "`rec-platform refresh` gives {} another name and makes it anew"


def find_damage(storage: Storage, warehouse: Warehouse, home: Path) -> Iterator[Finding]:
    """Look at every file that a refresh or a visitor would read.

    Args:
        storage: a folder of this machine.
        warehouse: the tables in it.
        home: where Dagster keeps its records.
    """
    for path in misplaced(storage.fetch("")):
        yield Finding("file", f"{path} cannot be read", SET_ASIDE.format("it"))
    for record, path in unreadable_records(home):
        yield Finding("file", f"{path} cannot be read", SET_ASIDE.format(record))
    yield from _changed(storage, warehouse)
    for name in unreadable_receipts(storage):
        yield Finding("receipt", f"receipts/{name} cannot be read", "delete it")
    if storage.names("releases"):
        try:
            open_pointed(storage).close()
        except LookupFileError as error:
            yield Finding("release", str(error), "`rec-platform refresh` mends this")


def _changed(storage: Storage, warehouse: Warehouse) -> Iterator[Finding]:
    for file in RAW_FILES:
        if storage.names(f"raw/{file.name}") and not is_as_stored(storage, file):
            found = f"{file.storage_key} is not what {file.state_key} says"
            yield Finding("raw file", found, "`rec-platform refresh` fetches it again")
    for name in storage.names("made_of"):
        asset = name.removesuffix(".json")
        if name.endswith(".json") and not is_as_noted(storage, warehouse, asset):
            found = _told(storage, asset)
            yield Finding("output", found, "`rec-platform refresh` makes it again")


def _told(storage: Storage, asset: str) -> str:
    note = read_note(storage, asset)
    if note is None:
        return f"made_of/{asset}.json cannot be read"
    files = [f"tables/{note.table}.parquet"] if note.table else []
    return f"{', '.join([*files, *note.files])} of {asset}: not what made_of/{asset}.json says"
