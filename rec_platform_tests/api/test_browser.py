"""The site in a real browser: each journey, with and without its script, and for everyone.

What a page says belongs in test_pages.py; both serve the invented catalogue.
"""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

from rec_platform_tests.api.chromium import IN_A_BROWSER, TIMEOUT
from rec_platform_tests.api.site_server import site_server

pytestmark = IN_A_BROWSER


VERDICT, VERDICT_II, SNOW = "tt0000001", "tt0000002", "tt0000004"
EVERY_PAGE = [
    "/",
    f"/title/{VERDICT}",
    f"/title/{SNOW}?genre=Sci-Fi&balance=0.2&limit=18",
    f"/title/{SNOW}?genre=Western",
    "/search?q=snow",
    "/search?q=zzz",
    "/basket",
    f"/basket?title={VERDICT}&title={SNOW}&q=ferry",
    "/films",
    "/films?genre=Crime&year_min=1960",
    "/person/nm1",
    "/compare",
    f"/compare?title={VERDICT}&q=snow",
    "/atlas",
    "/cluster/1",
    "/library",
    "/about",
    "/api",
    f"/embed/title/{SNOW}",
    "/nowhere",
]


@pytest.fixture(scope="module")
def site(releases: Path) -> Iterator[str]:
    with site_server(releases) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with browser.new_context(base_url=site) as context:
        context.set_default_timeout(TIMEOUT)
        yield context.new_page()


@pytest.fixture
def scriptless(browser: Browser, site: str) -> Iterator[Page]:
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        context.set_default_timeout(TIMEOUT)
        yield context.new_page()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser says, such as what the Content-Security-Policy blocked."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def genre(page: Page, name: str) -> Locator:
    """The box of a genre that is wanted."""
    return page.get_by_role("group", name="Of all these genres").get_by_label(name)


def names(page: Page) -> list[str]:
    return page.locator("#list .name").all_text_contents()


# Find and open


def test_a_visitor_finds_a_title_follows_a_recommendation_and_returns(
    page: Page, complaints: list[str]
):
    page.goto("/")
    page.get_by_role("combobox").fill("verdict the l")
    page.get_by_role("button", name="Search").click()
    find_open_follow_and_return(page)
    assert complaints == []


def test_without_a_script_too(scriptless: Page):
    scriptless.goto("/")
    scriptless.get_by_role("searchbox").fill("verdict the l")
    scriptless.get_by_role("searchbox").press("Enter")
    find_open_follow_and_return(scriptless)


def find_open_follow_and_return(page: Page) -> None:
    page.get_by_role("main").get_by_role("link", name="Verdict: The Last Word").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verdict: The Last Word")
    expect(page.locator("#list > ol > li")).to_have_count(9)
    page.locator("#list").get_by_role("link", name="Verdict II", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verdict II")
    page.get_by_role("link", name="Verdict: The Last Word").first.click()  # the next of the series
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verdict II")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verdict: The Last Word")


def test_suggestions_come_while_typing_and_are_chosen_with_the_keyboard(
    page: Page, complaints: list[str]
):
    page.goto("/")
    box = page.get_by_role("combobox", name="Search for a film")
    box.fill("verd")  # one question, one answer
    options = page.get_by_role("option")
    expect(options).to_have_count(3)
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status")).to_have_text("3 suggestions")
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    active = options.nth(1).get_attribute("id")
    assert active
    expect(box).to_have_attribute("aria-activedescendant", active)
    box.press("ArrowUp")
    box.press("ArrowUp")  # back in the box, where Enter searches
    assert box.get_attribute("aria-activedescendant") is None
    box.press("ArrowUp")  # and around to the last one
    expect(options.nth(2)).to_have_attribute("aria-selected", "true")
    chosen = options.nth(2).locator("bdi").inner_text()
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(chosen)
    assert complaints == []


def test_suggestions_say_which_words_were_left_out(page: Page, complaints: list[str]):
    page.goto("/")
    box = page.get_by_role("combobox", name="Search for a film")
    box.fill("verdict zzqq")
    note = "No film has all of these words. Left out: zzqq."
    expect(page.get_by_role("status")).to_have_text(f"3 suggestions. {note}")
    shown = "list => getComputedStyle(list, '::after').content"
    assert page.get_by_role("listbox").evaluate(shown) == f'"{note}"'
    box.fill("verdcit movie")
    read = "Showing results for verdict. No film has all of these words. Left out: movie."
    expect(page.get_by_role("status")).to_have_text(f"3 suggestions. {read}")
    box.fill("verdict")
    expect(page.get_by_role("status")).to_have_text("3 suggestions")
    assert page.get_by_role("listbox").evaluate(shown) == "none"
    assert complaints == []


