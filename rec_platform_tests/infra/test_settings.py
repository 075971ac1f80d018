"""What the operator may set, and how a mistake is told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.in_background import in_background

pytestmark = pytest.mark.infra

PROGRAM = "from infra.settings import read_settings; print(read_settings().model_dump_json())"
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>000000000000</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
DESTROY = "from infra.destroy import main; main()"
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
    done = read(tmp_path, DESTROY, AWS_REGION="us-east-1", **nobody)
    assert done.returncode == 1
    assert done.stderr == (
        "Unable to locate credentials: sign in (`aws sso login`), or set AWS_PROFILE\n"
    )


@pytest.mark.parametrize(
    ("code", "advice"), [("AccessDenied", ""), ("ExpiredToken", ": sign in (`aws sso login`), or")]
)
@pytest.mark.parametrize("refused", ["GetCallerIdentity", "ListStackResources"])
def test_what_aws_refuses_is_told_in_a_line_with_advice_where_it_helps(
    tmp_path: Path, refused: str, code: str, advice: str
):
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    with refusing(refused, code) as address:
        done = read(tmp_path, DESTROY, AWS_ENDPOINT_URL=address, **keys)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert code in line and refused in line
    assert advice in line and ("sign in" in line) == bool(advice)


@contextmanager
def refusing(operation: str, code: str) -> Iterator[str]:
    """An account that refuses one operation, and knows only who asks."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
            is_refused = f"Action={operation}" in asked
            error = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
            body = f"<ErrorResponse>{error}</ErrorResponse>" if is_refused else IDENTITY
            self.send_response(403 if is_refused else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with in_background(server):
        yield f"http://127.0.0.1:{server.server_port}"
