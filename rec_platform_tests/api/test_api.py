"""The JSON API and the service's own addresses, over releases of invented titles."""

import json
import logging
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from api.logs import JsonLines
from api.openapi import EXAMPLES
from rec_platform.release.blend import PARTS, WEIGHTS
from rec_platform.release.schema import SCHEMA_VERSION
from rec_platform_tests.api.catalogue import SERIES, publish_catalogue
from rec_platform_tests.api.site import CRIME, CRIME_COUNT, HOSTILE, Site, publish

RECOMMENDATIONS = "/api/v1/titles/tt0000001/recommendations"
READS = [
    "/api/v1/titles/tt0000001",
    RECOMMENDATIONS,
    "/api/v1/recommendations?title=tt0000001",
    "/api/v1/titles?genre=crime",
    "/api/v1/people/nm1",
    "/api/v1/search?q=lantern",
    "/api/v1/clusters",
    "/api/v1/clusters/0/titles",
    "/api/v1/release",
    "/openapi.json",
]
SERVICE = ["/healthz", "/readyz", "/metrics"]


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    publish(tmp_path / "releases", "first")
    return tmp_path / "releases"


@pytest.fixture
def site(releases: Path) -> Site:
    return Site(releases)


def ids(listed: list[dict[str, Any]]) -> list[str]:
    return [row["title"]["title_id"] for row in listed]


# Titles and search


def test_a_title_is_answered_with_its_facts(site: Site):
    assert site.json("/api/v1/titles/tt0000001") == {
        "title_id": "tt0000001",
        "title": "The Silent Lantern",
        "original_title": "L'Été Muet",
        "year": 1991,
        "runtime_minutes": 134,
        "genres": ["Crime", "Thriller"],
        "rating": 7.25,
        "votes": 123456,
        "credits": [
            {"person_id": "nm1", "role": "director", "name": "Ada Marlow"},
            {"person_id": "nm2", "role": "actor", "name": "Ivo Solberg"},
            {"person_id": "nm3", "role": "actor", "name": "Hana Voss"},
        ],
        "series": None,
        "series_place": None,
        "cluster": CRIME,
        "distance": 0.01,
        "characters": ["Ada Berg"],
        "country": "FR",
        "language": "fr",
        "keywords": ["time travel"],
        "title_type": "movie",
        "end_year": None,
    }


@pytest.mark.parametrize("query", ["silent lan", "ete muet", "laterne", "THE SILENT LANTERN!"])
def test_search_finds_a_title_by_any_of_its_names(site: Site, query: str):
    answer = site.json(f"/api/v1/search?q={query}")
    assert (answer["release_id"], answer["query"]) == ("first", query)
    assert [title["title_id"] for title in answer["titles"]] == ["tt0000001"]


def test_search_answers_twenty_titles_unless_told(site: Site):
    assert len(site.json("/api/v1/search?q=verdict")["titles"]) == 20
    assert len(site.json("/api/v1/search?q=verdict&limit=3")["titles"]) == 3
    assert len(site.json("/api/v1/search?q=verdict&limit=50")["titles"]) == CRIME_COUNT - 1


# Recommendations


def test_recommendations_come_nine_at_a_time_and_best_first(site: Site):
    answer = site.json(RECOMMENDATIONS)
    assert (answer["release_id"], answer["title_id"]) == ("first", "tt0000001")
    listed = answer["recommendations"]
    assert [row["rank"] for row in listed] == list(range(1, 10))
    assert ids(listed)[:2] == ["tt0000032", "tt0000031"]
    assert listed[0]["score"] == pytest.approx(0.98)


@pytest.mark.parametrize("limit", [1, 24])
def test_the_list_of_recommendations_is_as_long_as_asked(site: Site, limit: int):
    assert len(site.json(f"{RECOMMENDATIONS}?limit={limit}")["recommendations"]) == limit


def test_a_title_without_neighbours_gets_an_empty_list(site: Site):
    assert site.json("/api/v1/titles/tt0000002/recommendations")["recommendations"] == []


