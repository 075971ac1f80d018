"""The basket: films kept in the browser, or in an address, and one list for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from rec_platform_tests.api.chromium import IN_A_BROWSER, TIMEOUT
from rec_platform_tests.api.my_films import NO_ROOM, NO_STORAGE, SNOW, VERDICT, ids

pytestmark = IN_A_BROWSER


@pytest.fixture
def scriptless(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(base_url=address, java_script_enabled=False) as context:
        context.set_default_timeout(TIMEOUT)
        yield context.new_page()


def in_basket(page: Page) -> list[str]:
    return json.loads(page.evaluate("localStorage.getItem('basket')") or "[]")


def fill(page: Page, films: list[str]) -> None:
    page.goto("/about")
    page.evaluate("films => localStorage.setItem('basket', films)", json.dumps(films))


def test_a_basket_is_filled_kept_shared_and_emptied(page: Page, browser: Browser, address: str):
    page.goto(f"/title/{SNOW}")
    page.locator("article").get_by_role("button", name="Add to basket").click()
    kept = page.locator("article").get_by_role("button", name="In your basket")
    expect(kept).to_have_attribute("aria-pressed", "true")
    page.locator("#list").get_by_role("button", name="Add to basket").first.click()
    page.get_by_role("slider").fill("0")  # a list that was fetched has buttons as well
    expect(page).to_have_url(re.compile("balance=0"))
    page.locator("#list").get_by_role("button", name="Add to basket").last.click()
    page.get_by_role("link", name="Basket (3)").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One list for 3 films")
    expect(page.get_by_role("button", name="Keep as my basket")).to_be_hidden()
    shared, shown = page.url, ids(page)

    with browser.new_context(base_url=address) as context:  # somebody else
        friend = context.new_page()
        friend.goto(shared)
        assert ids(friend) == shown
        expect(friend.get_by_role("link", name="Basket", exact=True)).to_be_visible()
        friend.get_by_role("button", name="Keep as my basket").click()
        expect(friend.get_by_role("link", name="Basket (3)")).to_be_visible()

    page.get_by_role("link", name="Remove Heavy Snow 4", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One list for 2 films")
    expect(page.get_by_role("link", name="Basket (2)")).to_be_visible()
    page.goto("/")
    page.goto("/basket")  # without titles it leads to one's own
    expect(page.get_by_role("heading", level=1)).to_have_text("One list for 2 films")
    for _ in range(2):
        page.get_by_role("link", name="Remove").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your basket is empty")


def test_a_basket_is_filled_by_search_in_its_page(page: Page):
    page.goto("/basket")
    box = page.get_by_role("combobox", name="Add a film")
    box.press_sequentially("verdict")
    expect(page.get_by_role("option")).to_have_count(3)
    box.press("ArrowDown")
    box.press("Enter")
    expect(page).to_have_url(re.compile(rf"/basket\?title={VERDICT}$"))
    expect(page.get_by_role("link", name="Remove Verdict", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Basket (1)")).to_be_visible()
    page.get_by_role("combobox", name="Add a film").fill("heavy snow 4")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Add Heavy Snow 4 (1954)").click()
    expect(page).to_have_url(re.compile(rf"/basket\?title={VERDICT}&title={SNOW}$"))
    expect(page.get_by_role("link", name="Basket (2)")).to_be_visible()


def test_what_is_added_to_somebody_elses_basket_leaves_ones_own(page: Page):
    page.goto(f"/title/{SNOW}")
    page.locator("article").get_by_role("button", name="Add to basket").click()
    page.goto(f"/basket?title={VERDICT}&q=verdict+ii")
    page.get_by_role("link", name="Add Verdict II").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One list for 2 films")
    expect(page.get_by_role("link", name="Basket (1)")).to_be_visible()


def test_without_a_script_the_address_is_the_basket(scriptless: Page):
    scriptless.goto(f"/title/{VERDICT}")
    scriptless.locator("article").get_by_role("link", name="Add to basket").click()
    scriptless.get_by_role("searchbox", name="Add a film").fill("heavy snow 4")
    scriptless.get_by_role("button", name="Find").click()
    scriptless.get_by_role("link", name="Add Heavy Snow 4 (1954)").click()
    expect(scriptless.get_by_role("heading", level=1)).to_have_text("One list for 2 films")
    expect(scriptless).to_have_url(re.compile(rf"\?title={VERDICT}&title={SNOW}$"))
    expect(scriptless.locator("#list > ol > li")).to_have_count(9)
    scriptless.get_by_role("link", name="Remove Verdict", exact=True).click()
    expect(scriptless.get_by_role("heading", level=1)).to_have_text("One list for 1 film")


def test_the_basket_is_nowhere_but_in_the_browser(page: Page):
    page.goto(f"/title/{SNOW}")
    page.locator("article").get_by_role("button", name="Add to basket").click()
    assert page.evaluate("localStorage.getItem('basket')") == f'["{SNOW}"]'
    assert page.context.cookies() == []


def test_films_of_a_baskets_own_list_are_added_and_all_can_be_removed(page: Page):
    fill(page, [SNOW])
    page.goto(f"/basket?title={SNOW}")
    for count in (2, 3):
        added = ids(page)[0]
        page.locator("#list").get_by_role("link", name="Add to basket").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"One list for {count} films")
        expect(page.get_by_role("link", name=f"Basket ({count})")).to_be_visible()
        assert in_basket(page)[-1] == added and added not in ids(page)
    while left := in_basket(page):
        page.locator(".liked").get_by_role("link", name="Remove").first.click()
        expect(page.get_by_role("link", name="Remove")).to_have_count(len(left) - 1)
        assert in_basket(page) == left[1:]


def test_another_tabs_films_stay_when_an_older_page_changes_the_basket(page: Page):
    fill(page, [SNOW, VERDICT])
    page.goto(f"/basket?title={SNOW}&title={VERDICT}")
    page.evaluate(
        "films => localStorage.setItem('basket', films)", json.dumps([SNOW, VERDICT, "tt0000009"])
    )
    page.locator(".liked").get_by_role("link", name="Remove").first.click()
    expect(page).to_have_url(re.compile(rf"/basket\?title={VERDICT}$"))
    assert in_basket(page) == [VERDICT, "tt0000009"]


def test_a_changed_basket_keeps_its_knob_and_its_filters(page: Page, scriptless: Page):
    fill(page, [SNOW, VERDICT])
    page.goto(f"/basket?title={SNOW}&title={VERDICT}&year_max=1990")
    page.get_by_role("slider").fill("0")
    expect(page).to_have_url(re.compile("balance=0"))
    for act in ("Add to basket", "Dislike", "Remove", "suggestion"):
        before = page.url
        if act == "suggestion":
            box = page.get_by_role("combobox", name="Add a film")
            box.press_sequentially("dream ferry 13")
            expect(page.get_by_role("option").first).to_be_visible()
            box.press("ArrowDown")
            box.press("Enter")
        else:
            page.get_by_role("link", name=act).first.click()
        expect(page).not_to_have_url(before)
        assert "balance=0" in page.url and "year_max=1990" in page.url, act
        expect(page.get_by_role("slider")).to_have_value("0")

    scriptless.goto(f"/basket?title={SNOW}&title={VERDICT}&balance=0&genre=Sci-Fi")
    for act in ("Add to basket", "Dislike", "Remove"):
        scriptless.get_by_role("link", name=act).first.click()
        expect(scriptless).to_have_url(re.compile("balance=0.*genre=Sci-Fi"))
    scriptless.get_by_role("searchbox", name="Add a film").fill("heavy snow 8")
    scriptless.get_by_role("button", name="Find").click()
    expect(scriptless).to_have_url(re.compile("balance=0.*genre=Sci-Fi"))


def test_a_full_basket_says_so_and_loses_nothing(page: Page):
    full = [f"tt{number:07d}" for number in range(20, 40)]
    fill(page, full)
    page.goto(f"/title/{SNOW}")
    page.locator("article").get_by_role("button", name="Add to basket").click()
    expect(page.get_by_role("button", name="Your basket is full (20)")).to_be_visible()
    assert in_basket(page) == full
    page.get_by_role("link", name="Basket (20)").click()
    page.locator("#list").get_by_role("link", name="Add to basket").first.click()
    expect(page.get_by_text("A basket holds 20 of each kind")).to_be_visible()
    assert in_basket(page) == full


def test_where_nothing_can_be_kept_the_address_is_the_basket(page: Page):
    page.add_init_script(NO_STORAGE)
    page.goto(f"/title/{VERDICT}")
    page.locator("article").get_by_role("link", name="Add to basket").click()
    expect(page).to_have_url(re.compile(rf"/basket\?title={VERDICT}$"))
    page.locator("#list").get_by_role("link", name="Add to basket").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One list for 2 films")
    expect(page.get_by_role("button", name="Keep as my basket")).to_be_hidden()


def test_a_browser_without_room_says_so(page: Page):
    page.add_init_script(NO_ROOM)
    page.goto(f"/title/{VERDICT}")
    page.locator("article").get_by_role("button", name="Add to basket").click()
    expect(page.get_by_role("button", name="No room in this browser")).to_be_visible()
    page.goto(f"/basket?title={VERDICT}")
    page.get_by_role("button", name="Keep as my basket").click()
    expect(page.get_by_role("status").filter(has_text="No room in this browser")).to_be_visible()
    expect(page.get_by_role("button", name="Keep as my basket")).to_be_visible()
