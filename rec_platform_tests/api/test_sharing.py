"""Cards beside links and icons: what other programs show of the site."""

from __future__ import annotations

import itertools
import struct
from math import hypot
from pathlib import Path
from xml.etree import ElementTree

import anyio
import httpx
import pytest

from api import drawing
from api.cards import field_card, title_card
from api.inks import PALETTES
from api.raster import MOST_BYTES, png
from api.settings import SiteSettings
from api.sharing import square_icon
from rec_platform.release.schema import Title
from rec_platform_tests.api.catalogue import catalogue
from rec_platform_tests.api.site import HOSTILE, Reader, Site, invented

SITE_URL = "https://films.example/sub"
LONG = "The Extraordinary & Somewhat <Endless> Voyage of the Wandering Cartographers " * 3
PAGES = ["/", "/title/tt0000001", "/basket?title=tt0000002&title=tt0000003", "/atlas", "/basket"]


@pytest.fixture(scope="module")
def named(releases: Path) -> Site:
    return Site(releases, SiteSettings(site_url=SITE_URL))


def size_of(image: bytes) -> tuple[int, int]:
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack_from(">II", image, 16)


def said(site: Site, path: str) -> dict[str, str]:
    """What a page tells of itself to programs, by name."""
    tags = [known for tag, known in Reader(site.get(path)).tags if tag == "meta"]
    return {
        str(known.get("property") or known.get("name")): known["content"] or ""
        for known in tags
        if "content" in known
    }


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_card_though_search_engines_are_kept_out(named: Site, path: str):
    card = said(named, path)
    assert card["robots"] == "noindex"
    assert card["twitter:card"] == "summary_large_image"
    assert card["og:url"] == f"{SITE_URL}{path}"
    assert card["og:title"] and card["og:description"] and card["og:image:alt"]
    address = card["og:image"].removeprefix(SITE_URL)
    assert address.startswith("/card/")
    answer = named.get(address)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert size_of(answer.content) == (1200, 630)
    assert len(answer.content) <= MOST_BYTES
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_card_without_its_version_or_of_another_one_is_kept_as_a_page_is(named: Site):
    for version in ("", "?v=", "?v=0123456789ab"):
        kept = named.get(f"/card/tt0000001.png{version}").headers["cache-control"]
        assert kept.startswith("public, max-age=300,")


def test_a_site_that_knows_no_address_of_its_own_names_no_picture(site: Site):
    card = said(site, "/title/tt0000001")
    assert card["og:title"] == "Films like Verdict (1951) · Nine Alike"
    assert card["og:type"] == "video.movie"
    assert "og:image" not in card and "og:url" not in card


