"""Invented, IMDb-shaped files of any size: the demo's catalogue and the tests' planted answers.

The six `*.tsv.gz` files have IMDb's columns, nulls, quirks and skew, and franchises are hidden in
them. No title or person is real.

Titles come in blocks. A block is one studio with its directors and cast, from a generator seeded
with `"{seed}:{block}"`. No block needs another one, so memory stays constant. In the shape of IMDb
a block also holds the shows, episodes and shorts that go with so many films.
"""

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, islice
from operator import add
from pathlib import Path
from random import Random

from rec_platform.choices import SAMPLE_MARKER, SampleShape
from rec_platform.sample import words
from rec_platform.sample.shows import SHOW_TITLES, make_show_rows
from rec_platform.sample.studios import (
    LATEST_YEAR,
    Studio,
    by_share,
    first_name,
    is_woman,
    make_studio,
    surname,
)
from rec_platform.sample.titles import BLOCK_SIZE, Title, foreign_title, make_titles

GROUP_BLOCKS = 10  # are invented while those before are compressed
TITLES_OF_BLOCK = {SampleShape.films: BLOCK_SIZE, SampleShape.imdb: BLOCK_SIZE + SHOW_TITLES}
RATED_FILMS = 0.5  # in the shape of IMDb, of those that are rated in the other
COLUMNS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear"
    " runtimeMinutes genres",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "title.ratings": "tconst averageRating numVotes",
    "title.crew": "tconst directors writers",
    "title.principals": "tconst ordering nconst category job characters",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
UNFINISHED_MARKER = "SAMPLE.unfinished.txt"
FILES = tuple(f"{table}.tsv.gz" for table in COLUMNS)
JOBS = {"producer": "producer", "cinematographer": "director of photography"}


def write_sample(
    out: Path,
    titles: int,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
    shape: SampleShape = SampleShape.films,
) -> dict[str, int]:
    """Write the six files of an invented catalogue, streaming, in constant memory.

    One thread invents rows while another one compresses those before.

    Args:
        out: Folder for the files; created when missing, an older sample in it is replaced.
        titles: Rows in title.basics, at least 1.
        seed: Another seed is another catalogue; the same one gives the same bytes.
        shape: What the titles are.
        progress: Called now and then, and at the end, with the number of titles invented.

    Returns:
        Rows written, without the header, for each file name.

    Raises:
        ValueError: `titles` is less than 1.
        FileExistsError: the folder holds something else, for example IMDb's own files.
    """
    blocks = _blocks(titles, shape)
    _require_room(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / UNFINISHED_MARKER).write_text("A sample that is being written, or was interrupted.\n")
    (out / SAMPLE_MARKER).unlink(missing_ok=True)
    counts = dict.fromkeys(FILES, 0)
    with ExitStack() as stack:
        files = [_open_gzip(stack, out / name) for name in FILES]
        for file, columns in zip(files, COLUMNS.values(), strict=True):
            file.write((columns.replace(" ", "\t") + "\n").encode())
        compressing: list[Future[int]] = []
        threads = stack.enter_context(ThreadPoolExecutor(max_workers=1))
        done = 0
        while group := list(islice(blocks, GROUP_BLOCKS)):
            texts = _texts(seed, group, shape)
            for name, text in zip(FILES, texts, strict=True):
                counts[name] += text.count(b"\n")
            for compressed in compressing:  # no more than one group waits
                compressed.result()
            compressing = [
                threads.submit(file.write, text) for file, text in zip(files, texts, strict=True)
            ]
            done += sum(size for _, size in group)
            if progress:
                progress(done)
        for compressed in compressing:
            compressed.result()
    # Written last, so that it also says that the files are complete.
    note = f"{titles:,} invented titles: no row of these files is real.\n"
    (out / SAMPLE_MARKER).write_text(note)
    (out / UNFINISHED_MARKER).unlink()
    return counts


def _require_room(out: Path) -> None:
    """Let a sample be written only where it overwrites nothing but a sample."""
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file: choose a folder")
    names = {path.name for path in out.glob("*")}
    if names and not names & {SAMPLE_MARKER, UNFINISHED_MARKER}:
        raise FileExistsError(
            f"{out} holds files that are no sample: choose an empty folder, "
            f"or one with a {SAMPLE_MARKER}"
        )


