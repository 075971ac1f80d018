"""The images of the Dockerfile where no engine is: their steps, taken in an empty folder.

What stays unproven is the engine's own work and the base image: Dockerfile and docs say so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rec_platform_tests.conftest import REPOSITORY

DOCKERFILE = REPOSITORY / "Dockerfile"
USER = "10001"
# The image's user, who may also look into every folder: the home of whoever runs the tests holds
# their Python, and is closed to strangers.
# Only root can become that user; for anybody else, nothing is read-only here.
AS_USER = (
    [
        *("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"),
        *("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search", "--"),
    ]
    if os.geteuid() == 0
    else []
)


@dataclass(frozen=True)
class Image:
    """What the steps of a stage made.

    Attributes:
        app: the folder that the image would hold as /app.
        python: its Python.
        environment: its variables, and TMPDIR.
    """

    app: Path
    python: Path
    environment: dict[str, str]

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the image's user, who can write to its /tmp and /data alone."""
        return subprocess.run(
            [*AS_USER, self.python.with_name(command[0]), *command[1:]],
            cwd=self.app,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )


def steps(stage: str) -> Iterator[tuple[str, str]]:
    """The instructions of a stage, each with its arguments."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    body = re.search(rf"^FROM base AS {stage}\n(.*?)(?=^FROM|\Z)", text, re.DOTALL | re.MULTILINE)
    assert body
    for line in filter(None, body[1].splitlines()):
        instruction, _, arguments = line.partition(" ")
        yield instruction, arguments


@contextmanager
def image_of(stage: str) -> Iterator[Image]:
    """A stage's image, in a folder that is open to its user and goes at the end."""
    with TemporaryDirectory(prefix="image-") as folder:
        Path(folder).chmod(0o755)
        yield _take(stage, Path(folder))


def _take(stage: str, folder: Path) -> Image:
    """Take a stage's steps with a Python that has nothing installed."""
    app, python = folder / "app", folder / "environment" / "bin" / "python"
    venv.create(folder / "environment", with_pip=True)
    app.mkdir()
    temporary = folder / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    image = {"TMPDIR": str(temporary)}
    # How this machine reaches a registry is its own; the rest is the image's.
    ours = ("REC_", "PYTHON", "VIRTUAL_ENV", "DAGSTER_")
    variables = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    variables["PATH"] = f"{python.parent}:/usr/bin:/bin"
    for instruction, given in steps(stage):
        arguments = given.replace("/data", f"{folder}/data")
        if instruction == "ENV":
            image |= dict(pair.split("=") for pair in arguments.split())
        elif instruction == "COPY":
            *origins, target = arguments.split()
            for origin in origins:
                _copy(REPOSITORY / origin, app / target)
        elif instruction == "RUN":
            command = arguments if AS_USER else arguments.replace(f"chown {USER}", "test -w")
            done = subprocess.run(
                ["/bin/bash", "-ec", command],
                cwd=app,
                env=variables | image,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
    return Image(app, python, image)


def _copy(origin: Path, target: Path) -> None:
    if origin.is_dir():
        shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        place = target / origin.name if target.suffix == "" else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, place)
