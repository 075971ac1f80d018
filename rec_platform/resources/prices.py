"""What things cost: the dated table of prices, and a receipt made with it.

What a run used is in base.py, where its receipt is kept in assets/costs.py.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg

from rec_platform.resources.base import DeploymentResource
from rec_platform.resources.settings import Settings

PRICES_FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Price:
    """A price in US dollars for `per` units; by the month for what is kept."""

    dollars: float
    per: float
    is_monthly: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a receipt; `dollars` is None where the table has no price."""

    unit: str
    quantity: float
    dollars: float | None
    is_monthly: bool = False


@dataclass(frozen=True)
class Receipt:
    """What a run used and what that costs, in US dollars."""

    run_id: str
    created_at: str
    outcome: str
    prices_as_of: str
    lines: list[Line]

    @property
    def total(self) -> float:
        """What is paid once."""
        return sum(line.dollars or 0 for line in self.lines if not line.is_monthly)

    @property
    def monthly(self) -> float:
        """What is paid each month for what is kept."""
        return sum(line.dollars or 0 for line in self.lines if line.is_monthly)

    @property
    def unpriced(self) -> list[str]:
        """The units that were used and have no price in the table."""
        return [line.unit for line in self.lines if line.dollars is None]


class PriceTable(Settings):
    """The dated table of prices, a TOML file that anybody can edit."""

    prices: str = ""  # a file; if empty, the one that comes with the platform

    def receipt(self, run_id: str, outcome: str, used: Mapping[str, float]) -> Receipt:
        """Price what was used.

        Raises:
            dg.Failure: the table cannot be read.
        """
        as_of, prices = self._read()
        lines: list[Line] = []
        for unit, quantity in sorted(used.items()):
            price = prices.get(unit)
            dollars = quantity / price.per * price.dollars if price else None
            lines.append(Line(unit, quantity, dollars, bool(price and price.is_monthly)))
        created_at = datetime.now(UTC).isoformat(timespec="seconds")
        return Receipt(run_id, created_at, outcome, str(as_of), lines)

    def spent(self, resource: DeploymentResource, before: Mapping[str, float]) -> dict[str, float]:
        """What a resource used in a step, as metadata of that step.

        Args:
            resource: what the step used.
            before: its usage when the step began.

        Returns:
            `dollars`, or nothing if the resource uses nothing that has a price.
        """
        used = {unit: total - before.get(unit, 0) for unit, total in resource.usage().items()}
        return {"dollars": self.receipt("", "", used).total} if used else {}

    def _read(self) -> tuple[date, dict[str, Price]]:
        path = Path(self.prices) if self.prices else PRICES_FILE
        try:
            content = tomllib.loads(path.read_text())
            return content["as_of"], {
                unit: Price(**price) for unit, price in content["prices"].items()
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise dg.Failure(
                f"the price table {path} cannot be read ({error}): correct it (REC_PRICES), "
                f"with {PRICES_FILE} as a model"
            ) from None
