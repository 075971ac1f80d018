"""What the pages say, over a release whose lists, shelves, series and scorecard are all there.

What every page has in common is in test_site.py, what a visitor clicks in test_browser.py.
"""

import math
import re
import struct
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from api.atlas import atlas, own_genres, projected, settled, superlatives
from api.emblems import EMBLEMS
from api.pages import posters_version
from api.posters import (
    FACES,
    MARGIN,
    PALETTES,
    PRINTS,
    WIDTH,
    Face,
    lettering,
    poster,
    poster_file,
    width_of,
)
from rec_platform.release.blend import PARTS, WEIGHTS, score
from rec_platform.release.lookup import Cluster, Lookup, Title, pack, write_lookup
from rec_platform.release.recommend import Filter, basket, recommendations
from rec_platform_tests.api.test_site import HOSTILE, Reader, Site, invented, point

KINDS = (["Crime", "Thriller"], ["Sci-Fi"], ["Comedy", "Romance"])
NAMES = ("Heavy Snow", "Dream Ferry", "Seven Kites", "Glass Harbour")
COUNT = 60
SERIES = ("Verdict", "Verdict II", "Verdict: The Last Word")
CENTROIDS = [[0.9, 0.1, 0.2], [0.1, 0.8, 0.3], [0.2, 0.2, 0.9]]
FIGURES = {"ndcg": 0.387, "coverage": 0.61}
SCORECARD = {
    "figures": {"default": FIGURES, "random": {"ndcg": 0.032, "coverage": 1.0}},
    "ratings": {"users": 321, "asked": 9876},
    "note": "",
}


def catalogue() -> list[Title]:
    """Titles of falling fame and of any rating; the first three are a series."""
    titles: list[Title] = []
    for number in range(1, COUNT + 1):
        name = f"{NAMES[number % 4]} {number}"
        titles.append(
            invented(
                number,
                SERIES[number - 1] if number <= 3 else HOSTILE if number == 50 else name,
                number % 3,
                genres=KINDS[number % 3],
                year=1950 + number,
                runtime_minutes=80 + number,
                rating=5 + number * 7 % 45 / 10,
                votes=1_000_000 // number**2,
                series=7 if number <= 3 else None,
                series_place=number if number <= 3 else None,
            )
        )
    return titles


def publish_catalogue(releases: Path, release_id: str = "rich") -> Path:
    titles = catalogue()
    clusters = []
    for number, (name, kind) in enumerate(
        zip(("Crime thrillers", "Space operas", "Romantic comedies"), KINDS, strict=True)
    ):
        own = [title for title in titles if title.cluster == number]
        ids = [title.title_id for title in own]
        rating = sum(title.rating for title in own) / len(own)
        clusters.append(
            Cluster(number, name, len(own), kind, 1960, 1990 + number, rating, 900, ids, ids)
        )
    lookup = releases / release_id / "lookup.sqlite"
    lookup.parent.mkdir(parents=True)
    write_lookup(
        lookup,
        release={
            "created_at": "2024-03-11T04:12:09Z",
            "source_kind": "sample",
            "title_count": len(titles),
            "kmeans": {"centroids": CENTROIDS},
            "weights": WEIGHTS,
            "scorecard": SCORECARD,
            "files": {"title_basics": {"fetched_at": "2024-03-10T21:00:00+00:00"}},
        },
        clusters=clusters,
        titles=((title, "") for title in titles),
        neighbours=[neighbours(number, titles) for number in range(1, COUNT + 1)],
    )
    point(releases, release_id)
    return lookup


def neighbours(number: int, titles: list[Title]) -> bytes:
    """48 others, scored by their fame and rating and whether they are of the same kind."""
    found = []
    for other in range(1, COUNT + 1):
        parts = dict.fromkeys(PARTS, 0) | {
            "genres": 255 * (other % 3 == number % 3),
            "series": 255 * (number <= 3 and other <= 3),
            "fame": 255 - 2 * abs(other - number),
            "popularity": 255 - 4 * other,
            "quality": round(titles[other - 1].rating * 25),
        }
        if other != number:
            values = bytes(parts.values())
            found.append((score(values, list(WEIGHTS.values())), other, values))
    found = sorted(found, reverse=True)[:48]
    return pack(
        struct.pack(f"<{len(found)}I", *(other for _, other, _ in found)),
        struct.pack(f"<{len(found)}f", *(points for points, _, _ in found)),
        b"".join(parts for _, _, parts in found),
    )


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    publish_catalogue(folder)
    return folder


@pytest.fixture
def lookup(releases: Path) -> Lookup:
    return Lookup(releases / "rich" / "lookup.sqlite")