def test_filters_add_up_and_so_do_several_genres(site: Site):
    def asked(query: str) -> list[dict[str, Any]]:
        answer = site.json(f"{RECOMMENDATIONS}?limit=24&{query}")
        return [row["title"] for row in answer["recommendations"]]

    assert {title["title_id"] for title in asked("runtime_max=45")} == {"tt0000032"}
    crime = asked("genre=Crime&genre=Thriller")
    assert len(crime) == 22 and all(title["genres"] == ["Crime", "Thriller"] for title in crime)
    assert asked("genre=Crime&genre=Sci-Fi") == []
    assert {title["year"] for title in asked("genre=Crime&year_min=2005&year_max=2006")} == {
        2005,
        2006,
    }
    assert asked("rating_min=7.3") == [] and len(asked("rating_min=7.2")) == 24


def test_the_balance_weighs_anew_and_says_how(site: Site):
    middle, gems = site.json(RECOMMENDATIONS), site.json(f"{RECOMMENDATIONS}?balance=0")
    assert (middle["balance"], middle["weights"]) == (0.5, WEIGHTS | {"mix": 0})
    assert gems["weights"]["popularity"] < 0 < gems["weights"]["era"] == WEIGHTS["era"]
    assert [row["score"] for row in gems["recommendations"]] == [
        row["score"] for row in middle["recommendations"]
    ]


def test_a_list_of_recommendations_has_the_series_beside_it(site: Site, tmp_path: Path):
    publish_catalogue(tmp_path)
    answer = Site(tmp_path).json(RECOMMENDATIONS)
    assert [title["title"] for title in answer["series"]] == [*SERIES]
    assert site.json(RECOMMENDATIONS)["series"] == []


def test_who_does_not_ask_why_is_not_told(site: Site):
    told = site.json(RECOMMENDATIONS)["recommendations"][0]
    assert told["reasons"] and set(told["parts"]) == set(PARTS)
    bare = site.json(f"{RECOMMENDATIONS}?explain=false")
    assert bare["weights"] == {}
    assert all(row["reasons"] == [] and row["parts"] == {} for row in bare["recommendations"])
    assert ids(bare["recommendations"]) == ids(site.json(RECOMMENDATIONS)["recommendations"])


def test_a_basket_gets_one_list_with_its_reasons(site: Site):
    answer = site.json("/api/v1/recommendations?title=tt0000001&title=tt0000002&title=tt0000001")
    assert answer["titles"] == ["tt0000001", "tt0000002"] and answer["unknown"] == []
    listed = answer["recommendations"]
    assert ids(listed)[:2] == ["tt0000032", "tt0000031"]
    assert [liked["title"]["title_id"] for liked in listed[0]["because"]] == ["tt0000001"]
    assert listed[0]["because"][0]["reasons"]
    bare = site.json("/api/v1/recommendations?title=tt0000001&explain=false&limit=3&genre=Crime")
    assert [row["because"] for row in bare["recommendations"]] == [[], [], []]


def test_a_basket_leaves_out_what_is_disliked_or_seen(site: Site):
    path = "/api/v1/recommendations?title=tt0000001&limit=3"
    plain = ids(site.json(path)["recommendations"])
    left = ids(site.json(f"{path}&seen={plain[0]}&seen=tt9")["recommendations"])
    assert left[:2] == plain[1:] and len(left) == 3
    disliked = ids(site.json(f"{path}&disliked={plain[0]}")["recommendations"])
    assert plain[0] not in disliked


def test_a_basket_outlives_a_title_that_is_gone(site: Site):
    answer = site.json("/api/v1/recommendations?title=tt0000001&title=tt9")
    assert (answer["titles"], answer["unknown"]) == (["tt0000001"], ["tt9"])
    assert site.get("/api/v1/recommendations?title=tt9").status_code == 404


# Clusters, page by page


def pages(site: Site, path: str, limit: int) -> list[dict[str, Any]]:
    answers = [site.json(f"{path}?limit={limit}")]
    while cursor := answers[-1]["next_cursor"]:
        answers.append(site.json(f"{path}?limit={limit}&cursor={cursor}"))
    return answers


