"""Titles of a studio: their names, facts and credits, with the quirks of IMDb's files."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from rec_platform.sample import words
from rec_platform.sample.studios import (
    LATEST_YEAR,
    Director,
    Studio,
    first_name,
    is_woman,
    surname,
)
from rec_platform.sample.words import Country

BLOCK_SIZE = 24  # titles of a studio
TITLE_TYPES = ("movie", "short", "tvEpisode", "tvSeries", "tvMovie", "video")
TITLE_TYPE_SHARES = (725, 110, 55, 55, 27, 28)
RUNTIME_FACTORS = {"short": 0.2, "tvEpisode": 0.45, "tvSeries": 0.5}
CREW_CHANCES = {"writer": 0.9, "composer": 0.6, "producer": 0.6, "cinematographer": 0.6}


class Credit(NamedTuple):
    """What a person did for a title."""

    person: int
    category: str
    characters: str | None = None


@dataclass(slots=True)
class Title:
    """A title as IMDb's files know it, before it is split into rows."""

    title_type: str
    primary_title: str
    original_title: str
    year: int | None
    runtime: int | None  # minutes
    genres: str | None
    credits: list[Credit]
    log_votes: float
    rating: float
    end_year: int | None = None
    is_adult: bool = False
    is_rated: bool = True
    is_in_us: bool = True
    franchise: int | None = None

    @property
    def votes(self) -> int:
        """The number of votes: five at least, as in IMDb's files."""
        return min(2_300_000, 5 + int(math.exp(self.log_votes)))


def make_titles(studio: Studio) -> list[Title]:
    """The BLOCK_SIZE titles of a studio; each call continues its random numbers."""
    titles: list[Title] = []
    for number, director in enumerate(studio.directors):
        if studio.random.random() < 0.15:
            titles += _franchise(studio, director, number)
    while len(titles) < BLOCK_SIZE:
        titles.append(_single(studio, studio.random.choice(studio.directors)))
    studio.random.shuffle(titles)
    return titles


def _franchise(studio: Studio, director: Director, number: int) -> list[Title]:
    """Make 2 to 5 movies of one stem: same genres and leads, mostly one director, many votes."""
    random = studio.random
    stem = _english_title(studio, director, words.FRANCHISE_TEMPLATES)
    genres = random.choice(director.genres)
    leads = [_acting(studio, person, genres) for person in director.regulars[:3]]
    leads = [_with_full_name(studio, lead, stem) for lead in leads]
    log_votes = max(7.4, random.gauss(director.log_votes + 2.8, 0.8))
    numerals = random.choice(words.NUMERALS)
    subtitles = random.sample(words.SUBTITLES, len(numerals))
    has_subtitles = random.random() < 0.5
    length = random.choice((2, 2, 3, 3, 3, 4, 5))
    year = min(studio.year, LATEST_YEAR - 4 * (length - 1))
    films: list[Title] = []
    for place in range(length):
        name = stem
        if place > 0:
            name += f": {subtitles[place - 1]}" if has_subtitles else f" {numerals[place - 1]}"
            year += random.randint(2, 4)
        by = director if random.random() < 0.85 else random.choice(studio.directors)
        film = _title(studio, by, "movie", name, genres, year, leads)
        film.log_votes = random.gauss(log_votes - 0.15 * place, 0.3)
        film.rating = random.gauss(director.rating + 0.4 - 0.15 * place, 0.25)
        film.franchise = number
        films.append(film)
    return films


def _single(studio: Studio, director: Director) -> Title:
    """Make a title that stands alone, of any type."""
    random, country = studio.random, studio.country
    title_type = random.choices(list(TITLE_TYPES), TITLE_TYPE_SHARES)[0]
    name = _english_title(studio, director, director.group.templates + words.TITLE_TEMPLATES)
    genres, year = random.choice(director.genres), studio.year + random.randint(-8, 4)
    title = _title(studio, director, title_type, name, genres, year, leads=[])
    if country.title_starts and random.random() < 0.9:
        title.original_title = foreign_title(random, country)
    if title_type == "short":
        title.genres = ",".join(sorted([*genres.split(",")[:2], "Short"]))
    if title_type == "tvSeries" and random.random() < 0.6:
        title.end_year = min(year + random.randint(0, 9), LATEST_YEAR)
    title.is_rated = random.random() < 0.85
    title.is_in_us = random.random() < 0.6
    _make_unruly(random, title)
    return title


