"""Ways to damage a file, and all kinds of files that a root holds."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Damage = Callable[[Path], object]
SOMEBODYS = b"what somebody keeps here"


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    """Some bytes changed, as a bad disk does."""
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content), max(1, len(content) // 7)):
        content[place] ^= 0x55
    path.write_bytes(content)


def overwritten(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 8)


def null(path: Path) -> None:
    path.write_bytes(b"null")


def a_list(path: Path) -> None:
    path.write_bytes(b"[]")


def of_other_types(path: Path) -> None:
    """JSON with the same names, and values of other types."""
    other: dict[type, Any] = {str: 7, int: "x", float: "x", bool: None, list: "z", dict: 3}
    content = json.loads(path.read_bytes())
    if isinstance(content, dict):
        path.write_text(json.dumps({key: other.get(type(content[key]), [1]) for key in content}))
    else:
        path.write_text('{"a": 1}')


def a_folder(path: Path) -> None:
    """A folder that holds something, in place of the file."""
    path.unlink()
    path.mkdir()
    (path / "inside").write_bytes(SOMEBODYS)


def a_link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere/at/all")


def gone(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def a_file(path: Path) -> None:
    """A file in place of the folder."""
    shutil.rmtree(path)
    path.write_bytes(SOMEBODYS)


def another_digit(path: Path) -> None:
    *before, digit, after = re.split(r"(\d)", path.read_text())
    path.write_text("".join([*before, str(9 - int(digit)), after]))


JSON: list[Damage] = [cut, null, emptied, of_other_types, a_folder, a_list, a_link_to_nowhere, gone]
BINARY: list[Damage] = [flipped, a_folder, cut, emptied, overwritten, gone]
# Not flipped bytes: where they hit a text, no database notices.
DATABASE: list[Damage] = [overwritten, a_folder, cut, emptied, gone]
LOCK: list[Damage] = [a_folder, a_link_to_nowhere]
FOLDER: list[Damage] = [a_file, gone]
A_RUN = "dagster/history/runs/*-*.db"  # no other run opens it
FOUND = "found/*.json"  # what a check finds again: doctor does not look
RECEIPTS = "receipts/*.json"  # nobody can make them again
# By pattern below the root.
KINDS: dict[str, list[Damage]] = {
    "raw/*.json": JSON,
    "raw/*/*.gz": BINARY,
    "tables/*.parquet": BINARY,
    "model/*.json": JSON,
    "build/lookup.sqlite": BINARY,
    "build/scorecard.json": JSON,
    "made_of/*.json": JSON,
    FOUND: [another_digit, *JSON],
    RECEIPTS: JSON,
    "releases/current.json": JSON,
    "releases/2*/manifest.json": JSON,
    "releases/2*/lookup.sqlite": BINARY,
    "*.lock": LOCK,
    "dagster/create.lock": LOCK,
    "dagster/dagster.yaml": [a_list, a_folder, overwritten, gone],
    "dagster/history/runs.db": DATABASE,
    "dagster/history/runs/index.db": DATABASE,
    A_RUN: DATABASE,
    "dagster/schedules/schedules.db": DATABASE,
    **dict.fromkeys(("raw", "tables", "model", "build", "made_of", "found", "receipts"), FOLDER),
    **dict.fromkeys(("releases", "tmp", "dagster", "dagster/history"), FOLDER),
    "raw/title_basics": FOLDER,
}
FEW = 2  # damages of each kind ...
ALL_DAMAGES = 100  # ... and all of them from this `--faults` on
