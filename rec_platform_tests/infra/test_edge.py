"""What CloudFront keeps of the site, by the template's behaviours and the site's own headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rec_platform_tests.api.catalogue import publish_catalogue
from rec_platform_tests.api.site import Site
from rec_platform_tests.infra.cloudfront import behaviour
from rec_platform_tests.infra.conftest import Assembly

pytestmark = pytest.mark.infra

MINUTES = 300
YEAR = 365 * 24 * 3600

# Status of the site's answer, and how many seconds an edge keeps it.
TABLE = {
    "/": (200, MINUTES),
    "/title/tt0000001": (200, MINUTES),
    "/title/tt0000001?balance=0.2": (200, MINUTES),
    "/search?q=lantern": (200, MINUTES),
    "/atlas": (200, MINUTES),
    "/library": (200, 0),  # it names pieces that the next release does not have
    "/films?genre=Crime&order=year": (200, MINUTES),
    "/person/nm1": (200, MINUTES),
    "/atlas/films.json": (200, MINUTES),
    "/api/v1/titles?genre=Crime": (200, MINUTES),
    "/basket?title=tt0000001&disliked=tt0000002&seen=tt0000003": (200, MINUTES),
    "/library/0123456789ab/0.gz": (404, 0),
    "/about": (200, MINUTES),
    "/robots.txt": (200, MINUTES),
    "/poster/tt0000001.svg": (200, MINUTES),
    "/card/tt0000001.png": (200, MINUTES),
    "/card/basket.png?title=tt0000001&title=tt0000002": (200, MINUTES),
    "/card/site.png": (200, MINUTES),
    "/favicon.ico": (200, MINUTES),
    "/apple-touch-icon.png": (200, MINUTES),
    "/icon-192.png": (200, MINUTES),
    "/manifest.webmanifest": (200, MINUTES),
    "/embed/title/tt0000001?limit=5": (200, MINUTES),
    "/feeds/new.xml": (200, MINUTES),
    "/feeds/rising.xml": (200, MINUTES),
    "/api": (200, MINUTES),
    "/api/v1/titles/tt0000001?fields=title,year": (200, MINUTES),
    "/static/style.css": (200, MINUTES),
    "/static/0123456789ab/style.css": (200, MINUTES),
    "/api/v1/search?q=lantern": (200, MINUTES),
    "/api/v1/titles/tt0000001/recommendations": (200, MINUTES),
    "/openapi.json": (200, MINUTES),
    "/random": (303, 0),
    "/healthz": (200, 0),
    "/readyz": (200, 0),
    "/title/tt9": (308, MINUTES),  # to tt0000009
    "/title/tt9999999": (404, 0),
    "/card/tt9999999.png": (404, 0),
    "/card/basket.png": (422, 0),
    "/embed/title/tt9999999": (404, 0),
    "/feeds/nothing.xml": (404, 0),
    "/sitemap.xml": (404, 0),
    "/api/v1/titles/tt9": (404, 0),
    "/api/v1/search?limit=x": (422, 0),
    "/nowhere": (404, 0),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("catalogue")
    publish_catalogue(folder)
    return Site(folder)


@pytest.mark.parametrize("path", TABLE)
def test_an_answer_is_kept_as_long_as_the_site_says(
    assemblies: dict[str, Assembly], site: Site, path: str
):
    answer = site.get(path)
    for assembly in assemblies.values():
        kept = behaviour(assembly, path).kept_seconds(answer.status_code, answer.headers)
        assert (answer.status_code, kept) == TABLE[path]


def test_what_has_its_hash_in_its_address_is_kept_for_a_year(
    assemblies: dict[str, Assembly], site: Site
):
    page = site.get("/").text
    addresses = re.findall(r'"(/static/[^"#]+|/[^"]+\?v=[^"]+)"', page)
    assert any("/poster/" in address for address in addresses)
    (pieces,) = re.findall(r'data-catalogue="([^"]+)"', site.get("/library").text)
    addresses.append(f"{pieces}0.gz")
    for address in addresses:
        answer = site.get(address)
        kept = behaviour(assemblies["url"], address).kept_seconds(200, answer.headers)
        assert (answer.status_code, kept) == (200, YEAR), address


def test_no_error_is_kept_while_nothing_serves(assemblies: dict[str, Assembly], tmp_path: Path):
    empty = Site(tmp_path)
    for path in ("/", "/title/tt0000001", "/api/v1/release", "/readyz"):
        answer = empty.get(path)
        assert answer.status_code == 503
        for assembly in assemblies.values():
            assert behaviour(assembly, path).kept_seconds(503, answer.headers) == 0
    # Nor is an error that Lambda or CloudFront itself answers, without the site's headers.
    for status in (403, 429, 500, 502, 503, 504):
        assert behaviour(assemblies["url"], "/").kept_seconds(status, {}) == 0


def test_metrics_are_closed_and_nothing_else_is(assembly: Assembly, site: Site):
    assert site.get("/metrics").status_code == 200  # so it is the edge that closes them
    assert behaviour(assembly, "/metrics").is_closed
    assert behaviour(assembly, "/metrics/x").is_closed
    assert not any(behaviour(assembly, path).is_closed for path in TABLE)


def test_answers_differ_by_what_the_cache_tells_apart_and_by_nothing_else(
    assembly: Assembly, site: Site
):
    key = behaviour(assembly, "/").policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert key["EnableAcceptEncodingBrotli"] and key["EnableAcceptEncodingGzip"]
    varied = {"Origin": "https://other.example", "Cookie": "a=b", "Accept-Language": "de"}
    for path in ("/title/tt0000001", "/api/v1/search?q=lantern"):
        plain, other = site.get(path), site.get(path, headers=varied)
        assert plain.content == other.content
        differing = set(plain.headers.items()) ^ set(other.headers.items())
        assert {name for name, _ in differing} == {"x-request-id"}
        assert "vary" not in plain.headers and "set-cookie" not in plain.headers