def franchises(titles: int, seed: int = 0) -> Iterator[list[str]]:
    """Yield the planted answer: the ids of each franchise's films, in order of release.

    Every one is a rated, non-adult movie with a US aka and its original title, so that any
    selection of English-language films that does not ask for a US aka marked English keeps it.

    Args:
        titles: The size given to `write_sample`.
        seed: The seed given to `write_sample`.

    Raises:
        ValueError: `titles` is less than 1.
    """
    for block, size in _blocks(titles):
        by_franchise: dict[int, list[tuple[int, str]]] = {}
        for index, title in enumerate(make_titles(make_studio(seed, block))[:size]):
            if title.franchise is not None and title.year is not None:
                by_franchise.setdefault(title.franchise, []).append(
                    (title.year, _tconst(block * BLOCK_SIZE + index))
                )
        for films in by_franchise.values():
            if len(films) > 1:  # the last block may be cut, and leave a film alone
                yield [tconst for _, tconst in sorted(films)]


def _blocks(titles: int, shape: SampleShape = SampleShape.films) -> Iterator[tuple[int, int]]:
    """Check the size at once and return each block with the number of titles to keep of it."""
    if titles < 1:
        raise ValueError(f"a sample needs at least 1 title, got {titles}")
    most = TITLES_OF_BLOCK[shape]
    starts = range(0, titles, most)
    return ((block, min(most, titles - start)) for block, start in enumerate(starts))


def _open_gzip(stack: ExitStack, path: Path) -> gzip.GzipFile:
    """Open a gzip file without name or time in its header, so equal rows are equal bytes."""
    raw = stack.enter_context(path.open("wb"))
    return stack.enter_context(gzip.GzipFile("", "wb", compresslevel=4, fileobj=raw, mtime=0))


def _tconst(number: int) -> str:
    return f"tt{number + 1:07d}"


def _nconst(person: int) -> str:
    return f"nm{person + 1:07d}"


# The rows of a block


def _texts(seed: int, blocks: list[tuple[int, int]], shape: SampleShape) -> list[bytes]:
    """The rows of some blocks as text, for each file in the order of `FILES`."""
    of_blocks = [_block_rows(seed, block, size, shape) for block, size in blocks]
    return ["".join(chain.from_iterable(rows)).encode() for rows in zip(*of_blocks, strict=True)]


def _block_rows(seed: int, block: int, size: int, shape: SampleShape) -> tuple[list[str], ...]:
    first = block * TITLES_OF_BLOCK[shape]
    ids = [_tconst(number) for number in range(first, first + size)]
    studio = make_studio(seed, block)
    titles = dict(zip(ids, make_titles(studio), strict=False))
    if shape is SampleShape.films:
        return _rows(studio, titles)
    chance = Random(f"{seed}:{block}:rated")
    for title in titles.values():
        title.is_rated &= title.franchise is not None or chance.random() < RATED_FILMS
    shows = make_show_rows(seed, block, studio, ids[BLOCK_SIZE:])
    return tuple(map(add, _rows(studio, titles), shows))


def _rows(studio: Studio, titles: dict[str, Title]) -> tuple[list[str], ...]:
    """The rows of a studio's titles, one list for each file, in the order of `FILES`."""
    basics: list[str] = []
    akas: list[str] = []
    ratings: list[str] = []
    crew: list[str] = []
    principals: list[str] = []
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


def _ids(title: Title, category: str) -> str | None:
    return ",".join(_nconst(c.person) for c in title.credits if c.category == category) or None


def _aka_rows(studio: Studio, tconst: str, title: Title) -> list[str]:
    """The row of the original title and one for each region the title is known in."""
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


def _title_in(random: Random, title: Title, region: str) -> str:
    for country in words.COUNTRIES:
        if country.region == region and random.random() < 0.6:
            return foreign_title(random, country)
    return title.primary_title


def _people_rows(studio: Studio, titles: dict[str, Title]) -> list[str]:
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


def _person_row(studio: Studio, trade: str, person: int, known_for: str | None) -> str:
    random = studio.random
    country = studio.country if random.random() < 0.8 else by_share(random, words.COUNTRIES)
    name = first_name(random, country, person)
    if random.random() < 0.25:
        name += f" {random.choice('ABCDEFGHJLMNPRSTVW')}."
    name += f" {surname(random, country)}"
    birth = studio.year - random.randint(30, 58)
    death = max(birth + random.randint(58, 97), studio.year + 17)  # after the last franchise film
    professions = {"director": "director,writer"}
    if is_woman(person):
        professions["actor"] = "actress"
    return _row(
        _nconst(person),
        name,
        birth if random.random() < 0.75 else None,
        death if death <= LATEST_YEAR else None,
        professions.get(trade, trade),
        known_for,
    )
