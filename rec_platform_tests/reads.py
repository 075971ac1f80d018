"""What each asset reads while it is made, recorded at the storage and the warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest

from rec_platform.assets import made_of, release
from rec_platform.assets.notes import read_note
from rec_platform.assets.stored import KMEANS_KEY, PROFILES_KEY, SCALING_KEY, SCORECARD_KEY
from rec_platform.resources.publishing import LOOKUP_KEY

OWNERS = {
    SCALING_KEY: "scaled_matrix",
    KMEANS_KEY: "kmeans_model",
    PROFILES_KEY: "title_clusters",
    SCORECARD_KEY: "scorecard",
    LOOKUP_KEY: "cluster_lookup",
    "found/stored.recipe.json": "recipe",
}
STORAGE_READERS = ("read", "fetch", "names", "digest")
TABLE_READERS = ("read", "head", "row_count", "column_types")


# It reads nothing of the release: it comes last, so that all that was used is on it.
ORDER_ALONE = {"cost_receipt": {"release"}}


class Recorder:
    """Notes, by asset, whose output is read through some resources."""

    def __init__(self, assets: set[str]) -> None:
        self.reads: set[str] = set()
        self._assets = assets
        self._is_on = True

    def key(self, key: str) -> None:
        raw = re.match(r"raw/(\w+)", key)
        owner = f"raw_{raw[1]}" if raw else OWNERS.get(key)
        if owner:
            self.name(owner)

    def sql(self, statement: str) -> None:
        for word in re.findall(r"\w+", re.sub("--.*", "", statement)):
            self.name(word)

    def name(self, name: str) -> None:
        if self._is_on and name in self._assets:
            self.reads.add(name)

    @contextmanager
    def paused(self) -> Iterator[None]:
        self._is_on = False
        try:
            yield
        finally:
            self._is_on = True


def reads_of(definitions: dg.Definitions) -> dict[str, tuple[set[str], set[str]]]:
    """Make every asset again where all were made; the declared and the real reads of each."""
    resources: dict[str, Any] = dict(definitions.resources or {})
    graph = definitions.resolve_asset_graph()
    names = [key.to_user_string() for key in graph.toposorted_asset_keys]
    recorder = Recorder(set(names))
    storage = resources["storage"]
    reads = {}
    with pytest.MonkeyPatch.context() as patch:
        _record(patch, recorder, storage, resources["warehouse"])
        for name in names:
            storage.delete(f"made_of/{name}.json")
            recorder.reads.clear()
            assert dg.materialize([definitions.resolve_assets_def(name)]).success
            note = read_note(storage, name)
            recipe = {"recipe"} if note and note.recipe else set[str]()
            declared = {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}
            reads[name] = (declared, (recorder.reads | recipe) - {name})
    return reads


def _record(patch: pytest.MonkeyPatch, recorder: Recorder, storage: Any, warehouse: Any) -> None:
    def watch(kind: type, name: str, tell: Any) -> None:
        method = getattr(kind, name)

        def recorded(self: Any, first: str, *others: Any, **named: Any) -> Any:
            tell(first)
            return method(self, first, *others, **named)

        patch.setattr(kind, name, recorded)

    for name in STORAGE_READERS:
        watch(type(storage), name, recorder.key)
    for name in TABLE_READERS:
        watch(type(warehouse), name, recorder.name)
    watch(type(warehouse), "query", recorder.sql)
    watch(type(warehouse), "batches", recorder.sql)
    create = type(warehouse).create

    def recorded_create(self: Any, table: str, select: str) -> Any:
        recorder.sql(select)
        return create(self, table, select)

    patch.setattr(type(warehouse), "create", recorded_create)
    # What a step asks about its declared inputs proves no read, nor do the checks of a release.
    for owner, name in (
        *((made_of.Step, name) for name in ("__init__", "kept", "made")),
        (release, "_require_passed"),
    ):
        function = getattr(owner, name)

        def unrecorded(*arguments: Any, function: Any = function, **named: Any) -> Any:
            with recorder.paused():
                return function(*arguments, **named)

        patch.setattr(owner, name, unrecorded)