def test_clusters_are_listed_largest_first(site: Site):
    answer = site.json("/api/v1/clusters")
    assert answer["release_id"] == "first" and answer["next_cursor"] is None
    assert [(cluster["name"], cluster["title_count"]) for cluster in answer["clusters"]] == [
        ("1990s crime thrillers", CRIME_COUNT),
        ("Space operas", 2),
    ]
    assert [len(page["clusters"]) for page in pages(site, "/api/v1/clusters", 1)] == [1, 1]


@pytest.mark.parametrize(("limit", "lengths"), [(20, [20, 10]), (15, [15, 15]), (50, [30])])
def test_a_clusters_titles_come_in_pages_that_join_without_a_gap(
    site: Site, limit: int, lengths: list[int]
):
    answers = pages(site, f"/api/v1/clusters/{CRIME}/titles", limit)
    assert [len(page["titles"]) for page in answers] == lengths
    assert {page["cluster"]["name"] for page in answers} == {"1990s crime thrillers"}
    listed = [title["title_id"] for page in answers for title in page["titles"]]
    assert listed == [f"tt{number:07d}" for number in range(1, CRIME_COUNT + 1)]


@pytest.mark.parametrize("path", ["titles", "clusters", f"clusters/{CRIME}/titles"])
def test_a_cache_does_not_keep_a_page_that_leads_to_the_next(site: Site, path: str):
    """Or whoever starts again after a new release would get the old first page again."""
    first, whole = site.get(f"/api/v1/{path}?limit=1"), site.get(f"/api/v1/{path}?limit=50")
    assert first.json()["next_cursor"] and not whole.json()["next_cursor"]
    assert first.headers["cache-control"] == "public, no-cache"
    assert whole.headers["cache-control"].startswith("public, max-age=")
    known = {"If-None-Match": first.headers["etag"]}
    assert site.get(f"/api/v1/{path}?limit=1", headers=known).status_code == 304


def test_a_cursor_of_another_release_is_refused_with_its_reason(site: Site, releases: Path):
    cursor = site.json("/api/v1/clusters?limit=1")["next_cursor"]
    publish(releases, "second")
    answer = site.get(f"/api/v1/clusters?cursor={cursor}")
    assert answer.status_code == 422
    assert "another release" in answer.json()["errors"][0]["reason"]


def test_a_cursor_of_another_list_is_refused_with_its_reason(site: Site):
    clusters = site.json("/api/v1/clusters")["clusters"]
    numbers = [cluster["cluster"] for cluster in clusters if cluster["title_count"] > 1]
    lists = (
        *("titles?", "titles?genre=Crime&", "titles?genre=Crime&order=rating&", "clusters?"),
        *(f"clusters/{number}/titles?" for number in numbers),
    )
    for path in lists:
        cursor = site.json(f"/api/v1/{path}limit=1")["next_cursor"]
        assert site.get(f"/api/v1/{path}limit=2&cursor={cursor}").is_success
        for other in lists:
            answer = site.get(f"/api/v1/{other}cursor={cursor}")
            assert answer.is_success == (other == path)
            if other != path:
                assert "another list" in answer.json()["errors"][0]["reason"]


