"""Where IMDb's files come from: a web address or a folder. A file is fetched only if it changed.

Downloads are in ingest/download.py. Whether a file is sound is decided in ingest/verify.py.
"""

import gzip
import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from rec_platform.choices import IMDB, SAMPLE_MARKER
from rec_platform.ingest.errors import (
    SizeUnknownError,
    SourceBusyError,
    SourceFailedError,
    SourceMissingError,
)
from rec_platform.ingest.files import RAW_FILES
from rec_platform.ingest.patience import Patience
from rec_platform.resources.base import Finding
from rec_platform.resources.settings import Location, Settings

CHUNK_BYTES = 1 << 20
WEB = ("http://", "https://")
GZIP_MAGIC = b"\x1f\x8b"
LATER = "run it again later"
FIX = "set --source (REC_IMDB_SOURCE) to where IMDb's files are"


class ImdbSource(Settings):
    """Where IMDb's files come from: a base URL, or a folder of `*.tsv.gz` or `*.tsv`."""

    location: Location = IMDB
    timeout_seconds: float = 60
    pause_seconds: float = 1  # after the first failure; doubled after each further one
    _patience: Patience = PrivateAttr(default_factory=Patience)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Begin a refresh, which has patience of its own."""
        del context
        self._patience = Patience()

    @property
    def kind(self) -> str:
        """`imdb`, `sample` for invented files, or `other`."""
        if self.location.rstrip("/") == IMDB:
            return "imdb"
        return "sample" if Path(self.location, SAMPLE_MARKER).is_file() else "other"

    def address(self, file: str) -> str:
        """Where a person finds the file."""
        return f"{self.location.rstrip('/')}/{file}"

    def size(self, file: str) -> int:
        """The size of a file in bytes, 0 if there is no such file.

        Raises:
            SizeUnknownError: the source answers and does not report the size.
            SourceBusyError: it may answer later.
            SourceFailedError: it will not answer.
        """
        if self.location.startswith(WEB):
            from rec_platform.ingest.download import Download

            return Download(self.address(file), self.timeout_seconds).size()
        return next((path.stat().st_size for path in self._paths(file)), 0)

    def diagnose(self) -> Iterator[Finding]:
        """Look for the required files; nothing is fetched."""
        missing: list[str] = []
        unknown: list[str] = []
        for file in (file.file for file in RAW_FILES if file.is_required):
            try:
                if not self.size(file):
                    missing.append(file)
            except SizeUnknownError:  # a refresh does without it
                unknown.append(file)
            except SourceFailedError as error:
                fix = LATER if isinstance(error, SourceBusyError) else FIX
                yield Finding("source", str(error), fix)
                return
        if missing:
            yield Finding("source", f"{self.location} has no {', '.join(missing)}", FIX)
        else:
            told = f" (size unknown: {', '.join(unknown)})" if unknown else ""
            yield Finding("source", f"{self.location}{told}")

    def fetch(
        self, file: str, known: Mapping[str, str], part: Path, log: logging.Logger
    ) -> dict[str, str] | None:
        """Fetch a file to `part`, unless the source still has the known version.

        Returns:
            The fetched version, or None if the source still has the known one.

        Raises:
            SourceMissingError: there is no such file.
            SourceFailedError: the file could not be read to its end.
        """
        try:
            if self.location.startswith(WEB):
                from rec_platform.ingest.download import Download

                return Download(
                    self.address(file), self.timeout_seconds, self.pause_seconds, self._patience
                ).fetch(known, part, log)
            return self._copy(file, known, part)
        except OSError as error:
            raise SourceFailedError(
                f"{self.address(file)} could not be copied to {part.parent} ({error}): "
                "free some space or correct the permissions, or use another --root (REC_ROOT)"
            ) from None

    def _copy(self, file: str, known: Mapping[str, str], part: Path) -> dict[str, str] | None:
        if not Path(self.location).is_dir():
            raise SourceFailedError(
                f"the source {self.location} is neither a folder nor an http(s) address: "
                "set --source (REC_IMDB_SOURCE)"
            )
        origin = next(iter(self._paths(file)), None)
        if origin is None:
            raise SourceMissingError(f"{self.location} has no {file}, packed or unpacked")
        status = origin.stat()
        version = {"size": str(status.st_size), "modified_ns": str(status.st_mtime_ns)}
        if version == known:
            return None
        with origin.open("rb") as reader, part.open("wb") as raw_writer:
            is_packed = reader.read(2) == GZIP_MAGIC  # whatever its name
            reader.seek(0)
            if is_packed:
                shutil.copyfileobj(reader, raw_writer, CHUNK_BYTES)
                return version
            with gzip.GzipFile("", "wb", 6, raw_writer, mtime=0) as writer:
                shutil.copyfileobj(reader, writer, CHUNK_BYTES)
        return version

    def _paths(self, file: str) -> list[Path]:
        """The file in the folder, packed before unpacked.

        Some archives unpack to a folder of the file's name, which holds the file.
        """
        packed = Path(self.location, file)
        plain = packed.with_suffix("")
        places = (packed, plain, plain / "data.tsv", plain / plain.name)
        return [path for path in places if path.is_file()]
