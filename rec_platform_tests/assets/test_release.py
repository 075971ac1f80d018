"""Publishing: releases are whole, listed, rolled back to and pruned, whatever dies in between."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from rec_platform.release.lookup import LookupFileError
from rec_platform.release.serving import ServingRelease, current_release, open_release
from rec_platform.resources.publishing import KEPT_RELEASES, list_releases, publish, roll_back
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


def test_releases_are_listed_last_published_first_and_the_serving_one_is_marked(
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


def test_the_release_that_served_until_a_publication_outlives_it(
    tmp_path: Path, storage: LocalStorage
):
    ids = publish_many(tmp_path, KEPT_RELEASES)
    roll_back(storage, ids[0])
    new = publish_new(tmp_path, "New", "2025-01-01T00:00:00.000+00:00")
    assert names(tmp_path / "releases") == {*ids, new, "current.json"}
    newer = publish_new(tmp_path, "Newer", "2025-01-01T00:01:00.000+00:00")
    assert names(tmp_path / "releases") == {*ids[2:], new, newer, "current.json"}


def test_after_a_clock_that_was_wrong_the_order_is_that_of_publication(
    tmp_path: Path, storage: LocalStorage
):
    future = [
        publish_new(tmp_path, f"Film {year}", f"{year}-01-01T00:00:00+00:00")
        for year in range(2090, 2090 + KEPT_RELEASES)
    ]
    first, second = (
        publish_new(tmp_path, f"Film {day}", f"2026-01-0{day}T00:00:00+00:00") for day in (1, 2)
    )
    listed = [manifest["release_id"] for manifest in list_releases(storage)]
    assert listed == [second, first, *future[:1:-1]]
    assert served_title(tmp_path) == "Film 2"
    for expected in (first, future[-1]):
        assert roll_back(storage) == expected


def test_releases_from_before_publications_were_counted_come_first_by_their_date(
    tmp_path: Path, storage: LocalStorage
):
    ids = publish_many(tmp_path, 3)
    for release_id in ids:
        file = tmp_path / "releases" / release_id / "manifest.json"
        manifest = json.loads(file.read_text())
        del manifest["publication"]
        file.write_text(json.dumps(manifest))
    assert [manifest["release_id"] for manifest in list_releases(storage)] == ids[::-1]
    back_then = publish_new(tmp_path, "Back then", "2001-01-01T00:00:00+00:00")
    listed = [manifest["release_id"] for manifest in list_releases(storage)]
    assert listed == [back_then, *ids[::-1]]
    assert roll_back(storage) == ids[2]
    assert roll_back(storage) == ids[1]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


FOREIGN = "20230101T000000Z-0000000e"


@pytest.mark.parametrize("content", [b"[]", b"null", b"{", b'"x"'])
def test_if_the_pointer_cannot_be_read_the_newest_release_serves(
    tmp_path: Path, storage: LocalStorage, content: bytes
):
    publish_many(tmp_path, 2)
    (tmp_path / "releases" / "current.json").write_bytes(content)
    assert [manifest["is_serving"] for manifest in list_releases(storage)] == [True, False]
    assert served_title(tmp_path) == "Film 1"
    publish_new(tmp_path, "Film 2")
    assert served_title(tmp_path) == "Film 2"


def test_nothing_that_is_not_ours_is_deleted_listed_or_rolled_back_to(
    tmp_path: Path, storage: LocalStorage
):
    releases = tmp_path / "releases"
    for name, content in (
        (".DS_Store", b"\0\xff"),
        ("20230101T000000Z-00000000", b"a file with the name of a release"),
        ("v1.0/manifest.json", b'{"version": "1.0"}'),
        ("v1.1/manifest.json", b'{"release_id": "v1.1"}'),
        ("v1.2/lookup.sqlite", b"another program's"),
        ("source/main.py", b"print()"),
        ("20230101T000000Z-0000000a/manifest.json", b'{"release_id": "another"}'),
        ("20230101T000000Z-0000000b/manifest.json", b"[]"),
        ("20230101T000000Z-0000000c/manifest.json", b"{"),
        ("20230101T000000Z-0000000d/notes.txt", b"somebody's"),
        (f"{FOREIGN}/manifest.json", json.dumps({"release_id": FOREIGN}).encode()),
    ):
        (releases / name).parent.mkdir(parents=True, exist_ok=True)
        (releases / name).write_bytes(content)
    before, others = tree(releases), names(releases)
    ids = publish_many(tmp_path, KEPT_RELEASES + 1)
    assert {name: content for name, content in tree(releases).items() if name in before} == before
    assert names(releases) == {*others, *ids[1:], "current.json"}
    assert [manifest["release_id"] for manifest in list_releases(storage)] == ids[:0:-1]
    with pytest.raises(LookupFileError, match=r"no release v1\.1"):
        roll_back(storage, "v1.1")


def test_a_link_to_a_release_elsewhere_is_listed_and_never_deleted(
    tmp_path: Path, storage: LocalStorage
):
    oldest, _ = publish_many(tmp_path, 2)
    elsewhere = tmp_path / "elsewhere"
    link = (tmp_path / "releases" / oldest).rename(elsewhere)
    (tmp_path / "releases" / oldest).symlink_to(link)
    before = tree(elsewhere)
    ids = [
        publish_new(tmp_path, f"New {minute}", f"2025-01-01T00:{minute:02}:00+00:00")
        for minute in range(KEPT_RELEASES)
    ]
    assert tree(elsewhere) == before
    assert names(tmp_path / "releases") == {oldest, *ids, "current.json"}
    assert roll_back(storage, oldest) == oldest
    assert served_title(tmp_path) == "Film 0"


def test_what_somebody_put_into_a_release_outlives_it(tmp_path: Path):
    oldest, *_ = publish_many(tmp_path, KEPT_RELEASES)
    note = tmp_path / "releases" / oldest / "notes.txt"
    note.write_text("the one for the talk")
    publish_new(tmp_path, "New", "2025-01-01T00:00:00+00:00")
    assert names(note.parent) == {"notes.txt"}


def test_a_release_that_cannot_be_deleted_is_a_warning_after_the_publication(
    tmp_path: Path,
    storage: LocalStorage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    ids = publish_many(tmp_path, KEPT_RELEASES)
    roll_back(storage, ids[3])
    for release_id in ids[:2]:  # two are due, as after a pruning that failed
        shutil.copytree(tmp_path / "releases" / release_id, tmp_path / "again" / release_id)
    new = publish_new(tmp_path, "New", "2025-01-01T00:00:00+00:00")
    shutil.copytree(tmp_path / "again", tmp_path / "releases", dirs_exist_ok=True)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if ids[0] in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    newest = publish_new(tmp_path, "Newest", "2025-01-01T00:01:00+00:00")
    assert served_title(tmp_path) == "Newest"
    assert names(tmp_path / "releases") == {ids[0], *ids[2:], new, newest, "current.json"}
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"{ids[0]} could not be deleted" in warning and "Permission denied" in warning
    monkeypatch.undo()
    publish(storage)
    assert ids[0] not in names(tmp_path / "releases")


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


def test_what_a_rollback_left_is_not_rolled_back_to_later(tmp_path: Path, storage: LocalStorage):
    _, second, _ = publish_many(tmp_path, 3)
    assert roll_back(storage) == second
    publish_new(tmp_path, "Film 3", "2024-03-11T04:03:00.000+00:00")
    assert roll_back(storage) == second


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
from rec_platform.resources.publishing import publish
from rec_platform.resources.publishing import list_releases, roll_back
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
    dead = tmp_path / "releases" / "20240311T041209Z-dead0000"
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


def test_a_pointer_that_cannot_be_read_is_replaced_by_the_next_publication(tmp_path: Path):
    publish_many(tmp_path, 1)
    (tmp_path / "releases" / "current.json").write_text("{")
    publish_new(tmp_path, "New", "2025-01-01T00:00:00.000+00:00")
    assert served_title(tmp_path) == "New"