def test_escape_closes_the_suggestions_and_enter_searches(page: Page):
    page.goto("/")
    box = page.get_by_role("combobox")
    box.press_sequentially("verdict")
    expect(page.get_by_role("listbox")).to_be_visible()
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("verdict")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=verdict$"))


def test_a_suggestion_can_be_clicked_and_is_only_text(page: Page, complaints: list[str]):
    page.goto("/about")
    page.get_by_role("combobox").press_sequentially("script alert")
    page.get_by_role("option").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert complaints == []


def test_surprise_me_opens_a_title(page: Page):
    page.goto("/")
    page.get_by_role("link", name="Surprise me").click()
    expect(page).to_have_url(re.compile(r"/title/tt\d{7}$"))


# Slide and filter


def test_the_knob_sorts_at_once_and_its_setting_is_in_the_address(
    page: Page, complaints: list[str]
):
    page.goto(f"/title/{SNOW}")
    before = names(page)
    page.get_by_role("slider", name="Balance").fill("0")
    expect(page).to_have_url(re.compile(r"\?balance=0$"))
    assert sorted(names(page)) != sorted(before) or names(page) != before
    shown = names(page)
    page.reload()
    assert names(page) == shown
    expect(page.get_by_role("slider")).to_have_value("0")
    page.get_by_role("slider").press("End")
    expect(page).to_have_url(re.compile(r"\?balance=1$"))
    page.get_by_role("slider").fill("0.5")
    expect(page).to_have_url(re.compile(f"/title/{SNOW}$"))
    assert names(page) == before
    assert complaints == []


def test_the_back_button_leads_back_to_the_list_as_it_was(page: Page):
    page.goto("/search?q=snow")
    page.get_by_role("link", name="Heavy Snow 4", exact=True).click()
    page.get_by_role("slider").fill("0")
    expect(page).to_have_url(re.compile("balance=0"))
    shown = names(page)
    page.locator("#list .card").first.click()
    expect(page).not_to_have_url(re.compile(SNOW))
    page.go_back()
    expect(page.get_by_role("slider")).to_have_value("0")
    assert names(page) == shown
    page.go_back()  # the knob made no steps of its own
    expect(page).to_have_url(re.compile("/search"))


