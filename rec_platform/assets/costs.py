"""What a refresh costs: a receipt for each run, and an estimate before the first one.

Each part of the platform says what it used (see resource.py), the price table what that costs. What
is free, as all of a local deployment is, is not on a receipt.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import dagster as dg

from rec_platform.assets.features import SQL_FOLDER
from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.base import DeploymentResource
from rec_platform.resources.clustering import Clustering
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.prices import Line, PriceTable, Receipt
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

SHOWN_RECEIPTS = 20


def used(parts: Iterable[DeploymentResource]) -> Counter[str]:
    """What all parts together used."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.usage())
    return total


def plan(parts: Iterable[DeploymentResource], source: ImdbSource) -> Counter[str]:
    """The most that a whole refresh of these files can use; nothing is paid to find out.

    Raises:
        SourceFailedError: the source does not say how large its files are.
    """
    sizes = {file.asset: source.size(file.file) for file in RAW_FILES}
    # A gz file is always read whole, by each statement that names it.
    scanned = sum(
        sizes.get(word, 0)
        for path in SQL_FOLDER.glob("*.sql")
        for word in set(re.findall(r"\w+", path.read_text()))
    )
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.plan(scanned))
    return total


def write_receipt(storage: Storage, receipt: Receipt) -> None:
    """Keep a receipt beside the others."""
    # By day, so that the newest are found by name; a second one of the same run replaces it.
    key = f"receipts/{receipt.created_at[:10]}-{receipt.run_id}.json"
    storage.write(key, json.dumps(asdict(receipt), indent=1).encode())


def read_receipts(storage: Storage) -> list[Receipt]:
    """The newest receipts, the newest first."""
    receipts: list[Receipt] = []
    for name in storage.names("receipts")[-SHOWN_RECEIPTS:]:
        content = json.loads(storage.read(f"receipts/{name}") or "{}")
        lines = [Line(**line) for line in content.pop("lines")]
        receipts.append(Receipt(lines=lines, **content))
    return sorted(receipts, key=lambda receipt: receipt.created_at, reverse=True)


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
        context.run.run_id, "published", used([storage, warehouse, clustering])
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


@dg.failure_hook(required_resource_keys={"prices", "storage", "warehouse", "clustering"})
def receipt_of_failure(context: dg.HookContext) -> None:
    """What a refresh cost that failed."""
    parts = context.resources
    receipt = parts.prices.receipt(
        context.run_id, "failed", used([parts.storage, parts.warehouse, parts.clustering])
    )
    if receipt.lines:
        write_receipt(parts.storage, receipt)
