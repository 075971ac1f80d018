"""Invented, IMDb-shaped files of any size: the demo's catalogue and the tests' planted answers.

Belongs here: the six `*.tsv.gz` files with IMDb's columns, nulls, quirks and skew, and the list of
franchises hidden in them. Does not belong: the words (see sample_words.py), reading or cleaning
the files, and any real title or person.

Titles come in blocks, one block a studio with its directors and cast, each from a generator seeded
with `"{seed}:{block}"`. No block needs another one, so memory stays constant. Read it downwards:
the two public functions, a studio and its people, its titles, their credits, the rows.
"""

import gzip
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

from rec_platform.sample import words as words
from rec_platform.sample.words import Country, GenreGroup

Item = TypeVar("Item", Country, GenreGroup)

FIRST_YEAR, LATEST_YEAR = 1920, 2026  # "today" is a constant: nothing here asks the clock
BLOCK_SIZE = 24
PROGRESS_BLOCKS = 100
COLUMNS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear"
    " runtimeMinutes genres",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "title.ratings": "tconst averageRating numVotes",
    "title.crew": "tconst directors writers",
    "title.principals": "tconst ordering nconst category job characters",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
MARKER = "SAMPLE.txt"  # written last: it also says that the files are complete
UNFINISHED_MARKER = "SAMPLE.unfinished.txt"
FILES = tuple(f"{table}.tsv.gz" for table in COLUMNS)

TITLE_TYPES = ("movie", "short", "tvEpisode", "tvSeries", "tvMovie", "video")
TITLE_TYPE_SHARES = (725, 110, 55, 55, 27, 28)
RUNTIME_FACTORS = {"short": 0.2, "tvEpisode": 0.45, "tvSeries": 0.5}
# The people of a studio by trade: one's place in it tells what one does.
TRADES = {
    "director": range(3),
    "writer": range(3, 8),
    "composer": range(8, 10),
    "producer": range(10, 13),
    "cinematographer": range(13, 15),
    "actor": range(15, 40),
}
STUDIO_PEOPLE = 40
CREW_CHANCES = {"writer": 0.9, "composer": 0.6, "producer": 0.6, "cinematographer": 0.6}
JOBS = {"producer": "producer", "cinematographer": "director of photography"}


