"""How long a refresh waits for a source, all of its files together."""

from dataclasses import dataclass, field


@dataclass
class Patience:
    """What is left of the time that the downloads of one refresh may take.

    Attributes:
        idle_seconds: in a row without getting any further. One file after another uses it up, or a
            server that hangs would take that time for each of them.
        total_seconds: for all files. Dagster gives a run six hours.
        least_speed: in bytes a second. What comes more slowly counts as not getting further.
    """

    idle_seconds: float = 300
    total_seconds: float = 4 * 3600
    least_speed: float = 10_000
    idle_left: float = field(init=False)
    total_left: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin with all of it."""
        self.idle_left, self.total_left = self.idle_seconds, self.total_seconds

    @property
    def left(self) -> float:
        """Seconds until a file is given up."""
        return max(0, min(self.idle_left, self.total_left))

    def is_fast(self, count: int, seconds: float) -> bool:
        """Whether so many bytes in so many seconds are as many as there must be."""
        return count > 0 and count >= self.least_speed * seconds

    def use(self, seconds: float, is_further: bool = False) -> None:
        """Take away the seconds of an attempt, or of a pause.

        Args:
            seconds: how long it took.
            is_further: whether it got any further.
        """
        self.total_left -= seconds
        self.idle_left = self.idle_seconds if is_further else self.idle_left - seconds
