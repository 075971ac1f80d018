"""What only S3 can do to a storage: leases, faults on the way, local copies, races."""

from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path

import dagster as dg
import pytest

from rec_platform.release.lookup import Lookup
from rec_platform.resources.aws.lease import held
from rec_platform.resources.aws.s3 import S3Storage, request_usage
from rec_platform.resources.storage import Storage, StorageConflictError, StorageLockedError
from rec_platform_tests.conftest import build
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.emulators.faulty_proxy import (
    CONFLICT,
    CUT,
    CUT_ANSWER,
    DAMAGED,
    EXPIRED,
    LOST,
)
from rec_platform_tests.emulators.lost_lease import lose_lease, remove_lease, stand_still

pytestmark = pytest.mark.aws

LEASE_SECONDS = 3


def another(storage: S3Storage) -> S3Storage:
    """What a second process would use."""
    return S3Storage(root=storage.root, lease_seconds=LEASE_SECONDS)


def test_a_holder_that_stood_still_writes_nothing_more(s3: S3Storage, emulators: Emulators):
    s3.write("b", b"")
    with s3.locked():
        lose_lease(emulators, s3.root)
        file = s3.scratch_dir() / "names.gz"
        file.write_bytes(os.urandom(20_000_000))
        for write in (
            lambda: s3.write("a", b""),
            lambda: s3.compare_and_swap("a", None, b""),
            lambda: s3.put(file, "a"),
            lambda: s3.delete("b"),
            lambda: another(s3).delete("b"),  # however it was constructed
        ):
            with pytest.raises(dg.Failure, match="lost its lock"):
                write()
    assert s3.names("") == ["b", "refresh.lock"]  # what the other process left
    s3.write("a", b"")  # without a lock, there is none to lose


def test_a_lease_that_is_lost_in_the_middle_of_an_upload_ends_it(
    s3: S3Storage, emulators: Emulators
):
    file = s3.scratch_dir() / "names.gz"
    file.write_bytes(os.urandom(20_000_000))  # three parts

    def lose(request: str) -> None:
        if "partNumber=1" in request:
            lose_lease(emulators, s3.root)

    with s3.locked():
        emulators.proxy.watch = lose
        with pytest.raises(dg.Failure, match="lost its lock"):
            s3.put(file, "raw/names.gz")
    assert s3.read("raw/names.gz") is None and file.exists()


def test_a_second_lease_of_this_process_does_not_hide_that_the_first_one_is_lost(
    s3: S3Storage, emulators: Emulators
):
    with s3.locked():
        lose_lease(emulators, s3.root)
        remove_lease(emulators, s3.root)
        with another(s3).locked():
            pass
        with pytest.raises(dg.Failure, match="lost its lock"):
            s3.write("a", b"")


def test_a_late_renewal_that_nobody_came_before_keeps_the_lease(s3: S3Storage):
    with s3.locked():
        (lease,) = held({"Bucket": BUCKET, "Key": s3.name("refresh.lock")})
        stand_still(lease)
        assert lease._is_late()
        s3.write("a", b"")
        assert not lease._is_late()


def test_a_lease_is_renewed_for_as_long_as_it_is_held(s3: S3Storage):
    with s3.locked():
        renewals = set[str]()
        while len(renewals) < 6:  # a third of its time apart
            renewals |= set(s3.etags("refresh.lock").values())
            time.sleep(0.05)
        s3.write("a", b"")
        with pytest.raises(StorageLockedError), another(s3).locked():
            pass


@pytest.mark.parametrize("root", ["", "data", "s3://", "https://bucket/prefix"])
def test_a_root_that_is_no_address_in_s3_is_told(root: str):
    with pytest.raises(dg.Failure, match="set REC_ROOT"):
        S3Storage(root=root).read("a")


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


def test_a_part_that_changes_on_its_way_is_refused_by_its_checksum(
    s3: S3Storage, emulators: Emulators
):
    file = s3.scratch_dir() / "names.gz"
    file.write_bytes(os.urandom(20_000_000))
    emulators.proxy.play("^PUT .*partNumber=2", 1, DAMAGED)
    with pytest.raises(dg.Failure, match=r"names\.gz could not be written .*BadDigest"):
        s3.put(file, "raw/names.gz")
    assert file.exists() and s3.read("raw/names.gz") is None


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


