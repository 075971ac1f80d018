"""Genres in words: what people call films of one genre, or of two at once.

How genres become numbers belongs in modelling/features.py; which genres name a cluster, in
modelling/cluster_names.py.
"""

from collections.abc import Iterable
from functools import lru_cache

# The noun for films of a genre, and the adjective if another genre is the noun: "romantic
# comedies". Of two genres, the first in this order is the noun: "crime thrillers", "war dramas".
WORDS = {
    "Western": ("westerns", "western"),
    "Musical": ("musicals", "musical"),
    "Documentary": ("documentaries", "documentary"),
    "Thriller": ("thrillers", "thriller"),
    "Drama": ("dramas", "dramatic"),
    "Comedy": ("comedies", "comic"),
    "Adventure": ("adventures", "adventure"),
    "Romance": ("romances", "romantic"),
    "Mystery": ("mysteries", "mystery"),
    "Horror": ("horror films", "horror"),
    "Action": ("action films", "action"),
    "Crime": ("crime films", "crime"),
    "Animation": ("animations", "animated"),
    "Family": ("family films", "family"),
    "Fantasy": ("fantasies", "fantasy"),
    "War": ("war films", "war"),
    "Sport": ("sport films", "sport"),
    "Biography": ("biographies", "biographical"),
    "History": ("histories", "historical"),
    "Music": ("music films", "music"),
    "News": ("news films", "news"),
    "Sci-Fi": ("sci-fi films", "sci-fi"),
    "Film-Noir": ("films noirs", "noir"),
}
# The most common genres say the least, so they are named only if fewer than two others are there.
COMMON = ("Drama", "Action", "Comedy", "Thriller", "Romance", "Adventure")
ORDER = {genre: place for place, genre in enumerate(WORDS)}
COMMONNESS = {genre: place for place, genre in enumerate(reversed(COMMON))}


def named(genres: Iterable[str]) -> list[str]:
    """The genres that films of these are called by, two at most, the noun's first."""
    return [*_named(frozenset(genres))]


@lru_cache(maxsize=4096)  # catalogues have fewer combinations
def _named(genres: frozenset[str]) -> list[str]:
    known = set(genres & WORDS.keys())
    if "Musical" in known:
        known.discard("Music")
    telling = sorted(known, key=lambda genre: (COMMONNESS.get(genre, -1), ORDER[genre]))
    return sorted(telling[:2], key=lambda genre: ORDER[genre])


def kind(genres: Iterable[str], films: str = "films") -> str:
    """What films of these genres are called, by at most two of them; empty if none has a name.

    Args:
        genres: as IMDb names them.
        films: what the titles are called together, if they are no films.

    >>> kind(["Crime", "Thriller"]), kind(["Action", "Adventure", "Sci-Fi"]), kind(["Drama"])
    ('crime thrillers', 'sci-fi adventures', 'dramas')
    """
    return _kind(frozenset(genres), films)


@lru_cache(maxsize=4096)
def _kind(genres: frozenset[str], films: str) -> str:
    words = [WORDS[genre] for genre in _named(genres)]
    said = [*(adjective for _, adjective in words[1:]), *(noun for noun, _ in words[:1])]
    return " ".join(said).replace("films", films)
