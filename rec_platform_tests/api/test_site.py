"""The pages over real releases of invented titles, and what all answers share.

The API is in test_api.py, a browser's view in test_browser.py, Lambda in test_lambda.py.
"""

import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from api.rendering import ADDRESSES, STATIC
from rec_platform_tests.api.site import (
    ATTRIBUTION,
    CRIME_COUNT,
    HOSTILE,
    INDEXED,
    Reader,
    Site,
    point,
    publish,
)

PAGES = [
    *("/", "/title/tt0000001", "/search?q=lantern", "/search?q=zzz", "/search", "/cluster/0"),
    *("/atlas", "/about", "/library", "/api", "/basket", "/basket?title=tt0000001&title=tt0000002"),
]
ERROR_PAGES = [
    "/title/tt99",
    "/title/nonsense",
    "/cluster/99",
    "/cluster/first",
    "/nowhere",
]


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    publish(tmp_path / "releases", "first")
    return tmp_path / "releases"


@pytest.fixture
def site(releases: Path) -> Site:
    return Site(releases)


# The pages


def test_the_home_page_shows_a_shelf_of_typical_titles_for_each_cluster(site: Site):
    page = Reader(site.get("/"))
    assert "1990s crime thrillers" in page.text and "Space operas" in page.text
    assert "32 films" in page.text and "30 films" in page.text
    crime = [f"tt{number:07d}" for number in range(30, 22, -1)]
    assert page.cards() == [*crime, "tt0000032", "tt0000031"]
    assert {"/random", "/cluster/0", "/cluster/4"} <= set(page.links)


def test_a_titles_page_shows_its_facts_and_nine_recommendations(site: Site):
    page = Reader(site.get("/title/tt0000001"))
    for fact in (
        "The Silent Lantern",
        "L'Été Muet",
        "1991",
        "2 h 14 min",
        "Crime · Thriller",
        "123,456 votes",
        "Ada Marlow",
        "Ivo Solberg",
        "Hana Voss",
        "98% alike",
    ):
        assert fact in page.text
    assert page.cards() == [f"tt{number:07d}" for number in range(32, 23, -1)]
    assert "/cluster/0" in page.links
    imdb = {"href": "https://www.imdb.com/title/tt0000001/", "rel": "noopener"}
    assert any(tag == "a" and imdb.items() <= attributes.items() for tag, attributes in page.tags)


@pytest.mark.parametrize(
    "written", ["TT0000001", "tt0000001/", "tt1", "www.imdb.com/title/tt0000001/", "Tt01/"]
)
def test_an_id_that_is_written_otherwise_leads_to_its_title(site: Site, written: str):
    answer = site.get(f"/title/{written}?balance=0.2")
    assert answer.status_code == 308
    assert answer.headers["location"] == "/title/tt0000001?balance=0.2"


@pytest.mark.parametrize("written", ["TT9999999", "tt9999999/", "nothing", ""])
def test_an_id_that_is_none_is_not_found(site: Site, written: str):
    assert site.get(f"/title/{written}").status_code == 404


def test_the_page_says_which_words_of_a_query_were_left_out(site: Site):
    page = Reader(site.get("/search?q=the+silent+lantern+movie"))
    assert (
        page.cards() == ["tt0000001"]
        and "found. No film has all of these words. Left out: “ movie ”" in page.text
    )
    assert "Left out" not in Reader(site.get("/search?q=silent+lantern")).text
    told = site.json("/api/v1/search?q=lantern+zzzz")
    assert told["left_out"] == ["zzzz"] and told["titles"][0]["title_id"] == "tt0000001"


@pytest.mark.parametrize(
    ("query", "read_as"),
    [
        ("the+silnet+lantern", ["the silent lantern"]),
        ("ada+marlwo+silent+lantern", ["ada marlow silent lantern"]),
        ("silent+lantern", []),
    ],
)
@pytest.mark.parametrize("address", ["/search", "/basket"])
def test_the_page_says_what_a_query_was_corrected_to(
    site: Site, address: str, query: str, read_as: list[str]
):
    text = Reader(site.get(f"{address}?q={query}")).text
    said = [f"Showing results for “ {read} ”." for read in read_as]
    assert all(each in text for each in said) and text.count("Showing results") == len(said)
    told = site.json(f"/api/v1/search?q={query}")
    assert told["read_as"] == read_as and told["titles"][0]["title_id"] == "tt0000001"


def test_a_search_leads_to_the_people_that_it_names(site: Site):
    page = Reader(site.get("/search?q=ada+marlow+silent+lantern"))
    assert page.cards() == ["tt0000001"] and page.links.count("/person/nm1") == 1
    told = site.json("/api/v1/search?q=marlow+silent+lantern")
    assert told["people"] == [{"person_id": "nm1", "name": "Ada Marlow"}]
    assert site.json("/api/v1/search?q=silent+lantern")["people"] == []


