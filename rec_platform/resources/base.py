"""What kinds of resources have in common.

Storage, Warehouse and Clustering differ between deployments. Each reports what it used and the most
that it can use, so that a refresh can be priced (see assets/costs.py). Every kind reports whether
it could work at all (see `rec-platform doctor`).
"""

from abc import ABC
from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

from rec_platform.resources.settings import Settings


class Finding(NamedTuple):
    """One thing that `rec-platform doctor` looked at.

    Attributes:
        what: what was looked at.
        found: its state.
        fix: what to do; empty if all is well.
    """

    what: str
    found: str
    fix: str = ""


class DeploymentResource(Settings, ABC):
    """A resource with one implementation for each deployment."""

    # Tables of one root and files of another would make a release that is not what it says.
    fixed: ClassVar[frozenset[str]] = frozenset({"root"})

    def usage(self) -> Mapping[str, float]:
        """What this run has used so far of services that have a price, by unit of `prices.toml`."""
        return {}

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """The most that a refresh can use, by the same units.

        Args:
            scanned_bytes: how many bytes of the raw files the SQL reads.
        """
        del scanned_bytes
        return {}

    def diagnose(self) -> Iterator[Finding]:
        """Look at all that this resource needs; nothing is changed or paid for."""
        yield from ()

    def probe(self) -> Iterator[Finding]:
        """Use each right that a refresh needs; nothing is left, and it costs less than a cent."""
        yield from ()