def test_filters_compose_and_can_be_cleared(page: Page, complaints: list[str]):
    page.goto(f"/title/{SNOW}")
    before = names(page)
    page.get_by_text("Filters", exact=True).click()
    genre(page, "Sci-Fi").check()
    expect(page).to_have_url(re.compile("genre=Sci-Fi"))
    page.get_by_label("From year").fill("1980")
    expect(page).to_have_url(re.compile("year_min=1980.*genre=Sci-Fi"))
    years = [int(text.split()[0]) for text in page.locator("#list .meta").all_inner_texts()]
    assert years and all(year >= 1980 for year in years)
    genre(page, "Western").check()
    expect(page.get_by_text("No film like this one passes all these filters")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    expect(page).to_have_url(re.compile(f"/title/{SNOW}$"))
    assert names(page) == before
    expect(genre(page, "Western")).not_to_be_checked()
    assert complaints == []


def test_half_a_year_is_not_asked_for(page: Page):
    page.clock.install()
    page.goto(f"/title/{SNOW}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_text("Filters", exact=True).click()
    year = page.get_by_label("From year")
    year.press_sequentially("19")
    page.clock.run_for(5_000)
    year.press_sequentially("80")
    page.clock.run_for(5_000)
    expect(page).to_have_url(re.compile("year_min=1980"))
    assert [address for address in asked if "/title/" in address] == [page.url]


def test_more_is_shown_in_place_and_the_focus_goes_on(page: Page):
    page.goto(f"/title/{SNOW}")
    first = names(page)
    page.get_by_role("link", name="Show more like these").click()
    expect(page.locator("#list > ol > li")).to_have_count(18)
    assert names(page)[:9] == first
    expect(page.locator("#list > ol > li:nth-child(10) a.card")).to_be_focused()
    expect(page).to_have_url(re.compile("limit=18"))
    page.get_by_role("slider").fill("0")
    expect(page).to_have_url(re.compile("balance=0&.*limit=18|limit=18&.*balance=0"))
    expect(page.locator("#list > ol > li")).to_have_count(18)


def test_without_a_script_a_button_sorts_and_filters(scriptless: Page):
    scriptless.goto(f"/title/{SNOW}?balance=0.2")
    scriptless.get_by_text("Filters", exact=True).click()
    scriptless.get_by_label("From year").fill("1990")
    genre(scriptless, "Sci-Fi").check()
    scriptless.get_by_role("button", name="Show", exact=True).click()
    expect(scriptless).to_have_url(re.compile("balance=0.2&year_min=1990.*genre=Sci-Fi"))
    years = [int(text.split()[0]) for text in scriptless.locator("#list .meta").all_inner_texts()]
    assert years and all(year >= 1990 for year in years)
    scriptless.get_by_role("link", name="Clear filters").click()
    expect(scriptless).to_have_url(re.compile(r"balance=0.2$"))


def test_films_glide_to_their_places_unless_motion_is_unwelcome(browser: Browser, site: str):
    for wish, moves in (("no-preference", True), ("reduce", False)):
        with browser.new_context(base_url=site, reduced_motion=wish) as context:  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(f"/title/{SNOW}")
            page.evaluate("""() => {
                window.moved = 0;
                const animate = Element.prototype.animate;
                Element.prototype.animate = function (...all) {
                    window.moved++;
                    return animate.apply(this, all);
                };
            }""")
            page.get_by_role("slider").fill("0")
            expect(page).to_have_url(re.compile("balance=0"))
            assert (page.evaluate("window.moved") > 0) == moves


# What the site does not answer


def test_a_list_that_does_not_come_is_not_passed_off_as_the_wanted_one(page: Page):
    page.goto(f"/title/{SNOW}")

    def answer(route: Route) -> None:
        if route.request.resource_type == "fetch":
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/title/*balance=0*", answer)
    page.get_by_role("slider").fill("0")
    expect(page).to_have_url(re.compile("balance=0"))
    expect(page.get_by_role("slider")).to_have_value("0")


@pytest.mark.parametrize("is_offline", [False, True])
def test_suggestions_that_do_not_come_leave_none(page: Page, is_offline: bool):
    page.goto("/")
    box = page.get_by_role("combobox")
    box.press_sequentially("verdict")
    expect(page.get_by_role("option")).to_have_count(3)
    page.route(
        "**/api/v1/search*",
        lambda route: route.abort() if is_offline else route.fulfill(status=503),
    )
    box.press_sequentially(" zzz")
    expect(page.get_by_role("option")).to_have_count(0)


# Share


@pytest.mark.parametrize("path", [f"/title/{SNOW}?limit=18", f"/basket?title={SNOW}"])
def test_a_link_is_shared_as_the_system_does_it_or_copied(
    page: Page, browser: Browser, site: str, complaints: list[str], path: str
):
    page.add_init_script("navigator.share = async (shared) => { window.shared = shared; }")
    page.goto(path)
    page.get_by_role("button", name="Share").click()
    shared = page.evaluate("window.shared")
    assert shared == {"title": page.title(), "url": f"{site}{path}"}

    with browser.new_context(base_url=site, permissions=["clipboard-write"]) as context:
        copying = context.new_page()
        copying.add_init_script("delete Navigator.prototype.share")
        copying.goto(path)
        copying.get_by_role("button", name="Share").click()
        expect(copying.get_by_role("status").filter(has_text="copied")).to_be_visible()
    assert complaints == []


def test_without_a_script_there_is_no_button_to_share(scriptless: Page):
    scriptless.goto(f"/title/{SNOW}")
    expect(scriptless.get_by_role("button", name="Share", include_hidden=True)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_widget_alone_shows_in_a_frame_of_another_site_in_its_light_or_dark(
    browser: Browser, site: str, tmp_path: Path, scheme: str
):
    frames = "".join(
        f'<iframe src="{site}{path}"></iframe>' for path in (f"/embed/title/{SNOW}", "/about")
    )
    (tmp_path / "index.html").write_text(
        f"<!doctype html><style>:root {{ color-scheme: {scheme} }}</style>{frames}"
    )
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as other,
        browser.new_context(color_scheme="null") as context,  # else the test says which scheme
    ):
        Thread(target=other.serve_forever).start()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{other.server_port}/", wait_until="networkidle")
        other.shutdown()
        widget, refused = page.frames[1:]
        expect(widget.get_by_role("listitem")).to_have_count(3)
        paper = widget.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == {"light": "rgb(255, 253, 249)", "dark": "rgb(29, 27, 34)"}[scheme]
        assert "How it works" not in refused.content()
        with page.expect_popup() as opened:
            widget.get_by_role("link", name="More on Nine Alike").click()
        expect(opened.value).to_have_url(f"{site}/title/{SNOW}")


# Walk


def test_the_atlas_leads_from_cluster_to_cluster(page: Page):
    page.goto("/")
    page.get_by_role("link", name="Walk through the atlas").click()
    page.get_by_role("region", name="As a list").get_by_role("link", name="Space operas").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Space operas")
    page.get_by_role("paragraph").get_by_role("link", name="Crime thrillers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Crime thrillers")


def test_without_a_script_the_picture_leads_from_cluster_to_cluster(scriptless: Page):
    scriptless.goto("/atlas")
    for name in ("Space operas", "Crime thrillers"):
        scriptless.get_by_role("group", name="Map").get_by_role("link", name=name).click()
        expect(scriptless.get_by_role("heading", level=1)).to_have_text(name)


# For everyone


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Browser, site: str, theme: str):
    axe = Axe()
    with browser.new_context(base_url=site, color_scheme=theme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        for path in EVERY_PAGE:
            page.goto(path)
            report = axe.run(page)
            assert report.violations_count == 0, f"{path}: {report.generate_report()}"
        page.goto("/")
        page.get_by_role("combobox").fill("verd")
        expect(page.get_by_role("option")).to_have_count(3)
        page.get_by_role("combobox").press("ArrowDown")
        expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
        report = axe.run(page)
        assert report.violations_count == 0, report.generate_report()


@pytest.mark.parametrize("width", [320, 375, 768, 1280, 3840])
def test_no_page_scrolls_sideways(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 720})
    for path in EVERY_PAGE:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_headings_descend_one_level_at_a_time(page: Page, path: str):
    page.goto(path)
    tags = page.get_by_role("heading").evaluate_all("all => all.map(each => each.tagName)")
    levels = [int(re.sub(r"\D", "", tag)) for tag in tags]
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