def test_the_basket_says_which_words_of_a_query_were_left_out(site: Site):
    page = Reader(site.get("/basket?q=silent+lantern+movie"))
    assert "Left out: “ movie ”" in page.text and "Add The Silent Lantern" in page.text
    assert "Left out" not in Reader(site.get("/basket?q=silent+lantern")).text


def test_a_title_of_which_little_is_known_has_a_page_too(site: Site):
    page = Reader(site.get("/title/tt0000031"))
    assert page.cards() == []
    assert "No film here is like it" in page.text and " min" not in page.text


def test_the_search_page_lists_what_it_found_and_keeps_the_query(site: Site):
    page = Reader(site.get("/search?q=stille+laterne"))
    assert page.cards() == ["tt0000001"]
    assert ("input", "stille laterne") in [(tag, known.get("value")) for tag, known in page.tags]


@pytest.mark.parametrize("query", ["zzz", "", "   ", "!?", '"*()', "%00", "%ff"])
def test_a_search_without_results_suggests_what_to_do_next(site: Site, query: str):
    answer = site.get(f"/search?q={query}")
    page = Reader(answer)
    assert answer.status_code == 200
    assert page.cards() == [] and "/random" in page.links


def test_a_clusters_pages_show_each_title_once(site: Site):
    first, second = (Reader(site.get(f"/cluster/0?page={page}")) for page in (1, 2))
    assert "1990s crime thrillers" in first.text and "1991\N{EN DASH}1999" in first.text
    typical, listed = first.cards()[:8], first.cards()[8:]
    assert typical == [f"tt{number:07d}" for number in range(30, 22, -1)]
    everything = [f"tt{number:07d}" for number in range(1, CRIME_COUNT + 1)]
    assert listed + second.cards() == everything
    assert "?page=2#popular" in first.links and "?page=1#popular" in second.links


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/cluster/0", "/cluster/0"),
        ("/cluster/0?page=1", "/cluster/0"),
        ("/cluster/0?page=2&from=there", "/cluster/0?page=2"),
    ],
)
def test_each_page_of_a_cluster_is_a_page_of_its_own(releases: Path, path: str, canonical: str):
    site = Site(releases, INDEXED)
    tags = Reader(site.get(path)).tags
    links = {known.get("rel"): known["href"] for tag, known in tags if tag == "link"}
    assert links["canonical"] == f"https://films.example{canonical}"


def test_after_the_last_page_of_a_cluster_comes_the_last(site: Site):
    assert site.get("/cluster/0?page=3").headers["location"] == "/cluster/0?page=2"


@pytest.mark.parametrize("page", ["0", "first", "99999999999999999999"])
def test_what_is_no_page_of_a_cluster_is_left_out(site: Site, page: str):
    told = Reader(site.get(f"/cluster/0?page={page}")).text
    assert "The page must be" in told and "so it was left out" in told


def test_what_is_too_long_to_search_for_is_left_out(site: Site):
    page = Reader(site.get("/search?q=" + "a" * 201))
    assert "must have 200 characters or fewer, so it was left out." in page.text
    assert "Which film?" in page.text


def test_surprise_me_leads_to_a_title_and_is_never_cached(site: Site):
    answer = site.get("/random")
    assert answer.status_code == 303
    assert answer.headers["cache-control"] == "no-store"
    assert site.get(answer.headers["location"]).status_code == 200


def test_links_of_the_old_site_lead_to_the_titles_page(site: Site):
    answer = site.get("/?title=tt0000001")
    assert (answer.status_code, answer.headers["location"]) == (308, "/title/tt0000001")


@pytest.mark.parametrize("title", ["//evil.example", "tt1%0d%0aSet-Cookie:a=b", "tt1/../../x"])
def test_a_forged_old_link_leads_nowhere(site: Site, title: str):
    answer = site.get(f"/?title={title}")
    assert answer.status_code == 200
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/title/tt0000031", "/cluster/4", "/", "/search?q=sons", f"/search?q={HOSTILE}"]
)
def test_what_a_title_or_a_visitor_writes_stays_text(site: Site, path: str):
    answer = site.get(path.replace("&", "%26"))
    page = Reader(answer)
    assert answer.status_code == 200
    assert HOSTILE in "".join(page.words)
    scripts = [known for tag, known in page.tags if tag == "script"]
    assert scripts and all({*known} <= {"src", "data-seen", "defer"} for known in scripts)


