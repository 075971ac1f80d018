"""What a rollback left does not come back by itself, whatever happens to what serves."""

from __future__ import annotations

import hashlib
from pathlib import Path

import dagster as dg
import pytest

from rec_platform.release.lookup import LookupFileError
from rec_platform.release.serving import ServingRelease, current_release
from rec_platform.resources.publishing import is_published, open_serving, publish, roll_back
from rec_platform.resources.storage import LocalStorage
from rec_platform_tests.conftest import Platform, build, publish_many


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(root=str(tmp_path))


def served(root: Path) -> str:
    """The release that a site serves which starts now."""
    return ServingRelease(root / "releases").lookup().path.parent.name


def damage(root: Path, *release_ids: str) -> None:
    for release_id in release_ids:
        (root / "releases" / release_id / "lookup.sqlite").write_bytes(b"not what it was")


def refresh(storage: LocalStorage, name: str) -> None:
    """What the asset `release` does with a lookup of this name."""
    if not is_published(storage, hashlib.sha256(name.encode()).hexdigest()):
        build(Path(storage.root), name)
        publish(storage)


def test_where_the_release_rolled_back_to_is_damaged_an_older_one_serves(
    tmp_path: Path, storage: LocalStorage
):
    oldest, chosen, left = publish_many(tmp_path, 3)
    assert roll_back(storage) == chosen
    damage(tmp_path, chosen)
    assert served(tmp_path) == open_serving(storage).path.parent.name == oldest
    refresh(storage, "Film 2")
    assert current_release(tmp_path / "releases") == served(tmp_path) == oldest != left
    refresh(storage, "Film 2")
    assert served(tmp_path) == oldest


def test_with_no_older_release_that_is_sound_a_refresh_fails_and_says_what_to_do(
    tmp_path: Path, storage: LocalStorage
):
    chosen, left = publish_many(tmp_path, 2)
    roll_back(storage)
    damage(tmp_path, chosen)
    with pytest.raises(LookupFileError, match=f"{chosen} is damaged"):
        served(tmp_path)
    with pytest.raises(dg.Failure, match=f"{chosen} is damaged.*was rolled back.*RELEASE"):
        refresh(storage, "Film 1")
    assert current_release(tmp_path / "releases") == chosen
    assert roll_back(storage, left) == served(tmp_path) == left


def test_what_an_earlier_rollback_left_does_not_serve_for_a_later_release_either(
    tmp_path: Path, storage: LocalStorage
):
    _, chosen, left = publish_many(tmp_path, 3)
    roll_back(storage)
    refresh(storage, "Better")
    better = served(tmp_path)
    assert better not in (chosen, left)
    damage(tmp_path, better)
    assert served(tmp_path) == chosen
    refresh(storage, "Better")
    assert served(tmp_path) == better


@pytest.mark.slow
def test_a_refresh_serves_nothing_that_was_rolled_back(platform: Platform):
    oldest = platform.serving().path.parent.name
    for clusters in "8", "7":
        assert platform.refresh("--clusters", clusters).exit_code == 0
    assert platform.run("rollback").exit_code == 0
    damage(platform.root, platform.serving().path.parent.name)
    done = platform.refresh("--clusters", "7")
    assert done.exit_code == 0 and f"release {oldest} serves instead" in done.stderr, done.stderr
    assert platform.serving().path.parent.name == oldest
