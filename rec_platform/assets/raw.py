"""Raw assets: IMDb's files, fetched when they changed, verified, kept as they came.

A new copy replaces the last good one only after it was read whole (see ingest/verify.py).
"""

import gzip
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import TypeAdapter

from rec_platform.ingest.errors import SourceFailedError, SourceMissingError, UnsoundFileError
from rec_platform.ingest.files import RAW_FILES, RawFile
from rec_platform.ingest.verify import Verified, verify
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.storage import Storage

PREVIEW_ROWS = 5
LAST_STAYS = "The last good copy and the serving release stay as they are."


@dataclass(frozen=True)
class RawState:
    """What is known of the last good copy of a raw file.

    Attributes:
        version: how the source tells copies apart: ETag and Last-Modified, or size and time.
        digest: of the copy as it was stored, see Storage; states of 0.1.0 have none.
        set_aside: odd rows that were taken out of the copy.
    """

    source: str
    version: Mapping[str, str]
    rows: int
    bytes: int
    sha256: str
    fetched_at: str
    preview: list[list[str]]
    is_missing: bool = False
    digest: str = ""
    set_aside: int = 0


_STATES = TypeAdapter(RawState)


def read_state(storage: Storage, file: RawFile) -> RawState | None:
    """What is known of the last good copy, or None if there is none."""
    content = storage.read(file.state_key)
    if content is None or file.file not in storage.names(f"raw/{file.name}"):
        return None
    try:
        return _STATES.validate_json(content)
    except ValueError:  # cut off, say: then the file is fetched again
        return None


def is_as_stored(storage: Storage, file: RawFile) -> bool:
    """Whether the last good copy is there and has not been changed since it was stored."""
    state = read_state(storage, file)
    return state is not None and storage.digest(file.storage_key) == (state.digest or state.sha256)


def refresh_file(
    file: RawFile, source: ImdbSource, storage: Storage, log: logging.Logger
) -> tuple[RawState, bool]:
    """Bring the last good copy of a file up to date.

    A copy that was changed since it was stored is fetched again: DuckDB ignores the checksum of gz,
    so no later reader would notice.

    Returns:
        What is known of the copy, and whether it is a new one.

    Raises:
        dg.Failure: the source could not be read, or its file is missing or unsound.
    """
    last = read_state(storage, file)
    if last is None and storage.read(file.state_key) is not None:
        log.warning(f"{file.state_key} or its file cannot be read: {file.file} is fetched again")
    is_changed = last is not None and not is_as_stored(storage, file)
    if last and is_changed:
        log.warning(
            f"{file.storage_key} was changed after it was stored on {last.fetched_at}: "
            "it is fetched again"
        )
    known = last if last and not is_changed and last.source == source.location else None
    part = storage.scratch_dir() / (file.file + ".part")
    version, sound, is_missing = {}, Verified(0), False
    try:
        version = source.fetch(file.file, known.version if known else {}, part, log)
        if version is None and known:
            return known, False
        sound = verify(part, file)
        _warn(sound, file, log)
    except SourceFailedError as error:
        raise _failure(f"{error}. {LAST_STAYS}") from None
    except UnsoundFileError as error:
        part.unlink()
        raise _failure(
            f"{file.file} is not used: {error}. {LAST_STAYS} "
            f"Look at {source.address(file.file)}: correct it, or fetch it again."
        ) from None
    except SourceMissingError as error:
        _require_optional(file, error, last if is_changed else None)
        if known and not known.is_missing:
            log.warning(f"{error}: the copy of {known.fetched_at} stays in use")
            return known, False
        log.warning(f"{error}: it is optional, so {file.asset} is empty")
        part.write_bytes(gzip.compress(("\t".join(file.columns) + "\n").encode(), mtime=0))
        is_missing = True
    with part.open("rb") as reader:
        checksum = hashlib.file_digest(reader, "sha256").hexdigest()
    state = RawState(
        source=source.location,
        version=version or {},
        rows=sound.rows,
        bytes=part.stat().st_size,
        sha256=checksum,
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
        preview=_preview(part),
        is_missing=is_missing,
        set_aside=sound.set_aside,
    )
    is_new = last is None or is_changed or last.sha256 != checksum
    return _store(part, file, state, storage), is_new


def _warn(sound: Verified, file: RawFile, log: logging.Logger) -> None:
    if sound.new_columns:
        names = ", ".join(sound.new_columns)
        log.warning(f"{file.file} has columns that nothing reads yet: {names}")
    if sound.set_aside:
        log.warning(
            f"{file.file}: odd rows set aside, the tables go without them: {sound.set_aside:,}. "
            f"The first: {sound.first_odd}"
        )


def _require_optional(file: RawFile, error: SourceMissingError, changed: RawState | None) -> None:
    """Fail unless the platform can go without a file that the source does not have."""
    if file.is_required:
        raise _failure(
            f"{file.file} is required: {error}. {LAST_STAYS} "
            "Set --source (REC_IMDB_SOURCE) to where the file is."
        ) from None
    if changed and not changed.is_missing:
        raise _failure(
            f"{file.storage_key} was changed after it was stored, and {error}. {LAST_STAYS} "
            "Put the file back at its source, or delete the copy to go without it."
        ) from None


def _store(part: Path, file: RawFile, state: RawState, storage: Storage) -> RawState:
    storage.delete(file.state_key)  # while the copy is replaced, no state may describe it
    storage.put(part, file.storage_key)
    state = replace(state, digest=storage.digest(file.storage_key))
    storage.write(file.state_key, json.dumps(asdict(state), indent=1).encode())
    return state


def _failure(text: str) -> dg.Failure:
    return dg.Failure(text, allow_retries=False)


def _preview(path: Path) -> list[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as reader:
        _, *lines = [reader.readline() for _ in range(PREVIEW_ROWS + 1)]
    return [line.removesuffix("\n").split("\t") for line in lines if line]


def _raw_asset(file: RawFile) -> dg.AssetsDefinition:
    schema = dg.TableSchema(
        [
            dg.TableColumn(name, "number" if name in file.numbers else "text")
            for name in file.columns
        ]
    )

    @dg.asset(
        name=file.asset,
        group_name="raw",
        kinds={"gz", "tsv"},
        owners=["team:data"],
        description=f"{file.description} IMDb's `{file.file}` as it came, "
        + ("required." if file.is_required else "optional: empty where the source lacks it."),
        metadata={"dagster/column_schema": schema},
    )
    def raw_asset(
        context: dg.AssetExecutionContext, source: ImdbSource, storage: Storage
    ) -> dg.MaterializeResult[Any]:
        state, is_new = refresh_file(file, source, storage, context.log)
        if not is_new:
            context.log.info(f"{file.file} is unchanged at {state.source}")
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": state.rows,
                "dagster/uri": storage.address(file.storage_key),
                "is_reused": not is_new,
                "is_missing": state.is_missing,
                "rows_set_aside": state.set_aside,
                "bytes": state.bytes,
                "source": state.source,
                "fetched_at": state.fetched_at,
                "sha256": state.sha256,
                "preview": dg.MetadataValue.table(
                    [
                        dg.TableRecord(dict(zip(file.columns, row, strict=False)))
                        for row in state.preview
                    ],
                    schema,
                ),
            },
            data_version=dg.DataVersion(state.sha256),
        )

    return raw_asset


raw_assets = [_raw_asset(file) for file in RAW_FILES]
