"""What the operator may set, and how a mistake is told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rec_platform_tests.conftest import REPOSITORY

pytestmark = pytest.mark.infra

PROGRAM = "from infra.settings import read_settings; print(read_settings().model_dump_json())"
DOMAIN = {"REC_INFRA_DOMAIN": "films.example.com", "REC_INFRA_HOSTED_ZONE": "Z1"}


def read(
    folder: Path, program: str = PROGRAM, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Read the settings in a folder, with these variables and no other."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_lines_in_a_file_are_enough(tmp_path: Path):
    (tmp_path / ".env").write_text("AWS_REGION=eu-west-1\nREC_INFRA_EMAIL=me@example.com\n")
    done = read(tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"region":"eu-west-1"' in done.stdout and '"email":"me@example.com"' in done.stdout
    assert '"region":"us-east-2"' in read(tmp_path, AWS_REGION="us-east-2").stdout


def test_variables_for_the_refresh_are_given_as_json(tmp_path: Path):
    given = {"AWS_DEFAULT_REGION": "us-east-1", "REC_INFRA_EMAIL": "me@example.com"}
    done = read(tmp_path, **given, REC_INFRA_REFRESH='{"REC_PRESET": "us_release"}')
    assert '"refresh":{"REC_PRESET":"us_release"}' in done.stdout


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"AWS_REGION": ""}, "AWS_REGION is not set"),
        ({"REC_INFRA_EMAIL": ""}, "REC_INFRA_EMAIL is not set"),
        ({"REC_INFRA_EMAIL": "nobody"}, "REC_INFRA_EMAIL='nobody': string should match"),
        ({"REC_INFRA_FRONT_DOOR": "alb"}, "REC_INFRA_FRONT_DOOR='alb': input should be"),
        ({"REC_INFRA_BUDGET_DOLLARS": "0"}, "REC_INFRA_BUDGET_DOLLARS='0': input should be"),
        ({"REC_INFRA_DOMAIN": "films.example.com"}, "REC_INFRA_DOMAIN needs REC_INFRA_HOSTED_ZONE"),
        (DOMAIN | {"AWS_REGION": "eu-west-1"}, "certificates of us-east-1 only"),
    ],
)
def test_a_wrong_setting_is_told_by_its_variable(
    tmp_path: Path, variables: dict[str, str], told: str
):
    good = {"AWS_REGION": "us-east-1", "REC_INFRA_EMAIL": "me@example.com"}
    done = read(tmp_path, **good | variables)
    assert done.returncode == 1
    assert told in done.stderr and "Traceback" not in done.stderr


def test_a_region_of_ones_own_takes_a_certificate_that_is_there(tmp_path: Path):
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/1"
    given = {"AWS_REGION": "eu-west-1", "REC_INFRA_EMAIL": "me@example.com"}
    done = read(tmp_path, **given, **DOMAIN, REC_INFRA_CERTIFICATE=certificate)
    assert done.returncode == 0, done.stderr


def test_the_docs_tell_every_setting_with_its_default():
    from infra.settings import InfraSettings

    told = dict(
        re.findall(
            r"^\| `((?:REC_INFRA|AWS)_\w+)` \| `?([^|`]*)`? \|",
            (REPOSITORY / "docs" / "aws.md").read_text(),
            re.MULTILINE,
        )
    )
    for name, field in InfraSettings.model_fields.items():
        variable = "AWS_REGION" if name == "region" else f"REC_INFRA_{name.upper()}"
        default = "" if field.is_required() else str(field.default)
        assert told[variable].strip() == default, name


def test_who_is_not_signed_in_is_told_so_and_nothing_is_deleted(tmp_path: Path):
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    nobody |= {"AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    required = {"AWS_REGION": "us-east-1", "REC_INFRA_EMAIL": "you@example.com"}
    done = read(tmp_path, "from infra.destroy import main; main()", **required, **nobody)
    assert done.returncode == 1
    assert done.stderr == (
        "Unable to locate credentials: sign in (`aws sso login`), or set AWS_PROFILE\n"
    )
