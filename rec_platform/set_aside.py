"""What cannot be read and is nobody's to delete gets another name, so that it can be made anew."""

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

from rec_platform.ingest.files import RAW_FILES
from rec_platform.release.manifests import RELEASE_ID

logger = logging.getLogger(__name__)

# Of a root, see README. Dagster keeps its own records apart.
FOLDERS = (
    *("raw", "tables", "model", "build", "made_of", "found"),
    *("releases", "receipts", "tmp", "dagster"),
    *(f"raw/{file.name}" for file in RAW_FILES),
)
LOCKS = ("refresh.lock", "swap.lock")
FILES = {".gz", ".json", ".parquet", ".sqlite"}


def set_aside(path: Path) -> Path:
    """Give a file or folder another name beside its own, and say so.

    Returns:
        The new path.

    Raises:
        OSError: it cannot be renamed.
    """
    names = (path.with_name(f"{path.name}.unreadable-{number}") for number in itertools.count(1))
    aside = next(other for other in names if not other.exists())
    path.rename(aside)
    logger.warning("%s cannot be used: it is now %s, and is made anew", path, aside)
    return aside


def misplaced(root: Path) -> Iterator[Path]:
    """The folders of a root that stand where a file belongs, and files where a folder belongs.

    What else somebody keeps in the root is left alone. So is a symbolic link, but for a lock's:
    what it leads to may be on a disk that comes back, and no link can be locked.
    """
    yield from (lock for name in LOCKS if (lock := root / name).is_symlink())
    for path in (root / name for name in FOLDERS):
        if path.is_file() and not path.is_symlink():
            yield path
    for path in _files(root):
        if path.is_dir() and not path.is_symlink():
            yield path


def _files(root: Path) -> Iterator[Path]:
    """What should be a file by its name, whatever it is."""
    yield from (root / name for name in LOCKS)
    releases = (path for path in root.glob("releases/*") if RELEASE_ID.fullmatch(path.name))
    for folder in (*(root / name for name in FOLDERS), *releases):
        if folder.name not in ("tmp", "dagster") and folder.is_dir():
            yield from (path for path in folder.iterdir() if path.suffix in FILES)
