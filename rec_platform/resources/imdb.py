"""Where IMDb's files come from: a web address, or a folder; fetched only when they changed.

Its web side is in download.py. Whether a file is any good does not belong here (see raw.py).
"""

import gzip
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from rec_platform.choices import IMDB

CHUNK_BYTES = 1 << 20
WEB = ("http://", "https://")


class SourceMissingError(Exception):
    """The source has no such file; its text says how it said so."""


class SourceFailedError(Exception):
    """The source could not be read to its end; its text says why and what to do."""


class ImdbSource(dg.ConfigurableResource):
    """Where IMDb's files come from: a base URL, or a folder of `*.tsv.gz` or `*.tsv`."""

    location: str = IMDB
    timeout_seconds: float = 60
    pause_seconds: float = 1  # after the first failure; doubled after each further one

    @property
    def kind(self) -> str:
        """`imdb`, `sample` for invented files, or `other`."""
        if self.location.rstrip("/") == IMDB:
            return "imdb"
        from rec_platform.sample.writer import MARKER

        return "sample" if Path(self.location, MARKER).is_file() else "other"

    def address(self, file: str) -> str:
        """Where a person finds the file."""
        return f"{self.location.rstrip('/')}/{file}"

    def size(self, file: str) -> int:
        """How many bytes a file has, 0 where there is none.

        Raises:
            SourceFailedError: the source does not say.
        """
        if self.location.startswith(WEB):
            from rec_platform.ingest.download import Download

            return Download(self.address(file), self.timeout_seconds).size()
        return next((path.stat().st_size for path in self._found(file)), 0)

    def fetch(
        self, file: str, known: Mapping[str, str], part: Path, log: logging.Logger
    ) -> dict[str, str] | None:
        """Fetch a file to `part`, as Download.fetch() does, or copy it from the folder."""
        try:
            if self.location.startswith(WEB):
                from rec_platform.ingest.download import Download

                download = Download(self.address(file), self.timeout_seconds, self.pause_seconds)
                return download.fetch(known, part, log)
            return self._copy(file, known, part)
        except OSError as error:
            raise SourceFailedError(
                f"{self.address(file)} could not be copied to {part.parent} ({error}): "
                "free some space or set the rights right, or use another --root (REC_ROOT)"
            ) from None

    def _copy(self, file: str, known: Mapping[str, str], part: Path) -> dict[str, str] | None:
        folder = Path(self.location)
        if not folder.is_dir():
            raise SourceFailedError(
                f"the source {self.location} is neither a folder nor an http(s) address: "
                "set --source (REC_IMDB_SOURCE)"
            )
        found = self._found(file)
        if not found:
            raise SourceMissingError(f"{self.location} has no {file}, packed or unpacked")
        (origin, *_) = found
        status = origin.stat()
        version = {"size": str(status.st_size), "modified_ns": str(status.st_mtime_ns)}
        if version == known:
            return None
        with origin.open("rb") as reader, part.open("wb") as raw_writer:
            if origin.suffix == ".gz":
                shutil.copyfileobj(reader, raw_writer, CHUNK_BYTES)
            else:
                with gzip.GzipFile("", "wb", 6, raw_writer, mtime=0) as writer:
                    shutil.copyfileobj(reader, writer, CHUNK_BYTES)
        return version

    def _found(self, file: str) -> list[Path]:
        """The file in the folder, packed before unpacked."""
        packed = Path(self.location, file)
        return [path for path in (packed, packed.with_suffix("")) if path.is_file()]
