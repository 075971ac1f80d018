"""Search engines: kept out, or told where everything is and what a title is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from api import indexing
from api.settings import SiteSettings
from rec_platform_tests.api.catalogue import COUNT
from rec_platform_tests.api.site import HOSTILE, INDEXED, Site

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def indexed(releases: Path) -> Site:
    return Site(releases, INDEXED)


def locations(site: Site, path: str) -> list[str]:
    answer = site.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/xml"
    prefix = f"{INDEXED.site_url}/"
    found = [
        str(place.text) for place in ElementTree.fromstring(answer.content).iter(f"{SITEMAP}loc")
    ]
    assert found and all(address.startswith(prefix) for address in found)
    return [f"/{address.removeprefix(prefix)}" for address in found]


def may_come(site: Site, agent: str) -> bool:
    robots = RobotFileParser()
    robots.parse(site.get("/robots.txt").text.splitlines())
    return robots.can_fetch(agent, "https://films.example/title/tt0000001")


def test_who_shows_a_shared_link_may_come_and_search_engines_may_not(site: Site):
    assert not may_come(site, "Googlebot") and not may_come(site, "Bingbot")
    assert all(may_come(site, agent) for agent in indexing.PREVIEWS)


def test_search_engines_that_may_come_are_told_of_the_sitemap(indexed: Site):
    assert may_come(indexed, "Googlebot")
    assert "Sitemap: https://films.example/sitemap.xml\n" in indexed.get("/robots.txt").text


def test_the_sitemaps_name_every_title_and_every_page_once(
    indexed: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(indexing, "SITEMAP_TITLES", 25)
    sitemaps = locations(indexed, "/sitemap.xml")
    assert sitemaps == [f"/sitemap-{number}.xml" for number in range(4)]
    pages, *titles = [locations(indexed, path) for path in sitemaps]
    assert [len(part) for part in titles] == [25, 25, COUNT - 50]
    assert len({path for part in titles for path in part}) == COUNT
    assert all(indexed.get(path).status_code == 200 for path in [*pages, titles[2][-1]])
    assert indexed.get("/sitemap-4.xml").status_code == 404


@pytest.mark.parametrize("number", ["-1", "99999999999999999999", "x"])
def test_a_sitemap_that_is_not_there_is_404(indexed: Site, number: str):
    assert indexed.get(f"/sitemap-{number}.xml").status_code == 404


@pytest.mark.parametrize(
    "settings",
    [SiteSettings(), SiteSettings(site_url="https://a.example"), SiteSettings(is_indexed=True)],
)
def test_there_is_no_sitemap_unless_the_operator_wants_and_names_it(
    releases: Path, settings: SiteSettings
):
    site = Site(releases, settings)
    assert site.get("/sitemap.xml").status_code == site.get("/sitemap-1.xml").status_code == 404
    assert "Sitemap:" not in site.get("/robots.txt").text


def linked(site: Site, path: str) -> Any:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', site.get(path).text)
    return [json.loads(text) for text in found]


def test_a_title_is_described_to_search_engines_that_may_come(indexed: Site, site: Site):
    (described,) = linked(indexed, "/title/tt0000001")
    assert described["@type"] == "Movie" and described["name"] == "Verdict"
    assert described["url"] == "https://films.example/title/tt0000001"
    assert described["duration"] == "PT81M" and described["datePublished"] == "1951"
    assert described["aggregateRating"]["ratingCount"] == 1_000_000
    assert [person["name"] for person in described["director"]] == ["Ada Marlow"]
    image = described["image"].removeprefix("https://films.example")
    assert indexed.get(image).headers["content-type"] == "image/png"
    assert linked(site, "/title/tt0000001") == []


def test_a_description_holds_any_name_and_ends_no_script(indexed: Site):
    (described,) = linked(indexed, "/title/tt0000050")
    assert described["name"] == HOSTILE
