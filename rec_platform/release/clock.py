"""How long ago something was, even if this machine slept in between."""

import time


class Moment:
    """The moment when it was made.

    time.monotonic() may stand still while a Lambda is frozen or a host is suspended. The wall clock
    goes on, but somebody may set it back. So the clock that has moved most is believed: what has to
    be done again after a while may come early. It comes late only if both happen, a standstill and
    a wall clock that is set back.
    """

    __slots__ = ("_monotonic", "_wall")

    def __init__(self) -> None:
        self._monotonic = time.monotonic()
        self._wall = time.time()

    def age(self) -> float:
        """The time since then, in seconds."""
        return max(time.monotonic() - self._monotonic, time.time() - self._wall)
