"""The wheel in an empty environment and an empty folder: sample, refresh, serve."""

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from rec_platform_tests.conftest import REPOSITORY

pytestmark = pytest.mark.wheel

UV = Path(sys.executable).with_name("uv")
REQUIREMENTS = REPOSITORY / "requirements" / "app.txt"


def run(*command: str | Path, cwd: Path) -> str:
    ours = ("REC_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "DAGSTER_")
    variables = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        command, cwd=cwd, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=REPOSITORY)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    run(UV, "venv", "-q", "--python", sys.executable, folder / "venv", cwd=folder)
    install = [UV, "pip", "install", "-q", "--python", folder / "venv"]
    run(*install, "--require-hashes", "-r", REQUIREMENTS, cwd=folder)
    run(*install, "--no-deps", wheel, cwd=folder)
    return folder / "venv" / "bin" / "rec-platform"


def test_the_wheel_holds_one_package(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    package, metadata = sorted({name.partition("/")[0] for name in names})
    assert package == "rec_platform" and metadata.endswith(".dist-info")
    assert {"rec_platform/sql/titles.sql", "rec_platform/api/templates/base.html"} <= set(names)
    assert "rec_platform/resources/prices.toml" in names
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_makes_a_release_and_serves_it_from_an_empty_folder(
    command: Path, tmp_path: Path
):
    run(command, "sample", "--titles", "300", "--out", "sample", cwd=tmp_path)
    summary = run(command, "refresh", "--source", "sample", cwd=tmp_path)
    assert summary.startswith("release ")
    with subprocess.Popen(
        [command, "serve", "--port", "0"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr
            address = next(line for line in process.stderr if "http://" in line).split()[-1]
            # It listens a moment after it says so.
            with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as client:
                answer = client.get(address)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
    assert answer.status_code == 200 and "<html" in answer.text
    assert process.returncode == 128 + signal.SIGTERM