@pytest.mark.parametrize("path", [f"/title/{SNOW}", "/atlas", f"/basket?title={SNOW}"])
def test_every_tab_stop_shows_that_it_has_the_focus(page: Page, path: str):
    page.goto(path)
    count = 0
    while True:
        page.keyboard.press("Tab")
        seen = page.evaluate("""() => {
            const active = document.activeElement;
            if (active === document.body) return null;
            const shows = (element) => {
                const style = getComputedStyle(element);
                return style.outlineStyle !== "none" || style.boxShadow !== "none"
                    || parseFloat(style.strokeWidth) > 8;
            };
            const around = [active, active.closest("form"), ...active.children];
            return around.some((each) => each && shows(each)) || active.outerHTML;
        }""")
        if seen is None:
            break
        assert seen is True
        count += 1
    assert count > 12


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_shifts_while_a_page_comes(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 2000})
    page.add_init_script("""
        window.shift = 0;
        const add = (entries) => { for (const entry of entries) window.shift += entry.value; };
        const observer = new PerformanceObserver((list) => add(list.getEntries()));
        observer.observe({ type: "layout-shift", buffered: true });
        window.drawn = new Promise((resolve) => {
            new PerformanceObserver(resolve).observe({ type: "paint", buffered: true });
        });
        window.drawnAgain = async () => {
            const frame = () => new Promise(requestAnimationFrame);
            await frame();
            await frame();
            add(observer.takeRecords());
        };
    """)
    scripts: list[Route] = []

    def hold(route: Route) -> None:
        scripts.append(route)

    page.route("**/site.js*", hold)
    for path in (
        "/",
        f"/title/{SNOW}",
        "/search?q=snow",
        "/atlas",
        "/cluster/1",
        f"/basket?title={SNOW}",
        "/library",
    ):
        with page.expect_request("**/site.js*"):
            page.goto(path, wait_until="commit")
        # As on a slow line, the script comes after the page was drawn for the first time.
        page.evaluate("window.drawn.then(() => null)")
        scripts.pop().continue_()
        page.wait_for_load_state("networkidle")
        page.evaluate("window.drawnAgain()")
        assert page.evaluate("window.shift") == 0, path


