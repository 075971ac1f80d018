"""The page for builders: every address is on it, and each client on it is run as it stands."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.builders import operations
from rec_platform_tests.api.site import HOSTILE, INDEXED, Reader, Site, publish
from rec_platform_tests.api.site_server import site_server

LOCAL = "http://127.0.0.1:8000"  # what a site names that does not know its address


def codes(page: str) -> dict[str, str]:
    found = re.findall(r'aria-label="([^"]*)"><pre [^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
    return {html.unescape(label): html.unescape(text) for label, text in found}


@pytest.fixture(scope="module")
def port(releases: Path) -> Iterator[int]:
    with site_server(releases) as port:
        yield port


@pytest.fixture
def clients(site: Site, port: int) -> dict[str, str]:
    here = f"http://127.0.0.1:{port}"
    return {
        label: text.replace(LOCAL, here) for label, text in codes(site.get("/api").text).items()
    }


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
def test_the_clients_for_curl_work_as_they_stand(clients: dict[str, str]):
    one, several = (run("sh", "-ec", clients[label]) for label in ("curl", "curl, two films"))
    assert '"reasons":[]' in one and '"credits"' not in one and '"rank":9' in one
    assert '"because":[{' in several and '"rank":9' in several


def test_the_client_for_python_works_as_it_stands(clients: dict[str, str]):
    lines = run(sys.executable, "-c", clients["Python"]).splitlines()
    assert [line.split()[0] for line in lines] == [*map(str, range(1, 10))]


@pytest.mark.skipif(not shutil.which("node"), reason="no Node.js on this machine")
def test_the_client_for_javascript_works_as_it_stands(clients: dict[str, str]):
    lines = run("node", "-e", clients["JavaScript"]).splitlines()
    assert [line.split()[0] for line in lines] == [*map(str, range(1, 10))]


def test_the_widgets_html_names_a_page_that_may_be_framed(site: Site):
    widget = codes(site.get("/api").text)["HTML of the widget"]
    (address,) = re.findall(r'src="([^"]+)"', widget)
    answer = site.get(address.removeprefix(LOCAL))
    assert answer.status_code == 200
    assert "frame-ancestors *" in answer.headers["content-security-policy"]


def test_every_address_and_parameter_of_the_description_is_told(site: Site):
    text = Reader(site.get("/api")).text
    described = operations(site.json("/openapi.json"))
    assert len(described) >= 10
    for operation in described:
        assert f"GET {operation.path}" in text and operation.summary in text
        assert f"Example: {operation.summary}" in codes(site.get("/api").text)
        for parameter in operation.parameters:
            assert parameter.name in text and parameter.description.replace("`", "") in text, (
                parameter
            )


def test_the_values_that_a_parameter_takes_are_told(site: Site):
    page = site.get("/api").text
    assert "one of votes, rating, year" in page and "one of film, series, short" in page


def test_a_site_that_knows_its_address_names_it(releases: Path):
    page = Site(releases, INDEXED).get("/api").text
    assert "https://films.example/api/v1" in page and LOCAL not in page
    assert "was not told its own" not in page


def test_a_site_that_does_not_know_its_address_says_so(site: Site):
    assert f"Addresses below begin with {LOCAL} ," in Reader(site.get("/api")).text


def test_a_hostile_title_stays_text_on_the_page_and_in_what_is_copied(tmp_path: Path):
    publish(tmp_path, "first", HOSTILE)
    page = Site(tmp_path).get("/api")
    tags = [tag for tag, _ in Reader(page).tags]
    assert "iframe" not in tags and tags.count("script") == 1
    copied = Reader(page.__class__(200, text=codes(page.text)["HTML of the widget"])).tags
    assert [(tag, known["title"]) for tag, known in copied] == [("iframe", f"Films like {HOSTILE}")]