@pytest.mark.parametrize("cursor", ["a", "Zmlyc3Q", "Zmlyc3QgLTE", "Zmlyc3Qg" + "OTk5" * 9, "_w"])
def test_a_forged_cursor_is_refused(site: Site, cursor: str):
    answer = site.get(f"/api/v1/clusters/0/titles?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "cursor"


# The release


def test_the_release_tells_what_it_was_made_from_and_no_path(site: Site, releases: Path):
    publish(releases, "second", source="/home/somebody/imdb", scorecard={"ndcg": 0.4})
    answer = site.get("/api/v1/release")
    told = answer.json()
    assert (told["release_id"], told["schema_version"]) == ("second", SCHEMA_VERSION)
    assert told["files"]["title_ratings"]["sha256"] and told["weights"] == WEIGHTS
    assert told["scorecard"] == {"ndcg": 0.4}
    assert "somebody" not in answer.text


def test_a_release_without_a_scorecard_says_so(site: Site):
    assert site.json("/api/v1/release")["scorecard"] is None


# Errors


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/api/v1/titles/nonsense", "title_id"),
        ("/api/v1/titles/tt1234567890123", "title_id"),
        ("/api/v1/titles/tt١٢٣", "title_id"),
        (f"{RECOMMENDATIONS}?limit=0", "limit"),
        (f"{RECOMMENDATIONS}?limit=49", "limit"),
        (f"{RECOMMENDATIONS}?year_max=1999&year_max=2001", "year_max"),
        (f"{RECOMMENDATIONS}?year_max=", "year_max"),
        (f"{RECOMMENDATIONS}?genre=Drama&genre=", "genre"),
        (f"{RECOMMENDATIONS}?balance=1.01", "balance"),
        (f"{RECOMMENDATIONS}?balance=nan", "balance"),
        (f"{RECOMMENDATIONS}?explain=maybe", "explain"),
        (f"{RECOMMENDATIONS}?explain=", "explain"),
        (f"{RECOMMENDATIONS}?explain=true&explain=false", "explain"),
        (f"{RECOMMENDATIONS}?fields=", "fields"),
        (f"{RECOMMENDATIONS}?fields=title,name", "fields"),
        (f"{RECOMMENDATIONS}?fields=title&fields=year", "fields"),
        ("/api/v1/titles/tt0000001?fields=title,,year", "fields"),
        ("/api/v1/search?q=a&fields=<b>", "fields"),
        (f"{RECOMMENDATIONS}?year_min=1799", "year_min"),
        (f"{RECOMMENDATIONS}?rating_min=inf", "rating_min"),
        (f"{RECOMMENDATIONS}?runtime_max=1e9", "runtime_max"),
        (f"{RECOMMENDATIONS}?genre=<b>", "genre"),
        (f"{RECOMMENDATIONS}?" + "genre=Crime&" * 6, "genre"),
        ("/api/v1/recommendations", "title"),
        ("/api/v1/recommendations?title=tt1&title=x", "title"),
        ("/api/v1/recommendations?" + "title=tt1&" * 21, "title"),
        ("/api/v1/titles?order=fame", "order"),
        ("/api/v1/titles?country=France", "country"),
        ("/api/v1/titles?language=x", "language"),
        ("/api/v1/titles?director=Ada", "director"),
        ("/api/v1/titles?votes_min=-1", "votes_min"),
        ("/api/v1/titles?" + "without_genre=Crime&" * 31, "without_genre"),
        ("/api/v1/titles?cursor=abc", "cursor"),
        ("/api/v1/people/tt1", "person_id"),
        ("/api/v1/compare?title=tt0000001", "title"),
        ("/api/v1/compare?title=tt0000001&title=tt0000002&title=tt0000003", "title"),
        ("/api/v1/search", "q"),
        ("/api/v1/search?q=", "q"),
        ("/api/v1/search?q=" + "a" * 201, "q"),
        ("/api/v1/search?q=a&limit=0", "limit"),
        ("/api/v1/search?q=a&limit=51", "limit"),
        ("/api/v1/clusters/first/titles", "cluster"),
        ("/api/v1/clusters/-1/titles", "cluster"),
        ("/api/v1/clusters/99999999999999999999/titles", "cluster"),
        ("/api/v1/clusters/0/titles?limit=51", "limit"),
        ("/api/v1/clusters/0/titles?cursor=$", "cursor"),
        ("/api/v1/clusters?cursor=" + "a" * 201, "cursor"),
    ],
)
def test_a_parameter_out_of_bounds_is_named_with_its_reason(site: Site, path: str, parameter: str):
    answer = site.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert [error["parameter"] for error in problem["errors"]] == [parameter]
    assert problem["errors"][0]["reason"]


