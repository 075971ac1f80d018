"""Filters: what somebody asks of the titles in a list."""

from dataclasses import dataclass

from rec_platform.release.schema import Title


@dataclass(frozen=True, slots=True)
class Filter:
    """What a recommended title must be; None means no condition.

    A title of unknown runtime passes no runtime filter.
    """

    year_min: int | None = None
    year_max: int | None = None
    rating_min: float | None = None
    runtime_max: int | None = None
    genres: tuple[str, ...] = ()  # the title has all of them

    def passes(self, title: Title) -> bool:
        """Whether a title meets every condition."""
        return (
            (self.year_min is None or title.year >= self.year_min)
            and (self.year_max is None or title.year <= self.year_max)
            and (self.rating_min is None or title.rating >= self.rating_min)
            and (self.runtime_max is None or (title.runtime_minutes or 10**6) <= self.runtime_max)
            and set(self.genres) <= set(title.genres)
        )


EVERYTHING = Filter()