@pytest.fixture
def site(releases: Path) -> Site:
    return Site(releases)


def listed(page: Reader) -> list[str]:
    return [str(known["data-id"]) for tag, known in page.tags if tag == "li" and "data-id" in known]


def fields(page: Reader) -> dict[str | None, str | None]:
    return {known.get("name"): known.get("value") for tag, known in page.tags if tag == "input"}


# A title


def test_each_recommendation_says_why(site: Site, lookup: Lookup):
    page = Reader(site.get("/title/tt0000001"))
    title = lookup.title("tt0000001")
    assert title
    for one in recommendations(lookup, title):
        assert one.title.title in page.text
        assert all(reason in page.text for reason in one.reasons[:3])


@pytest.mark.parametrize(
    "query",
    [
        "limit=9",
        "limit=48",
        "balance=0",
        "balance=1.0&limit=12",
        "year_min=1980",
        "year_max=1990&rating_min=6.5",
        "runtime_max=110&genre=Crime&genre=Thriller&balance=0.25",
    ],
)
def test_a_titles_page_lists_what_the_api_answers(site: Site, query: str):
    answer = site.json(f"/api/v1/titles/tt0000005/recommendations?{query}")
    page = Reader(site.get(f"/title/tt0000005?{query}"))
    assert listed(page) == [one["title"]["title_id"] for one in answer["recommendations"]]
    assert listed(page)


def test_the_knob_changes_the_order(site: Site):
    gems, pleasers = (
        listed(Reader(site.get(f"/title/tt0000020?balance={balance}"))) for balance in (0, 1)
    )
    assert gems != pleasers


def test_the_form_shows_what_was_asked_for(site: Site):
    page = Reader(
        site.get("/title/tt0000005?balance=0.2&year_min=1960&rating_min=6.5&genre=Sci-Fi&limit=18")
    )
    shown = fields(page)
    assert (shown["balance"], shown["year_min"], shown["rating_min"]) == ("0.2", "1960", "6.5")
    assert (shown["limit"], shown["year_max"]) == ("18", "")
    checked = [known["value"] for tag, known in page.tags if tag == "input" and "checked" in known]
    assert checked == ["Sci-Fi"]
    plain = Reader(site.get("/title/tt0000005?balance=0.2"))
    details = [next(known for tag, known in one.tags if tag == "details") for one in (page, plain)]
    assert ["open" in known for known in details] == [True, False]


BLANK = "limit=&balance=&year_min=&year_max=&rating_min=&runtime_max=&genre="


def test_a_form_sent_with_blank_fields_asks_for_nothing(site: Site):
    plain, blank = (listed(Reader(site.get(f"/title/tt0000005?{asked}"))) for asked in ("", BLANK))
    assert blank == plain
    one, several = (
        listed(Reader(site.get(f"/title/tt0000005?genre=Crime{more}")))
        for more in ("", f"&genre=&{BLANK}")
    )
    assert len(several) > 0 and several == one != plain


def test_of_a_field_that_is_sent_twice_the_last_counts(site: Site):
    twice, once = (
        listed(Reader(site.get(f"/title/tt0000005?{asked}&genre=Crime&genre=Thriller")))
        for asked in ("limit=2&limit=3", "limit=3")
    )
    assert len(once) == 3 and twice == once


def test_more_of_the_list_keeps_what_was_asked_for_until_all_is_shown(site: Site):
    address = "/title/tt0000005?balance=0.2&year_min=1952"
    lengths = []
    while address:
        page = Reader(site.get(address))
        lengths.append(len(listed(page)))
        more = [str(known["href"]) for _, known in page.tags if "data-more" in known]
        assert all("balance=0.2" in link and "year_min=1952" in link for link in more)
        address = more[0] if more else ""
    assert lengths[:2] == [9, 18] and lengths[-1] > 40


def test_filters_that_nothing_passes_say_so_and_can_be_cleared(site: Site):
    page = Reader(site.get("/title/tt0000005?genre=Western&balance=0.2"))
    assert listed(page) == []
    assert "none passes all these filters" in page.text
    assert "/title/tt0000005?balance=0.2" in page.links


@pytest.mark.parametrize(
    ("title_id", "place", "beside"),
    [
        ("tt0000001", "Film 1 of 3", {"next": "tt0000002"}),
        ("tt0000002", "Film 2 of 3", {"prev": "tt0000001", "next": "tt0000003"}),
        ("tt0000003", "Film 3 of 3", {"prev": "tt0000002"}),
    ],
)
def test_a_film_of_a_series_leads_to_those_beside_it(
    site: Site, title_id: str, place: str, beside: dict[str, str]
):
    page = Reader(site.get(f"/title/{title_id}"))
    found = {known["rel"]: known["href"] for tag, known in page.tags if known.get("rel")}
    assert place in page.text
    for way in ("prev", "next"):
        assert found.get(way) == (f"/title/{beside[way]}" if way in beside else None)


