"""What every storage promises, tried on a folder and on S3."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rec_platform.resources.storage import (
    LocalStorage,
    Storage,
    StorageConflictError,
    StorageLockedError,
)
from rec_platform.set_aside import misplaced
from rec_platform_tests.emulators import REPOSITORY


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.aws)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "s3":
        return request.getfixturevalue("s3")
    return LocalStorage(root=str(tmp_path / "data"))


def another(storage: Storage) -> Storage:
    """What a second process would use."""
    return type(storage)(**storage._get_non_default_public_field_values())  # type: ignore[arg-type]


def test_what_is_written_is_read_and_what_is_not_there_is_none(storage: Storage):
    assert storage.read("model/kmeans.json") is None
    storage.write("model/kmeans.json", b"one")
    storage.write("model/kmeans.json", b"two")
    assert storage.read("model/kmeans.json") == b"two"
    assert storage.fetch("model/kmeans.json").read_bytes() == b"two"


def test_a_file_is_moved_in_whole(storage: Storage):
    content = os.urandom(20_000_000)
    file = storage.scratch_dir() / "matrix"
    file.write_bytes(content)
    storage.put(file, "raw/names/names.gz")
    assert not file.exists()
    assert storage.fetch("raw/names/names.gz").read_bytes() == content


def test_a_folder_lists_the_names_directly_below_it(storage: Storage):
    for key in (
        "releases/b/lookup",
        "releases/b/manifest",
        "releases/a/lookup",
        "releases/current",
    ):
        storage.write(key, b"")
    storage.write("releases2/c", b"")
    assert storage.names("releases") == ["a", "b", "current"]
    assert storage.names("nowhere") == []
    assert storage.folders("releases") == ["a", "b"]
    assert storage.folders("nowhere") == []


def test_a_symbolic_link_is_no_folder_and_is_deleted_without_what_it_leads_to(tmp_path: Path):
    storage = LocalStorage(root=str(tmp_path / "data"))
    storage.write("releases/a/lookup", b"kept")
    storage.fetch("releases/link").symlink_to("a")
    assert storage.names("releases") == ["a", "link"]
    assert storage.folders("releases") == ["a"]
    storage.delete("releases/link")
    assert storage.names("releases") == ["a"]
    assert storage.read("releases/a/lookup") == b"kept"


def test_deleting_takes_a_file_or_a_folder_and_nothing_beside_it(storage: Storage):
    for key in ("releases/a/lookup", "releases/a/manifest", "releases/ab", "releases/b"):
        storage.write(key, b"")
    storage.delete("releases/a")
    storage.delete("releases/b")
    storage.delete("releases/never")
    assert storage.names("releases") == ["ab"]
    assert not storage.fetch("releases/a/lookup").exists()


def test_a_local_folder_follows_what_is_stored(storage: Storage):
    storage.write("releases/a/lookup", b"old")
    assert (storage.fetch("releases/a") / "lookup").read_bytes() == b"old"
    storage.write("releases/a/lookup", b"new")
    assert (storage.fetch("releases/a") / "lookup").read_bytes() == b"new"


def test_a_swap_needs_the_file_as_it_was_read(storage: Storage):
    storage.write("releases/other", b"")
    storage.compare_and_swap("releases/current", None, b"one")
    storage.compare_and_swap("releases/current", b"one", b"two")
    for old in (None, b"one"):
        with pytest.raises(StorageConflictError, match="somebody else"):
            storage.compare_and_swap("releases/current", old, b"three")
    assert storage.read("releases/current") == b"two"


def test_of_many_that_swap_at_once_one_wins(storage: Storage):
    storage.write("releases/current", b"before")
    outcomes: list[bytes] = []
    are_ready = threading.Barrier(8)

    def publish(number: int) -> None:
        mine = another(storage)
        assert mine.read("releases/current") == b"before"
        are_ready.wait()
        try:
            mine.compare_and_swap("releases/current", b"before", b"%d" % number)
            outcomes.append(b"%d" % number)
        except StorageConflictError:
            pass

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [storage.read("releases/current")]


def test_while_one_holds_the_lock_another_is_told_who_and_since_when(storage: Storage):
    with storage.locked():
        with (
            pytest.raises(StorageLockedError, match=r"since .*--root"),
            another(storage).locked(),
        ):
            pass
        storage.write("a", b"")
    with another(storage).locked():
        pass


def test_a_lock_whose_holder_was_killed_can_be_taken(storage: Storage, tmp_path: Path):
    program = (
        f"import sys; from {type(storage).__module__} import {type(storage).__name__}\n"
        f"storage = {type(storage).__name__}(**{storage._get_non_default_public_field_values()})\n"
        "with storage.locked(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stdout.readline() == b"held\n"
        process.kill()
    with storage.locked():
        storage.write("a", b"")


def test_what_somebody_keeps_in_the_root_is_left_alone(tmp_path: Path):
    others = ["exports/titles.parquet", "notes.json", "releases/backup/lookup.sqlite", "lost+found"]
    for name in others:
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lost+found").chmod(0)
    release = "releases/20260101T000000Z-aaaaaaaa"
    in_the_way = ["tables/title.parquet", "refresh.lock", f"{release}/manifest.json"]
    for name in in_the_way:
        (tmp_path / name).mkdir(parents=True)
    assert {*misplaced(tmp_path)} == {tmp_path / name for name in in_the_way}
    with LocalStorage(root=str(tmp_path)).locked():
        pass
    assert all((tmp_path / name).is_dir() for name in others)
    assert (tmp_path / "tables" / "title.parquet.unreadable-1").is_dir()
