"""Feeds: sound Atom (RFC 4287), whatever a title says."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from api.feeds import FEEDS
from api.settings import SiteSettings
from rec_platform_tests.api.site import HOSTILE, Site, point, publish

ATOM = "{http://www.w3.org/2005/Atom}"
CONTROLS = "a\x00b\x1b[31m\x7f\x85\ufffe & <b>"
NAMED = SiteSettings(site_url="https://films.example/sub")


def parsed(site: Site, path: str) -> ElementTree.Element:
    answer = site.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml"
    assert answer.headers["access-control-allow-origin"] == "*"
    return ElementTree.fromstring(answer.content)


def one(element: ElementTree.Element, name: str) -> str:
    """The text of the one child of this name, which Atom wants exactly once."""
    (child,) = element.findall(ATOM + name)
    assert child.text
    return child.text


def links(element: ElementTree.Element) -> dict[str, str]:
    found = element.findall(f"{ATOM}link")
    assert len({link.get("rel") for link in found}) == len(found)
    return {str(link.get("rel")): str(link.get("href")) for link in found}


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("settings", [NAMED, SiteSettings()], ids=["named", "unnamed"])
def test_a_feed_has_all_that_atom_wants(releases: Path, name: str, settings: SiteSettings):
    site = Site(releases, settings)
    feed = parsed(site, f"/feeds/{name}.xml")
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert entries or name == "rising"  # no title of the newest years is liked so well
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None  # else each entry needs one
    ids: set[str] = set()
    for element in (feed, *entries):
        assert one(element, "title")
        assert re.fullmatch(
            r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one(element, "id")
        )
        ids.add(one(element, "id"))
        # RFC 3339: with seconds and a zone, and an upper-case T and Z.
        updated = one(element, "updated")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", updated)
        assert datetime.fromisoformat(updated).tzinfo
    assert len(ids) == 1 + len(entries)
    assert links(feed)["self"] == f"{settings.site_url}/feeds/{name}.xml"
    for entry in entries:
        assert one(entry, "summary")
        address = links(entry)["alternate"].removeprefix(settings.site_url)
        assert site.get(address).status_code == 200


def test_a_feed_holds_its_shelf_in_order(site: Site):
    feed = parsed(site, "/feeds/new.xml")
    assert [one(entry, "title") for entry in feed.iter(f"{ATOM}entry")] == ["Heavy Snow 60 (2010)"]


@pytest.mark.parametrize("name", [CONTROLS, HOSTILE, "]]>", "&#0;", "七人の侍", "\u202e"])
def test_a_feed_is_sound_whatever_a_title_says(tmp_path: Path, name: str):
    keep_shelf(tmp_path, publish(tmp_path, "first", name), ["tt0000001"])
    answer = Site(tmp_path).get("/feeds/new.xml")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]", answer.text)
    (entry,) = ElementTree.fromstring(answer.content).iter(f"{ATOM}entry")
    assert len(one(entry, "title")) == len(f"{name} (1991)")


def test_ids_are_the_same_in_each_release_and_others_on_another_site(tmp_path: Path):
    for release_id, first in (("first", "A"), ("second", "B")):
        lookup = publish(tmp_path / release_id, release_id, first)
        keep_shelf(tmp_path / release_id, lookup, ["tt0000001", "tt0000032"])
    before, after, other = (
        {one(entry, "id") for entry in parsed(site, "/feeds/new.xml").iter(f"{ATOM}entry")}
        for site in (
            Site(tmp_path / "first", NAMED),
            Site(tmp_path / "second", NAMED),
            Site(tmp_path / "first", SiteSettings(site_url="https://other.example")),
        )
    )
    assert len(before) == 2
    assert before == after and not before & other


def test_a_release_of_a_version_without_the_shelf_has_an_empty_feed(tmp_path: Path):
    keep_shelf(tmp_path, publish(tmp_path, "first"), None)
    assert parsed(Site(tmp_path), "/feeds/new.xml").findall(f"{ATOM}entry") == []


def keep_shelf(releases: Path, lookup: Path, title_ids: list[str] | None) -> None:
    """Change a release's shelf of new titles, or take it away, and publish that."""
    connection = sqlite3.connect(lookup)
    connection.execute("DELETE FROM release WHERE key = 'new_titles'")
    if title_ids:
        row = ("new_titles", json.dumps(title_ids))
        connection.execute("INSERT INTO release VALUES (?, ?)", row)
    connection.commit()
    connection.close()
    point(releases, lookup.parent.name)


@pytest.mark.parametrize("name", ["gems", "new.", "../static/style", "x" * 300])
def test_a_feed_that_is_not_there_is_a_problem(site: Site, name: str):
    assert site.get(f"/feeds/{name}.xml").status_code == 404