@pytest.mark.parametrize("path", [path for path in READS if path.startswith("/api/")])
def test_a_parameter_that_an_address_does_not_have_is_refused(site: Site, path: str):
    described = site.json("/openapi.json")["paths"]
    paths = {re.sub(r"\{\w+\}", "[^/]+", known): known for known in described}
    (known,) = (paths[like] for like in paths if re.fullmatch(like, path.partition("?")[0]))
    parameters = described[known]["get"].get("parameters", [])
    asked = f"{path}{'&' if '?' in path else '?'}"
    for name in {given["name"] for given in parameters if given["in"] == "query"}:
        for misspelt in (f"{name}[]", f"{name}s", name.upper()):
            answer = site.get(f"{asked}{misspelt}=1")
            (error,) = answer.json()["errors"]
            assert (answer.status_code, error["parameter"]) == (422, misspelt)
            assert f"did you mean {name}?" in error["reason"]
    answer = site.get(f"{asked}{'<b>' * 99}=1")
    (error,) = answer.json()["errors"]
    assert answer.status_code == 422 and len(error["parameter"]) == 50
    assert "did you mean" not in error["reason"]
    assert site.get(path, "HEAD").status_code == 200


def test_pages_and_feeds_ignore_what_other_sites_add_to_links(site: Site):
    for path in ("/", "/title/tt0000001", "/films", "/feeds/new.xml", "/embed/title/tt0000001"):
        assert site.get(f"{path}?utm_source=letter&fbclid=1").content == site.get(path).content


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("country=NZ", "No title of this release has it. The codes are FR"),
        ("language=mi", "No title of this release has it. The codes are fr"),
        ("director=nm404", "This release has no director with this id"),
        ("director=nm2", "This release has no director with this id"),
    ],
)
def test_a_filter_that_no_title_can_pass_is_refused(site: Site, query: str, reason: str):
    for path in (
        f"{RECOMMENDATIONS}?",
        "/api/v1/recommendations?title=tt0000001&",
        "/api/v1/titles?",
    ):
        answer = site.get(path + query)
        (error,) = answer.json()["errors"]
        told = error["parameter"], error["reason"]
        assert (answer.status_code, *told) == (422, query.partition("=")[0], reason)


@pytest.mark.parametrize(
    "path", [f"{RECOMMENDATIONS}?", "/api/v1/recommendations?title=tt0000001&", "/api/v1/titles?"]
)
@pytest.mark.parametrize("parameter", ["genre", "without_genre"])
def test_a_genre_that_does_not_exist_is_told_with_those_that_do(
    site: Site, path: str, parameter: str
):
    asked = f"{path}genre=crime&{parameter}="
    answer = site.get(f"{asked}Drame")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["where"]) == (parameter, "query")
    assert "Drama, Family, Fantasy, Film-Noir, Game-Show, History" in error["reason"]
    assert "Drame" not in error["reason"]
    assert site.get(f"{asked}western").status_code == 200  # it exists, though no film has it here
    assert site.get(f"{asked}Reality-TV").status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/titles?",
        "/api/v1/titles/tt0000001/recommendations?",
        "/api/v1/recommendations?title=tt0000001&",
    ],
)
@pytest.mark.parametrize(
    ("query", "parameter", "reason"),
    [
        ("year_min=2000&year_max=1999", "year_min", "2000 is more than year_max, which is 1999"),
        ("runtime_min=9&runtime_max=8", "runtime_min", "9 is more than runtime_max, which is 8"),
        ("genre=Drama&without_genre=drama", "without_genre", "It is given as genre, too"),
        (
            "genre=War&genre=Drama&without_genre=Horror&without_genre=War",
            "without_genre",
            "It is given as genre, too",
        ),
    ],
)
def test_conditions_that_contradict_each_other_are_refused(
    site: Site, path: str, query: str, parameter: str, reason: str
):
    answer = site.get(path + query)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["parameter"], error["reason"]) == (422, parameter, reason)
    assert site.get(f"{path}year_min=1999&year_max=1999&runtime_min=9&runtime_max=9").is_success


def test_a_title_is_not_both_liked_and_disliked(site: Site):
    query = "title=tt0000001&title=tt0000002&disliked=tt0000002"
    answer = site.get(f"/api/v1/recommendations?{query}")
    (error,) = answer.json()["errors"]
    told = (error["parameter"], error["reason"])
    assert (answer.status_code, *told) == (422, "disliked", "tt0000002 is liked, too")


