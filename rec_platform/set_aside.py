"""What cannot be read and is nobody's to delete gets another name, so that it can be made anew."""

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

from rec_platform.ingest.files import RAW_FILES

logger = logging.getLogger(__name__)

# Of a root, see README. Dagster keeps its own records apart.
FOLDERS = (
    *("raw", "tables", "model", "build", "made_of", "releases", "receipts", "tmp", "dagster"),
    *(f"raw/{file.name}" for file in RAW_FILES),
)
FILES = {".gz", ".json", ".lock", ".parquet", ".sqlite"}


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

    A symbolic link is left alone: what it leads to may be on a disk that comes back.
    """
    for folder in (root / name for name in FOLDERS):
        if folder.is_file() and not folder.is_symlink():
            yield folder
    for place in (root, *root.glob("*"), *root.glob("raw/*"), *root.glob("releases/*")):
        if place.name in ("tmp", "dagster") or place.suffix in FILES or not place.is_dir():
            continue
        for path in place.iterdir():
            if path.suffix in FILES and path.is_dir() and not path.is_symlink():
                yield path
