"""The site below a path: whatever it names is below that path too, and is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.settings import SiteSettings
from rec_platform_tests.api.site import Site

ROOT_PATH = "/films"
STARTS = ["/", "/about", "/basket?title=tt0000001&title=tt0000032", "/search?q=verdict"]
STARTS += ["/title/nothing", "/robots.txt", "/openapi.json", "/api", "/embed/title/tt0000001"]
STARTS += ["/manifest.webmanifest", "/favicon.ico", "/card/site.png", "/feeds/new.xml"]


@pytest.fixture(scope="module")
def site(releases: Path) -> Site:
    return Site(releases, SiteSettings(root_path=ROOT_PATH))


def test_every_address_on_every_page_is_below_the_path_and_answers(site: Site):
    waiting = [ROOT_PATH + start for start in STARTS]
    seen = set(waiting)
    while waiting:
        address = waiting.pop()
        answer = site.get(address)
        found_it = answer.status_code < 404 or answer.status_code == 422  # no query was given
        assert found_it or address.endswith("/nothing"), address
        found = {answer.headers["location"]} if "location" in answer.headers else set[str]()
        if "html" in answer.headers.get("content-type", ""):
            found |= set(
                re.findall(r'(?:href|src|action|data-suggest|data-seen)="([^"#]+)', answer.text)
            )
            # The scripts add something to these.
            begins = re.findall(r'data-(?:pick|title|poster|catalogue)="([^"]+)', answer.text)
            found |= {f"{begin}0.gz" for begin in begins if "/library/" in begin}
            assert all(begin.startswith(f"{ROOT_PATH}/") for begin in begins)
        own = {one.replace("&amp;", "&") for one in found if not re.match("https?:", one)}
        assert all(one.startswith((f"{ROOT_PATH}/", "?", "data:")) for one in own), (address, own)
        # Of titles, those that end in 1: there are too many.
        new = {one for one in own if re.match(r"/(?!.*tt\d+[02-9])", one)}
        waiting += sorted(new - seen)
        seen |= new
    assert len(seen) > 12


def test_the_path_itself_is_the_home_page(site: Site):
    assert site.get(ROOT_PATH).text == site.get(f"{ROOT_PATH}/").text


def test_who_asks_the_process_itself_needs_no_path(site: Site):
    assert site.get("/healthz").status_code == 200
    assert site.get("/filmsearch").status_code == 404


@pytest.mark.parametrize("path", ["/a", "/m", "/r", "/h"])
def test_an_address_without_the_prefix_keeps_its_kind(releases: Path, path: str):
    """A load balancer asks so, and "/api" only begins like "/a"."""
    below, plain = Site(releases, SiteSettings(root_path=path)), Site(releases)
    for address in ("/api/v1/titles/tt1", "/metrics", "/readyz", "/healthz", "/about"):
        for asked in (address, path + address):
            answer, expected = below.get(asked), plain.get(address)
            for name in ("cache-control", "content-type", "access-control-allow-origin"):
                assert answer.headers.get(name) == expected.headers.get(name), (asked, name)