def test_a_genre_of_the_catalogue_alone_may_be_asked_for_in_any_case(site: Site):
    found = site.json("/api/v1/titles?genre=game-show&genre=SCI-FI")["titles"]
    assert [title["title_id"] for title in found] == ["tt0000032"]
    others = site.json("/api/v1/titles?without_genre=GAME-SHOW&limit=50")["titles"]
    assert len(others) == CRIME_COUNT + 1


def test_all_parameters_that_are_wrong_are_told_at_once(site: Site):
    errors = site.get(f"{RECOMMENDATIONS}?limit=0&balance=2&genre=1").json()["errors"]
    assert {error["parameter"] for error in errors} == {"limit", "balance", "genre"}


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/v1/titles/tt9", "There is no title tt9 in this catalogue."),
        ("/api/v1/titles/tt9/recommendations", "There is no title tt9 in this catalogue."),
        ("/api/v1/clusters/99/titles", "There is no cluster 99 in this catalogue."),
        ("/api/v1/nothing", "There is nothing at this address."),
        (f"/api/v1/{HOSTILE}", "There is nothing at this address."),
    ],
)
def test_what_the_api_does_not_have_is_a_problem_of_rfc_9457(site: Site, path: str, detail: str):
    answer = site.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": detail,
        "request_id": answer.headers["x-request-id"],
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(site: Site, method: str):
    answer = site.get("/api/v1/release", method)
    assert (answer.status_code, answer.json()["status"]) == (405, 405)
    assert answer.headers["allow"] == "GET, HEAD"


# Headers


@pytest.mark.parametrize("path", READS)
def test_scripts_of_any_site_may_read_the_api_and_caches_keep_one_answer_for_all(
    site: Site, path: str
):
    answers = [site.get(path), site.get(path, headers={"Origin": "https://other.example"})]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        has_next = answer.json().get("next_cursor")
        kept = "no-cache" if has_next else "stale-while-revalidate=3600"
        assert kept in answer.headers["cache-control"]
        assert "vary" not in answer.headers


def test_a_preflight_allows_reading_and_nothing_else(site: Site):
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    answer = site.get("/api/v1/release", "OPTIONS", asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "*"
    assert site.get("/", "OPTIONS", asked).status_code == 405


@pytest.mark.parametrize("path", READS)
def test_who_has_the_current_answer_gets_a_304(site: Site, path: str):
    etag = site.get(path).headers["etag"]
    answer = site.get(path, headers={"If-None-Match": f"W/{etag}"})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", [*READS, *SERVICE, "/api/v1/titles/tt9"])
def test_a_head_request_is_answered_like_a_get_without_the_body(site: Site, path: str):
    get, head = site.get(path), site.get(path, "HEAD")
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("given", ["abc-123", "Root=1-67891233-abcdef012345678912345678"])
def test_a_request_keeps_the_id_it_comes_with(site: Site, given: str):
    assert site.get("/", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "<script>", 'a","level":"x', "a" * 101])
