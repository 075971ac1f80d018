"""The posters: small, legible, the same for the same facts, and safe whatever a title says."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from api.emblems import EMBLEMS
from api.inks import PALETTES, PRINTS
from api.lettering import FACES, MARGIN, WIDTH, Face, lettering, width_of
from api.posters import poster, poster_file
from api.rendering import posters_version
from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import Title
from rec_platform_tests.api.catalogue import publish_catalogue
from rec_platform_tests.api.site import HOSTILE, Reader, Site, invented


def drawn(genres: list[str], year: int, title: str = "The Long Way", number: int = 1) -> Title:
    return invented(number, title, genres=genres, year=year)


@pytest.mark.parametrize("genre", PALETTES)
def test_posters_of_every_genre_and_decade_are_small_and_well_formed(genre: str):
    names = ("Up", "The Extraordinary & Somewhat <Endless> Voyage of the Wandering Cartographers")
    for year in range(1895, 2035, 10):
        for number in range(1, 7):
            file = poster_file(drawn([genre], year, names[number % 2], number))
            assert len(file.encode()) < 2048
            root = ElementTree.fromstring(file)
            assert root.get("role") == "img" and names[number % 2] in str(root.get("aria-label"))


def test_a_poster_is_the_same_for_the_same_facts_and_another_for_another_title():
    files = [poster_file(drawn(["Drama", "War"], 1999, number=number)) for number in range(40)]
    assert files == [
        poster_file(drawn(["Drama", "War"], 1999, number=number)) for number in range(40)
    ]
    assert len(set(files)) > 30


@pytest.mark.parametrize("genre", PALETTES)
def test_lettering_stands_out_on_its_paper(genre: str):
    for inked in PRINTS:
        inks = inked(*PALETTES[genre])
        assert contrast(inks.text, inks.paper) >= 4.5
    dark, _, bright, _ = PALETTES[genre]
    assert contrast(dark, bright) >= 4.5  # the names on the map


def contrast(colour: str, other: str) -> float:
    """As WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        linear = (
            channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
            for channel in channels
        )
        shares = (0.2126, 0.7152, 0.0722)
        return sum(channel * share for channel, share in zip(linear, shares, strict=True))

    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("face", dict.fromkeys(FACES.values()), ids=lambda face: face.family)
@pytest.mark.parametrize(
    "title",
    [
        *("M", "Donaudampfschifffahrtsgesellschaft", "七人の侍と" * 9, "One " * 60, "W" * 200),
        "I Am of No Use to Us All, So Be It",
    ],
)
def test_a_title_of_any_length_fits_its_poster(face: Face, title: str):
    size, lines = lettering(title, face)
    assert lines and all(lines)
    assert len(lines) * size <= 108
    assert all(width_of(line, face) * size <= WIDTH - 2 * MARGIN for line in lines)


def test_every_genre_has_an_emblem_and_colours():
    assert set(EMBLEMS) == set(PALETTES)


def test_what_a_title_says_is_escaped_on_its_poster(site: Site):
    assert "<script" not in poster(drawn(["Drama"], 1999, HOSTILE))
    answer = site.get("/poster/tt0000050.svg")
    assert ElementTree.fromstring(answer.text).get("aria-label") == f"{HOSTILE} (2000)"


@pytest.mark.parametrize("control", ["\x08", "\x1f", "\x00", "\x9f", "\uffff"])
def test_a_character_that_xml_does_not_take_is_left_out_of_a_poster(control: str):
    file = poster_file(drawn(["Drama"], 1999, f"Bell{control}Tower"))
    assert ElementTree.fromstring(file).get("aria-label") == "Bell Tower (1999)"


def test_a_poster_may_be_kept_for_ever_under_the_address_that_pages_name(site: Site):
    address = str(next(known["src"] for tag, known in Reader(site.get("/")).tags if tag == "img"))
    answer = site.get(address)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    for query in ("", "?v=other", "?v=rich"):
        kept = site.get(f"/poster/tt0000001.svg{query}").headers["cache-control"]
        assert "immutable" not in kept
    assert site.get("/poster/tt9.svg?v=rich").status_code == 404


def test_posters_are_named_by_their_release_and_by_the_code_that_draws_them(
    site: Site, lookup: Lookup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    publish_catalogue(tmp_path, "other")
    other = posters_version(Lookup(tmp_path / "other" / "lookup.sqlite"))
    now = posters_version(lookup)
    monkeypatch.setattr("api.rendering.DRAWN_BY", b"older code")
    assert len({now, other, posters_version(lookup)}) == 3


def test_posters_on_home_are_fetched_when_seen(site: Site, lookup: Lookup):
    images = [known for tag, known in Reader(site.get("/")).tags if tag == "img"]
    assert len(images) > 20
    for known in images:
        assert str(known["src"]).endswith(f".svg?v={posters_version(lookup)}")
        assert (known["loading"], known["alt"]) == ("lazy", "")
        assert known["width"] and known["height"]  # nothing shifts when it comes