@pytest.mark.parametrize("query", ["limit=0", "limit=49", "balance=2", "year_min=x", "genre=%3Cb"])
def test_what_a_list_cannot_be_is_refused_in_a_page(site: Site, query: str):
    for path in (f"/title/tt0000005?{query}", f"/basket?title=tt0000005&{query}"):
        answer = site.get(path)
        assert answer.status_code == 422
        assert "That did not work" in Reader(answer).text


def test_the_first_view_of_a_title_is_light(site: Site):
    answer = site.get("/title/tt0000001")
    static = set(re.findall(r'"(/static/[^"]+)"', answer.text))
    size = len(answer.content) + sum(len(site.get(address).content) for address in static)
    images = [tag for tag, _ in Reader(answer).tags if tag == "img"]
    assert size <= 60_000
    assert 1 + len(static) + len(images) <= 8


# The basket


def test_a_basket_has_one_list_for_all_its_titles(site: Site, lookup: Lookup):
    ids = ["tt0000004", "tt0000009"]
    page = Reader(site.get(f"/basket?title={ids[0]}&title={ids[1]}&balance=0.7&year_min=1960"))
    merged = basket(lookup, lookup.titles(ids), 9, 0.7, Filter(year_min=1960))
    assert listed(page) == [one.title.title_id for one in merged]
    assert "One list for 2 films" in page.text
    assert f"Like {lookup.titles(ids)[0].title} \N{EN DASH} {merged[0].because[0].reasons[0]}" in (
        page.text
    )


def test_each_title_of_a_basket_can_be_taken_out(site: Site):
    page = Reader(site.get("/basket?title=tt0000004&title=tt0000009"))
    assert {"/basket?title=tt0000004", "/basket?title=tt0000009"} <= set(page.links)
    assert "/basket" in Reader(site.get("/basket?title=tt0000004")).links


def test_a_title_can_be_found_and_put_in_without_a_script(site: Site):
    page = Reader(site.get("/basket?title=tt0000004&q=verdict"))
    found = [link for link in page.links if link.startswith("/basket?title=tt0000004&title=")]
    added = "/basket?title=tt0000004&title=tt0000001"
    assert found[0] == added
    assert "One list for 2 films" in Reader(site.get(added)).text


def test_a_basket_tells_what_it_does_not_know_and_holds_each_title_once(site: Site):
    page = Reader(site.get("/basket?title=tt0000004&title=tt0000004&title=tt999"))
    assert "One list for 1 film" in page.text
    assert "1 film of this basket is not in this release" in page.text


def test_an_empty_basket_says_what_it_is_for(site: Site):
    page = Reader(site.get("/basket"))
    assert "Your basket is empty" in page.text and listed(page) == []


@pytest.mark.parametrize(("count", "status"), [(20, 200), (21, 422)])
def test_a_basket_has_an_end(site: Site, count: int, status: int):
    titles = "&".join(f"title=tt{number:07d}" for number in range(1, count + 1))
    assert site.get(f"/basket?{titles}").status_code == status


# The atlas


def test_every_cluster_is_on_the_map_and_in_the_list(site: Site, lookup: Lookup):
    page = Reader(site.get("/atlas"))
    for cluster in lookup.clusters():
        assert page.links.count(f"/cluster/{cluster.cluster}") == 2
        assert page.text.count(cluster.name) >= 1
        assert f"{cluster.title_count} films" in page.text


def test_bubbles_do_not_overlap_and_are_within_the_map(lookup: Lookup):
    found = atlas(lookup)
    for one, other in combinations(found.bubbles, 2):
        assert math.dist((one.x, one.y), (other.x, other.y)) > one.radius + other.radius
    for one in found.bubbles:
        assert found.left <= one.x - one.radius and one.x + one.radius <= found.left + found.width
        assert found.top <= one.y - one.radius and one.y + one.radius <= found.top + found.height


def test_the_map_is_the_principal_components_of_the_centroids():
    points = np.random.default_rng(5).random((9, 14))
    places, shown = projected(tuple(map(tuple, points.tolist())))
    centred = points - points.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    assert np.abs(np.array(places)) == pytest.approx(np.abs(expected), abs=1e-3)
    assert shown == pytest.approx((values[:2] ** 2).sum() / (values**2).sum(), abs=1e-3)


def test_many_clusters_of_one_place_are_still_told_apart():
    radii = (82.0,) * 40
    places = settled(((0.0, 0.0),) * 40, radii)
    assert all(math.dist(one, other) > 2 * 82 for one, other in combinations(places, 2))


