"""The widget: a small page that any site may frame, and the only one."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import SiteSettings
from rec_platform_tests.api.site import ATTRIBUTION, HOSTILE, INDEXED, Reader, Site

OTHERS = ["/", "/title/tt0000001", "/embed", "/embedded/title/tt0000001", "/api", "/feeds/new.xml"]


def test_the_widget_alone_may_be_framed(site: Site):
    policy = site.get("/embed/title/tt0000001").headers["content-security-policy"]
    assert "frame-ancestors *" in policy and "default-src 'none'" in policy
    assert "script-src" not in policy and "form-action 'none'" in policy
    for path in OTHERS:
        policy = site.get(path).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, path


@pytest.mark.parametrize(("query", "count"), [("", 3), ("?limit=1", 1), ("?limit=9", 9)])
def test_the_widget_shows_the_first_of_a_titles_list_with_reasons(
    site: Site, query: str, count: int
):
    page = Reader(site.get(f"/embed/title/tt0000001{query}"))
    listed = site.json("/api/v1/titles/tt0000001/recommendations")["recommendations"][:count]
    assert page.cards() == ["tt0000001", *(row["title"]["title_id"] for row in listed), "tt0000001"]
    assert all(row["reasons"][0] in page.text for row in listed)
    assert ATTRIBUTION in page.text


def test_the_widget_has_no_script_and_its_links_open_beside_the_page(site: Site):
    tags = Reader(site.get("/embed/title/tt0000001")).tags
    assert not {"script", "form", "style"} & {tag for tag, _ in tags}
    links = [known for tag, known in tags if tag == "a"]
    assert links and all(known["target"] == "_blank" for known in links)
    assert all(known["rel"] == "noopener" for known in links)


def test_a_title_that_is_gone_is_told_in_the_frame(site: Site):
    for path in ("/embed/title/tt9", "/embed/title/nonsense"):
        answer = site.get(path)
        assert answer.status_code == 404 and answer.headers["cache-control"] == "no-store"
        assert "This film is not in the catalogue." in Reader(answer).text
        assert "frame-ancestors *" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("limit", ["0", "10", "x", ""])
def test_a_length_out_of_bounds_is_refused(site: Site, limit: str):
    assert site.get(f"/embed/title/tt0000001?limit={limit}").status_code == 422


def test_a_hostile_title_stays_text(site: Site):
    page = Reader(site.get("/embed/title/tt0000050"))
    assert HOSTILE in "".join(page.words)
    assert not [tag for tag, _ in page.tags if tag == "script"]


def test_the_widget_is_never_indexed_and_stays_below_its_path(releases: Path):
    assert "noindex" in Site(releases, INDEXED).get("/embed/title/tt0000001").text
    below = Site(releases, SiteSettings(root_path="/films")).get("/films/embed/title/tt0000001")
    addresses = [known.get("href") or known.get("src") for _, known in Reader(below).tags]
    assert all(str(address).startswith("/films/") for address in addresses if address)
