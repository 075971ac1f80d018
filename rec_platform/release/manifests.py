"""What the pointer and the manifests of releases say; one that cannot be read counts as absent.

Which release serves is decided in serving.py, and where they are written in the platform's
resources.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

MANIFEST_FILE = "manifest.json"
POINTER_FILE = "current.json"
RELEASE_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")

# Of every manifest, and those that older ones lack.
_NEEDED = {"created_at": str, "fingerprint": str, "title_count": int, "recipe": dict}
_NEWER = {"publication": int, "scorecard": dict, "versions": dict}


def parse_object(content: bytes | None) -> dict[str, Any]:
    """A JSON object, empty if there is none."""
    try:
        parsed = json.loads(content or b"{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}


def parse_manifest(content: bytes | None, name: str) -> dict[str, Any] | None:
    """The manifest of the release of this name, or None if this is no manifest of it."""
    manifest = parse_object(content)
    kinds = _NEEDED | {key: kind for key, kind in _NEWER.items() if key in manifest}
    is_whole = all(isinstance(manifest.get(key), kind) for key, kind in kinds.items())
    is_ours = RELEASE_ID.fullmatch(name) and manifest.get("release_id") == name
    return manifest if is_whole and is_ours else None


def fingerprints_left(pointer: Mapping[str, Any]) -> list[str]:
    """The fingerprints of the lookups that rollbacks left, by the pointer."""
    left = pointer.get("set_aside")
    if isinstance(left, str):  # a pointer that an older version wrote holds one
        return [left]
    return [str(text) for text in cast("list[Any]", left)] if isinstance(left, list) else []


def last_published_first(manifests: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Manifests in the order of publication: it is counted, for a clock may go wrong."""
    return sorted(manifests, key=publication, reverse=True)


def publication(manifest: Mapping[str, Any]) -> tuple[int, str]:
    """The place of a release among all: releases from before they were counted come first."""
    return manifest.get("publication", 0), manifest["created_at"]


def instead(
    manifests: Iterable[dict[str, Any]], pointer: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The manifests of releases that may serve if that of the pointer is damaged, best first.

    A release that a rollback left is not among them: somebody had a reason to leave it.
    """
    left = fingerprints_left(pointer)
    return last_published_first(
        manifest
        for manifest in manifests
        if manifest["release_id"] != pointer.get("release_id")
        and manifest["fingerprint"] not in left
    )