def _title(
    studio: Studio,
    director: Director,
    title_type: str,
    name: str,
    genres: str,
    year: int,
    leads: list[Credit],
) -> Title:
    """Make a title in its director's style; the callers change what differs."""
    random = studio.random
    runtime = max(45, random.gauss(director.group.runtime_minutes, 14))
    # Newer titles and movies are voted on more, and what is voted on more is rated higher.
    log_votes = random.gauss(director.log_votes, 1.7) + (year - 1995) / 40
    log_votes -= 1.5 * (title_type != "movie")
    return Title(
        title_type=title_type,
        primary_title=name,
        original_title=name,
        year=year,
        runtime=round(runtime * RUNTIME_FACTORS.get(title_type, 1)),
        genres=genres,
        credits=_credits(studio, director, genres, leads),
        log_votes=log_votes,
        rating=random.gauss(director.rating + 0.12 * (log_votes - 5), 0.8),
    )


def _make_unruly(random: Random, title: Title) -> None:
    """Give a few titles the irregularities that a reader of the files must handle."""
    if random.random() < 0.01:
        title.is_adult, title.genres = True, "Adult"
    if random.random() < 0.02:
        title.genres = None
    if random.random() < 0.1:
        title.runtime = None
    if random.random() < 0.015:
        title.year = title.end_year = None
    if random.random() < 0.006:  # announced
        title.year, title.end_year, title.is_rated = LATEST_YEAR + random.randint(1, 3), None, False
    if random.random() < 0.008:  # a double quote that is never closed
        title.primary_title = f'"{title.primary_title}'
        title.original_title = f'"{title.original_title}'


def _english_title(studio: Studio, director: Director, templates: Sequence[str]) -> str:
    random, country = studio.random, studio.country
    noun, noun2 = random.sample(director.nouns, 2)
    name = random.choice(country.female_names)
    return random.choice(templates).format(
        adj=random.choice(director.group.adjectives),
        noun=noun,
        noun2=noun2,
        place=random.choice(words.PLACES),
        name=f"{name} {surname(random, country)}" if random.random() < 0.8 else name,
        name2=random.choice(country.male_names),
        number=random.choice(words.NUMBERS),
        kin=random.choice(words.KIN),
    )


def foreign_title(random: Random, country: Country) -> str:
    """A title in a country's own language."""
    start, end = random.choice(country.title_starts), random.choice(country.title_ends)
    return start + country.title_separator + end


def _credits(studio: Studio, director: Director, genres: str, leads: list[Credit]) -> list[Credit]:
    random = studio.random
    start = random.randrange(len(studio.actors) - 4)
    cast = {random.choice(director.regulars): None}  # a dict as an ordered set
    cast |= dict.fromkeys(studio.actors[start : start + random.randint(1, 4)])
    known = {lead.person for lead in leads}
    credits = leads + [_acting(studio, person, genres) for person in cast if person not in known]
    credits.append(Credit(director.person, "director"))
    for trade, chance in CREW_CHANCES.items():
        if random.random() < chance:
            credits.append(Credit(random.choice(studio.people[trade]), trade))
    if random.random() < 0.2:
        credits.append(Credit(director.person, "writer"))
    return credits


def _acting(studio: Studio, person: int, genres: str) -> Credit:
    random, country = studio.random, studio.country
    if "Documentary" in genres:
        return Credit(person, "self", '["Self"]')
    if random.random() < 0.3:
        character = f"{random.choice(words.HONOURS)} {surname(random, country)}"
    else:
        character = first_name(random, country, person)
    return Credit(person, "actress" if is_woman(person) else "actor", f'["{character}"]')


def _with_full_name(studio: Studio, credit: Credit, stem: str) -> Credit:
    """The hero of a franchise: first name and surname, the same in each of its films.

    They are drawn apart, so that the rest of a catalogue does not depend on them.
    """
    if credit.category == "self":
        return credit
    random = Random(f"{stem}:{credit.person}")
    name = f"{first_name(random, studio.country, credit.person)} {surname(random, studio.country)}"
    return credit._replace(characters=f'["{name}"]')
