"""The stack in its variants, synthesised once for all tests, where nothing reaches a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from rec_platform_tests.aws.conftest import aws as aws
from rec_platform_tests.aws.conftest import server as server
from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.infra.variants import VARIANTS

ALONE = ("unshare", "--map-root-user", "--net")  # without a network


@dataclass(frozen=True)
class Assembly:
    """What the CDK wrote for a variant."""

    folder: Path

    @cached_property
    def template(self) -> dict[str, Any]:
        return json.loads((self.folder / "rec-platform.template.json").read_text())

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return self.template["Resources"]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The properties of each resource of a type, such as `S3::Bucket`."""
        return [
            resource["Properties"]
            for resource in self.resources.values()
            if resource["Type"] == f"AWS::{kind}"
        ]


@cache
def can_be_alone() -> bool:
    """Whether this machine lets a process leave its network."""
    return bool(shutil.which(ALONE[0])) and not subprocess.run([*ALONE, "true"]).returncode


def node_first() -> dict[str, str]:
    """This environment, in which the CDK finds the Node.js of its own lock file."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": f"{here}:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY)}


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "variants"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            package = tmp_path_factory.mktemp("package")
            (package / "handler.py").write_text("")
            program = [sys.executable, "-m", "rec_platform_tests.infra.variants"]
            done = subprocess.run(
                [*(ALONE if can_be_alone() else ()), *program, folder, package],
                cwd=tmp_path_factory.mktemp("elsewhere"),  # where no .env is
                env=node_first(),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
            assert done.returncode == 0, done.stdout + done.stderr
    return {name: Assembly(folder / name) for name in VARIANTS}


@pytest.fixture(scope="session", params=list(VARIANTS))
def assembly(assemblies: dict[str, Assembly], request: pytest.FixtureRequest) -> Assembly:
    return assemblies[request.param]
