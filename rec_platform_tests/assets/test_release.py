"""Publishing: releases are whole, listed, rolled back to and pruned, whatever dies in between."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from rec_platform.assets.release import KEPT_RELEASES, list_releases, publish, roll_back
from rec_platform.release.lookup import LookupFileError
from rec_platform.release.serving import ServingRelease, current_release, open_release
from rec_platform.resources.storage import LocalStorage
from rec_platform_tests.conftest import (
    REPOSITORY,
    SECOND,
    Platform,
    build,
    publish_many,
    publish_new,
)


def served_title(root: Path) -> str:
    title = ServingRelease(root / "releases").lookup().title("tt1")
    assert title
    return title.title


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(root=str(tmp_path))


# What is published


def test_the_manifests_checksum_and_size_are_those_of_the_file(tmp_path: Path):
    release_id = publish_new(tmp_path, "Film")
    folder = tmp_path / "releases" / release_id
    manifest = json.loads((folder / "manifest.json").read_text())
    content = (folder / "lookup.sqlite").read_bytes()
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    assert manifest["bytes"] == len(content)
    assert manifest["release_id"] == release_id
    assert names(folder) == {"lookup.sqlite", "manifest.json"}


def test_a_release_says_what_it_was_made_of(released: Platform):
    release = released.serving().release
    recipe = release["recipe"]
    assert (recipe["preset"], recipe["features"], recipe["rule"], recipe["clusters"]) == (
        *("english_like", "balanced", "blend"),
        9,
    )
    assert recipe["seed"] == 0 and recipe["min_votes"] == 0
    assert release["source"] == "sample" and release["source_kind"] == "sample"
    assert set(release["files"]) == {
        *("title_basics", "title_akas", "title_ratings"),
        *("title_crew", "title_principals", "name_basics"),
    }
    for name, facts in release["files"].items():
        content = (released.source / f"{name.replace('_', '.')}.tsv.gz").read_bytes()
        assert facts["sha256"] == hashlib.sha256(content).hexdigest()
        assert facts["bytes"] == len(content) == int(facts["size"])
        assert facts["rows"] > 0 and facts["fetched_at"].startswith("20")
    assert release["files"]["title_basics"]["rows"] == 1_000
    assert release["missing_files"] == []
    for name, installed in release["packages"].items():
        assert installed == version(name)
    assert {"dagster", "duckdb", "pandas", "scikit-learn", "numpy"} <= set(release["packages"])


def test_a_release_keeps_the_bounds_of_its_scaling_and_its_centroids(released: Platform):
    lookup = released.serving()
    scaling = lookup.release["scaling"]
    assert scaling["features"] == "balanced"
    years = [title.year for number in range(9) for title in lookup.cluster_titles(number, 999)]
    assert scaling["bounds"]["year"] == [min(years), max(years)]
    centroids = lookup.release["kmeans"]["centroids"]
    assert {len(row) for row in centroids} == {len(scaling["bounds"])} and len(centroids) == 9


# Listing


def test_releases_are_listed_newest_first_and_the_serving_one_is_marked(
    tmp_path: Path, storage: LocalStorage
):
    ids = publish_many(tmp_path, 3)
    listed = list_releases(storage)
    assert [manifest["release_id"] for manifest in listed] == ids[::-1]
    assert [manifest["is_serving"] for manifest in listed] == [True, False, False]
    roll_back(storage)
    assert [manifest["is_serving"] for manifest in list_releases(storage)] == [False, True, False]


def test_releases_of_the_same_second_stand_side_by_side_in_their_order(
    tmp_path: Path, storage: LocalStorage
):
    ids = [
        publish_new(tmp_path, f"Film {number}", f"{SECOND}.{number:03}+00:00")
        for number in range(4)
    ]
    assert len(set(ids)) == 4
    assert [manifest["release_id"] for manifest in list_releases(storage)] == ids[::-1]
    for number, release_id in enumerate(ids):
        title = open_release(tmp_path / "releases", release_id).title("tt1")
        assert title and title.title == f"Film {number}"


def test_releases_of_the_same_instant_do_not_overwrite_each_other(tmp_path: Path):
    first, second = publish_new(tmp_path, "First"), publish_new(tmp_path, "Second")
    assert first != second
    for release_id, name in ((first, "First"), (second, "Second")):
        title = open_release(tmp_path / "releases", release_id).title("tt1")
        assert title and title.title == name


def test_publishing_the_same_lookup_again_makes_no_second_release(
    tmp_path: Path, storage: LocalStorage
):
    old, new = publish_many(tmp_path, 2)
    roll_back(storage, old)
    assert publish(storage)["release_id"] == new
    assert current_release(tmp_path / "releases") == new
    assert len(list_releases(storage)) == 2


def test_what_a_publication_that_died_left_is_neither_listed_nor_kept(
    tmp_path: Path, storage: LocalStorage
):
    (first,) = publish_many(tmp_path, 1)
    dead = tmp_path / "releases" / "20991231T235959Z-dead0000"
    dead.mkdir()
    (dead / "lookup.sqlite").write_bytes(b"half")
    assert [manifest["release_id"] for manifest in list_releases(storage)] == [first]
    with pytest.raises(LookupFileError, match="no release 20991231"):
        roll_back(storage, dead.name)
    second = publish_new(tmp_path, "Film", "2025-01-01T00:00:00.000+00:00")
    assert names(tmp_path / "releases") == {first, second, "current.json"}


# Pruning


def test_the_newest_five_releases_are_kept(tmp_path: Path, storage: LocalStorage):
    ids = publish_many(tmp_path, KEPT_RELEASES + 3)
    assert KEPT_RELEASES == 5
    assert names(tmp_path / "releases") == {*ids[-5:], "current.json"}


def test_the_serving_release_is_kept_however_old_it_is(tmp_path: Path, storage: LocalStorage):
    ids = publish_many(tmp_path, 5)
    # As after a clock that was wrong: what is published now is the oldest by its date.
    oldest = publish_new(tmp_path, "Back then", "2001-01-01T00:00:00.000+00:00")
    assert names(tmp_path / "releases") == {oldest, *ids, "current.json"}
    assert served_title(tmp_path) == "Back then"


# Rolling back


def test_rolling_back_serves_the_release_before_and_then_the_one_before_that(
    tmp_path: Path, storage: LocalStorage
):
    first, second, _ = publish_many(tmp_path, 3)
    serving = ServingRelease(tmp_path / "releases")
    assert serving.lookup().path.parent.name not in (first, second)
    for expected in (second, first):
        assert roll_back(storage) == expected
        assert current_release(tmp_path / "releases") == expected
        assert serving.lookup().path.parent.name == expected  # picked up without a restart


def test_a_named_release_serves_again_be_it_older_or_newer(tmp_path: Path, storage: LocalStorage):
    ids = publish_many(tmp_path, 3)
    for number in (0, 2):
        assert roll_back(storage, ids[number]) == ids[number]
        assert served_title(tmp_path) == f"Film {number}"


@pytest.mark.parametrize("release_id", ["20240311T000000Z-00000000", "", "../releases", "."])
def test_an_unknown_release_is_an_error_that_names_those_there_are(
    tmp_path: Path, storage: LocalStorage, release_id: str
):
    ids = publish_many(tmp_path, 2)
    pointer = (tmp_path / "releases" / "current.json").read_bytes()
    with pytest.raises(LookupFileError) as raised:
        roll_back(storage, release_id)
    assert all(known in str(raised.value) for known in ids)
    assert (tmp_path / "releases" / "current.json").read_bytes() == pointer


def test_with_no_older_release_there_is_nothing_to_roll_back_to(
    tmp_path: Path, storage: LocalStorage
):
    with pytest.raises(LookupFileError, match="no older release"):
        roll_back(storage)
    publish_many(tmp_path, 1)
    pointer = (tmp_path / "releases" / "current.json").read_bytes()
    with pytest.raises(LookupFileError, match="no older release"):
        roll_back(storage)
    assert (tmp_path / "releases" / "current.json").read_bytes() == pointer


@pytest.mark.parametrize("damage", ["a byte", "the end", "the file"])
def test_a_damaged_release_is_not_rolled_back_to(
    tmp_path: Path, storage: LocalStorage, damage: str
):
    first, second = publish_many(tmp_path, 2)
    lookup = tmp_path / "releases" / first / "lookup.sqlite"
    content = bytearray(lookup.read_bytes())
    content[-100] ^= 1
    lookup.write_bytes(content if damage == "a byte" else content[:-100])
    if damage == "the file":
        lookup.unlink()
    pointer = (tmp_path / "releases" / "current.json").read_bytes()
    for chosen in (None, first):
        with pytest.raises(LookupFileError, match=f"release {first} (is damaged|cannot be read)"):
            roll_back(storage, chosen)
    assert (tmp_path / "releases" / "current.json").read_bytes() == pointer
    assert ServingRelease(tmp_path / "releases").lookup().path.parent.name == second


# Dying in between

DIE_AT_EACH_STEP = """
import os, shutil, signal, sys
from pathlib import Path

