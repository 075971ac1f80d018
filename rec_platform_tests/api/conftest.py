"""The invented catalogue, published once, and its pages in a browser.

A file that tests another release, or in another way, overrides these.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from rec_platform.release.lookup import Lookup
from rec_platform_tests.api.catalogue import publish_catalogue
from rec_platform_tests.api.chromium import CHROMIUM, FLAGS, TIMEOUT
from rec_platform_tests.api.site import Site
from rec_platform_tests.api.site_server import site_server


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    publish_catalogue(folder)
    return folder


@pytest.fixture
def lookup(releases: Path) -> Lookup:
    return Lookup(releases / "rich" / "lookup.sqlite")


@pytest.fixture
def site(releases: Path) -> Site:
    return Site(releases)


@pytest.fixture(scope="module")
def address(releases: Path) -> Iterator[str]:
    with site_server(releases) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page in which nothing goes wrong: no error of a script, nothing that the policy blocks."""
    with browser.new_context(base_url=address) as context:
        context.set_default_timeout(TIMEOUT)
        page = context.new_page()
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        yield page
        assert [text for text in said if "404" not in text] == []