def test_a_request_without_a_sane_id_gets_one(site: Site, given: str):
    first, second = (site.get("/", headers={"X-Request-Id": given}) for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


# The service itself


def test_the_process_is_alive_with_or_without_a_release(site: Site, tmp_path: Path):
    for served in (site, Site(tmp_path / "none")):
        answer = served.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert served.get("/metrics").status_code == 200


def test_readiness_names_the_release(site: Site, tmp_path: Path):
    assert site.json("/readyz") == {
        "status": "ready",
        "release_id": "first",
        "schema_version": SCHEMA_VERSION,
    }
    assert Site(tmp_path / "none").get("/readyz").status_code == 503


@pytest.mark.parametrize("path", SERVICE)
def test_what_the_service_says_of_itself_is_never_kept(site: Site, path: str):
    headers = site.get(path).headers
    assert headers["cache-control"] == "no-store" and "etag" not in headers


def test_metrics_count_requests_by_route_and_name_the_release(site: Site):
    for path in ("/title/tt0000001", "/title/tt0000002", "/title/tt99", "/static/style.css", "/x"):
        site.get(path)
    site.get("/", 'GET"}')
    site.get("/openapi.json")
    text = site.get("/metrics").text
    for line in (
        'rec_requests_total{method="GET",route="/title/{title_id}",status="200"} 2',
        'rec_requests_total{method="GET",route="/title/{title_id}",status="404"} 1',
        'rec_requests_total{method="GET",route="/static",status="200"} 1',
        'rec_requests_total{method="GET",route="none",status="404"} 1',
        'rec_requests_total{method="GET",route="/openapi.json",status="200"} 1',
        'rec_requests_total{method="other",route="/",status="405"} 1',
        'rec_request_duration_seconds_bucket{route="/title/{title_id}",le="+Inf"} 3',
        'rec_request_duration_seconds_count{route="/title/{title_id}"} 3',
        f'rec_release_info{{release_id="first",schema_version="{SCHEMA_VERSION}"}} 1',
        "rec_release_titles 32",
        "rec_release_created_timestamp_seconds 1710130329",
    ):
        assert line in text.splitlines(), line


def test_metrics_are_what_prometheus_reads(site: Site):
    site.get("/")
    line = re.compile(r'# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\\\n]*",?)+\})? [0-9.e+-]+')
    text = site.get("/metrics").text
    assert text.endswith("\n") and all(map(line.fullmatch, text.splitlines()))
    buckets = re.findall(r'_bucket\{route="/",le="[^"]+"\} (\d+)', text)
    assert buckets == sorted(buckets, key=int) and buckets[-1] == "1"


def test_each_request_is_a_line_of_json_in_the_log_without_its_query(
    site: Site, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "api.access")
    answer = site.get("/search?q=secret")
    (record,) = [record for record in caplog.records if record.name == "api.access"]
    line = JsonLines().format(record)
    told = json.loads(line)
    assert "secret" not in line and "\n" not in line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("time"))
    assert 0 < told.pop("ms") < 60_000
    assert told == {
        "level": "info",
        "logger": "api.access",
        "method": "GET",
        "route": "/search",
        "path": "/search",
        "status": 200,
        "request_id": answer.headers["x-request-id"],
        "release_id": "first",
    }


def test_what_a_visitor_writes_into_an_address_stays_on_its_line_of_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "api.access")
    site.get("/title/%0A%7B%22level%22:%22error%22%7D" + "a" * 5_000)
    (record,) = [record for record in caplog.records if record.name == "api.access"]
    line = JsonLines().format(record)
    assert "\n" not in line and len(line) < 700
    assert json.loads(line)["level"] == "info"


# The description


def test_every_route_of_the_api_is_described_with_its_errors_and_examples(site: Site):
    described = site.json("/openapi.json")
    assert set(described["paths"]) == {
        "/api/v1/titles",
        "/api/v1/people/{person_id}",
        "/api/v1/compare",
        "/api/v1/titles/{title_id}",
        "/api/v1/titles/{title_id}/recommendations",
        "/api/v1/recommendations",
        "/api/v1/search",
        "/api/v1/clusters",
        "/api/v1/clusters/{cluster}/titles",
        "/api/v1/release",
        *SERVICE,
    }
    for path, operations in described["paths"].items():
        operation = operations["get"]
        assert operation["summary"] and operation["description"] and operation["tags"], path
        for parameter in operation.get("parameters", []):
            assert parameter["schema"]["examples"], parameter
        for status, answer in operation["responses"].items():
            if status == "304":
                continue
            ((media_type, content),) = answer["content"].items()
            assert content["example"], (path, status)
            assert (media_type == "application/problem+json") == (status >= "400")
        assert {"200", "500"} <= set(operation["responses"])
        assert ("422" in operation["responses"]) == path.startswith("/api/")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_true_answer(name: str):
    example = EXAMPLES[name]
    if isinstance(example, str):
        assert example.startswith("rec_requests_total{")
    else:
        kind = TypeAdapter(type(example))
        assert kind.validate_python(asdict(example)) == example
