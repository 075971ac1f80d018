"""Shares: of how many titles of a release it is true that they are of some genres, origin and era.

What is true of few titles says something about two of them; what is true of many does not. The
writer counts once, and a release holds the shares above `LEAST`, which are few.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

from rec_platform.release.genres import WORDS

LEAST = 0.01


def share_key(genres: Sequence[str], country: str = "", era: str = "") -> str:
    """What names a share: genres in alphabetical order, a country's code, a year or a decade.

    >>> share_key(["Crime", "Drama"], "FR", "1990s")
    'Crime,Drama FR 1990s'
    """
    return f"{','.join(sorted(genres))} {country} {era}"


def shares(groups: Iterable[tuple[Sequence[str], str | None, int, int]]) -> dict[str, float]:
    """The shares of all titles that are above `LEAST`, by their key.

    Args:
        groups: genres, the country's code or None, the year, and how many titles have these.
    """
    counts: Counter[tuple[tuple[str, ...], str, str]] = Counter()
    total = 0
    for genres, country, year, count in groups:
        total += count
        for some in _told_genres(tuple(genres)):
            for era in ("", f"{year}", f"{year // 10 * 10}s"):
                counts[some, "", era] += count
                if country:
                    counts[some, country, era] += count
    kept = {share_key(*kind): count for kind, count in counts.items() if count > LEAST * total}
    return {key: round(count / total, 4) for key, count in sorted(kept.items())}


def share(
    stored: Mapping[str, float] | None, genres: Sequence[str], country: str = "", era: str = ""
) -> float:
    """The share of the titles of which this is true, at least `LEAST`; 1 where none is stored."""
    return 1.0 if stored is None else stored.get(share_key(genres, country, era), LEAST)


@lru_cache(maxsize=10_000)  # few combinations of genres exist
def _told_genres(genres: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The genres that reasons.py may name of a title: two at most, so keys have no more."""
    known = sorted({*genres} & WORDS.keys())
    return [some for size in range(3) for some in combinations(known, size)]
