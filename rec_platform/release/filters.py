"""Filters: what somebody asks of titles, in a list or in the whole catalogue."""

from dataclasses import dataclass

from rec_platform.release.schema import Title


@dataclass(frozen=True, slots=True)
class Filter:
    """What a title must be; None means no condition.

    A title of unknown runtime, country or language passes no filter of these.
    """

    year_min: int | None = None
    year_max: int | None = None
    rating_min: float | None = None
    votes_min: int | None = None
    runtime_min: int | None = None
    runtime_max: int | None = None
    genres: tuple[str, ...] = ()  # the title has all of them
    without_genres: tuple[str, ...] = ()  # and none of these
    country: str | None = None  # IMDb's code
    language: str | None = None  # IMDb's code
    director: str | None = None  # a person's id
    format: str | None = None  # see formats.py; in a list, if not given, that of its title

    def passes(self, title: Title) -> bool:
        """Whether a title meets every condition."""
        return (
            (self.year_min is None or title.year >= self.year_min)
            and (self.year_max is None or title.year <= self.year_max)
            and (self.rating_min is None or title.rating >= self.rating_min)
            and (self.votes_min is None or title.votes >= self.votes_min)
            and (self.runtime_min is None or (title.runtime_minutes or 0) >= self.runtime_min)
            and (self.runtime_max is None or (title.runtime_minutes or 10**6) <= self.runtime_max)
            and set(self.genres) <= set(title.genres)
            and set(self.without_genres).isdisjoint(title.genres)
            and (self.country is None or title.country == self.country)
            and (self.language is None or title.language == self.language)
            and (self.format is None or title.format == self.format)
            and (self.director is None or self.director in _directors(title))
        )

    def beyond_tiles(self) -> "Filter":
        """The conditions that tiles cannot tell: see tiles.py."""
        return Filter(
            votes_min=self.votes_min,
            country=self.country,
            language=self.language,
            director=self.director,
        )


EVERYTHING = Filter()


def _directors(title: Title) -> set[str]:
    return {credit.person_id for credit in title.credited("director")}
