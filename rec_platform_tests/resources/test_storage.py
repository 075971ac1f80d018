"""What every storage promises, tried on a folder and on S3; then what only S3 can do to one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import dagster as dg
import pytest

from rec_platform.release.lookup import Lookup
from rec_platform.resources.storage import (
    LocalStorage,
    S3Storage,
    Storage,
    StorageConflictError,
    StorageLockedError,
    request_usage,
)
from rec_platform_tests.conftest import build
from rec_platform_tests.emulators import BUCKET, REPOSITORY, Emulators
from rec_platform_tests.emulators.faulty_proxy import CUT, CUT_ANSWER, DAMAGED, EXPIRED, LOST

LEASE_SECONDS = 3


@pytest.fixture
def s3(emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    """A prefix of its own, and a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    return S3Storage(root=f"s3://{BUCKET}/{tmp_path.name}", lease_seconds=LEASE_SECONDS)


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.aws)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "s3":
        return request.getfixturevalue("s3")
    return LocalStorage(root=str(tmp_path / "data"))


def another(storage: Storage) -> Storage:
    """What a second process would use."""
    return type(storage)(**storage._get_non_default_public_field_values())  # type: ignore[arg-type]


# What every storage promises


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
        "import sys; from rec_platform.resources.storage import *\n"
        f"with {type(storage).__name__}(root=sys.argv[1]"
        + (f", lease_seconds={LEASE_SECONDS}" if isinstance(storage, S3Storage) else "")
        + ").locked(): print('held', flush=True); sys.stdin.read()"
    )
    root = storage.root  # type: ignore[attr-defined]
    with subprocess.Popen(
        [sys.executable, "-c", program, root],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stdout.readline() == b"held\n"
        process.kill()
    with storage.locked():
        storage.write("a", b"")


# What only S3 can do


@pytest.mark.aws
def test_a_holder_that_stood_still_writes_nothing_more(s3: S3Storage):
    with s3.locked():
        assert s3._lease is not None
        s3._lease._ended.set()  # as if the machine had been asleep
        s3._lease._thread.join()
        time.sleep(LEASE_SECONDS + 1.5)
        with another(s3).locked():
            for write in (
                lambda: s3.write("a", b""),
                lambda: s3.compare_and_swap("a", None, b""),
                lambda: s3.delete("a"),
            ):
                with pytest.raises(dg.Failure, match="lost its lock"):
                    write()
        # What the other one left is not taken from under it.
    assert s3.read("a") is None


@pytest.mark.aws
def test_a_lease_is_renewed_for_as_long_as_it_is_held(s3: S3Storage):
    with s3.locked():
        time.sleep(2 * LEASE_SECONDS)
        s3.write("a", b"")
        with pytest.raises(StorageLockedError), another(s3).locked():
            pass


@pytest.mark.aws
@pytest.mark.parametrize("root", ["", "data", "s3://", "https://bucket/prefix"])
def test_a_root_that_is_no_address_in_s3_is_told(root: str):
    with pytest.raises(dg.Failure, match="set REC_ROOT"):
        S3Storage(root=root).read("a")


@pytest.mark.aws
def test_a_large_file_is_never_whole_in_memory(
    s3: S3Storage, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulators.endpoint)  # the proxy would be measured too
    file = s3.scratch_dir() / "names.gz"
    with file.open("wb") as writer:
        writer.truncate(300_000_000)
    tracemalloc.start()
    try:
        s3.put(file, "raw/names.gz")
        assert s3.fetch("raw/names.gz").stat().st_size == 300_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000
    s3.delete("raw")  # the emulator keeps it in memory


@pytest.mark.aws
@pytest.mark.parametrize("status", [503, 500, CUT, LOST])
def test_a_storm_of_errors_and_cut_connections_is_sat_out(
    s3: S3Storage, emulators: Emulators, status: int
):
    content = os.urandom(20_000_000)  # three parts
    file = s3.scratch_dir() / "names.gz"
    file.write_bytes(content)
    emulators.proxy.play("^PUT .*partNumber", 2, status)
    emulators.proxy.play("^GET", 2, status)
    s3.put(file, "raw/names.gz")
    s3.write("a", b"1")
    assert emulators.proxy.played >= 2
    assert s3.fetch("raw/names.gz").read_bytes() == content
    assert s3.read("a") == b"1"


@pytest.mark.aws
def test_a_storm_that_does_not_end_is_told_and_nothing_half_is_left(
    s3: S3Storage, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rec_platform.resources.aws.clients.ATTEMPTS", 2)
    file = s3.scratch_dir() / "names.gz"
    file.write_bytes(os.urandom(20_000_000))
    emulators.proxy.play("^PUT .*partNumber=3", 9, 503)
    with pytest.raises(dg.Failure, match=r"names\.gz could not be written .*SlowDown.*run the"):
        s3.put(file, "raw/names.gz")
    emulators.proxy.reset()
    assert file.exists() and s3.read("raw/names.gz") is None
    s3.put(file, "raw/names.gz")  # the run that comes after it


@pytest.mark.aws
def test_a_part_that_changes_on_its_way_is_refused_by_its_checksum(
    s3: S3Storage, emulators: Emulators
):
    file = s3.scratch_dir() / "names.gz"
    file.write_bytes(os.urandom(20_000_000))
    emulators.proxy.play("^PUT .*partNumber=2", 1, DAMAGED)
    with pytest.raises(dg.Failure, match=r"names\.gz could not be written .*BadDigest"):
        s3.put(file, "raw/names.gz")
    assert file.exists() and s3.read("raw/names.gz") is None


@pytest.mark.aws
@pytest.mark.usefixtures("unclosed_is_forgiven")  # boto3 leaves answers that were cut off
def test_a_download_that_is_cut_is_taken_up_again(s3: S3Storage, emulators: Emulators):
    content = os.urandom(20_000_000)
    file = s3.scratch_dir() / "names.gz"
    file.write_bytes(content)
    s3.put(file, "raw/names.gz")
    emulators.proxy.play(f"^GET /{BUCKET}/.*names.gz", 2, CUT_ANSWER)
    assert s3.fetch("raw/names.gz").read_bytes() == content
    s3.write("raw/names.gz", content[::-1])
    emulators.proxy.play(f"^GET /{BUCKET}/.*names.gz", 99, CUT_ANSWER)
    with pytest.raises(dg.Failure, match=f"^{s3.root}/raw/names.gz could not be read .*network"):
        s3.fetch("raw/names.gz")
    emulators.proxy.reset()
    assert s3.fetch("raw/names.gz").read_bytes() == content[::-1]


@pytest.mark.aws
def test_credentials_that_expire_half_way_are_named_with_the_cure(
    s3: S3Storage, emulators: Emulators
):
    s3.write("a", b"1")
    emulators.proxy.play("^GET", 9, 400, EXPIRED)
    with pytest.raises(dg.Failure, match=r"ExpiredToken.*aws sso login"):
        s3.read("a")


@pytest.mark.aws
def test_a_swap_whose_answer_was_lost_is_not_taken_for_a_lost_race(
    s3: S3Storage, emulators: Emulators
):
    s3.write("releases/current", b"one")
    emulators.proxy.play("^PUT .*current", 1, LOST)
    s3.compare_and_swap("releases/current", b"one", b"two")
    assert s3.read("releases/current") == b"two" and emulators.proxy.played == 1


@pytest.mark.aws
@pytest.mark.parametrize("old", [None, b"one"])
def test_a_write_that_comes_between_a_swaps_look_and_its_write_wins(
    s3: S3Storage, old: bytes | None
):
    if old:
        s3.write("releases/current", old)
    rival = another(s3)

    def interfere(**_: object) -> None:
        rival.write("releases/current", b"rival")

    s3._clients("s3").meta.events.register_first("before-send.s3.PutObject", interfere)
    with pytest.raises(StorageConflictError, match="somebody else"):
        s3.compare_and_swap("releases/current", old, b"two")
    assert s3.read("releases/current") == b"rival"


@pytest.mark.aws
def test_requests_are_counted_by_their_price(s3: S3Storage):
    s3.write("a", b"1234")
    s3.read("a")
    s3.names("")
    s3.delete("a")
    assert request_usage(s3.requests) == {"s3_write_requests": 3, "s3_read_requests": 1}
    s3.write("b", b"1234")
    assert s3.usage()["s3_stored_bytes"] == 4


@pytest.mark.aws
def test_pruning_in_a_bucket_deletes_old_releases_and_nothing_that_is_not_ours(
    s3: S3Storage, tmp_path: Path
):
    from rec_platform.resources.releases import KEPT_RELEASES, LOOKUP_KEY, list_releases, publish

    others = {
        "releases/.DS_Store": b"\0",
        "releases/v1.0/manifest.json": b'{"version": "1.0"}',
        "releases/v1.0/source/main.py": b"print()",
        "releases/20230101T000000Z-0000000a/manifest.json": b'{"release_id": "another"}',
        "releases/20230101T000000Z-0000000b/notes.txt": b"somebody's",
    }
    for key, content in others.items():
        s3.write(key, content)
    s3.write("releases/20230101T000000Z-0000000c/lookup.sqlite", b"of a publication that died")
    ids = []
    for minute in range(KEPT_RELEASES + 1):
        build(tmp_path, f"Film {minute}", f"2024-03-11T04:{minute:02}:00+00:00")
        s3.write(LOOKUP_KEY, (tmp_path / LOOKUP_KEY).read_bytes())
        ids.append(publish(s3)["release_id"])
    assert [found["release_id"] for found in list_releases(s3)] == ids[:0:-1]
    kept = {
        f"releases/{name}/{file}" for name in ids[1:] for file in ("lookup.sqlite", "manifest.json")
    }
    left = {s3.key(f"s3://{BUCKET}/{name}") for name in s3.etags("releases")}
    assert left == {*others, *kept, "releases/current.json"}
    assert {key: s3.read(key) for key in others} == others


@pytest.mark.aws
def test_of_two_publishers_one_wins_and_the_other_is_told(
    s3: S3Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from rec_platform.resources import releases as publishing
    from rec_platform.resources.releases import LOOKUP_KEY, list_releases, publish

    build(tmp_path / "built", "Film")
    s3.write(LOOKUP_KEY, (tmp_path / "built" / LOOKUP_KEY).read_bytes())
    prepare = publishing.open_published

    def another_is_faster(storage: Storage, release_id: str) -> Lookup:
        monkeypatch.setattr(publishing, "open_published", prepare)
        build(tmp_path / "other", "Other", "2024-03-11T05:00:00.000+00:00")
        rival = another(s3)
        rival.write(LOOKUP_KEY, (tmp_path / "other" / LOOKUP_KEY).read_bytes())
        publish(rival)
        return prepare(storage, release_id)

    monkeypatch.setattr(publishing, "open_published", another_is_faster)
    with pytest.raises(StorageConflictError):
        publish(s3)
    assert [found["is_serving"] for found in list_releases(s3)] == [True, False]
