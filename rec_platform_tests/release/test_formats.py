"""Lists keep films, series and short films apart, unless another format is asked for."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rec_platform.release.filters import Filter
from rec_platform.release.formats import FILM, FORMATS, NOUNS, SERIES, SHORT
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import basket, recommendations
from rec_platform.release.schema import LIST_LENGTH
from rec_platform_tests.api.site import INDEXED, Reader, Site, point
from rec_platform_tests.release.blended import invented_titles, write_blended

COUNT = 600
READ_ALOUD = ("content", "aria-label", "placeholder", "data-one", "data-many", "data-kinds")


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of titles of every type."""
    folder = tmp_path_factory.mktemp("releases")
    titles = invented_titles(COUNT)
    types = np.random.default_rng(3).choice([*FORMATS], COUNT)
    path = folder / "first" / "lookup.sqlite"
    path.parent.mkdir()
    write_blended(path, titles.assign(title_type=types))
    point(folder, "first")
    return folder


@pytest.fixture(scope="module")
def lookup(releases: Path) -> Iterator[Lookup]:
    with closing(Lookup(releases / "first" / "lookup.sqlite")) as opened:
        yield opened


def of_format(lookup: Lookup, name: str) -> str:
    """The most voted title of a format."""
    return lookup.choose(Filter(format=name), limit=1)[0].title_id


def test_no_stored_list_holds_another_format(lookup: Lookup) -> None:
    ids = lookup.title_ids()
    for title_id, _, stored in lookup.all_neighbours():
        listed = lookup.titles([ids[neighbour.number] for neighbour in stored])
        title = lookup.title(title_id)
        assert title and listed and {other.format for other in listed} == {title.format}


@pytest.mark.parametrize("own", [FILM, SERIES, SHORT])
def test_a_filtered_list_keeps_to_the_format_unless_another_one_is_asked_for(
    lookup: Lookup, own: str
) -> None:
    title = lookup.title(of_format(lookup, own))
    assert title
    for wanted in (Filter(genres=("Drama",)), Filter(year_max=1990)):
        listed = recommendations(lookup, title, wanted=wanted)
        assert len(listed) == LIST_LENGTH and {row.title.format for row in listed} == {own}
    for other in (FILM, SERIES, SHORT):
        listed = recommendations(lookup, title, wanted=Filter(format=other))
        assert len(listed) == LIST_LENGTH and {row.title.format for row in listed} == {other}


def test_a_basket_of_two_formats_has_both(lookup: Lookup) -> None:
    liked = lookup.titles([of_format(lookup, FILM), of_format(lookup, SERIES)])
    listed = basket(lookup, liked, limit=20)
    assert {row.title.format for row in listed} == {FILM, SERIES}


def test_the_catalogue_is_browsed_by_format(releases: Path, lookup: Lookup) -> None:
    site = Site(releases)
    counts = dict(lookup.release["titles_per_format"])
    assert sum(counts.values()) == COUNT
    for name, count in counts.items():
        titles = site.json(f"/api/v1/titles?format={name}&limit=50")["titles"]
        assert {FORMATS[title["title_type"]] for title in titles} == {name}
        assert f"{count} {NOUNS[name].many}" in Reader(site.get(f"/films?format={name}")).text
    page = site.get("/films")
    assert '<select id="format"' in page.text and f"{COUNT} titles" in Reader(page).text


def test_a_page_says_of_what_format_its_title_is(releases: Path, lookup: Lookup) -> None:
    site = Site(releases)
    for name, said in ((FILM, "Films like"), (SERIES, "Series like"), (SHORT, "Short films like")):
        page = site.get(f"/title/{of_format(lookup, name)}")
        assert said in Reader(page).text and '<select id="format"' in page.text


def test_a_catalogue_of_one_format_offers_no_choice_and_takes_its_own(tmp_path: Path) -> None:
    path = tmp_path / "only" / "lookup.sqlite"
    path.parent.mkdir()
    write_blended(path, invented_titles(60).assign(title_type="tvSeries"))
    point(tmp_path, "only")
    site = Site(tmp_path)
    every = site.json("/api/v1/titles?limit=50")["titles"]
    assert site.json("/api/v1/titles?limit=50&format=series")["titles"] == every
    refused = site.get("/api/v1/titles?format=film")
    assert refused.status_code == 422 and "It is none of series" in refused.text
    page = site.get(f"/title/{every[0]['title_id']}")
    assert "Search for a series" in page.text and '<select id="format"' not in page.text


def test_a_catalogue_of_series_speaks_of_no_films(tmp_path: Path) -> None:
    path = tmp_path / "only" / "lookup.sqlite"
    path.parent.mkdir()
    write_blended(path, invented_titles(60).assign(title_type="tvSeries"))
    point(tmp_path, "only")
    site = Site(tmp_path, INDEXED)
    first, second = (each["title_id"] for each in site.json("/api/v1/titles?limit=2")["titles"])
    pages = [
        "/",
        "/films",
        "/search",
        "/search?q=no-such-name",
        "/atlas",
        "/library",
        "/basket",
        "/about",
    ]
    pages += [f"/title/{first}", f"/title/{first}?genre=Western&format=film", "/nothing"]
    pages += [f"/basket?title={first}&title=tt404", f"/compare?title={first}", "/title/tt404"]
    pages += [f"/compare?title={first}&title={second}", f"/embed/title/{first}", "/embed/title/tt1"]
    pages += [f"/basket?title={first}&disliked={first}&limit=x"]
    for page in pages:
        answer = Reader(site.get(page))
        told = [known.get(name) or "" for _, known in answer.tags for name in READ_ALOUD]
        assert of_films(" ".join([answer.text, *told])) == [], page
    # Below, the addresses have fields and examples that are the same for every catalogue.
    assert of_films(Reader(site.get("/api")).text.partition("Every address")[0]) == []
    for address in ("/manifest.webmanifest", "/feeds/new.xml", "/feeds/rising.xml"):
        assert of_films(site.get(address).text) == [], address


def of_films(said: str) -> list[str]:
    """Where a text speaks of films, addresses aside."""
    return re.findall(r".{,30}\bfilms?\b.{,30}", re.sub(r"https?://\S+|Film-Noir", "", said), re.I)


def test_a_release_of_the_schema_before_has_films_alone(tmp_path: Path) -> None:
    path = tmp_path / "old" / "lookup.sqlite"
    path.parent.mkdir()
    write_blended(path, invented_titles(60))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for table, newer in (
            ("titles", {"title_type", "end_year"}),
            ("facts", {"format"}),
            ("combinations", {"format"}),
        ):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            older = ", ".join(name for name in columns if name not in newer)
            connection.executescript(f"""
                CREATE TABLE older AS SELECT {older} FROM {table};
                DROP TABLE {table};
                ALTER TABLE older RENAME TO {table};
            """)
        connection.execute("UPDATE release SET value = '6' WHERE key = 'schema_version'")
        connection.execute("DELETE FROM release WHERE key = 'titles_per_format'")
    point(tmp_path, "old")
    site = Site(tmp_path)
    (title,) = site.json("/api/v1/titles?limit=1&format=film")["titles"]
    assert title["title_type"] == "movie"
    listed = site.json(f"/api/v1/titles/{title['title_id']}/recommendations?genre=Drama")
    assert listed["recommendations"]
    assert site.get(f"/title/{title['title_id']}?genre=Drama").status_code == 200
