# pyright: standard
"""The release, and the checks that it must have passed.

How a lookup is made does not belong here (see lookup.py), nor what becomes of it on the disk (see
resources/publishing.py).
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.features import table_checks
from rec_platform.assets.lookup import cluster_lookup, lookup_answers
from rec_platform.assets.model import model_checks
from rec_platform.assets.notes import is_as_noted, stale_inputs
from rec_platform.assets.scorecard import release_is_no_worse
from rec_platform.assets.similar import every_title_has_neighbours
from rec_platform.assets.stored import read_recipe
from rec_platform.release.lookup import Lookup
from rec_platform.resources.publishing import LOOKUP_KEY, is_published, publish, read_manifest
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

checks = [
    *(*table_checks, *model_checks),
    *(every_title_has_neighbours, release_is_no_worse, lookup_answers),
]


@dg.asset(
    group_name="site",
    kinds={"sqlite"},
    owners=["team:data"],
    deps=[cluster_lookup],
    code_version=code_version(publish.__module__),
    # A week between two refreshes, and a day to mend what went wrong.
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8)),
)
def release(
    context: dg.AssetExecutionContext, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """The lookup published: immutable, with manifest and checksum, and pointed to.

    A lookup that serves already, or that a rollback has set aside, is not published again. The site
    turns to the release by itself. `rec-platform rollback` goes back to the one before.

    A refresh stops at a check that fails. Anybody can materialise this asset alone, so it asks all
    checks again, which have kept what they found.
    """
    if not is_as_noted(storage, warehouse, "cluster_lookup"):
        raise dg.Failure(
            "the lookup is missing, or was changed after it was made: materialise cluster_lookup "
            "first",
            allow_retries=False,
        )
    fingerprint = Lookup(storage.fetch(LOOKUP_KEY)).release["fingerprint"]
    is_reused = is_published(storage, fingerprint)
    if is_reused:
        manifest = read_manifest(storage)
        context.log.info(f"nothing has changed since release {manifest['release_id']}")
    else:
        _require_passed(storage, warehouse)
        manifest = publish(storage)
        context.log.info(f"release {manifest['release_id']} serves")
    uri = storage.address(f"releases/{manifest['release_id']}")
    return dg.MaterializeResult(
        metadata=manifest | {"is_reused": is_reused, "dagster/uri": uri},
        data_version=dg.DataVersion(manifest["release_id"]),
    )


def _require_passed(storage: Storage, warehouse: Warehouse) -> None:
    """Refuse to publish what a check would have stopped.

    Raises:
        dg.Failure: a check fails, or would see other tables than the lookup was made of.
    """
    recipe = read_recipe(storage, warehouse)
    if stale := stale_inputs(storage, warehouse, ["cluster_lookup"], recipe):
        raise dg.Failure(
            "not published, for the checks would see other tables than the lookup was made of. "
            f"{'; '.join(stale)}: run the refresh job, or materialise what is named, and all below "
            "it",
            allow_retries=False,
        )
    failed = [
        f"{key.asset_key.to_user_string()}: check {key.name} failed: {result.description}"
        for check in checks
        for key in check.check_keys
        if not (result := _result(check, storage, warehouse)).passed
    ]
    if failed:
        raise dg.Failure(
            f"not published. {'; '.join(failed)}. The page of each asset that is named shows its "
            "checks. Mend what they found and run the refresh job. If a check names a setting that "
            "lets it pass, materialise `recipe` with it, then `release`",
            allow_retries=False,
        )


def _result(
    check: dg.AssetChecksDefinition, storage: Storage, warehouse: Warehouse
) -> dg.AssetCheckResult:
    # Called as it is, a check gets an instance of Dagster of its own, with a database.
    function: Any = check.op.compute_fn
    return function.decorated_fn(storage, warehouse)
