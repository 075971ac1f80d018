"""The site under inputs that nobody would think of: cases from the API's own description, attacks.

A few of each run with all tests; `pytest -m fuzz` runs 20,000 cases and 10,000 attacks.
"""

from __future__ import annotations

import re
import socket
from collections import Counter
from http.client import HTTPResponse
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.openapi import EXAMPLES
from rec_platform_tests.api.site import Reader, Site, publish
from rec_platform_tests.api.site_server import site_server

FEW = settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.generate],
)
MANY = settings(FEW, max_examples=1_700)
WITHOUT_PARAMETERS = ("release", "health", "ready", "metrics")
# A description can tell how a cursor or a genre is written, not which ones there are, nor that two
# ids differ, or that a range is not reversed.
MAY_REFUSE = ("titles", "clusters", "cluster_titles", "recommendations", "basket", "compare")
MODES = [
    (name, mode)
    for name in EXAMPLES
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or name not in WITHOUT_PARAMETERS
]


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    releases = tmp_path_factory.mktemp("releases")
    publish(releases, "first")
    schema = schemathesis.openapi.from_asgi("/openapi.json", Site(releases).app)
    described: Any = (result.ok() for result in schema.get_all_operations())  # pyright: ignore[reportAttributeAccessIssue]
    return {operation.definition.raw["operationId"]: operation for operation in described}


def answered(operation: Any, mode: GenerationMode, limits: settings) -> int:
    """Ask an operation, check each answer with all of schemathesis's checks; how many."""
    count = 0
    may_refuse = operation.definition.raw["operationId"] in MAY_REFUSE
    excluded = [positive_data_acceptance] if may_refuse else []

    @limits
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        nonlocal count
        count += 1
        case.call_and_validate(excluded_checks=excluded)

    ask()
    return count


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_every_answer_is_as_the_description_says(
    operations: dict[str, Any], name: str, mode: GenerationMode
):
    assert answered(operations[name], mode, FEW)


@pytest.mark.fuzz
def test_twenty_thousand_answers_are_as_the_description_says(operations: dict[str, Any]):
    counts = {(name, mode.value): answered(operations[name], mode, MANY) for name, mode in MODES}
    assert sum(counts.values()) >= 20_000


# Attacks

CANARY = "zq9"  # stands in all that would run, if it came back as it was sent
PIECES = (
    *("../", "..%2f", "%2e%2e%2f", "....//", "/etc/passwd", "C:\\", "//evil.example", "file:///"),
    *("\x00", "\x01", "\x1b[2J", "\r\n", "\n", "\t", "\x7f", "\u202e", "\ufeff", "\ud7ff", "🎬"),
    *("%00", "%0d%0aSet-Cookie:a=b", "%ff", "%fe%ff", "%c0%af", "%ed%a0%80", "%f8%88", "%", "%zz"),
    *(f"<{CANARY}>", f"<script>{CANARY}()</script>", f"\"><img src=x onerror='{CANARY}()'>"),
    *(
        f"'><svg/onload={CANARY}>",
        f"javascript:{CANARY}()",
        f"<!--{CANARY}-->",
        "{{7*7}}",
        "${7*7}",
    ),
    *("' OR 1=1--", "'; DROP TABLE titles;--", '" UNION SELECT 1--', "/*", "\\", '"*', "NEAR(a b)"),
    *("a* OR b", "^a", "names:x", "-", "--", "(", "AND", "NOT NOT", "+", "&", "=", ";", "#", "?"),
    *("tt0000001", "tt", "0", "-1", "1", "50", "51", "1e309", "nan", "inf", "0x10", "1_0", "१२"),
    *("9" * 400, "a" * 3_000, "<" * 500, "é" * 300, "a " * 500, "tt" + "0" * 300, "", " "),
)
ADDRESSES = (
    *("/{}", "/title/{}", "/cluster/{}", "/cluster/0?page={}", "/search?q={}", "/?title={}"),
    *(
        "/title/tt0000001?balance={}&genre={}",
        "/basket?title=tt0000001&title={}&seen={}",
        "/poster/{}.svg",
    ),
    *("/static/{}", "/static/../{}", "/random?{}={}", "/openapi.json?{}", "/healthz/{}", "/{}/{}"),
    *("/api/{}", "/api/v1/titles/{}", "/api/v1/titles/{}/recommendations", "/api/v1/{}/{}"),
    "/api/v1/titles/tt0000001/recommendations?limit={}&balance={}&explain={}",
    "/api/v1/titles/tt0000001/recommendations?genre={}&genre={}&year_min={}&rating_min={}",
    "/api/v1/recommendations?title=tt0000001&title={}&disliked={}&runtime_max={}",
    *("/card/{}.png?v={}", "/card/basket.png?title={}&title=tt0000001", "/icon-{}.png?v={}"),
    *("/embed/title/{}?limit={}", "/feeds/{}.xml", "/sitemap-{}.xml", "/favicon.ico?v={}"),
    *("/api?{}={}", "/manifest.webmanifest?{}", "/api/v1/titles/tt0000001?fields={}"),
    "/api/v1/recommendations?title=tt0000001&fields={}&explain={}",
    *("/api/v1/search?q={}", "/api/v1/search?q={}&limit={}", "/api/v1/clusters?cursor={}"),
    *("/api/v1/clusters/{}/titles", "/api/v1/clusters/0/titles?limit={}&cursor={}"),
)
HEADERS = ("X-Request-Id", "If-None-Match", "Accept", "Range", "Cookie", "X-Forwarded-Proto")
METHODS = ("GET",) * 8 + ("HEAD", "POST", "OPTIONS", "PROPFIND")