def test_a_title_takes_at_most_eight_requests_of_its_own_site(page: Page, site: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/title/{SNOW}", wait_until="networkidle")
    assert len(asked) <= 8
    assert all(address.startswith(site) for address in asked)


def test_posters_are_drawn_on_the_page_and_as_pictures(page: Page):
    page.goto("/")
    drawn = page.locator("main li svg.poster, main li img.poster").first.bounding_box()
    assert drawn and drawn["height"] == pytest.approx(1.5 * drawn["width"], rel=0.02)
    page.locator(".shelf").last.scroll_into_view_if_needed()
    last = page.locator("img.poster").last
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("naturalWidth", 400)


def test_on_paper_there_is_the_list_and_no_form(page: Page):
    page.goto(f"/title/{SNOW}")
    page.emulate_media(media="print")
    expect(page.locator("#list > ol > li").first).to_be_visible()
    expect(page.get_by_role("slider")).to_be_hidden()
    expect(page.get_by_role("search")).to_be_hidden()


# The map of films


def test_the_map_of_films_zooms_moves_and_leads_to_a_film(page: Page, complaints: list[str]):
    page.goto("/atlas")
    canvas = page.locator("canvas.map")
    listed = page.locator(".in-view a")
    expect(listed).to_have_count(10)
    assert listed.first.get_attribute("href") == f"/title/{VERDICT}"  # the most voted first
    canvas.focus()
    for _ in range(9):
        page.keyboard.press("+")
    expect(listed).not_to_have_count(10)  # the middle of the map has few
    page.keyboard.press("Home")
    expect(listed).to_have_count(10)
    for press in ("ArrowLeft", "ArrowUp"):
        for _ in range(4):
            page.keyboard.press(press)
    page.get_by_role("button", name="Show all of it").click()
    found = page.evaluate("""async () => {
        const { box, films } = await (await fetch(first("[data-films]").dataset.films)).json();
        const [left, top, width] = box, canvas = first("canvas.map");
        const scale = canvas.clientWidth / (width * 1.02), [id, , , , x, y] = films[0];
        return [id, (x - left - width / 2) * scale + canvas.clientWidth / 2,
            (y - top - box[3] / 2) * scale + canvas.clientHeight / 2];
    }""")
    canvas.hover(position={"x": found[1], "y": found[2]})
    expect(page.locator(".map-label")).to_contain_text("Verdict")
    canvas.click(position={"x": found[1], "y": found[2]})
    expect(page).to_have_url(re.compile(f"/title/{VERDICT}$"))
    assert complaints == []


def test_the_map_of_films_stays_in_sight_and_where_it_was_left(page: Page):
    page.goto("/atlas")
    listed = page.locator(".in-view a")
    canvas = page.locator("canvas.map")
    canvas.focus()
    for press in ("ArrowRight", "ArrowDown"):
        for _ in range(60):
            page.keyboard.press(press)
    expect(page.locator(".in-view")).to_be_visible()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    assert listed.count() > 0
    page.keyboard.press("Home")
    page.get_by_role("button", name="Zoom in").click()
    for _ in range(2):
        page.keyboard.press("+")
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    shown = listed.all_inner_texts()
    listed.first.click()
    page.go_back()
    expect(listed).to_have_text(shown)
    canvas.hover()
    page.mouse.move(1, 1)
    expect(page.locator(".map-label")).to_be_hidden()


def test_a_clusters_page_shows_its_own_films_on_the_map(page: Page):
    page.goto("/cluster/1")
    listed = page.locator(".in-view a")
    expect(listed).to_have_count(10)
    ids = {str(link.get_attribute("href")).rpartition("/")[2] for link in listed.all()}
    assert all(int(title_id[2:]) % 3 == 1 for title_id in ids)


def test_without_a_script_or_places_the_map_is_the_picture(scriptless: Page, page: Page):
    scriptless.goto("/atlas")
    expect(scriptless.locator("svg.map")).to_be_visible()
    page.route("**/films.json*", lambda route: route.abort())
    page.goto("/atlas", wait_until="networkidle")
    expect(page.locator("svg.map")).to_be_visible()
