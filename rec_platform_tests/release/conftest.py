"""The two clocks of a machine that sleeps, and whose time is set."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rec_platform.release import clock


class Clocks:
    """Stands in for the module `time`, where the platform asks how long ago something was."""

    def __init__(self) -> None:
        self._monotonic, self._wall = 1_000.0, 1_800_000_000.0

    def monotonic(self) -> float:
        return self._monotonic

    def time(self) -> float:
        return self._wall

    def go_on(self, seconds: float) -> None:
        """Time passes, and both clocks show it."""
        self._monotonic += seconds
        self._wall += seconds

    def freeze(self, seconds: float) -> None:
        """Time passes while the machine stands still."""
        self._wall += seconds

    def set_back(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._wall -= seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocks]:
    clocks = Clocks()
    monkeypatch.setattr(clock, "time", clocks)
    yield clocks
