"""The published releases: named, listed in the order of their publication, rolled back to, pruned.

Whatever else lies in their folder belongs to somebody else and is left alone. How a release is made
does not belong here (see publish.py), nor how one is served (see serving.py).
"""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from rec_platform.assets.features import open_published, read_manifest
from rec_platform.release.lookup import LOOKUP_FILE, LookupFileError
from rec_platform.release.serving import MANIFEST_FILE, POINTER_FILE
from rec_platform.resources.storage import Storage

POINTER_KEY = f"releases/{POINTER_FILE}"
KEPT_RELEASES = 5
RELEASE_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


def name_release(created_at: datetime, checksum: str) -> str:
    """The id of a release; with the checksum in it, no release overwrites another one."""
    return f"{created_at:%Y%m%dT%H%M%SZ}-{checksum[:8]}"


def point_to(
    storage: Storage, release_id: str, before: bytes | None, set_aside: str | None = None
) -> None:
    """Make a release the serving one.

    Args:
        storage: where the releases are.
        release_id: the release.
        before: the pointer as it was when the decision was made.
        set_aside: the fingerprint of what is not to be built again while nothing changes.
    """
    moved_at = datetime.now(UTC).isoformat(timespec="seconds")
    pointer = {"release_id": release_id, "moved_at": moved_at, "set_aside": set_aside}
    storage.compare_and_swap(POINTER_KEY, before, json.dumps(pointer).encode())


def list_releases(storage: Storage) -> list[dict[str, Any]]:
    """The manifests of all complete releases, the last published first; `is_serving` marks one."""
    serving = read_manifest(storage).get("release_id")
    manifests = [
        manifest | {"is_serving": name == serving}
        for name in storage.names("releases")
        if (manifest := _own_manifest(storage, name))
    ]
    return sorted(manifests, key=_order, reverse=True)


def next_publication(storage: Storage) -> int:
    """The number of the next publication: they are counted, for a clock may go wrong."""
    return max((_order(manifest)[0] for manifest in list_releases(storage)), default=0) + 1


def _order(manifest: dict[str, Any]) -> tuple[int, str]:
    # Releases from before publications were counted come before all others, by their date.
    return manifest.get("publication", 0), manifest["created_at"]


def _own_manifest(storage: Storage, name: str) -> dict[str, Any] | None:
    """The manifest of a release of ours, or None where something else has this name."""
    if not RELEASE_ID.fullmatch(name):
        return None
    with suppress(OSError, ValueError):
        manifest = json.loads(storage.read(f"releases/{name}/{MANIFEST_FILE}") or "null")
        if isinstance(manifest, dict) and manifest.get("release_id") == name:
            return manifest
    return None


def roll_back(storage: Storage, release_id: str | None = None) -> str:
    """Serve an older release again: the one named, or the one published before the serving one.

    Returns:
        Its id.

    Raises:
        LookupFileError: there is no such release, or it is damaged.
        StorageConflictError: another release was published in the meantime.
    """
    before = storage.read(POINTER_KEY)
    releases = list_releases(storage)
    ids = [manifest["release_id"] for manifest in releases]
    serving = next((place for place, found in enumerate(releases) if found["is_serving"]), -1)
    older = ids[serving + 1 :]
    if release_id is None and not older:
        raise LookupFileError("there is no older release to go back to")
    chosen = older[0] if release_id is None else release_id
    if chosen not in ids:
        raise LookupFileError(f"no release {chosen}; there are: {', '.join(ids) or 'none'}")
    open_published(storage, chosen).close()
    # The last published is what an unchanged refresh would build again.
    point_to(storage, chosen, before, set_aside=releases[0]["fingerprint"])
    return chosen


def outdated(storage: Storage) -> list[str]:
    """The releases to delete once the last published one serves.

    Kept are the last published ones and the one that serves until then, so that there is always a
    way back. What a publication that died left is outdated too: the lock of the storage is held,
    so no other publication is at work on it.
    """
    releases = list_releases(storage)
    ids = [manifest["release_id"] for manifest in releases]
    serving = [manifest["release_id"] for manifest in releases if manifest["is_serving"]]
    kept = {*ids[:KEPT_RELEASES], *serving}
    return [
        name
        for name in storage.folders("releases")
        if name not in kept and (name in ids or _is_leftover(storage, name))
    ]


def _is_leftover(storage: Storage, name: str) -> bool:
    """Whether a publication died before the manifest, which it writes last, or a pruning did."""
    is_release_id = RELEASE_ID.fullmatch(name) is not None
    return is_release_id and set(storage.names(f"releases/{name}")) <= {LOOKUP_FILE}


def prune(storage: Storage, release_ids: Iterable[str]) -> None:
    """Delete the files of releases; where that fails, warn, as the publication itself is done.

    A folder stays where somebody has put other files into it.
    """
    for release_id in release_ids:
        folder = f"releases/{release_id}"
        try:
            # The manifest goes first: whatever dies in between, no half of a release is listed.
            for name in (MANIFEST_FILE, LOOKUP_FILE):
                storage.delete(f"{folder}/{name}")
            if not storage.names(folder):
                storage.delete(folder)
        except (OSError, dg.Failure) as error:
            reason = error.description if isinstance(error, dg.Failure) else error
            dg.get_dagster_logger().warning(
                f"the old release {release_id} could not be deleted ({reason}); the next "
                "publication tries again"
            )
