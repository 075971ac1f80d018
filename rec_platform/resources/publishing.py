"""The published releases: published, pointed to, listed, rolled back to, pruned.

The pointer moves last and in one step, so a visitor sees the old release or the new one, even if
the process is killed. Other files in the releases' folder are not ours and are left alone. How a
lookup is made does not belong here (see assets/lookup.py), nor how a release is served (see
release/serving.py).
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import dagster as dg

from rec_platform.release.lookup import Lookup, LookupFileError
from rec_platform.release.manifests import (
    MANIFEST_FILE,
    POINTER_FILE,
    RELEASE_ID,
    fingerprints_left,
    instead,
    last_published_first,
    parse_manifest,
    parse_object,
    publication,
)
from rec_platform.release.schema import LOOKUP_FILE, SCHEMA_VERSION
from rec_platform.release.serving import current_release, first_sound, open_release
from rec_platform.resources.storage import Storage

logger = logging.getLogger(__name__)

LOOKUP_KEY = f"build/{LOOKUP_FILE}"  # what is published next
POINTER_KEY = f"releases/{POINTER_FILE}"
KEPT_RELEASES = 5

DESCRIBED = (  # of a lookup, in the manifest
    *("created_at", "fingerprint", "versions", "title_count", "recipe", "source", "source_kind"),
    "scorecard",
)


def open_published(storage: Storage, release_id: str) -> Lookup:
    """Open a release that was published, after comparing its file with its checksum.

    Raises:
        LookupFileError: it is missing or damaged.
    """
    return open_release(storage.fetch(f"releases/{release_id}").parent, release_id)


def open_pointed(storage: Storage) -> Lookup:
    """Open the release that the pointer names.

    Raises:
        LookupFileError: there is none, or it is damaged.
    """
    pointer = storage.fetch(POINTER_KEY)
    return open_published(storage, current_release(pointer.parent))


def open_serving(storage: Storage) -> Lookup:
    """Open the release that serves; if it is damaged, the newest one that is sound.

    Raises:
        LookupFileError: there is none.
    """
    try:
        return open_pointed(storage)
    except LookupFileError as error:
        lookup = _open_instead(storage, error)
        logger.warning("%s; release %s serves instead", error, lookup.path.parent.name)
        return lookup


def _open_instead(storage: Storage, error: LookupFileError) -> Lookup:
    """Open the newest other release that may serve and is sound; raise the error if none is."""
    others = instead(_own_manifests(storage), read_pointer(storage))
    lookup = first_sound(others, partial(open_published, storage))
    if lookup is None:
        raise error
    return lookup


def read_pointer(storage: Storage) -> dict[str, Any]:
    """The pointer to the serving release, empty if there is none that can be read."""
    return parse_object(storage.read(POINTER_KEY))


def read_manifest(storage: Storage) -> dict[str, Any]:
    """The manifest of the serving release, empty where there is none that can be read.

    If the pointer or its release's manifest cannot be read, the newest other release serves.
    """
    pointer = read_pointer(storage)
    if named := _own_manifest(storage, str(pointer.get("release_id"))):
        return named
    others = instead(_own_manifests(storage), pointer)
    return others[0] if others else {}


# Publishing


def is_published(storage: Storage, fingerprint: str) -> bool:
    """Whether a lookup serves, undamaged, or was set aside by a rollback.

    What was set aside never comes back by itself. If the release that serves in its place is
    damaged, the pointer moves to the newest sound one.

    Args:
        storage: where the releases are.
        fingerprint: of the lookup.

    Raises:
        dg.Failure: the lookup was set aside, and no other release is sound.
        StorageConflictError: another release was published in the meantime.
    """
    before = storage.read(POINTER_KEY)
    left = left_by_rollbacks(storage)
    if fingerprint not in (read_manifest(storage).get("fingerprint"), *left):
        return False
    try:
        open_pointed(storage).close()
    except LookupFileError as error:
        if fingerprint not in left:
            dg.get_dagster_logger().warning(f"{error}: it is published again")
            return False
        try:
            lookup = _open_instead(storage, error)
        except LookupFileError:
            raise dg.Failure(
                f"{error}. No older release is sound, and what this refresh made was rolled back. "
                "Change what was wrong with it and refresh again, or serve it all the same: "
                "`rec-platform releases` lists it, `rec-platform rollback RELEASE` takes its name",
                allow_retries=False,
            ) from error
        lookup.close()
        sound = lookup.path.parent.name
        point_to(storage, sound, before, left)
        dg.get_dagster_logger().warning(f"{error}; release {sound} serves instead")
    return True


def publish(storage: Storage) -> dict[str, Any]:
    """Publish the lookup that was built, make it the serving release, prune old ones.

    Returns:
        Its manifest.

    Raises:
        StorageConflictError: another release was published in the meantime, and serves.
    """
    before = storage.read(POINTER_KEY)
    built = storage.fetch(LOOKUP_KEY)
    content = Lookup(built).release
    with built.open("rb") as reader:
        checksum = hashlib.file_digest(reader, "sha256").hexdigest()
    release_id = name_release(datetime.fromisoformat(content["created_at"]), checksum)
    manifest = {
        "release_id": release_id,
        "publication": next_publication(storage),
        "schema_version": SCHEMA_VERSION,
        "sha256": checksum,
        "bytes": built.stat().st_size,
    } | {key: content[key] for key in DESCRIBED if key in content}
    copy = storage.scratch_dir() / "release.sqlite"
    shutil.copyfile(built, copy)
    storage.put(copy, f"releases/{release_id}/{LOOKUP_FILE}")
    # The manifest comes second: a folder without one was left by a publication that died.
    storage.write(f"releases/{release_id}/{MANIFEST_FILE}", json.dumps(manifest, indent=1).encode())
    open_published(storage, release_id).close()
    old_releases = outdated(storage)  # while the pointer still names the release that serves
    point_to(storage, release_id, before, left_by_rollbacks(storage))
    prune(storage, old_releases)
    return manifest


def name_release(created_at: datetime, checksum: str) -> str:
    """The id of a release; with the checksum in it, no release overwrites another one."""
    return f"{created_at:%Y%m%dT%H%M%SZ}-{checksum[:8]}"


def point_to(storage: Storage, release_id: str, before: bytes | None, set_aside: list[str]) -> None:
    """Make a release the serving one.

    Args:
        storage: where the releases are.
        release_id: the release.
        before: the pointer as it was when the decision was made.
        set_aside: fingerprints of lookups that a rollback left, and that are not published again.
    """
    moved_at = datetime.now(UTC).isoformat(timespec="seconds")
    pointer = {"release_id": release_id, "moved_at": moved_at, "set_aside": set_aside}
    storage.compare_and_swap(POINTER_KEY, before, json.dumps(pointer).encode())


# Listing and rolling back


def list_releases(storage: Storage) -> list[dict[str, Any]]:
    """The manifests of all complete releases, the last published first; `is_serving` marks one."""
    serving = read_manifest(storage).get("release_id")
    return last_published_first(
        manifest | {"is_serving": manifest["release_id"] == serving}
        for manifest in _own_manifests(storage)
    )


def next_publication(storage: Storage) -> int:
    """The number of the next publication: they are counted, for a clock may go wrong."""
    return max((publication(manifest)[0] for manifest in _own_manifests(storage)), default=0) + 1


def _own_manifests(storage: Storage) -> list[dict[str, Any]]:
    manifests = (_own_manifest(storage, name) for name in storage.names("releases"))
    return [*filter(None, manifests)]


def _own_manifest(storage: Storage, name: str) -> dict[str, Any] | None:
    """The manifest of a release of ours, or None where something else has this name."""
    if RELEASE_ID.fullmatch(name):
        with suppress(OSError):
            return parse_manifest(storage.read(f"releases/{name}/{MANIFEST_FILE}"), name)
    return None


def left_by_rollbacks(storage: Storage) -> list[str]:
    """The fingerprints of the lookups that rollbacks left."""
    return fingerprints_left(read_pointer(storage))


def was_published(storage: Storage, asset: str, version: str | None) -> bool:
    """Whether a release was published of an asset's output in this version."""
    versions = [manifest.get("versions", {}).get(asset) for manifest in list_releases(storage)]
    return version is not None and version in versions


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
    serving = next((place for place, item in enumerate(releases) if item["is_serving"]), -1)
    left = set(left_by_rollbacks(storage))
    older = [
        item["release_id"] for item in releases[serving + 1 :] if item["fingerprint"] not in left
    ]
    if release_id is None and not older:
        raise LookupFileError("there is no older release to go back to")
    chosen = older[0] if release_id is None else release_id
    if chosen not in ids:
        raise LookupFileError(f"no release {chosen}; there are: {', '.join(ids) or 'none'}")
    open_published(storage, chosen).close()
    # What was published after the chosen one is what an unchanged refresh would publish again.
    place = ids.index(chosen)
    left |= {item["fingerprint"] for item in releases[:place]}
    left.discard(releases[place]["fingerprint"])
    point_to(storage, chosen, before, sorted(left))
    return chosen


# Pruning


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