@pytest.mark.parametrize("path", PAGES + ERROR_PAGES)
def test_every_page_names_its_source_and_asks_not_to_be_indexed(site: Site, path: str):
    answer = site.get(path)
    page = Reader(answer)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert ATTRIBUTION in page.text and "{{" not in page.text
    assert ("meta", {"name": "robots", "content": "noindex"}) in page.tags
    assert answer.headers["x-robots-tag"] == "noindex"
    assert [tag for tag, _ in page.tags].count("h1") == 1


@pytest.mark.parametrize("path", PAGES)
def test_every_page_names_its_release_and_that_a_sample_is_invented(site: Site, path: str):
    page = Reader(site.get(path))
    assert "Catalogue of 2024-03-11" in page.text
    assert "catalogue are invented" in page.text


@pytest.mark.parametrize("path", ERROR_PAGES)
def test_a_visitor_is_told_in_a_page_what_went_wrong(site: Site, path: str):
    answer = site.get(path)
    assert answer.status_code == 404
    assert "/" in Reader(answer).links
    assert answer.headers["cache-control"] == "no-store"


# What all answers share


@pytest.mark.parametrize("path", [*PAGES, *ERROR_PAGES, "/api/v1/clusters", "/api/v1/titles/tt9"])
def test_every_answer_forbids_scripts_frames_and_guessing(site: Site, path: str):
    answer = site.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", [*PAGES, "/robots.txt"])
def test_pages_may_be_kept_for_five_minutes_and_longer_in_trouble(site: Site, path: str):
    kept = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=86400"
    # A page that was kept would name pieces of a catalogue that is gone.
    expected = "no-cache" if path == "/library" else kept
    assert site.get(path).headers["cache-control"] == expected


def test_static_files_are_kept_for_ever_under_an_address_that_follows_their_content(site: Site):
    page = site.get("/title/tt0000001").text
    addresses = set(re.findall(r'"(/static/[^"#]+)', page))
    assert len(addresses) == 4  # style, script, the script for seen films, icon
    for address in addresses:
        answer = site.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert address.split("/")[2] == hashlib.sha256(answer.content).hexdigest()[:12]


@pytest.mark.parametrize("digest", ["", "0123456789ab/"])
def test_a_static_file_under_another_address_is_kept_no_longer_than_a_page(site: Site, digest: str):
    for headers in ({}, {"If-None-Match": site.get("/static/site.js").headers["etag"]}):
        answer = site.get(f"/static/{digest}site.js", headers=headers)
        assert answer.status_code in (200, 304)
        assert answer.headers["cache-control"] == site.get("/").headers["cache-control"]


@pytest.mark.parametrize("file", sorted(STATIC.iterdir()), ids=lambda file: file.name)
def test_a_static_file_is_compressed_where_that_is_asked_for(site: Site, file: Path):
    address = ADDRESSES[file.name]
    plain = site.get(address, headers={"Accept-Encoding": "identity"})
    packed = site.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content == file.read_bytes()  # the client has unpacked it
    assert plain.headers["etag"] != packed.headers["etag"]
    for name in ("content-type", "cache-control"):
        assert plain.headers[name] == packed.headers[name]
    assert "Accept-Encoding" in packed.headers["vary"]
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}
    assert site.get(address, headers=again).status_code == 304
    head = site.get(address, "HEAD", headers={"Accept-Encoding": "gzip"})
    assert head.status_code == 200 and not head.content


