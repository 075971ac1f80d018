"""The import rules of pyproject.toml: what they allow today, and one wrong import for each."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rec_platform_tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code and its rules."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("rec_platform", "api"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignored)
    (copy / "rec_platform_tests").mkdir()
    for name in ("pyproject.toml", "rec_platform_tests/import_rules.py"):
        shutil.copy(REPOSITORY / name, copy / name)
    return copy


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            f"import sys; sys.path.insert(0, '.'); {program}",
            "--no-cache",
        ],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_rules_hold(tree: Path):
    done = lint_imports(tree)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "wrong", "rule"),
    [
        ("rec_platform/definitions.py", "rec_platform.cli", "layers below"),
        ("rec_platform/assets/model.py", "rec_platform.definitions", "layers below"),
        ("rec_platform/recipe.py", "rec_platform.assets.model", "layers below"),
        ("rec_platform/resources/storage.py", "rec_platform.recipe", "layers below"),
        ("rec_platform/ingest/verify.py", "rec_platform.resources.storage", "layers below"),
        ("rec_platform/modelling/parts.py", "rec_platform.ingest.files", "layers below"),
        ("rec_platform/release/text.py", "rec_platform.release.search", "no circle"),
        ("rec_platform/release/text.py", "numpy", "standard library alone"),
        ("rec_platform/choices.py", "dagster", "standard library alone"),
        ("rec_platform/modelling/parts.py", "dagster", "nothing of Dagster"),
        ("rec_platform/assets/model.py", "rec_platform.resources.aws.s3", "what is Amazon's"),
        ("api/dependencies.py", "rec_platform.choices", "only the release"),
        ("api/pages.py", "pandas", "few packages"),
        ("api/headers.py", "api.app", "no circle"),
    ],
)
def test_a_wrong_import_breaks_its_rule_even_inside_a_function(
    tree: Path, file: str, wrong: str, rule: str
):
    path = tree / file
    text = path.read_text()
    path.write_text(f"{text}\n\ndef wrong() -> None:\n    import {wrong}\n")
    try:
        done = lint_imports(tree)
    finally:
        path.write_text(text)
    assert done.returncode == 1
    (broken,) = [line for line in done.stdout.splitlines() if rule in line and "BROKEN" in line]
    assert broken