from rec_platform.release.serving import ServingRelease
from rec_platform.assets.release import list_releases, publish, roll_back
from rec_platform.resources.storage import LocalStorage

STEPS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}
original = Path(sys.argv[1])
job = {"publish": publish, "roll_back": roll_back}[sys.argv[2]]


def run_and_die(root, step):
    left = step

    def count(event, arguments):
        nonlocal left
        if event not in STEPS:
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if event == "open" and arguments[2] & os.O_TRUNC:
            left -= 1
            if left == 0:  # the file is emptied, and nothing written yet
                open(arguments[0], "wb").close()
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    job(LocalStorage(root=str(root)))


step = 0
died = True
while died:
    step += 1
    root = original.with_name(f"step{step}")
    shutil.copytree(original, root)
    child = os.fork()
    if child == 0:
        run_and_die(root, step)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    died = os.WIFSIGNALED(status)
    assert died or status == 0, status
    storage = LocalStorage(root=str(root))
    served = ServingRelease(root / "releases").lookup().title("tt1").title
    listed = [manifest["release_id"] for manifest in list_releases(storage)]
    whole = [
        (root / "releases" / name / "lookup.sqlite").is_file() and
        (root / "releases" / name / "manifest.json").is_file() for name in listed
    ]
    job(storage)
    after = ServingRelease(root / "releases").lookup().title("tt1").title
    left = sorted(path.name for path in (root / "tmp").iterdir())
    folders = len(list((root / "releases").iterdir())) - 1
    print(served, all(whole), after, ",".join(left) or "clean", folders, sep="|")
