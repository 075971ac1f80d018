"""What every part has that differs between deployments: Storage, Warehouse, Clustering.

What it used and what it may use at most, so that a refresh can be priced (see costs.py), and
whether it could work at all (see `rec-platform doctor`). What the parts do does not belong here.
"""

from abc import ABC
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rec_platform.resources.settings import Settings


class Finding(NamedTuple):
    """One thing that was looked at: what was found and, where that is wrong, what to do."""

    what: str
    found: str
    fix: str = ""  # empty where all is well


class DeploymentResource(Settings, ABC):
    """A part of the platform that there is one of for each deployment."""

    def usage(self) -> Mapping[str, float]:
        """How much this run has used of what has a price, in the units of `prices.toml`."""
        return {}

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """The most that a refresh can use, in the same units.

        Args:
            scanned_bytes: what its SQL reads of the raw files.
        """
        del scanned_bytes
        return {}

    def diagnose(self) -> Iterator[Finding]:
        """Look at all that this part needs before it can work; nothing is changed or paid for."""
        yield from ()