def write_sample(
    out: Path,
    titles: int,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Writes the six files of an invented catalogue, streaming, in constant memory.

    Args:
        out: Folder for the files; created when missing, an older sample in it is replaced.
        titles: Rows in title.basics, at least 1.
        seed: Another seed is another catalogue; the same one gives the same bytes.
        progress: Called now and then, and at the end, with the number of titles written.

    Returns:
        Rows written, without the header, for each file name.

    Raises:
        ValueError: `titles` is less than 1.
        FileExistsError: the folder holds something else, IMDb's own files say.
    """
    blocks = _blocks(titles)
    _require_room(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / UNFINISHED_MARKER).write_text("A sample that is being written, or was interrupted.\n")
    (out / MARKER).unlink(missing_ok=True)
    counts = dict.fromkeys(FILES, 0)
    with ExitStack() as stack:
        files = [_open_gzip(stack, out / name) for name in FILES]
        for file, columns in zip(files, COLUMNS.values(), strict=True):
            file.write((columns.replace(" ", "\t") + "\n").encode())
        for block, size in blocks:
            for name, file, rows in zip(FILES, files, _rows(seed, block, size), strict=True):
                file.write("".join(rows).encode())
                counts[name] += len(rows)
            done = block * BLOCK_SIZE + size
            if progress and (done == titles or (block + 1) % PROGRESS_BLOCKS == 0):
                progress(done)
    (out / MARKER).write_text(f"{titles:,} invented titles: no row of these files is real.\n")
    (out / UNFINISHED_MARKER).unlink()
    return counts


def _require_room(out: Path) -> None:
    """Let a sample be written only where it overwrites nothing but a sample."""
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file: choose a folder")
    names = {path.name for path in out.iterdir()} if out.exists() else set()
    if names and not names & {MARKER, UNFINISHED_MARKER}:
        raise FileExistsError(
            f"{out} holds files that are no sample: choose an empty folder, or one with a {MARKER}"
        )


def franchises(titles: int, seed: int = 0) -> Iterator[list[str]]:
    """Yields the planted answer: the ids of each franchise's films, in order of release.

    Every one is a rated, non-adult movie with a US aka and its original title, so that any
    selection of English-language films that does not ask for a US aka marked English keeps it.

    Args:
        titles: The size given to `write_sample`.
        seed: The seed given to `write_sample`.

    Raises:
        ValueError: `titles` is less than 1.
    """
    for block, size in _blocks(titles):
        films: dict[int, list[tuple[int, str]]] = {}
        for index, title in enumerate(_titles(_studio(seed, block))[:size]):
            if title.franchise is not None and title.year is not None:
                films.setdefault(title.franchise, []).append((title.year, _tconst(block, index)))
        for found in films.values():
            if len(found) > 1:  # the last block may be cut: a film left alone is no franchise
                yield [tconst for _, tconst in sorted(found)]


def _blocks(titles: int) -> Iterator[tuple[int, int]]:
    """Checks the size at once and returns each block with the number of titles to keep of it."""
    if titles < 1:
        raise ValueError(f"a sample needs at least 1 title, got {titles}")
    starts = range(0, titles, BLOCK_SIZE)
    return ((block, min(BLOCK_SIZE, titles - start)) for block, start in enumerate(starts))


def _open_gzip(stack: ExitStack, path: Path) -> gzip.GzipFile:
    """Opens a gzip file without name or time in its header, so equal rows are equal bytes."""
    raw = stack.enter_context(path.open("wb"))
    return stack.enter_context(gzip.GzipFile("", "wb", compresslevel=4, fileobj=raw, mtime=0))


def _tconst(block: int, index: int) -> str:
    return f"tt{block * BLOCK_SIZE + index + 1:07d}"


def _nconst(person: int) -> str:
    return f"nm{person + 1:07d}"


# A studio and its people


@dataclass(slots=True)
class _Director:
    """One director's style: all of their titles are drawn from it."""

    person: int
    group: GenreGroup
    genres: list[str]
    nouns: list[str]
    rating: float
    log_votes: float
    regulars: list[int]  # actors


@dataclass(slots=True)
class _Studio:
    """What the titles of a block share."""

    random: Random
    country: Country
    year: int  # its titles appear around it
    people: dict[str, list[int]]  # by trade
    actors: list[int]  # its own and guests
    directors: list[_Director]


def _studio(seed: int, block: int) -> _Studio:
    random = Random(f"{seed}:{block}")
    year, people = _studio_year(seed, block), _people(block)
    actors = list(people["actor"])
    # Guests are actors of earlier studios of about the same time; an id is all it takes.
    for earlier in random.sample(range(block), min(block, 6)):
        if abs(_studio_year(seed, earlier) - year) <= 8:
            actors.append(random.choice(_people(earlier)["actor"]))
    random.shuffle(actors)
    directors = [_director(random, person, actors) for person in people["director"]]
    return _Studio(random, _by_share(random, words.COUNTRIES), year, people, actors, directors)


def _studio_year(seed: int, block: int) -> int:
    age = Random(f"{seed}:{block}:year").random() ** 2.4  # most are recent
    return LATEST_YEAR - 4 - int((LATEST_YEAR - FIRST_YEAR - 14) * age)


def _people(block: int) -> dict[str, list[int]]:
    first = block * STUDIO_PEOPLE
    return {trade: [first + place for place in places] for trade, places in TRADES.items()}


def _by_share(random: Random, items: Sequence[Item]) -> Item:
    return random.choices(items, [item.share for item in items])[0]


def _director(random: Random, person: int, actors: list[int]) -> _Director:
    group = _by_share(random, words.GENRE_GROUPS)
    return _Director(
        person=person,
        group=group,
        genres=random.sample(group.genres, 2),
        nouns=random.sample(group.nouns, 8),
        rating=random.gauss(group.rating, 0.6),
        log_votes=random.gauss(4.9 + group.log_votes, 1.2),
        regulars=random.sample(actors, 7),
    )


def _is_woman(person: int) -> bool:
    return person % 2 == 0


def _first_name(random: Random, country: Country, person: int) -> str:
    return random.choice(country.female_names if _is_woman(person) else country.male_names)


def _surname(random: Random, country: Country) -> str:
    return random.choice(country.surname_starts) + random.choice(country.surname_ends)


# The titles of a studio


class _Credit(NamedTuple):
    person: int
    category: str
    characters: str | None = None


@dataclass(slots=True)
class _Title:
    title_type: str
    primary_title: str
    original_title: str
    year: int | None
    runtime: int | None  # minutes
    genres: str | None
    credits: list[_Credit]
    log_votes: float
    rating: float
    end_year: int | None = None
    is_adult: bool = False
    is_rated: bool = True
    is_in_us: bool = True
    franchise: int | None = None

    @property
    def votes(self) -> int:
        return min(2_300_000, 5 + int(math.exp(self.log_votes)))


def _titles(studio: _Studio) -> list[_Title]:
    titles: list[_Title] = []
    for number, director in enumerate(studio.directors):
        if studio.random.random() < 0.15:
            titles += _franchise(studio, director, number)
    while len(titles) < BLOCK_SIZE:
        titles.append(_single(studio, studio.random.choice(studio.directors)))
    studio.random.shuffle(titles)
    return titles


def _franchise(studio: _Studio, director: _Director, number: int) -> list[_Title]:
    """Builds 2-5 movies of one stem: same genres and leads, mostly one director, many votes."""
    random = studio.random
    stem = _english_title(studio, director, words.FRANCHISE_TEMPLATES)
    genres = random.choice(director.genres)
    leads = [_acting(studio, person, genres) for person in director.regulars[:3]]
    log_votes = max(7.4, random.gauss(director.log_votes + 2.8, 0.8))
    numerals = random.choice(words.NUMERALS)
    subtitles = random.sample(words.SUBTITLES, len(numerals))
    has_subtitles = random.random() < 0.5
    length = random.choice((2, 2, 3, 3, 3, 4, 5))
    year = min(studio.year, LATEST_YEAR - 4 * (length - 1))
    films: list[_Title] = []
    for part in range(length):
        name = stem
        if part > 0:
            name += f": {subtitles[part - 1]}" if has_subtitles else f" {numerals[part - 1]}"
            year += random.randint(2, 4)
        by = director if random.random() < 0.85 else random.choice(studio.directors)
        film = _title(studio, by, "movie", name, genres, year, leads)
        film.log_votes = random.gauss(log_votes - 0.15 * part, 0.3)
        film.rating = random.gauss(director.rating + 0.4 - 0.15 * part, 0.25)
        film.franchise = number
        films.append(film)
    return films


def _single(studio: _Studio, director: _Director) -> _Title:
    """Builds a title that stands alone, of any type."""
    random, country = studio.random, studio.country
    title_type = random.choices(list(TITLE_TYPES), TITLE_TYPE_SHARES)[0]
    name = _english_title(studio, director, director.group.templates + words.TITLE_TEMPLATES)
    genres, year = random.choice(director.genres), studio.year + random.randint(-8, 4)
    title = _title(studio, director, title_type, name, genres, year, leads=[])
    if country.title_starts and random.random() < 0.9:
        title.original_title = _foreign_title(random, country)
    if title_type == "short":
        title.genres = ",".join(sorted([*genres.split(",")[:2], "Short"]))
    if title_type == "tvSeries" and random.random() < 0.6:
        title.end_year = min(year + random.randint(0, 9), LATEST_YEAR)
    title.is_rated = random.random() < 0.85
    title.is_in_us = random.random() < 0.6
    _make_unruly(random, title)
    return title


def _title(
    studio: _Studio,
    director: _Director,
    title_type: str,
    name: str,
    genres: str,
    year: int,
    leads: list[_Credit],
) -> _Title:
    """Builds a title as its studio and director would; the callers then change what differs."""
    random = studio.random
    runtime = max(45, random.gauss(director.group.runtime_minutes, 14))
    # Newer titles and movies are voted on more, and what is voted on more is rated higher.
    log_votes = random.gauss(director.log_votes, 1.7) + (year - 1995) / 40
    log_votes -= 1.5 * (title_type != "movie")
    return _Title(
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


def _make_unruly(random: Random, title: _Title) -> None:
    """Gives a few titles what a reader of the files must cope with."""
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


def _english_title(studio: _Studio, director: _Director, templates: Sequence[str]) -> str:
    random, country = studio.random, studio.country
    noun, noun2 = random.sample(director.nouns, 2)
    name = random.choice(country.female_names)
    return random.choice(templates).format(
        adj=random.choice(director.group.adjectives),
        noun=noun,
        noun2=noun2,
        place=random.choice(words.PLACES),
        name=f"{name} {_surname(random, country)}" if random.random() < 0.8 else name,
        name2=random.choice(country.male_names),
        number=random.choice(words.NUMBERS),
        kin=random.choice(words.KIN),
    )


def _foreign_title(random: Random, country: Country) -> str:
    start, end = random.choice(country.title_starts), random.choice(country.title_ends)
    return start + country.title_separator + end


# Their credits


def _credits(
    studio: _Studio, director: _Director, genres: str, leads: list[_Credit]
) -> list[_Credit]:
    random = studio.random
    start = random.randrange(len(studio.actors) - 4)
    cast = {random.choice(director.regulars): None}  # a dict as an ordered set
    cast |= dict.fromkeys(studio.actors[start : start + random.randint(1, 4)])
    known = {lead.person for lead in leads}
    credits = leads + [_acting(studio, person, genres) for person in cast if person not in known]
    credits.append(_Credit(director.person, "director"))
    for trade, chance in CREW_CHANCES.items():
        if random.random() < chance:
            credits.append(_Credit(random.choice(studio.people[trade]), trade))
    if random.random() < 0.2:
        credits.append(_Credit(director.person, "writer"))
    return credits


def _acting(studio: _Studio, person: int, genres: str) -> _Credit:
    random, country = studio.random, studio.country
    if "Documentary" in genres:
        return _Credit(person, "self", '["Self"]')
    if random.random() < 0.3:
        character = f"{random.choice(words.HONOURS)} {_surname(random, country)}"
    else:
        character = _first_name(random, country, person)
    return _Credit(person, "actress" if _is_woman(person) else "actor", f'["{character}"]')


# The rows of a block


def _rows(seed: int, block: int, size: int) -> tuple[list[str], ...]:
    """Returns a block's rows, one list a file, in the order of `FILES`."""
    studio = _studio(seed, block)
    titles = {_tconst(block, index): t for index, t in enumerate(_titles(studio)[:size])}
    basics, akas, ratings, crew, principals = ([], [], [], [], [])
    for tconst, title in titles.items():
        names = (title.primary_title, title.original_title)
        years = (title.year, title.end_year)
        is_adult = int(title.is_adult)
        basics.append(
            _row(tconst, title.title_type, *names, is_adult, *years, title.runtime, title.genres)
        )
        akas += _aka_rows(studio, tconst, title)
        if title.is_rated:
            rating = min(10.0, max(1.0, title.rating))
            ratings.append(_row(tconst, f"{rating:.1f}", title.votes))
        crew.append(_row(tconst, _ids(title, "director"), _ids(title, "writer")))
        for ordering, (person, category, characters) in enumerate(title.credits, 1):
            job = JOBS.get(category)
            principals.append(_row(tconst, ordering, _nconst(person), category, job, characters))
    return basics, akas, ratings, crew, principals, _people_rows(studio, titles)


def _row(*values: str | int | None) -> str:
    return "\t".join([r"\N" if value is None else str(value) for value in values]) + "\n"


def _ids(title: _Title, category: str) -> str | None:
    return ",".join(_nconst(c.person) for c in title.credits if c.category == category) or None


def _aka_rows(studio: _Studio, tconst: str, title: _Title) -> list[str]:
    """Builds the row of the original title and one for each region the title is known in."""
    random, home = studio.random, studio.country
    primary, original = title.primary_title, title.original_title
    akas: list[tuple[str, str, str | None]] = []  # title, region, language
    if title.is_in_us:
        # IMDb leaves the language of nearly every US row null.
        akas.append((primary, "US", "en" if random.random() < 0.015 else None))
    if primary != original:
        akas += [(original, home.region, None), (primary, "XWW", "en")]
    abroad = [region for region in words.AKA_REGIONS if region != home.region]
    for region in random.sample(abroad, 3 if title.votes > 10_000 else 1):
        akas.append((_title_in(random, title, region), region, words.AKA_LANGUAGES.get(region)))
    rows = [_row(tconst, 1, original, None, None, "original", None, 1)]
    for ordering, (name, region, language) in enumerate(akas, 2):
        types = random.choice(words.AKA_TYPES)
        attributes = random.choice(words.AKA_ATTRIBUTES) if random.random() < 0.06 else None
        rows.append(_row(tconst, ordering, name, region, language, types, attributes, 0))
    return rows


def _title_in(random: Random, title: _Title, region: str) -> str:
    for country in words.COUNTRIES:
        if country.region == region and random.random() < 0.6:
            return _foreign_title(random, country)
    return title.primary_title


def _people_rows(studio: _Studio, titles: dict[str, _Title]) -> list[str]:
    known_for: dict[int, dict[str, None]] = {}  # a dict as an ordered set: one may be named twice
    for tconst, title in sorted(titles.items(), key=lambda item: -item[1].votes):
        for credit in title.credits:
            known_for.setdefault(credit.person, {})[tconst] = None
    rows: list[str] = []
    for trade, people in studio.people.items():
        for person in people:
            best = ",".join(list(known_for.get(person, ()))[:4]) or None
            rows.append(_person_row(studio, trade, person, best))
    return rows


def _person_row(studio: _Studio, trade: str, person: int, known_for: str | None) -> str:
    random = studio.random
    country = studio.country if random.random() < 0.8 else _by_share(random, words.COUNTRIES)
    name = _first_name(random, country, person)
    if random.random() < 0.25:
        name += f" {random.choice('ABCDEFGHJLMNPRSTVW')}."
    name += f" {_surname(random, country)}"
    birth = studio.year - random.randint(30, 58)
    death = max(birth + random.randint(58, 97), studio.year + 17)  # after the last franchise film
    professions = {"director": "director,writer"}
    if _is_woman(person):
        professions["actor"] = "actress"
    return _row(
        _nconst(person),
        name,
        birth if random.random() < 0.75 else None,
        death if death <= LATEST_YEAR else None,
        professions.get(trade, trade),
        known_for,
    )
