"""The images as their user runs them: everything is read-only but /tmp and /data."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rec_platform_tests.conftest import REPOSITORY, publish_new
from rec_platform_tests.emulators.lambda_events import http_api
from rec_platform_tests.emulators.lambda_runtime import lambda_runtime
from rec_platform_tests.image import AS_USER, DOCKERFILE, image_of, steps

LARGEST_PACKAGE = 40 * 10**6  # bytes, unpacked


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_base_image_is_pinned_and_no_attestation_is_made() -> None:
    text = DOCKERFILE.read_text()
    bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) - {"base"}
    assert bases and all(re.search("@sha256:[0-9a-f]{64}$", base) for base in bases)
    places = [DOCKERFILE, REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    builds = [
        line
        for place in places
        for line in place.read_text().splitlines()
        if re.search(r"docker (buildx )?build .*\.$", line)
    ]
    assert builds and all("--provenance=false" in line for line in builds)


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
    publish_new(tmp_path, "The Silent Lantern")
    settings = {"REC_ROOT": str(tmp_path)}
    with image_of("site") as image:
        size = sum(file.stat().st_size for file in image.app.rglob("*") if file.is_file())
        assert size < LARGEST_PACKAGE
        command = [*AS_USER, str(image.python)]
        with lambda_runtime("api.handler.handler", settings, image.app, command) as runtime:
            answer = runtime.invoke(http_api("/title/tt1"))
    assert answer["statusCode"] == 200
    assert "The Silent Lantern" in answer["body"]
