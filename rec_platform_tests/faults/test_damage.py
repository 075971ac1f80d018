"""A root in which something is damaged serves on, and the next refresh makes it again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rec_platform.release.lookup import LookupFileError
from rec_platform_tests.conftest import Platform
from rec_platform_tests.faults.damages import (
    A_RUN,
    ALL_DAMAGES,
    FEW,
    FOUND,
    KINDS,
    RECEIPTS,
    SOMEBODYS,
    Damage,
    a_file,
    a_folder,
    emptied,
    gone,
)

pytestmark = pytest.mark.faults


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "damage" in metafunc.fixturenames:
        is_full = int(metafunc.config.getoption("faults") or 0) >= ALL_DAMAGES
        metafunc.parametrize(
            ("kind", "damage"),
            [
                pytest.param(kind, damage, id=f"{kind}-{damage.__name__}")  # type: ignore[attr-defined]
                for kind, damages in KINDS.items()
                for damage in (damages if is_full else damages[:FEW])
            ],
        )


@pytest.fixture(scope="module")
def two_releases(first_release: Platform, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The released platform with its runs in its root, and a second release."""
    platform = first_release.copied(tmp_path_factory.mktemp("two"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("REC_")]:
            patch.delenv(name)
        patch.delenv("DAGSTER_HOME", raising=False)
        assert platform.refresh("--clusters", "8").exit_code == 0
    return platform


@pytest.fixture
def rooted(
    two_releases: Platform, tmp_path: Path, environment: None, monkeypatch: pytest.MonkeyPatch
) -> Platform:
    del environment
    monkeypatch.delenv("DAGSTER_HOME")
    return two_releases.copied(tmp_path)


def assert_named_by_doctor(platform: Platform, damaged: list[Path]) -> None:
    examined = platform.run("doctor", "--source", "sample")
    assert examined.exit_code == 1, examined.stdout
    for path in damaged:
        assert str(path.relative_to(platform.root)) in examined.stdout


def texts(root: Path) -> list[bytes]:
    return [path.read_bytes() for path in root.rglob("*") if path.is_file()]


def test_what_is_damaged_is_told_and_made_again_and_meanwhile_a_sound_release_serves(
    rooted: Platform, caplog: pytest.LogCaptureFixture, kind: str, damage: Damage
) -> None:
    paths = sorted(rooted.root.glob(kind))
    assert paths, f"no root holds {kind} any more"
    # Of two releases the newer one is damaged.
    damaged = paths[-1:] if kind.startswith("releases/2") else paths
    for path in damaged:
        damage(path)
    is_absent = damage is gone or (damage is emptied and kind.endswith(".db"))
    if not is_absent and kind not in (A_RUN, FOUND):
        assert_named_by_doctor(rooted, damaged)
    if kind != "releases":
        assert rooted.serving().release["title_count"]
    done = rooted.refresh("--clusters", "8")
    assert done.exit_code == 0, done.stderr
    assert rooted.serving().release["recipe"]["clusters"] == 8
    # What is set aside is said, and nothing else is left behind; what was not ours is never lost.
    if damage in (a_file, a_folder):
        assert texts(rooted.root).count(SOMEBODYS) == len(damaged)
    for path in rooted.root.rglob("*.unreadable-*"):
        assert str(path.relative_to(rooted.root)) in caplog.text
    assert list((rooted.root / "tmp").iterdir()) == []
    if kind == RECEIPTS:
        assert rooted.run("costs").exit_code == 0
        for path in paths:
            path.unlink(missing_ok=True)
    examined = rooted.run("doctor", "--source", "sample")
    assert examined.exit_code == 0, examined.stdout


def test_settings_of_dagsters_that_it_refuses_are_told_with_their_file(rooted: Platform) -> None:
    settings = rooted.root / "dagster" / "dagster.yaml"
    settings.write_text("telemetry: 7\nno_such_setting: true\n")
    done = rooted.refresh()
    assert done.exit_code == 1
    _, reason, last = done.stderr.splitlines()
    assert str(settings) in reason and "no_such_setting" in reason and "delete it" in reason
    assert "nothing was published" in last


def test_with_no_sound_release_left_the_site_says_so(rooted: Platform) -> None:
    for lookup in rooted.releases.glob("*/lookup.sqlite"):
        lookup.write_bytes(b"")
    with pytest.raises(LookupFileError, match="is damaged"):
        rooted.serving()
    done = rooted.run("recommend", "tt0000001")
    assert done.exit_code == 1 and "is damaged" in done.stderr
    assert rooted.refresh("--clusters", "8").exit_code == 0
    assert rooted.serving().release["recipe"]["clusters"] == 8
