"""Files that a person may bring: an environment variable names them, or there are none."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import dagster as dg

from rec_platform.resources.base import Finding
from rec_platform.resources.settings import Location, Settings


class OwnFiles(Settings, ABC):
    """Where a person's own files are; empty if there are none.

    They are read from this machine, whatever the deployment.

    Attributes:
        kind: what the files hold, in a word.
        advice: what the variable that names them should name.
    """

    location: Location = ""
    kind: ClassVar[str]
    advice: ClassVar[str]

    @abstractmethod
    def _paths(self) -> list[Path]:
        """The files, if a location is named."""

    def require_files(self) -> None:
        """Check that the files can be opened, if a location is named.

        Raises:
            dg.Failure: a file is missing or cannot be opened.
        """
        for path in self._paths() if self.location else ():
            try:
                path.open("rb").close()
            except OSError as error:
                raise self._unreadable(path, error) from None

    def fingerprint(self) -> str:
        """A hash of the files' content, empty if no location is named.

        Raises:
            dg.Failure: a file is missing or cannot be read.
        """
        digest = hashlib.sha256()
        for path in self._paths() if self.location else ():
            try:
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise self._unreadable(path, error) from None
        return digest.hexdigest() if self.location else ""

    def diagnose(self) -> Iterator[Finding]:
        """Look at the files, if a location is named."""
        if self.location:
            try:
                self.require_files()
                yield Finding(self.kind, f"{self.location} can be read")
            except dg.Failure as failure:
                yield Finding(self.kind, self.location, str(failure.description))

    def _unreadable(self, path: Path, error: OSError) -> dg.Failure:
        return self._failure(f"{path.name} cannot be read ({error.strerror})")

    def _failure(self, problem: str) -> dg.Failure:
        return dg.Failure(
            f"the {self.kind} in {self.location}: {problem}. {self.advice}, or none to go without",
            allow_retries=False,
        )
