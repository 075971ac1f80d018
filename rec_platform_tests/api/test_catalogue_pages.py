"""People, browsing and comparing: the pages and the API over the invented catalogue."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from rec_platform.release.lookup import Lookup
from rec_platform_tests.api.catalogue import COUNT, catalogue, publish_catalogue
from rec_platform_tests.api.site import DIRECTOR, HOSTILE, INDEXED, Reader, Site, point, publish
from rec_platform_tests.release.blended import invented_titles, write_blended

PERSON = DIRECTOR.person_id


@pytest.fixture
def older(tmp_path: Path) -> Site:
    """The site over a release of schema 5, which has neither people nor facts."""
    lookup = publish_catalogue(tmp_path)
    with closing(sqlite3.connect(lookup, isolation_level=None)) as connection:
        connection.execute("UPDATE release SET value = '5' WHERE key = 'schema_version'")
        for table in ("people", "facts", "title_words", "characters"):
            connection.execute(f"DROP TABLE {table}")
    point(tmp_path, "rich")
    return Site(tmp_path)


def test_lists_of_an_older_release_are_filtered_by_whatever_is_asked(older: Site):
    for query, passes in ((f"director={PERSON}", 1), ("director=nm404", 0), ("country=NZ", 0)):
        listed = older.json(f"/api/v1/titles/tt0000001/recommendations?{query}")
        assert bool(listed["recommendations"]) == bool(passes)


# People


def test_a_persons_page_has_their_films_and_colleagues(site: Site):
    page = Reader(site.get(f"/person/{PERSON}"))
    assert "Ada Marlow" in page.text and f"{COUNT} films here, 1951 to 2010" in page.text
    newest = [f"tt{number:07d}" for number in range(COUNT, 0, -1)]
    assert page.cards()[8:] == newest  # after the best liked
    assert {"/person/nm2", "/person/nm3"} <= set(page.links)
    assert site.get(f"/person/{PERSON}", "HEAD").status_code == 200


def test_names_on_a_titles_page_lead_to_people(site: Site):
    page = Reader(site.get("/title/tt0000005"))
    assert {"/person/nm1", "/person/nm2", "/person/nm3"} <= set(page.links)


def test_the_api_has_a_person_too(site: Site, lookup: Lookup):
    told = site.json(f"/api/v1/people/{PERSON}")
    assert (told["person_id"], told["name"]) == (PERSON, "Ada Marlow")
    assert len(told["films"]) == COUNT
    assert told["films"][0]["roles"] == ["director"]
    numbers = lookup.trusted(range(1, COUNT + 1))[:8]
    best = [title["title_id"] for title in told["best_liked"]]
    assert best == [f"tt{number:07d}" for number in numbers]
    assert [row["film_count"] for row in told["works_with"]] == [COUNT, COUNT]


@pytest.mark.parametrize("path", ["/person/nm404", "/person/tt1", "/person/nm", "/person/nm1x"])
def test_nobody_is_a_404(site: Site, path: str):
    assert site.get(path).status_code == 404


# Browsing


def test_browsing_shows_all_films_page_by_page(site: Site):
    seen: list[str] = []
    address = "/films"
    while address:
        page = Reader(site.get(address))
        seen += page.cards()
        following = [link for tag, link in page.tags if tag == "a" and link.get("rel") == "next"]
        address = following[0]["href"] if following else ""
    assert seen == [title.title_id for title in catalogue()]
    for query in ("page=99", "page=99&year_min=1955&order=year", "year_min=x&page=99"):
        leads = site.get(f"/films?{query}").headers["location"]
        last = Reader(site.get(leads))
        assert last.cards() and not any(tag.get("rel") == "next" for _, tag in last.tags)
        assert ("order=year" in leads) == ("order=year" in query)
        assert ("so it was left out" in last.text) == ("year_min=x" in query)


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=", "order=length", "page=-1&order="])
def test_a_page_or_an_order_that_does_not_exist_is_left_out(site: Site, query: str):
    page = Reader(site.get(f"/films?{query}"))
    assert page.cards() == Reader(site.get("/films")).cards()
    assert ("so it was left out" in page.text) == (query != "page=")


def test_filters_stay_in_the_addresses_of_the_next_page_and_of_the_dice(site: Site):
    query = "country=&genre=crime&genre=Thriller&without_genre=Horror&year_min=1955&order=year"
    page = Reader(site.get(f"/films?{query}&rating_min="))
    crime = [title for title in catalogue()[::-1] if "Crime" in title.genres and title.year > 1954]
    assert page.cards() == [title.title_id for title in crime][:24]
    assert "Crime thrillers, since 1955" in page.text
    (surprise,) = {link for link in page.links if "/random?" in link}
    assert ("genre", "Crime") in parse_qsl(urlsplit(surprise).query)
    title_id = site.get(surprise).headers["location"].rpartition("/")[2]
    assert title_id in {title.title_id for title in crime}
    nothing = site.get("/random?genre=Western").headers["location"]
    assert nothing == "/films?genre=Western"


def test_every_filter_is_told_above_the_films_and_its_form_does_not_push_them_down(site: Site):
    query = (
        "genre=Crime&without_genre=Horror&year_min=1955&year_max=1999"
        "&rating_min=1.5&votes_min=1000&runtime_min=10"
    )
    page = Reader(site.get(f"/films?{query}&runtime_max=300"))
    for said in (
        *("Crime films, 1955 to 1999", "without Horror"),
        *("rated 1.5 or higher", "1,000 votes or more", "10 to 300 minutes"),
    ):
        assert said in page.text
    assert "10 minutes or more" in Reader(site.get(f"/films?{query}")).text
    assert "300 minutes or less" in Reader(site.get("/films?runtime_max=300")).text
    for asked in ("genre=Crime", "genre=Western"):  # no film passes the second
        page = Reader(site.get(f"/films?{asked}"))
        assert (("details", {"open": None}) in page.tags) == (page.cards() == [])


def test_a_director_is_named_and_kept(site: Site):
    page = Reader(site.get(f"/films?director={PERSON}"))
    assert "Films directed by Ada Marlow" in page.text
    kept = {"type": "hidden", "name": "director", "value": PERSON}
    assert ("input", kept) in page.tags


@pytest.mark.parametrize(
    "path", ["/films?", "/random?", "/title/tt0000001?", "/basket?title=tt0000001&"]
)
def test_a_genre_that_does_not_exist_is_told_in_a_visitors_words(site: Site, path: str):
    answer = site.get(f"{path}genre=Drame")
    if path == "/random?":  # a film of any genre would hide it
        answer = site.get(answer.headers["location"])
    assert "The genre is not known here, so it was left out." in Reader(answer).text
    assert site.get(f"{path}genre=&without_genre=drama").status_code in (200, 303)


def test_nothing_that_passes_is_said_and_undone(site: Site):
    page = Reader(site.get("/films?genre=Western"))
    assert "No film passes all these filters" in page.text
    assert page.cards() == [] and "/films" in page.links


def test_the_api_pages_through_what_passes(site: Site):
    seen: list[str] = []
    cursor = ""
    while True:
        told = site.json(f"/api/v1/titles?genre=crime&order=year&limit=7&cursor={cursor}")
        seen += [title["title_id"] for title in told["titles"]]
        if not (cursor := told["next_cursor"]):
            break
    crime = [title.title_id for title in catalogue()[::-1] if "Crime" in title.genres]
    assert seen == crime and told["title_count"] == len(crime)


def test_a_list_takes_the_new_filters(site: Site):
    path = "/api/v1/titles/tt0000005/recommendations?limit=9"
    for asked in ("votes_min=10000", "without_genre=comedy", "runtime_min=120"):
        plain, narrowed = (
            [row["title"] for row in site.json(f"{path}{more}")["recommendations"]]
            for more in ("", f"&{asked}")
        )
        assert narrowed and narrowed != plain
    assert all(title["runtime_minutes"] >= 120 for title in narrowed)


# Comparing


@pytest.fixture
def compared(tmp_path: Path) -> Site:
    from rec_platform_tests.api.site import point

    lookup = tmp_path / "blended" / "lookup.sqlite"
    lookup.parent.mkdir()
    write_blended(lookup, invented_titles(200))
    point(tmp_path, "blended")
    return Site(tmp_path)


def test_two_films_are_compared_part_by_part(compared: Site):
    told = compared.json("/api/v1/compare?title=tt0000001&title=tt0000009")
    assert told["title"]["title_id"] == "tt0000001" and told["other"]["title_id"] == "tt0000009"
    page = Reader(compared.get("/compare?title=tt0000001&title=tt0000009"))
    assert f"{told['score'] * 100:.0f}% alike" in page.text.replace(" %", "%")
    for part in ("Genres", "Era", "Length", "Fame", "Rating"):
        assert part in page.text
    assert "/compare?title=tt0000009&title=tt0000001" in page.links


def test_a_search_for_a_film_to_compare_says_how_it_was_changed(compared: Site):
    name = compared.json("/api/v1/titles/tt0000007")["title"].lower()
    text = Reader(compared.get(f"/compare?q={name}{name[-1]}+movie")).text
    assert f"Showing results for “ {name} ”. No film has all of these words." in text
    assert "Left out: “ movie ”" in text


def test_the_page_says_why_a_film_is_not_in_the_list(compared: Site):
    listed = compared.json("/api/v1/titles/tt0000001/recommendations?limit=48")
    near = [row["title"]["title_id"] for row in listed["recommendations"]]
    first = Reader(compared.get(f"/compare?title=tt0000001&title={near[0]}")).text
    assert "is number 1 in the list" in first and "loses to" not in first
    far = next(f"tt{n:07d}" for n in range(2, 200) if f"tt{n:07d}" not in near)
    last = Reader(compared.get(f"/compare?title=tt0000001&title={far}")).text
    assert "is not among the films most like" in last and "loses to the last film" in last


def test_a_film_to_compare_with_is_searched_for(compared: Site):
    name = compared.json("/api/v1/titles/tt0000007")["title"]
    page = Reader(compared.get(f"/compare?title=tt0000001&q={name}"))
    assert "/compare?title=tt0000001&title=tt0000007" in page.links
    assert "Compare two films" in Reader(compared.get("/compare")).text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            "title=tt404&title=tt0000001",
            "This catalogue does not have all that this address names.",
        ),
        ("title=tt0000001&title=tt0000001", ""),  # as if one were given
        ("title=x", "This catalogue does not have all that this address names."),
        (
            "title=tt0000001&title=tt0000002&title=tt0000003",
            "Two can be compared at a time. The others were left out.",
        ),
        ("title=tt0000001&title=&title=tt0000002", ""),
        (
            "title=tt404&title=tt0000001&title=tt0000002",
            "This catalogue does not have all that this address names.",
        ),
        ("q=" + "a" * 201, "What you search for must have 200 characters or fewer"),
    ],
)
def test_a_comparison_goes_on_with_what_it_knows(compared: Site, query: str, told: str):
    page = Reader(compared.get(f"/compare?{query}"))
    assert told in page.text
    is_compared = "tt0000002" in query
    assert (page.cards()[:2] == ["tt0000001", "tt0000002"]) is is_compared
    assert any(tag.get("id") == "compare-q" for _, tag in page.tags) is not is_compared


# What all of them share


@pytest.mark.parametrize(
    "path",
    [
        *("/films", "/films?genre=Crime", f"/person/{PERSON}"),
    ],
)
def test_pages_escape_what_they_show_and_tell_search_engines_what_to_keep(
    releases: Path, path: str
):
    answer = Site(releases, INDEXED).get(path)
    assert answer.status_code == 200 and HOSTILE not in answer.text
    is_kept = "?" not in path
    assert ('name="robots"' in answer.text) is not is_kept


def test_an_older_release_has_none_of_it_and_says_so(older: Site):
    for path in ("/films", f"/person/{PERSON}", "/api/v1/titles", f"/api/v1/people/{PERSON}"):
        answer = older.get(path)
        assert answer.status_code == 404 and "too old" in answer.text
    page = Reader(older.get("/title/tt0000005"))
    assert "Ada Marlow" in page.text
    assert not any(link.startswith(("/person", "/films", "/compare")) for link in page.links)
    assert older.get("/random").status_code == 303


def test_a_release_of_unknown_origins_offers_none(tmp_path: Path):
    publish(tmp_path, "first")
    page = site_page = Site(tmp_path).get("/films").text
    assert 'name="country"' not in page and site_page


def test_a_page_that_holds_what_somebody_asked_for_names_no_other_address(releases: Path):
    site = Site(releases, INDEXED)
    for path in (
        "/films?genre=Crime",
        "/films?order=year&page=2",
        "/search?q=snow",
        "/films?page=99",
    ):
        text = site.get(path).text
        assert 'rel="canonical"' not in text and "og:url" not in text
    assert 'rel="canonical" href="https://films.example/films"' in site.get("/films").text


def test_a_release_without_combinations_offers_no_comparison(site: Site):
    page = Reader(site.get("/title/tt0000005"))
    assert not any(link.startswith("/compare") for link in page.links)
    assert site.get("/compare").status_code == 404


def test_the_api_compares_no_title_with_itself_and_leaves_fields_out(compared: Site):
    twice = compared.get("/api/v1/compare?title=tt0000001&title=tt0000001")
    assert twice.status_code == 422
    for path, at in (
        ("/api/v1/titles?fields=title&limit=1", lambda told: told["titles"][0]),
        (
            "/api/v1/compare?title=tt0000001&title=tt0000002&fields=title",
            lambda told: told["other"],
        ),
    ):
        assert set(at(compared.json(path))) == {"title_id", "title"}


def test_a_basket_reports_every_id_that_it_does_not_know(site: Site):
    asked = "title=tt0000001&title=tt901&disliked=tt902&disliked=tt0000002&seen=tt903"
    told = site.json(f"/api/v1/recommendations?{asked}")
    assert told["unknown"] == ["tt901", "tt902", "tt903"]


def test_an_error_in_a_frame_is_a_sentence_and_no_page(site: Site):
    answer = site.get("/embed/title/tt0000001?limit=99")
    assert answer.status_code == 422 and "<" not in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
