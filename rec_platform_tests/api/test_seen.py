"""Seen films and the watchlist: marks beside films, and lists without what is seen."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from rec_platform_tests.api.chromium import IN_A_BROWSER
from rec_platform_tests.api.my_films import (
    IMDB,
    SNOW,
    bring,
    count_shifts,
    ids,
    imdb,
    kept,
    shifts,
)

pytestmark = IN_A_BROWSER


def test_seen_films_leave_a_list_and_nine_stay(page: Page):
    page.goto(f"/title/{SNOW}?limit=48")
    everything = ids(page)
    page.goto(f"/title/{SNOW}")
    assert ids(page) == everything[:9]
    page.locator("#list").get_by_role("button", name="Seen").nth(2).click()
    left = [*everything[:2], *everything[3:10]]
    expect(page.get_by_text("1 seen film hidden")).to_be_visible()
    assert ids(page) == left
    # The focus is on the film that moved up.
    expect(page.locator("#list > ol > li").nth(2).locator(":focus")).to_have_count(1)
    page.reload()
    expect(page.get_by_text("1 seen film hidden")).to_be_visible()
    assert ids(page) == left
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("1 seen film shown")).to_be_visible()
    assert ids(page) == everything[:9]
    page.get_by_role("button", name="Hide", exact=True).click()
    expect(page.get_by_text("1 seen film hidden")).to_be_visible()
    assert ids(page) == left
    page.get_by_role("link", name="Show more like these").click()
    expect(page.locator("#list > ol > li")).to_have_count(18)
    expect(page.get_by_text("1 seen film hidden")).to_be_visible()
    assert ids(page) == [film for film in everything if film != everything[2]][:18]


def test_seen_films_leave_a_tuned_list_and_a_basket_too(page: Page):
    page.goto(f"/title/{SNOW}?balance=0")
    seen = ids(page)[0]
    page.locator("#list").get_by_role("button", name="Seen").first.click()
    expect(page.get_by_text("1 seen film hidden")).to_be_visible()
    page.goto(f"/title/{SNOW}")
    page.get_by_role("slider").fill("0")
    expect(page).to_have_url(re.compile("balance=0"))
    expect(page.get_by_text("1 seen film hidden")).to_be_visible()
    assert seen not in ids(page) and len(ids(page)) == 9
    page.goto(f"/basket?title={SNOW}&balance=0")
    expect(page.get_by_text("1 seen film hidden")).to_be_visible()
    assert seen not in ids(page) and len(ids(page)) == 9
    expect(page.locator("#list").get_by_role("link", name="Dislike")).to_have_count(9)


def test_a_list_is_as_long_as_it_can_be_if_nearly_all_is_seen(page: Page):
    page.goto(f"/title/{SNOW}?limit=48")
    everything = ids(page)
    films = {film: ["Name", 1999, 0, ""] for film in everything[:-4]}
    page.evaluate("films => localStorage.setItem('seen', films)", json.dumps(films))
    page.goto(f"/title/{SNOW}")
    expect(page.get_by_text(f"{len(films)} seen films hidden")).to_be_visible()
    assert ids(page) == everything[-4:]


def test_marks_follow_each_other_and_other_tabs(page: Page):
    page.goto(f"/title/{SNOW}")
    article = page.locator("article")
    article.get_by_role("button", name="Watchlist").click()
    other = page.context.new_page()
    other.goto(f"/title/{SNOW}")
    wanted = other.locator("article").get_by_role("button", name="Watchlist")
    expect(wanted).to_have_attribute("aria-pressed", "true")
    article.get_by_role("button", name="Seen").click()  # so it need not be seen any more
    expect(wanted).to_have_attribute("aria-pressed", "false")
    expect(other.locator("article").get_by_role("button", name="Seen")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert kept(page, "watchlist") == {}
    article.get_by_role("button", name="Watchlist").click()  # to see it again
    article.get_by_role("button", name="Seen").click()
    assert list(kept(page, "watchlist")) == [SNOW] and kept(page, "seen") == {}


@pytest.mark.parametrize("told", ["since 2011, TV series", "2011–2014, miniseries", "2011"])
def test_a_mark_keeps_the_first_year_whatever_the_format(page: Page, told: str):
    page.goto(f"/title/{SNOW}")
    item = page.locator("#list > ol > li").first
    item.locator(".meta").evaluate("(meta, told) => { meta.firstChild.data = told; }", told)
    item.get_by_role("button", name="Watchlist").click()
    ((_, year, _, _),) = kept(page, "watchlist").values()
    assert year == 2011


def test_a_rating_survives_a_mark_that_is_taken_back(page: Page):
    bring(page, ("ratings.csv", "\n".join([IMDB, imdb(SNOW, 9, "Heavy Snow 4")])))
    page.goto(f"/title/{SNOW}")
    seen = page.locator("article").get_by_role("button", name="Seen")
    for count in (0, 1):
        seen.click()
        assert len(kept(page, "seen")) == count
    assert kept(page, "seen")[SNOW][2] == 9
    seen.click()
    page.locator("article").get_by_role("button", name="Watchlist").click()
    assert kept(page, "watchlist")[SNOW][2] == 0  # a film to be seen has no rating


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_shifts_when_seen_films_leave(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 2000})
    page.goto(f"/title/{SNOW}")
    films = {film: ["Name", 1999, 0, ""] for film in ids(page)[1:4]}
    page.evaluate("films => localStorage.setItem('seen', films)", json.dumps(films))
    count_shifts(page)
    page.goto(f"/title/{SNOW}", wait_until="networkidle")
    expect(page.get_by_text("3 seen films hidden")).to_be_visible()
    assert shifts(page) == 0