def test_a_clusters_page_shows_where_it_lies(site: Site):
    page = Reader(site.get("/cluster/1"))
    marked = [known["href"] for tag, known in page.tags if known.get("aria-current") == "page"]
    assert marked == ["/cluster/1"]
    assert "Next door" in page.text


def test_clusters_are_told_apart_by_genre_and_by_what_they_are_most():
    def cluster(number: int, genres: list[str], rating: float) -> Cluster:
        return Cluster(number, "C", 9, genres, 1990, 2000, rating, 9, [], [])

    clusters = [cluster(0, ["Drama"], 6.1), cluster(1, ["Drama", "War"], 7.2), cluster(2, [], 5.0)]
    assert own_genres(clusters) == {0: "Drama", 1: "War", 2: "None"}
    assert superlatives(clusters) == {1: "the best rated of all", 2: "rated lowest of all"}
    assert superlatives(clusters[:1]) == {}


# Home and about


def test_home_has_what_rises_and_hidden_gems(site: Site, lookup: Lookup):
    page = Reader(site.get("/"))
    rising, gems = lookup.shelf("rising"), lookup.shelf("gems")
    newest = max(title.year for title in catalogue())
    mean = sum(title.rating for title in catalogue()) / COUNT
    assert all(one.year >= newest - 1 and one.rating >= mean + 0.5 for one in rising)
    assert gems and all(one.votes < 50_000 for one in gems)
    assert page.cards()[: len(rising)] == [one.title_id for one in rising]
    assert page.cards()[len(rising) :][:8] == [one.title_id for one in gems][:8]
    assert "Hidden gems" in page.text


def test_about_tells_weights_scorecard_and_what_the_catalogue_holds(site: Site):
    page = Reader(site.get("/about"))
    share = f"{WEIGHTS['popularity'] / sum(WEIGHTS.values()):.0%}"
    for told in ("Popularity", share, "NDCG@9", "0.387", "321 people", "2024-03-10", "60"):
        assert told in page.text
    labels = [str(known["aria-label"]) for tag, known in page.tags if known.get("role") == "img"]
    assert labels[0] == "Films per year, from 1951 to 2010; most at 1951: 1"
    assert labels[1].startswith("Films per half point of rating, from 5.0 to 9.0; most at ")


def test_search_engines_are_let_in_where_the_operator_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_INDEXING", "1")
    monkeypatch.setenv("REC_SITE_URL", "https://films.example/")
    page = Reader(site.get("/title/tt0000001?balance=0.2"))
    links = {known.get("rel"): known["href"] for tag, known in page.tags if tag == "link"}
    assert links["canonical"] == "https://films.example/title/tt0000001"
    assert "robots" not in [known.get("name") for tag, known in page.tags if tag == "meta"]
    assert site.get("/robots.txt").text == "User-agent: *\nDisallow:\n"


def test_search_engines_are_kept_from_endless_baskets(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REC_INDEXING", "1")
    for tag, known in Reader(site.get("/title/tt0000001")).tags:
        if tag == "a" and "?title=" in str(known["href"]):
            assert known["rel"] == "nofollow"
    noindex = ("meta", {"name": "robots", "content": "noindex"})
    for path in ("/basket", "/basket?title=tt0000001"):
        assert noindex in Reader(site.get(path)).tags
    for path in ("/search", "/search?q=snow"):
        assert noindex not in Reader(site.get(path)).tags


def test_every_page_has_a_description_of_its_own(site: Site):
    found = []
    for path in ("/", "/title/tt0000001", "/search", "/atlas", "/about", "/basket", "/cluster/1"):
        tags = Reader(site.get(path)).tags
        found += [known["content"] for _, known in tags if known.get("name") == "description"]
    assert len(set(found)) == 7


# Posters


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


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        linear = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in channels
        )
        return sum(
            part * share for part, share in zip(linear, (0.2126, 0.7152, 0.0722), strict=True)
        )

    low, high = sorted((luminance(one), luminance(other)))
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
    monkeypatch.setattr("api.pages.DRAWN_BY", b"older code")
    assert len({now, other, posters_version(lookup)}) == 3


def test_posters_on_home_are_fetched_when_seen(site: Site, lookup: Lookup):
    images = [known for tag, known in Reader(site.get("/")).tags if tag == "img"]
    assert len(images) > 20
    for known in images:
        assert str(known["src"]).endswith(f".svg?v={posters_version(lookup)}")
        assert (known["loading"], known["alt"]) == ("lazy", "")
        assert known["width"] and known["height"]  # nothing shifts when it comes
