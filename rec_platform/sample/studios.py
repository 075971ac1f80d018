"""Studios of the invented catalogue: a country, directors with a style each, writers and actors."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from rec_platform.sample import words
from rec_platform.sample.words import Country, GenreGroup

Item = TypeVar("Item", Country, GenreGroup)

FIRST_YEAR, LATEST_YEAR = 1920, 2026  # constants: nothing here asks the clock
# The people of a studio by trade: the place of a person tells the trade.
TRADES = {
    "director": range(3),
    "writer": range(3, 8),
    "composer": range(8, 10),
    "producer": range(10, 13),
    "cinematographer": range(13, 15),
    "actor": range(15, 40),
}
STUDIO_PEOPLE = 40


@dataclass(slots=True)
class Director:
    """One director's style: all of their titles are drawn from it."""

    person: int
    group: GenreGroup
    genres: list[str]
    nouns: list[str]
    rating: float
    log_votes: float
    regulars: list[int]  # actors


@dataclass(slots=True)
class Studio:
    """What the titles of a block share."""

    random: Random
    country: Country
    year: int  # its titles appear around it
    people: dict[str, list[int]]  # by trade
    actors: list[int]  # its own and guests
    directors: list[Director]


def make_studio(seed: int, block: int) -> Studio:
    """The studio of a block; the same one for the same seed."""
    random = Random(f"{seed}:{block}")
    year, people = _studio_year(seed, block), _people(block)
    actors = list(people["actor"])
    # Guests are actors of earlier studios of about the same time; an id is all it takes.
    for earlier in random.sample(range(block), min(block, 6)):
        if abs(_studio_year(seed, earlier) - year) <= 8:
            actors.append(random.choice(_people(earlier)["actor"]))
    random.shuffle(actors)
    directors = [_director(random, person, actors) for person in people["director"]]
    return Studio(random, by_share(random, words.COUNTRIES), year, people, actors, directors)


def _studio_year(seed: int, block: int) -> int:
    age = Random(f"{seed}:{block}:year").random() ** 2.4  # most are recent
    return LATEST_YEAR - 4 - int((LATEST_YEAR - FIRST_YEAR - 14) * age)


def _people(block: int) -> dict[str, list[int]]:
    first = block * STUDIO_PEOPLE
    return {trade: [first + place for place in places] for trade, places in TRADES.items()}


def by_share(random: Random, items: Sequence[Item]) -> Item:
    """One item at random, by its share."""
    return random.choices(items, [item.share for item in items])[0]


def _director(random: Random, person: int, actors: list[int]) -> Director:
    group = by_share(random, words.GENRE_GROUPS)
    return Director(
        person=person,
        group=group,
        genres=random.sample(group.genres, 2),
        nouns=random.sample(group.nouns, 8),
        rating=random.gauss(group.rating, 0.6),
        log_votes=random.gauss(4.9 + group.log_votes, 1.2),
        regulars=random.sample(actors, 7),
    )


def is_woman(person: int) -> bool:
    """Whether a person has a woman's name."""
    return person % 2 == 0


def first_name(random: Random, country: Country, person: int) -> str:
    """A first name for a person."""
    return random.choice(country.female_names if is_woman(person) else country.male_names)


def surname(random: Random, country: Country) -> str:
    """A surname of a country."""
    return random.choice(country.surname_starts) + random.choice(country.surname_ends)
