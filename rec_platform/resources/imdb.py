"""Where IMDb's files come from: a web address or a folder. A file is fetched only if it changed.

Downloads are in ingest/download.py. Whether a file is sound is decided in ingest/verify.py.
"""

import gzip
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from rec_platform.choices import IMDB, SAMPLE_MARKER
from rec_platform.ingest.errors import SourceFailedError, SourceMissingError
from rec_platform.resources.settings import Settings

CHUNK_BYTES = 1 << 20
WEB = ("http://", "https://")


class ImdbSource(Settings):
    """Where IMDb's files come from: a base URL, or a folder of `*.tsv.gz` or `*.tsv`."""

    location: str = IMDB
    timeout_seconds: float = 60
    pause_seconds: float = 1  # after the first failure; doubled after each further one

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
            SourceFailedError: the source does not report the size.
        """
        if self.location.startswith(WEB):
            from rec_platform.ingest.download import Download

            return Download(self.address(file), self.timeout_seconds).size()
        return next((path.stat().st_size for path in self._paths(file)), 0)

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

                download = Download(self.address(file), self.timeout_seconds, self.pause_seconds)
                return download.fetch(known, part, log)
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
            if origin.suffix == ".gz":
                shutil.copyfileobj(reader, raw_writer, CHUNK_BYTES)
            else:
                with gzip.GzipFile("", "wb", 6, raw_writer, mtime=0) as writer:
                    shutil.copyfileobj(reader, writer, CHUNK_BYTES)
        return version

    def _paths(self, file: str) -> list[Path]:
        """The file in the folder, packed before unpacked."""
        packed = Path(self.location, file)
        return [path for path in (packed, packed.with_suffix("")) if path.is_file()]
