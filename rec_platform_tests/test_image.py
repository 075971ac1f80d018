"""The Dockerfile where no engine is: linted, and its steps taken in an empty folder.

What stays unproven is the engine's own work and the base image: Dockerfile and docs say so.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from rec_platform_tests.conftest import REPOSITORY, publish_new
from rec_platform_tests.emulators.lambda_events import http_api
from rec_platform_tests.emulators.lambda_runtime import lambda_runtime

DOCKERFILE = REPOSITORY / "Dockerfile"
LARGEST_PACKAGE = 40 * 10**6  # bytes, unpacked


def steps(stage: str) -> Iterator[tuple[str, str]]:
    """The instructions of a stage, each with its arguments."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    body = re.search(rf"^FROM base AS {stage}\n(.*?)(?=^FROM|\Z)", text, re.DOTALL | re.MULTILINE)
    assert body
    for line in filter(None, body[1].splitlines()):
        instruction, _, arguments = line.partition(" ")
        yield instruction, arguments


def take(stage: str, folder: Path) -> tuple[Path, Path]:
    """Take a stage's steps with a Python that has nothing installed.

    Returns:
        The folder that the image would hold as /app, and its Python.
    """
    app, environment = folder / "app", folder / "environment"
    venv.create(environment, with_pip=True)
    app.mkdir()
    # How this machine reaches a registry is its own; the rest is the image's.
    ours = ("REC_", "PYTHON", "VIRTUAL_ENV", "DAGSTER_")
    variables = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    variables["PATH"] = f"{environment}/bin:/usr/bin:/bin"
    for instruction, given in steps(stage):
        arguments = given.replace("/data", f"{folder}/data").replace("/tmp/dagster", str(folder))
        if instruction == "ENV":
            variables |= dict(pair.split("=") for pair in arguments.split())
        elif instruction == "COPY":
            *origins, target = arguments.split()
            for origin in origins:
                _copy(REPOSITORY / origin, app / target)
        elif instruction == "RUN":
            command = arguments.replace("chown 10001", "test -w")  # nobody else is here
            done = subprocess.run(
                ["/bin/bash", "-ec", command],
                cwd=app,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
    return app, environment / "bin" / "python"


def _copy(origin: Path, target: Path) -> None:
    if origin.is_dir():
        shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        place = target / origin.name if target.suffix == "" else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, place)


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_only_what_is_copied_is_sent_to_the_engine() -> None:
    sent = {
        line.removeprefix("!")
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        origin.partition("/")[0]
        for stage in ("pipeline", "site")
        for instruction, arguments in steps(stage)
        if instruction == "COPY"
        for origin in arguments.split()[:-1]
    }
    assert copied == sent


@pytest.mark.wheel
def test_the_site_image_answers_on_lambda_from_its_folder_alone(tmp_path: Path) -> None:
    app, python = take("site", tmp_path)
    size = sum(file.stat().st_size for file in app.rglob("*") if file.is_file())
    assert size < LARGEST_PACKAGE
    publish_new(tmp_path, "The Silent Lantern")
    settings = {"REC_ROOT": str(tmp_path)}
    with lambda_runtime("api.handler.handler", settings, app, str(python)) as runtime:
        answer = runtime.invoke(http_api("/title/tt1"))
    assert answer["statusCode"] == 200
    assert "The Silent Lantern" in answer["body"]


@pytest.mark.aws
def test_the_pipeline_image_runs_the_command_from_its_folder_alone(tmp_path: Path) -> None:
    _, python = take("pipeline", tmp_path)
    done = subprocess.run(
        [python.with_name("rec-platform"), "demo", "--no-serve", "--titles", "300"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
