"""What a refresh costs: a receipt for each run, and an estimate before the first one.

Each resource says what it used (see resources/base.py), the price table what that costs. What is
free, as all of a local deployment is, is not on a receipt.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import dagster as dg
from pydantic import TypeAdapter

from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.base import DeploymentResource
from rec_platform.resources.clustering import Clustering
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.prices import PriceTable, Receipt
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import SQL_FOLDER, Warehouse

SHOWN_RECEIPTS = 20
_RECEIPTS = TypeAdapter(Receipt)


def used(resources: Iterable[DeploymentResource]) -> Counter[str]:
    """What all resources together used, by unit."""
    total: Counter[str] = Counter()
    for resource in resources:
        total.update(resource.usage())
    return total


def plan(resources: Iterable[DeploymentResource], source: ImdbSource) -> Counter[str]:
    """The most that a refresh of all files can use, by unit; finding out costs nothing.

    Raises:
        SourceFailedError: the source does not report how large its files are.
    """
    sizes = {file.asset: source.size(file.file) for file in RAW_FILES}
    # A gz file is always read whole, by each statement that names it.
    scanned = sum(
        sizes.get(word, 0)
        for path in SQL_FOLDER.glob("*.sql")
        for word in set(re.findall(r"\w+", path.read_text()))
    )
    total: Counter[str] = Counter()
    for resource in resources:
        total.update(resource.plan(scanned))
    return total


def write_receipt(storage: Storage, receipt: Receipt) -> None:
    """Keep a receipt beside the others."""
    # The day comes first, so that names sort by age; a second receipt of a run replaces the first.
    key = f"receipts/{receipt.created_at[:10]}-{receipt.run_id}.json"
    storage.write(key, json.dumps(asdict(receipt), indent=1).encode())


def read_receipts(storage: Storage) -> list[Receipt]:
    """The newest receipts, the newest first; those that cannot be read are left out."""
    names = _receipt_names(storage)[-SHOWN_RECEIPTS:]
    receipts = [receipt for name in names if (receipt := _read_receipt(storage, name))]
    return sorted(receipts, key=lambda receipt: receipt.created_at, reverse=True)


def unreadable_receipts(storage: Storage) -> list[str]:
    """The names of receipts that cannot be read."""
    return [name for name in _receipt_names(storage) if not _read_receipt(storage, name)]


def _receipt_names(storage: Storage) -> list[str]:
    return [name for name in storage.names("receipts") if name.endswith(".json")]


def _read_receipt(storage: Storage, name: str) -> Receipt | None:
    try:
        return _RECEIPTS.validate_json(storage.read(f"receipts/{name}") or b"")
    except ValueError:
        return None


def to_markdown(receipt: Receipt) -> str:
    """The receipt as a table for the Dagster UI."""
    rows = [
        f"| {line.unit} | {line.quantity:,.0f} | {_dollars(line.dollars)} |"
        for line in receipt.lines
        if not line.is_monthly
    ]
    kept = (
        f"kept: ${receipt.monthly:.4f} a month" if receipt.monthly else "nothing kept has a price"
    )
    head = ["| used | quantity | US dollars |", "|---|---:|---:|"]
    total = [f"| **total** | | **${receipt.total:.4f}** |", "", f"{kept}; prices of "]
    return "\n".join([*head, *rows, *total]) + receipt.prices_as_of


def _dollars(amount: float | None) -> str:
    return "no price" if amount is None else f"${amount:.4f}"


@dg.asset(group_name="quality", kinds={"json"}, owners=["team:data"], deps=["release"])
def cost_receipt(
    context: dg.AssetExecutionContext,
    prices: PriceTable,
    storage: Storage,
    warehouse: Warehouse,
    clustering: Clustering,
) -> dg.MaterializeResult[Any]:
    """What this refresh cost: what was used of each service, priced by the dated price table.

    Requests that services make among themselves, taxes and free tiers are not on it.
    """
    receipt = prices.receipt(
        context.run.run_id, _outcome(context), used([storage, warehouse, clustering])
    )
    for unit in receipt.unpriced:
        context.log.warning(f"{unit} has no price: add it to the price table (REC_PRICES)")
    write_receipt(storage, receipt)
    return dg.MaterializeResult(
        metadata={
            "dollars": receipt.total,
            "dollars_a_month": receipt.monthly,
            "receipt": dg.MetadataValue.md(to_markdown(receipt)),
        }
    )


def _outcome(context: dg.AssetExecutionContext) -> str:
    """What this run did with the release: `published` or `unchanged`."""
    event = context.instance.get_latest_materialization_event(dg.AssetKey("release"))
    if event is None or event.run_id != context.run.run_id or event.asset_materialization is None:
        return "unchanged"  # somebody materialises the receipt alone
    return "unchanged" if event.asset_materialization.metadata["is_reused"].value else "published"


@dg.failure_hook(required_resource_keys={"prices", "storage", "warehouse", "clustering"})
def receipt_of_failure(context: dg.HookContext) -> None:
    """What a failed refresh cost."""
    resources = context.resources
    receipt = resources.prices.receipt(
        context.run_id,
        "failed",
        used([resources.storage, resources.warehouse, resources.clustering]),
    )
    if receipt.lines:
        write_receipt(resources.storage, receipt)