@pytest.mark.parametrize("content", [b"two", b"", b"longer"])
def test_a_local_copy_that_has_changed_is_fetched_again(s3: S3Storage, content: bytes):
    s3.write("a", b"one")
    copy = s3.fetch("a")
    times = copy.stat()
    copy.write_bytes(content)
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert s3.fetch("a").read_bytes() == b"one"


def test_a_local_copy_that_is_as_it_was_is_not_fetched_again(s3: S3Storage):
    s3.write("a", b"one")
    s3.fetch("a")
    before = s3.requests["s3.GetObject"]
    assert s3.fetch("a").read_bytes() == b"one"
    assert s3.requests["s3.GetObject"] == before


def test_a_file_that_is_gone_from_s3_is_no_part_of_the_local_folder_any_more(s3: S3Storage):
    s3.write("tables/titles/1/a", b"")
    s3.write("tables/titles/1/b/c", b"")
    s3.fetch("tables")
    s3.write("tables/titles/1/d", b"")
    s3.delete("tables/titles/1/a")
    s3.delete("tables/titles/1/b/c")
    folder = s3.fetch("tables/titles/1")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["d"]


def test_the_next_run_deletes_the_local_copies_of_what_is_gone(s3: S3Storage):
    for key in ("tables/titles/1/a", "tables/titles/2/a", "model/kmeans.json"):
        s3.write(key, b"")
        s3.fetch(key)
    (s3.scratch_dir() / "notes" / "tables" / "b.part").write_bytes(b"of a download that died")
    s3.delete("tables/titles/1")
    with another(s3).locked():
        pass
    local = [s3.scratch_dir() / "copies", s3.scratch_dir() / "notes"]
    left = {str(path.relative_to(folder)) for folder in local for path in folder.rglob("*")}
    assert left == {
        *("tables", "tables/titles", "tables/titles/2", "tables/titles/2/a", "model"),
        *("model/kmeans.json", "tables/titles/2/a.note", "model/kmeans.json.note"),
    }


def test_credentials_that_expire_half_way_are_named_with_the_fix(
    s3: S3Storage, emulators: Emulators
):
    s3.write("a", b"1")
    emulators.proxy.play("^GET", 9, 400, EXPIRED)
    with pytest.raises(dg.Failure, match=r"ExpiredToken.*aws sso login"):
        s3.read("a")


def test_a_swap_whose_answer_was_lost_is_not_taken_for_a_lost_race(
    s3: S3Storage, emulators: Emulators
):
    s3.write("releases/current", b"one")
    emulators.proxy.play("^PUT .*current", 1, LOST)
    s3.compare_and_swap("releases/current", b"one", b"two")
    assert s3.read("releases/current") == b"two" and emulators.proxy.played == 1


@pytest.mark.parametrize("old", [None, b"one"])
def test_a_write_that_comes_between_a_swaps_look_and_its_write_wins(
    s3: S3Storage, old: bytes | None
):
    if old:
        s3.write("releases/current", old)
    rival = another(s3)

    def interfere(**_: object) -> None:
        rival.write("releases/current", b"rival")

    s3.clients("s3").meta.events.register_first("before-send.s3.PutObject", interfere)
    with pytest.raises(StorageConflictError, match="somebody else"):
        s3.compare_and_swap("releases/current", old, b"two")
    assert s3.read("releases/current") == b"rival"


@pytest.mark.parametrize("old", [None, b"one"])
def test_a_swap_that_s3_calls_a_conflict_is_tried_again(
    s3: S3Storage, emulators: Emulators, old: bytes | None
):
    if old:
        s3.write("releases/current", old)
    emulators.proxy.play("^PUT .*current", 2, 409, CONFLICT)
    s3.compare_and_swap("releases/current", old, b"two")
    assert s3.read("releases/current") == b"two" and emulators.proxy.played == 2


