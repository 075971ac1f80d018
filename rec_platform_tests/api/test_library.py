"""The visitor's own films: what is served, one list for all, and what may go wrong."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from api.library import catalogue_version
from rec_platform.release.lookup import Lookup
from rec_platform.release.pieces import MERGED
from rec_platform_tests.api.chromium import IN_A_BROWSER
from rec_platform_tests.api.my_films import (
    DISLIKED,
    DRAWN,
    IMDB,
    LETTERBOXD,
    LIKED,
    NO_ROOM,
    NO_STORAGE,
    RATED,
    RATINGS,
    SNOW,
    VERDICT,
    bring,
    count_shifts,
    ids,
    imdb,
    kept,
    name,
    shifts,
)
from rec_platform_tests.api.site import Site


def test_pieces_are_kept_for_ever_under_the_address_of_their_release(site: Site, lookup: Lookup):
    page = site.get("/library").text
    version = catalogue_version(lookup)
    assert f'data-catalogue="/library/{version}/"' in page
    answer = site.get(f"/library/{version}/0.gz")
    assert answer.headers["cache-control"].endswith("immutable")
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers  # the script unpacks it, whatever is in front
    for gone in (f"{version}/1", f"{version}/99999999999", "0123456789ab/0", f"{version}/-1"):
        refused = site.get(f"/library/{gone}.gz")
        assert refused.status_code in (404, 422), gone
        assert refused.headers["cache-control"] == "no-store"


def test_the_page_says_what_is_fetched_and_what_works_without_the_script(site: Site):
    page = site.get("/library").text
    assert "60 films, about 0.1 MB" in page
    assert (
        "One list for up to 20 films needs none" in page
        and "no request tells which films are yours" in page
    )


pytestmark = IN_A_BROWSER


def test_one_list_is_made_of_all_that_was_rated_high(page: Page, lookup: Lookup):
    bring(page, ("ratings.csv", RATINGS))
    expect(page.locator("#list > ol > li")).to_have_count(9)
    expect(page.get_by_text("From 3 films that you rated 8 or higher")).to_be_visible()
    points: defaultdict[str, float] = defaultdict(float)
    numbered = lookup.title_ids()
    for weight, films in ((1, LIKED), (-1, DISLIKED)):
        for film in films:
            for rank, neighbour in enumerate(lookup.neighbours(film, MERGED), start=1):
                if weight == 1 or numbered[neighbour.number] in points:
                    points[numbered[neighbour.number]] += weight / (60 + rank)
    wanted = [film for film, sum_ in points.items() if sum_ > 0 and film not in RATED]
    wanted.sort(key=lambda film: (-points[film], film))
    assert ids(page) == wanted[:9]
    assert page.locator("#list .why").first.inner_text().startswith("Like ")
    page.get_by_role("button", name="Show more like these").click()
    expect(page.locator("#list > ol > li")).to_have_count(min(18, len(wanted)))
    assert ids(page) == wanted[:18]


def test_what_is_marked_as_seen_leaves_the_list_for_you(page: Page):
    bring(page, ("ratings.csv", RATINGS))
    expect(page.locator("#list > ol > li")).to_have_count(9)
    first, *rest = ids(page)
    page.locator("#list").get_by_role("button", name="Seen").first.click()
    expect(page.locator("#list > ol > li").first).to_have_attribute("data-id", rest[0])
    assert first not in ids(page) and len(ids(page)) == 9


def test_what_is_seen_is_listed_the_latest_first_and_can_be_removed(page: Page):
    rows = [imdb(f"tt{n:07d}", n % 11, name(f"tt{n:07d}")) for n in range(4, 50)]
    dated = [row.replace("2024-03-11", f"20{n:02d}-03-11") for n, row in enumerate(rows, 1)]
    bring(page, ("ratings.csv", "\n".join([IMDB, *dated])))
    listed = page.locator("[data-part=seen] > li")
    expect(listed).to_have_count(30)
    expect(listed.first).to_contain_text("Dream Ferry 491999, 5 of 10")
    expect(listed.nth(5)).to_contain_text("Heavy Snow 441994 Remove")  # "0" is no rating
    page.get_by_role("button", name="Show all 46").click()
    expect(listed).to_have_count(46)
    expect(listed.nth(30).get_by_role("link")).to_be_focused()
    listed.nth(2).get_by_role("button").click()
    expect(listed).to_have_count(45)
    assert len(kept(page, "seen")) == 45
    expect(listed.nth(2).get_by_role("button")).to_be_focused()
    assert page.locator("[data-part=seen] img").count() == 0  # a poster's address names the film


def test_no_button_that_goes_takes_the_focus_along(page: Page):
    wishes = [f"2024-03-11,Dream Ferry {n},{1950 + n},https://boxd.it/a" for n in (13, 17)]
    bring(
        page,
        ("ratings.csv", RATINGS),
        ("watchlist.csv", "\n".join([LETTERBOXD, *wishes])),
    )
    watchlist = page.locator("[data-part=watchlist]")
    page.get_by_role("button", name="Show posters").press("Enter")
    expect(watchlist.get_by_role("link").first).to_be_focused()
    for _ in wishes:
        watchlist.get_by_role("button").last.press("Enter")
        expect(page.locator(":focus")).to_have_count(1)
    expect(page.get_by_label("Bring your films")).to_be_focused()
    items = page.locator("#list > ol > li")
    page.get_by_role("button", name="Show more like these").press("Enter")
    expect(items.nth(9).get_by_role("link")).to_be_focused()
    items.nth(1).get_by_role("button", name="Seen").press("Enter")
    expect(items.nth(1).locator(":focus")).to_have_count(1)
    page.evaluate("localStorage.setItem('catalogue', '/library/older/')")
    page.reload()
    page.get_by_role("button", name="Make the list").press("Enter")
    expect(items.first.get_by_role("link")).to_be_focused()
    page.get_by_role("button", name="Erase all").press("Enter")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.get_by_role("button", name="Erase", exact=True).press("Enter")
    expect(page.get_by_label("Bring your films")).to_be_focused()


def test_a_later_visit_shows_the_list_at_once_and_a_new_release_asks_first(page: Page):
    bring(page, ("ratings.csv", RATINGS))
    page.reload()
    expect(page.locator("#list > ol > li")).to_have_count(9)
    page.evaluate("localStorage.setItem('catalogue', '/library/older/')")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert not [address for address in asked if address.endswith(".gz")]
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("#list > ol > li")).to_have_count(9)


def test_a_catalogue_that_has_changed_or_does_not_come_is_told(page: Page):
    page.route("**/library/*/0.gz", lambda route: route.fulfill(status=404))
    bring(page, ("ratings.csv", RATINGS))
    report = page.locator("[data-part=report]")
    expect(report).to_have_text("The catalogue has just changed. Load this page again.")
    page.unroute("**/library/*/0.gz")
    bring(page, ("ratings.csv", RATINGS))
    expect(page.locator("#list > ol > li")).to_have_count(9)


def test_a_browser_without_room_keeps_what_it_had(page: Page):
    bring(page, ("ratings.csv", "\n".join([IMDB, imdb(SNOW, 9, "Heavy Snow 4")])))
    page.add_init_script(NO_ROOM)
    bring(page, ("ratings.csv", RATINGS))
    expect(page.locator("[data-part=report]")).to_contain_text("This browser has no room")
    assert list(kept(page, "seen")) == [SNOW]
    page.goto(f"/title/{VERDICT}")
    page.locator("article").get_by_role("button", name="Seen").click()
    expect(page.get_by_role("button", name="No room in this browser")).to_be_visible()


def test_a_browser_that_keeps_nothing_has_no_marks_and_says_so(page: Page):
    page.add_init_script(NO_STORAGE)
    page.goto("/library")
    expect(page.get_by_text("This browser keeps nothing for this site")).to_be_visible()
    page.goto(f"/title/{SNOW}")
    expect(page.locator("#list > ol > li")).to_have_count(9)
    expect(page.get_by_role("button", name="Seen")).to_have_count(0)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{", "is damaged and cannot be read"),
        (
            '{"tt0000004": 5, "tt0000005": ["Dream Ferry 5", 1955, 9, ""]}',
            "1 film of what this",
        ),
    ],
)
def test_what_is_damaged_is_told_and_the_rest_is_used(page: Page, value: str, told: str):
    page.goto("/about")
    page.evaluate("value => localStorage.setItem('seen', value)", value)
    page.goto("/library")
    expect(page.get_by_role("status").filter(has_text=told)).to_be_visible()
    page.goto(f"/title/{SNOW}")
    expect(page.locator("#list > ol > li")).to_have_count(9)
    page.locator("article").get_by_role("button", name="Seen").click()
    assert SNOW in kept(page, "seen")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_when_there_are_films(browser: Browser, address: str, theme: Any):
    with browser.new_context(base_url=address, color_scheme=theme) as context:
        page = context.new_page()
        rows = [RATINGS, imdb("tt9999998", 9, "Gone")]
        wishes = f"{LETTERBOXD}\n2024-03-11,Dream Ferry 13,1963,https://boxd.it/a"
        bring(page, ("ratings.csv", "\n".join(rows)), ("watchlist.csv", wishes))
        expect(page.locator("#list > ol > li")).to_have_count(9)
        page.get_by_text("1 title not found", exact=True).click()
        page.get_by_role("button", name="Show posters").click()
        for path in ("", "erase", f"/title/{SNOW}"):
            if path == "erase":
                page.get_by_role("button", name="Erase all").click()
            elif path:
                page.goto(path)
                expect(page.locator(".hidden-films")).to_be_visible()
            report = Axe().run(page)
            assert report.violations_count == 0, f"{path}: {report.generate_report()}"


@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_a_full_library_does_not_scroll_sideways(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 720})
    wishes = f"{LETTERBOXD}\n2024-03-11,Dream Ferry 13,1963,https://boxd.it/a"
    long = imdb("tt9999998", 9, "Gone" * 40)
    bring(page, ("ratings.csv", f"{RATINGS}\n{long}"), ("watchlist.csv", wishes))
    expect(page.locator("#list > ol > li")).to_have_count(9)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_shifts_when_a_full_library_comes(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 1000})
    wishes = f"{LETTERBOXD}\n2024-03-11,Dream Ferry 13,1963,https://boxd.it/a"
    bring(page, ("ratings.csv", RATINGS), ("watchlist.csv", wishes))
    count_shifts(page)
    scripts: list[Route] = []
    page.route("**/library.js*", lambda route: scripts.append(route))
    page.goto("/library", wait_until="commit")
    # As on a slow line, the script comes after the page was drawn for the first time.
    page.evaluate(DRAWN)
    scripts.pop().continue_()
    expect(page.locator("#list > ol > li")).to_have_count(9)
    assert shifts(page) == 0
