"""Formats: what lists keep apart. A film's list has films, a series' list has series."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

FILM, SERIES, SHORT = "film", "series", "short"
# The types of IMDb's files that a catalogue may hold, with the format of each. An episode is part
# of a series, and pilots, specials and games are like neither films nor series.
FORMATS = {
    "movie": FILM,
    "tvMovie": FILM,
    "video": FILM,
    "tvSeries": SERIES,
    "tvMiniSeries": SERIES,
    "short": SHORT,
}


class Noun(NamedTuple):
    """What titles are called."""

    one: str
    many: str


NOUNS = {
    FILM: Noun("film", "films"),
    SERIES: Noun("series", "series"),
    SHORT: Noun("short film", "short films"),
}
MIXED = Noun("title", "titles")


def formats_of(release: Mapping[str, Any]) -> tuple[str, ...]:
    """The formats of a release's titles, the most frequent first; one of schema 6 has films."""
    return tuple(name for name, _ in release.get("titles_per_format", [(FILM, 0)]))


def called(release: Mapping[str, Any]) -> Noun:
    """What the titles of a release are called together."""
    return noun(formats_of(release))


def noun(formats: Collection[str]) -> Noun:
    """What titles of these formats are called together."""
    return NOUNS[next(iter(formats))] if len(formats) == 1 else MIXED