@pytest.mark.parametrize("old", [None, b"one"])
def test_a_conflict_that_somebody_else_won_is_a_lost_race(
    s3: S3Storage, emulators: Emulators, old: bytes | None
):
    if old:
        s3.write("releases/current", old)
    rival = another(s3)

    def interfere(**_: object) -> None:
        emulators.proxy.play("^PUT .*current", 1, 409, CONFLICT)

    rival.write("elsewhere", b"")  # its client is made before the swap
    swap = s3.clients("s3").meta.events
    swap.register_first("before-send.s3.PutObject", lambda **_: rival.write(key, b"rival"))
    swap.register_last("before-send.s3.PutObject", interfere)
    key = "releases/current"
    with pytest.raises(StorageConflictError, match="somebody else"):
        s3.compare_and_swap(key, old, b"two")
    assert s3.read(key) == b"rival" and emulators.proxy.played == 1


def test_conflicts_that_do_not_end_are_told(
    s3: S3Storage, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rec_platform.resources.aws.conditional.PAUSES", (0.01, 0.01))
    emulators.proxy.play("^PUT .*current", 99, 409, CONFLICT)
    with pytest.raises(dg.Failure, match=r"ConditionalRequestConflict.*see who else works"):
        s3.compare_and_swap("releases/current", None, b"two")
    assert emulators.proxy.played == 3 and s3.read("releases/current") is None


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_lease_outlives_conflicts_when_it_is_taken_renewed_and_given_up(
    s3: S3Storage, emulators: Emulators, method: str
):
    def conflict(times: int) -> None:
        emulators.proxy.play(f"^{method} .*/refresh.lock", times, 409, CONFLICT)

    conflict(2)
    with s3.locked():
        (lease,) = held({"Bucket": BUCKET, "Key": s3.name("refresh.lock")})
        conflict(2)
        renewed, until = lease._renewed, time.monotonic() + 20
        while lease._renewed is renewed and time.monotonic() < until:
            time.sleep(0.05)
        assert lease._renewed is not renewed and lease.is_held()
        s3.write("a", b"")
    assert emulators.proxy.played == 4
    assert "refresh.lock" not in s3.names("")


def test_requests_are_counted_by_their_price(s3: S3Storage):
    s3.write("a", b"1234")
    s3.read("a")
    s3.names("")
    s3.delete("a")
    assert request_usage(s3.requests) == {"s3_write_requests": 3, "s3_read_requests": 1}
    s3.write("b", b"1234")
    assert s3.usage()["s3_stored_bytes"] == 4


def test_what_is_kept_is_counted_with_older_versions_and_what_was_deleted(s3: S3Storage):
    client, bucket = s3.clients("s3"), "with-versions"
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    storage = S3Storage(root=f"s3://{bucket}/imdb")
    for content in (b"1", b"22"):
        storage.write("a", content)
    storage.write("b", b"333")
    storage.delete("b")
    S3Storage(root=f"s3://{bucket}/another").write("a", b"4444")
    assert storage.usage()["s3_stored_bytes"] == 6


def test_pruning_in_a_bucket_deletes_old_releases_and_nothing_that_is_not_ours(
    s3: S3Storage, tmp_path: Path
):
    from rec_platform.resources.publishing import KEPT_RELEASES, LOOKUP_KEY, list_releases, publish

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
    assert [release["release_id"] for release in list_releases(s3)] == ids[:0:-1]
    kept = {
        f"releases/{name}/{file}" for name in ids[1:] for file in ("lookup.sqlite", "manifest.json")
    }
    left = {s3.key(f"s3://{BUCKET}/{name}") for name in s3.etags("releases")}
    assert left == {*others, *kept, "releases/current.json"}
    assert {key: s3.read(key) for key in others} == others


def test_of_two_publishers_one_wins_and_the_other_is_told(
    s3: S3Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from rec_platform.resources import publishing
    from rec_platform.resources.publishing import LOOKUP_KEY, list_releases, publish

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
    assert [release["is_serving"] for release in list_releases(s3)] == [True, False]


def test_a_lease_that_is_too_short_to_be_renewed_is_refused():
    with pytest.raises(ValueError, match="greater than or equal to 3"):
        S3Storage(root="s3://bucket/imdb", lease_seconds=2)
