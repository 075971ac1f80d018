"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 90  # for a machine that does much else


def wait_for(condition: Callable[[], T]) -> T:
    """Ask until the answer is true, and return it.

    Raises:
        TimeoutError: it never was.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.1)
    raise TimeoutError(f"{condition} was not true in {PATIENCE_SECONDS} s")