def test_the_site_answers_while_a_card_is_drawn(site: Site):
    drawn: list[int] = []
    page_count = 0

    async def ask_for_card(client: httpx.AsyncClient) -> None:
        drawn.append((await client.get("/card/tt0000004.png")).status_code)

    async def ask_for_pages() -> None:
        nonlocal page_count
        transport = httpx.ASGITransport(site.app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://films.example") as client,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(ask_for_card, client)
            while not drawn:
                assert (await client.get("/title/tt0000004")).status_code == 200
                page_count += 1
                await anyio.sleep(0)  # no page waits for anything

    site.get("/title/tt0000004")  # opens the release
    anyio.run(ask_for_pages)
    # A page or two are answered before the drawing begins, and the last one may be after its end.
    assert (drawn, page_count > 4) == ([200], True)


# What draws may hang or die

STOPPED = """
import os, pathlib, signal
pathlib.Path(__file__).with_name(str(os.getpid())).touch()
os.kill(os.getpid(), signal.SIGSTOP)
"""
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def drawers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file that each drawing process runs when it starts."""
    (tmp_path / "drawers").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "drawers")
    monkeypatch.setattr(drawing, "_kept", {})
    return tmp_path / "drawers" / "sitecustomize.py"


def test_a_drawing_process_that_hangs_is_ended_and_the_next_one_draws(
    site: Site, drawers: Path, monkeypatch: pytest.MonkeyPatch
):
    drawers.write_text(STOPPED)
    with monkeypatch.context() as patience:
        patience.setattr(drawing, "DRAWING_SECONDS", 2)
        answer = site.get("/card/tt0000004.png")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert answer.headers["cache-control"] == "no-store"
    (process,) = (file.name for file in drawers.parent.iterdir() if file.name.isdecimal())
    assert not Path("/proc", process).exists()
    drawers.unlink()
    assert size_of(site.get("/card/tt0000004.png").content) == (1200, 630)


def test_a_drawing_process_that_dies_is_replaced(site: Site, drawers: Path):
    drawers.write_text(KILLED)
    answer = site.get("/card/tt0000004.png")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    drawers.unlink()
    assert site.get("/card/tt0000004.png").status_code == 200


def test_few_drawings_wait_and_who_asks_for_one_of_them_waits_with_it(
    drawers: Path, monkeypatch: pytest.MonkeyPatch
):
    drawers.write_text(STOPPED)
    monkeypatch.setattr(drawing, "WAITING_SECONDS", 2)
    ended: list[tuple[int, str]] = []

    async def ask(width: int) -> None:
        with pytest.raises(drawing.NotDrawnError) as refused:
            await drawing.png(square_icon(), width)
        ended.append((width, str(refused.value)))

    async def ask_at_once() -> None:
        async with anyio.create_task_group() as tasks:
            for width in [*range(drawing.MOST_WAITING + 1), 0]:
                tasks.start_soon(ask, width)

    anyio.run(ask_at_once)
    assert ended[0] == (drawing.MOST_WAITING, f"{drawing.MOST_WAITING} drawings wait")
    assert all("in time" in said for _, said in ended[1:])
    assert len(ended) == drawing.MOST_WAITING + 2


@pytest.mark.parametrize("genre", PALETTES)
def test_cards_of_every_genre_are_small_whatever_the_decade_and_the_name(genre: str):
    start = [*PALETTES].index(genre)
    for place, name in enumerate(("Up", LONG)):
        year = 1905 + 10 * ((start + 7 * place) % 13)
        image = png(title_card(invented(start, name, genres=[genre], year=year)), 1200)
        assert size_of(image) == (1200, 630) and len(image) <= MOST_BYTES


def test_a_card_of_nine_posters_of_the_most_detail_is_small():
    genres = itertools.cycle(PALETTES)
    for year in (1905, 1985):
        nine = [invented(number, "x", genres=[next(genres)], year=year) for number in range(9)]
        assert len(png(field_card(nine, LONG, LONG), 1200)) <= MOST_BYTES


@pytest.mark.parametrize("count", range(1, 21))
def test_the_films_of_a_basket_are_all_in_its_field_up_to_nine(count: int):
    titles = [invented(number, "x", genres=["Drama", "War"]) for number in range(count)]
    cells = ElementTree.fromstring(field_card(titles, "x", "y"))[:9]
    drawn = [ElementTree.tostring(cell[0]) + ElementTree.tostring(cell[1]) for cell in cells]
    assert len(cells) == 9
    assert len(set(drawn)) == len(set(map(art_of, titles[:9])))


def art_of(title: Title) -> bytes:
    cell = ElementTree.fromstring(field_card([title], "x", "y"))[0]
    return ElementTree.tostring(cell[0]) + ElementTree.tostring(cell[1])


@pytest.mark.parametrize("name", [HOSTILE, "a\x00b\x1b\ufffec", "七人の侍", "W" * 300, "]]>&amp;"])
def test_a_card_is_sound_whatever_a_title_says(name: str):
    for drawn in (title_card(invented(1, name)), field_card([invented(1, name)], name, "")):
        ElementTree.fromstring(drawn)
        assert size_of(png(drawn, 1200)) == (1200, 630)


def test_lettering_is_drawn_on_a_machine_without_fonts():
    blank, lettered = (png(title_card(invented(1, name)), 1200) for name in (".", "Élite Žižek"))
    assert len(lettered) > len(blank) + 1_000


def test_every_title_of_the_catalogue_has_a_card_of_its_own():
    assert len({title_card(title) for title in catalogue()}) == len(catalogue())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/card/tt9.png", 404),
        ("/card/nothing.png", 404),
        ("/card/basket.png", 422),
        ("/card/basket.png?title=tt9", 404),
        ("/card/basket.png?title=x", 422),
        ("/card/basket.png?" + "title=tt0000001&" * 21, 422),
        ("/icon-64.png", 404),
    ],
)
def test_a_picture_of_nothing_is_an_error(site: Site, path: str, status: int):
    assert site.get(path).status_code == status


def test_every_icon_that_a_page_names_is_there(site: Site):
    links = {
        str(known["rel"]): known["href"]
        for tag, known in Reader(site.get("/")).tags
        if tag == "link"
    }
    touch = site.get(str(links["apple-touch-icon"]))
    assert size_of(touch.content) == (180, 180)
    manifest = site.json(str(links["manifest"]))
    assert manifest["start_url"] == "/"
    for icon in manifest["icons"]:
        answer = site.get(icon["src"])
        assert "x".join(map(str, size_of(answer.content))) == icon["sizes"]
        assert "immutable" in answer.headers["cache-control"]


def test_an_icon_for_masks_has_paper_to_its_edges_and_its_dots_inside():
    drawn = ElementTree.fromstring(square_icon())
    left, top, width, height = map(float, drawn.get("viewBox", "").split())
    paper = drawn.find("{*}rect")
    assert paper is not None and paper.get("rx") is None
    edges = [float(paper.get(name, "0")) for name in ("x", "y", "width", "height")]
    assert edges == [left, top, width, height]
    for dot in drawn.iter("{http://www.w3.org/2000/svg}circle"):
        x, y, radius = (float(dot.get(name, "0")) for name in ("cx", "cy", "r"))
        # A mask may cut what is farther from the middle than two fifths (W3C, Web Application
        # Manifest, "Icon masks and safe zone").
        assert hypot(x - left - width / 2, y - top - height / 2) + radius <= 0.4 * width


def test_the_icon_of_old_holds_three_sizes(site: Site):
    icon = site.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/x-icon"
    kind = struct.unpack_from("<HHH", icon.content)
    assert kind == (0, 1, 3)
    for place, size in enumerate((16, 32, 48)):
        width, height, *_, length, start = struct.unpack_from(
            "<BBBBHHII", icon.content, 6 + 16 * place
        )
        image = icon.content[start : start + length]
        assert (width, height) == size_of(image) == (size, size)


def test_the_manifest_below_a_path_stays_below_it(releases: Path):
    site = Site(releases, SiteSettings(root_path="/films"))
    manifest = site.json("/films/manifest.webmanifest")
    addresses = [
        manifest["start_url"],
        manifest["scope"],
        *(icon["src"] for icon in manifest["icons"]),
    ]
    for address in addresses:
        assert address.startswith("/films/") and site.get(address).status_code == 200


def test_the_policy_lets_a_browser_read_the_manifest(site: Site):
    assert "manifest-src 'self'" in site.get("/").headers["content-security-policy"]