"""


def die_at_each_step(root: Path, job: str) -> list[list[str]]:
    """Kill a job before each thing that it does to a file, one after another, and look."""
    done = subprocess.run(
        [sys.executable, "-c", DIE_AT_EACH_STEP, str(root), job],
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line.split("|") for line in done.stdout.splitlines()]


def test_a_publication_killed_at_any_step_leaves_the_old_release_or_the_new_one(tmp_path: Path):
    root = tmp_path / "data"
    publish_many(root, KEPT_RELEASES)  # so that the next one also prunes
    build(root, "New", "2024-03-11T05:00:00.000+00:00")
    steps = die_at_each_step(root, "publish")
    assert len(steps) > 12
    served = [step[0] for step in steps]
    turned = served.index("New")
    assert 3 < turned < len(served) - 3  # dying before and after the pointer moved were both tried
    assert served == ["Film 4"] * turned + ["New"] * (len(served) - turned)
    # No half of a release is listed, and the next publication works and leaves no rubbish.
    assert {tuple(step[1:]) for step in steps} == {("True", "New", "clean", "5")}


def test_a_first_publication_that_was_killed_can_be_repeated(tmp_path: Path):
    build(tmp_path, "Film")
    dead = tmp_path / "releases" / "20240311T041209Z-0000"
    dead.mkdir(parents=True)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "release.sqlite").write_bytes(b"half")
    with pytest.raises(LookupFileError, match="rec-platform refresh"):
        ServingRelease(tmp_path / "releases").lookup()
    publish_new(tmp_path, "Film")
    assert served_title(tmp_path) == "Film"
    assert not dead.exists() and not names(tmp_path / "tmp")


def test_a_rollback_killed_at_any_step_leaves_one_release_or_the_other(tmp_path: Path):
    root = tmp_path / "data"
    publish_many(root, 4)
    steps = die_at_each_step(root, "roll_back")
    served = [step[0] for step in steps]
    turned = served.index("Film 2")
    assert turned > 1 and served == ["Film 3"] * turned + ["Film 2"] * (len(served) - turned)
    assert {step[1] for step in steps} == {"True"} and {step[3] for step in steps} == {"clean"}


def test_a_pointer_that_cannot_be_read_is_replaced_by_the_next_publication(
    tmp_path: Path, storage: LocalStorage
):
    publish_many(tmp_path, 1)
    (tmp_path / "releases" / "current.json").write_text("{")
    assert not any(manifest["is_serving"] for manifest in list_releases(storage))
    publish_new(tmp_path, "New", "2025-01-01T00:00:00.000+00:00")
    assert served_title(tmp_path) == "New"


# A full disk


@pytest.fixture
def small_disk(platform: Platform) -> Iterator[Platform]:
    """The released platform's data on a disk of its own that has no room left."""
    data = platform.root
    kept = data.rename(data.with_name("kept"))
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(data)]
    if (
        os.geteuid()
        or not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("a small disk of its own needs the right to mount one")
    try:
        shutil.copytree(kept, data, dirs_exist_ok=True)
        yield platform
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)  # what serves is still open


def fill(folder: Path, left: int) -> None:
    """Leave so many bytes on the disk of a folder."""
    with (folder / "filler").open("wb") as filler:
        filler.write(b"\0" * (shutil.disk_usage(folder).free - left))


def is_explained(errors: str) -> bool:
    lines = errors.splitlines()
    return (
        "Traceback" not in errors
        and "bytes left: free some space, or use another --root (REC_ROOT)" in lines[-2]
        and lines[-1] == "nothing was published: the last release, if any, goes on serving"
    )


@pytest.mark.parametrize("left", [0, 150_000])
def test_on_a_full_disk_the_refresh_fails_plainly_and_the_last_release_serves(
    small_disk: Platform, left: int
):
    before = small_disk.files()
    fill(small_disk.root, left)
    done = small_disk.refresh("--clusters", "8")
    assert done.exit_code == 1
    assert is_explained(done.stderr), done.stderr
    assert small_disk.files() == before
    assert small_disk.serving().release["recipe"]["clusters"] == 9
    (small_disk.root / "filler").unlink()


def test_on_a_disk_too_full_for_dagsters_records_it_is_said_just_as_plainly(small_disk: Platform):
    before = small_disk.files()
    fill(small_disk.root, 200_000)
    home = {"DAGSTER_HOME": str(small_disk.root / "dagster")}
    with small_disk.start("refresh", "--source", "sample", environment=home) as process:
        _, errors = process.communicate()
    assert process.returncode == 1
    assert is_explained(errors), errors
    assert small_disk.files() == before
