"""A root that raw files are refreshed into, and the files that tests refresh it from."""

import gzip
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from rec_platform.assets.raw import RawState, refresh_file
from rec_platform.ingest.files import RAW_FILES, RawFile
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.storage import LocalStorage

BASICS, AKAS, RATINGS, CREW, PRINCIPALS, NAMES = RAW_FILES
LOG = logging.getLogger("test_raw")

TITLE = r"tt0000001	movie	Quiet Tide	Quiet Tide	0	1999	\N	90	Drama,War"
OTHER = r"tt0000002	movie	Loud Shore	Loud Shore	0	2001	\N	\N	\N"

GOOD_ROWS = {
    "title_basics": TITLE,
    "title_akas": r"tt0000001	1	Quiet Tide	US	en	imdbDisplay	\N	0",
    "title_ratings": "tt0000001	7.5	1200",
    "title_crew": r"tt0000001	nm0000001,nm0000002	\N",
    "title_principals": r'tt0000001	1	nm0000001	actor	\N	["A \"B\" C"]',
    "name_basics": r"nm0000001	Ada Moor	1950	\N	actor,director	tt0000001",
}


def table(file: RawFile, *rows: str) -> bytes:
    return "".join(f"{line}\n" for line in ("\t".join(file.columns), *rows)).encode()


def packed(file: RawFile, *rows: str) -> bytes:
    return gzip.compress(table(file, *rows), mtime=0)


def rows_of(*lines: str | bytes) -> bytes:
    """A table of titles whose lines are given, packed."""
    head = "\t".join(BASICS.columns).encode()
    encoded = [line.encode() if isinstance(line, str) else line for line in lines]
    return gzip.compress(b"".join(line + b"\n" for line in (head, *encoded)), mtime=0)


def incompressible(file: RawFile, rows: int) -> bytes:
    """A sound file of some size, so that it can be cut in many places."""
    lines = (
        f"tt{n:07d}\tmovie\t{os.urandom(40).hex()}\t\\N\t0\t1999\t\\N\t90\tDrama"
        for n in range(rows)
    )
    return packed(file, *lines)


@dataclass
class Keeper:
    """A root with its storage, and a source that it is refreshed from."""

    root: Path
    source: ImdbSource

    @property
    def storage(self) -> LocalStorage:
        return LocalStorage(root=str(self.root))

    def refresh(self, file: RawFile = BASICS) -> tuple[RawState, bool]:
        return refresh_file(file, self.source, self.storage, LOG)

    def failure(self, file: RawFile = BASICS) -> str:
        with pytest.raises(dg.Failure) as caught:
            self.refresh(file)
        assert caught.value.allow_retries is False  # Dagster would repeat what cannot help
        return caught.value.description or ""

    def copy(self, file: RawFile = BASICS) -> bytes:
        return self.storage.fetch(file.storage_key).read_bytes()

    def kept(self) -> dict[str, bytes]:
        """All files that later runs and readers use, by path."""
        files = self.root.glob("raw/**/*.*")
        return {str(path): path.read_bytes() for path in files}

    def part(self, file: RawFile = BASICS) -> Path:
        return self.storage.scratch_dir() / f"{file.file}.part"


def put(keeper: Keeper, content: bytes, file: RawFile = BASICS) -> None:
    Path(keeper.source.location, file.file).write_bytes(content)