def attack(dice: Random) -> bytes:
    """A request that means no good."""

    def piece() -> str:
        text = "".join(dice.choice(PIECES) for _ in range(dice.choice((1, 1, 2, 3))))
        return quote(text, safe="") if dice.random() < 0.5 else text

    address = re.sub(r"\{\}", lambda _: piece(), dice.choice(ADDRESSES))
    target = address.replace(" ", "%20").encode()
    if dice.random() < 0.9:  # the server refuses control characters before we see them
        target = re.sub(rb"[\x00-\x20\x7f]", b"%1f", target)
    header = re.sub(r"[\r\n\x00]", "", dice.choice(PIECES)).encode()
    lines = (
        dice.choice(METHODS).encode() + b" " + target + b" HTTP/1.1",
        b"Host: 127.0.0.1",
        dice.choice(HEADERS).encode() + b": " + header,
        b"Content-Length: 0\r\n\r\n",
    )
    return b"\r\n".join(lines)


def is_harmless(page: bytes) -> bool:
    """Whether a browser would find nothing in it but what our templates hold."""
    reader = Reader(httpx.Response(200, content=page))
    names = {name for _, attributes in reader.tags for name in attributes}
    addresses = [attributes.get("href") or "" for _, attributes in reader.tags]
    return (
        not {CANARY, "svg/onload"} & {tag for tag, _ in reader.tags}
        and all(attributes.get("src") for tag, attributes in reader.tags if tag == "script")
        and not any(name.startswith("on") for name in names)
        and not any(address.startswith("javascript:") for address in addresses)
        and f"<!--{CANARY}".encode() not in page
    )


def check(request: bytes, answer: HTTPResponse, body: bytes) -> None:
    told = f"{request[:300]!r}: {answer.status} {body[:300]!r}"
    assert answer.status < 500, told
    assert b"root:" not in body and not answer.headers["set-cookie"], told
    assert not any(CANARY in text for text in answer.headers.values()), told
    if answer.status != 400:  # the server's own, of what is no HTTP
        # JSON is never taken for a page then, so only pages can harm.
        assert answer.headers["x-content-type-options"] == "nosniff", told
    if (answer.headers["content-type"] or "").startswith("text/html"):
        assert is_harmless(body), told
    if "xml" in (answer.headers["content-type"] or "") and answer.status == 200 and body:
        ElementTree.fromstring(body)


def survived(port: int, attacks: int) -> Counter[int]:
    """Attack, look at every answer; the statuses."""
    dice = Random(2026)
    statuses: Counter[int] = Counter()
    while statuses.total() < attacks:
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            will_close = False
            while not will_close and statuses.total() < attacks:
                request = attack(dice)
                connection.sendall(request)
                method = request.partition(b" ")[0].decode()
                with HTTPResponse(connection, method=method) as answer:
                    answer.begin()
                    body = answer.read()
                    check(request, answer, body)
                    statuses[answer.status] += 1
                    will_close = answer.will_close
    return statuses


@pytest.mark.parametrize("attacks", [500, pytest.param(10_000, marks=pytest.mark.fuzz)])
def test_no_attack_breaks_the_site_or_comes_back_as_it_was_sent(tmp_path: Path, attacks: int):
    publish(tmp_path, "first")
    with site_server(tmp_path) as port:
        statuses = survived(port, attacks)
    assert {200, 404, 405, 422} <= set(statuses)
