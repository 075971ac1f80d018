"""What an import of the site loads, and that the site works inside the platform's package."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from rec_platform_tests.api.site import publish
from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators.lambda_events import http_api


def test_the_json_api_loads_neither_posters_nor_templates(tmp_path: Path):
    drawing = {"api.pages", "api.rendering", "api.posters", "api.emblems", "jinja2"}
    program = f"import sys, api.v1; print(*({drawing} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_the_site_starts_without_what_draws_pictures(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", "import sys, api.app; print('resvg_py' in sys.modules)"],
        env={"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False"]


def test_inside_the_platforms_package_the_site_needs_no_api_beside_it(tmp_path: Path):
    package = tmp_path / "package"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "rec_platform", package / "rec_platform", ignore=ignore)
    shutil.copytree(REPOSITORY / "api", package / "rec_platform" / "api", ignore=ignore)
    # It stands before the checkout's `api`, which the interpreter would find otherwise.
    (package / "api.py").write_text("raise ImportError('the site imports itself by another name')")
    publish(tmp_path / "releases", "first")
    program = (
        "import json, sys; from rec_platform.api.handler import handler; "
        "print(*(handler(event, None)['statusCode'] for event in json.load(sys.stdin)))"
    )
    paths = ("/title/tt0000001", "/api/v1/release", "/openapi.json", "/static/site.js")
    paths += ("/card/tt0000001.png",)
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([http_api(path) for path in paths]),
        env={"PYTHONPATH": str(package), "REC_ROOT": str(tmp_path)},
        cwd=package,
        capture_output=True,
        text=True,
        check=True,
    )
    *log, statuses = done.stdout.splitlines()
    assert statuses.split() == ["200"] * len(paths)
    loggers = [json.loads(line)["logger"] for line in log]
    assert loggers[1:] == ["rec_platform.api.access"] * len(paths)
