"""A release made once from an invented catalogue, and a copy of it for each test to play with."""

from __future__ import annotations

import gc
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rec_platform_tests.emulators import Emulators
from rec_platform_tests.emulators import emulators as emulated
from rec_platform_tests.emulators import environment as aws_environment

if TYPE_CHECKING:
    from click.testing import Result

    from rec_platform.release.lookup import Lookup
    from rec_platform.release.schema import Title
    from rec_platform_tests.keeper import Keeper

REPOSITORY = Path(__file__).parent.parent
TITLES = 1_000
COLOUR_VARIABLES = ("FORCE_COLOR", "NO_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE")

OWN_WEIGHTS = {"series": 0.0, "era": 60.0, "fame": 1.0}
SECOND = "2024-03-11T04:12:09"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults",
        type=int,
        default=8,
        help="how many times test_kills.py kills each thing; from 100 on, every file is damaged in "
        "every way, the disk is full at 21 points, and a run on AWS is killed at every step",
    )


@dataclass(frozen=True)
class Platform:
    """A working folder with IMDb-like files in `sample` and all that is made of them in `data`."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "sample"

    @property
    def root(self) -> Path:
        return self.folder / "data"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    def copied(self, folder: Path) -> Platform:
        """A copy of all this, in another folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Platform(folder)

    def run(self, *arguments: str) -> Result:
        """Run the command in this process; an error that it does not explain is raised."""
        from typer.testing import CliRunner

        from rec_platform.cli import app

        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return CliRunner().invoke(app, arguments, catch_exceptions=False)  # type: ignore[return-value]

    def refresh(self, *options: str) -> Result:
        return self.run("refresh", "--source", "sample", *options)

    def start(
        self, *arguments: str, environment: dict[str, str] | None = None, has_terminal: bool = False
    ) -> subprocess.Popen[str]:
        """Start the command as a process of its own, or alone in a group, as a terminal does."""
        return subprocess.Popen(
            [sys.executable, "-m", "rec_platform.cli", *arguments],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | (environment or {}),
            process_group=0 if has_terminal else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def serving(self) -> Lookup:
        """What a visitor is served."""
        from rec_platform.release.serving import ServingRelease

        return ServingRelease(self.releases).lookup()

    def files(self) -> dict[str, bytes]:
        """All that is published, byte for byte."""
        paths = (path for path in self.releases.rglob("*") if path.is_file())
        return {str(path.relative_to(self.releases)): path.read_bytes() for path in paths}


def rows(file: Path) -> list[bytes]:
    """The lines of a file as IMDb writes them, header first."""
    return gzip.decompress(file.read_bytes()).splitlines(keepends=True)


def write_rows(file: Path, lines: list[bytes]) -> None:
    file.write_bytes(gzip.compress(b"".join(lines), 1))


def all_titles(lookup: Lookup) -> list[Title]:
    """The titles of a release that was made of the sample."""
    return [title for number in range(9) for title in lookup.cluster_titles(number, limit=TITLES)]


def last_run() -> Any:
    """The run that the Dagster UI shows first, with the assets it materialised."""
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs(limit=1)
        logs = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    events = [log.dagster_event for log in logs]
    return run, {event.asset_key.to_user_string() for event in events if event and event.asset_key}


def remade() -> set[str]:
    """The assets that the last run made again, rather than keep what it had."""
    import dagster as dg

    run, _ = last_run()
    with dg.DagsterInstance.get() as instance:
        logs = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    materializations = [log.asset_materialization for log in logs]
    return {
        made.asset_key.to_user_string()
        for made in materializations
        if made and (flag := made.metadata.get("is_reused")) and not flag.value
    }


def build(root: Path, name: str, created_at: str = SECOND + ".000+00:00") -> None:
    """Build a lookup of one title, as `cluster_lookup` leaves it."""
    from rec_platform.release.schema import Cluster, Title
    from rec_platform.release.writer import write_lookup
    from rec_platform_tests.release.entries import entries

    title = Title("tt1", name, name, 1999, None, [], 7.0, 9, [], None, None, 0, 0.5)
    (root / "build").mkdir(parents=True, exist_ok=True)
    write_lookup(
        root / "build" / "lookup.sqlite",
        release={
            "created_at": created_at,
            "fingerprint": hashlib.sha256(name.encode()).hexdigest(),
            "title_count": 1,
            "recipe": {"preset": "world", "features": "original_2020", "rule": "original_2020"},
            "source": "sample",
            "source_kind": "sample",
            "scorecard": {},
        },
        clusters=[Cluster(0, "All", 1, [], 1999, 1999, 7.0, 9, ["tt1"], ["tt1"])],
        **entries([(title, "")]),
        neighbours=[b""],
    )


def publish_new(root: Path, name: str, created_at: str = SECOND + ".000+00:00") -> str:
    from rec_platform.resources.publishing import publish
    from rec_platform.resources.storage import LocalStorage

    build(root, name, created_at)
    return publish(LocalStorage(root=str(root)))["release_id"]


def publish_many(root: Path, count: int) -> list[str]:
    """Publish releases a minute apart; their ids, the oldest first."""
    return [
        publish_new(root, f"Film {minute}", f"2024-03-11T04:{minute:02}:00.000+00:00")
        for minute in range(count)
    ]


@pytest.fixture(scope="session")
def dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dagster")


@contextmanager
def clean_environment(dagster_home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("REC_")]:
            patch.delenv(name)
        for name in COLOUR_VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv("DAGSTER_HOME", str(dagster_home))
        yield


@pytest.fixture
def environment(dagster_home: Path) -> Iterator[None]:
    """Nothing of the developer's own settings, and no record in their Dagster."""
    with clean_environment(dagster_home):
        yield


@pytest.fixture
def unclosed_is_forgiven() -> Iterator[None]:
    """For tests of libraries that leave connections open.

    What they leave is collected here: else the next test that collects garbage is blamed for it.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture(scope="session")
def first_release(tmp_path_factory: pytest.TempPathFactory, dagster_home: Path) -> Platform:
    from rec_platform.sample.writer import write_sample

    platform = Platform(tmp_path_factory.mktemp("released"))
    write_sample(platform.source, TITLES)
    with clean_environment(dagster_home):
        done = platform.refresh()
    assert done.exit_code == 0, done.stderr
    return platform


@pytest.fixture(scope="session")
def weighed(
    first_release: Platform, dagster_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Platform:
    """The released platform after a refresh with weights of its own. Not to be changed."""
    platform = first_release.copied(tmp_path_factory.mktemp("weighed"))
    (platform.folder / "weights.json").write_text(json.dumps(OWN_WEIGHTS))
    with clean_environment(dagster_home):
        done = platform.refresh("--weights", "weights.json")
    assert done.exit_code == 0, done.stderr
    assert "blend neighbours, own weights" in done.stdout
    return platform


@pytest.fixture
def released(first_release: Platform, environment: None) -> Iterator[Platform]:
    """A platform that was refreshed once, with the defaults. Not to be changed."""
    del environment
    releases = {*first_release.releases.iterdir()}
    yield first_release
    assert {*first_release.releases.iterdir()} == releases, "change a copy of it: platform"


@pytest.fixture
def platform(released: Platform, tmp_path: Path) -> Platform:
    """A copy of the released platform."""
    return released.copied(tmp_path)


@pytest.fixture
def copies(tmp_path: Path) -> Keeper:
    """An empty root, and a source folder with one file of two titles."""
    from rec_platform.resources.imdb import ImdbSource
    from rec_platform_tests.keeper import BASICS, OTHER, TITLE, Keeper, packed

    folder = tmp_path / "source"
    folder.mkdir()
    (folder / BASICS.file).write_bytes(packed(BASICS, TITLE, OTHER))
    return Keeper(tmp_path / "root", ImdbSource(location=str(folder)))


@pytest.fixture(scope="session")
def running_emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    with emulated(tmp_path_factory.mktemp("emulators")) as running:
        yield running


@pytest.fixture
def emulators(
    running_emulators: Emulators, environment: None, monkeypatch: pytest.MonkeyPatch
) -> Emulators:
    """Emulated AWS, to which all clients of this test are led."""
    del environment
    for name, value in aws_environment(running_emulators.proxy.url).items():
        monkeypatch.setenv(name, value)
    running_emulators.proxy.reset()
    running_emulators.tell_athena()
    return running_emulators
