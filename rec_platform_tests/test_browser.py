"""The site in a real browser: what a visitor clicks, on narrow screens and without JavaScript.

What a page says belongs in test_site.py, whose invented release is served here.
"""

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.app import create_app
from rec_platform_tests.test_site import ERROR_PAGES, PAGES, publish

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    releases = tmp_path_factory.mktemp("releases")
    publish(releases, "first")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(create_app(releases), lifespan="off", log_level="warning")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with browser.new_context(base_url=site) as context:
        yield context.new_page()


def find_open_follow_and_return(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("silent lan")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("main").get_by_role("link", name="The Silent Lantern").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The Silent Lantern")
    alike = page.get_by_role("region", name="Nine alike").get_by_role("link")
    expect(alike).to_have_count(9)
    alike.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orbit")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("The Silent Lantern")


def test_a_visitor_finds_a_title_follows_a_recommendation_and_returns(page: Page):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    find_open_follow_and_return(page)
    assert complaints == []  # such as what the Content-Security-Policy blocked


def test_the_site_works_without_javascript(browser: Browser, site: str):
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        find_open_follow_and_return(context.new_page())


@pytest.mark.parametrize("path", PAGES + ERROR_PAGES)
def test_no_page_scrolls_sideways_on_the_narrowest_phone(page: Page, path: str):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(path)
    width: int = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 320


@pytest.mark.parametrize("path", PAGES)
def test_headings_descend_one_level_at_a_time(page: Page, path: str):
    page.goto(path)
    found = page.get_by_role("heading").evaluate_all("all => all.map(one => one.tagName)")
    levels = [int(re.sub(r"\D", "", tag)) for tag in found]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_first_tab_stop_skips_to_the_content(page: Page):
    page.goto("/cluster/0")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_posters_are_drawn_in_the_colours_of_their_genre(page: Page):
    page.goto("/title/tt0000001")
    poster = page.locator("article .poster")
    background: str = poster.evaluate("one => getComputedStyle(one).backgroundImage")
    assert "rgb(14, 42, 46)" in background  # thriller, its last genre
    shape = poster.locator("use").bounding_box()
    assert shape is not None and shape["width"] > 0  # crime, from the static file