@pytest.mark.parametrize("refusal", ["gzip;q=0", "br, GZIP; q=0.000", "identity, gzip ;q=0"])
def test_a_static_file_is_not_compressed_where_that_is_refused(site: Site, refusal: str):
    address = ADDRESSES["site.js"]
    packed = site.get(address, headers={"Accept-Encoding": "gzip;q=0.5"})
    plain = site.get(address, headers={"Accept-Encoding": refusal})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    asked = {"Accept-Encoding": refusal}
    again = site.get(address, headers=asked | {"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304 and again.headers["etag"] == plain.headers["etag"]
    other = site.get(address, headers=asked | {"If-None-Match": packed.headers["etag"]})
    assert other.status_code == 200 and other.content == plain.content


def test_a_missing_static_file_is_not_kept(site: Site):
    for path in ("nothing.css", "0123456789ab/nothing.css", "other/site.js", "0123456789ab/"):
        answer = site.get(f"/static/{path}")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_nothing_that_the_policy_forbids(site: Site, path: str):
    for tag, attributes in Reader(site.get(path)).tags:
        assert tag not in ("style", "iframe"), tag
        assert tag != "script" or (attributes["src"] or "").startswith("/static/")
        assert "style" not in attributes and not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            address = attributes.get(name) or "/"
            assert address.startswith(("/", "?", "#", "https://www.imdb.com/")), address


def test_an_operator_may_let_search_engines_in(releases: Path):
    site = Site(releases, INDEXED)
    page = site.get("/title/tt0000001")
    assert "x-robots-tag" not in page.headers and "noindex" not in page.text
    assert site.get("/api/v1/release").headers["x-robots-tag"] == "noindex"
    assert "noindex" in site.get("/nowhere").text


@pytest.mark.parametrize("path", [*PAGES, *ERROR_PAGES, "/robots.txt", "/static/style.css"])
def test_a_head_request_is_answered_like_a_get_without_the_body(site: Site, path: str):
    page, head = site.get(path), site.get(path, "HEAD")
    assert (head.status_code, head.content) == (page.status_code, b"")
    for answer in (page, head):
        del answer.headers["x-request-id"]
    assert head.headers == page.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(site: Site, method: str):
    answer = site.get("/title/tt0000001", method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert "/" in Reader(answer).links


@pytest.mark.parametrize("path", [*PAGES, "/robots.txt", "/static/style.css"])
def test_who_has_the_current_answer_gets_a_304(site: Site, releases: Path, path: str):
    etag = site.get(path).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = site.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag and "cache-control" in answer.headers
    assert site.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_new_release_changes_the_etag(site: Site, releases: Path):
    etag = site.get("/title/tt0000001").headers["etag"]
    publish(releases, "second", "The Loud Lantern")
    assert site.get("/title/tt0000001", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("path", ["/random", "/nowhere"])
def test_what_is_never_kept_has_no_etag(site: Site, path: str):
    assert "etag" not in site.get(path).headers


def test_pages_are_isolated_from_other_sites(site: Site):
    headers = site.get("/").headers
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "access-control-allow-origin" not in headers


def test_behind_a_stage_every_address_keeps_the_prefix(releases: Path):
    site = Site(releases, root_path="/stage")
    page = site.get("/stage/title/tt0000001")
    own = [link for link in Reader(page).links if link.startswith("/")]
    assert page.status_code == 200 and len(own) > 9
    assert all(link.startswith("/stage/") for link in own)
    assert site.get("/stage/random").headers["location"].startswith("/stage/title/tt")
    assert site.get("/stage/api/v1/titles/tt9").json()["detail"]
    static = re.findall(r'"(/stage/static/[^"#]+)', page.text)[0]
    assert "immutable" in site.get(static).headers["cache-control"]
    assert 'href="/stage/"' in site.get("/stage/static/nothing.css").text


# Releases come and go


@pytest.mark.parametrize("path", ["/", "/title/tt0000001", "/readyz", "/api/v1/clusters"])
def test_without_a_release_every_address_says_how_to_make_one(tmp_path: Path, path: str):
    answer = Site(tmp_path / "releases").get(path)
    assert answer.status_code == 503
    assert "rec-platform refresh" in answer.text and str(tmp_path) not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["retry-after"] == "10"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    if path.startswith(("/api/", "/readyz")):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 503
    else:
        assert ATTRIBUTION in answer.text


def test_the_first_release_is_picked_up_without_a_restart(tmp_path: Path):
    site = Site(tmp_path)
    assert site.get("/readyz").status_code == 503
    publish(tmp_path, "first")
    assert site.json("/readyz")["release_id"] == "first"


def test_a_new_release_is_picked_up_without_a_restart(site: Site, releases: Path):
    assert "The Silent Lantern" in site.get("/title/tt0000001").text
    publish(releases, "second", first="The Loud Lantern")
    assert "The Loud Lantern" in site.get("/title/tt0000001").text
    assert site.json("/readyz")["release_id"] == "second"


def test_a_damaged_new_release_leaves_the_old_one_serving(site: Site, releases: Path):
    assert site.json("/readyz")["release_id"] == "first"
    lookup = publish(releases, "second")
    lookup.write_bytes(lookup.read_bytes()[:-1])
    assert site.json("/readyz")["release_id"] == "first"
    assert site.get("/title/tt0000001").status_code == 200


def test_a_damaged_first_release_is_a_503_whose_reason_the_log_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    lookup = publish(tmp_path, "first")
    lookup.write_bytes(lookup.read_bytes()[:-1])
    answer = Site(tmp_path).get("/api/v1/clusters")
    assert answer.status_code == 503
    assert "damaged" in caplog.text and "damaged" not in answer.text


@pytest.mark.parametrize("path", ["/title/tt0000001", "/api/v1/titles/tt0000001"])
def test_an_unforeseen_error_shows_no_secret_and_keeps_the_headers(
    site: Site, releases: Path, path: str, caplog: pytest.LogCaptureFixture
):
    lookup = releases / "first" / "lookup.sqlite"
    with closing(sqlite3.connect(lookup)) as connection:
        connection.execute("DROP TABLE titles")
    point(releases, "first")
    answer = site.get(path)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text and "no such table" not in answer.text
    assert "no such table" in caplog.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
