"""Load while releases are swapped: no request fails, and no answer mixes two of them."""

from __future__ import annotations

import http.client
import json
import re
import threading
from pathlib import Path

import pytest

from rec_platform_tests.api.site import publish
from rec_platform_tests.api.site_server import site_server

PATHS = (
    "/title/tt0000001",
    "/api/v1/search?q=lantern",
    "/search?q=lantern",
    "/api/v1/recommendations?title=tt0000001&title=tt0000002",
    "/api/v1/release",
)
CLIENTS = 4


class Visitor(threading.Thread):
    """Asks again and again until told to stop, and looks at each answer."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__()
        self.port, self.stop = port, stop
        self.answers = 0
        self.failures: list[str] = []
        self.seen: set[str] = set()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.stop.is_set():
            path = PATHS[self.answers % len(PATHS)]
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{path}: {error!r}")
                return
            named = releases_in(text, path)
            if answer.status != 200 or len(named) != 1:
                self.failures.append(f"{path}: {answer.status} {named}")
            self.seen |= named
            self.answers += 1
        connection.close()


def releases_in(text: str, path: str) -> set[str]:
    """The releases that an answer is from: those that name themselves and those of its titles."""
    named = set(re.findall(r"Lantern of (r\d+)", text)) | set(re.findall(r"Release (r\d+)", text))
    return named | ({json.loads(text)["release_id"]} if path.startswith("/api/") else set())


def wait_for(visitors: list[Visitor], more: int) -> None:
    """Wait until each visitor has got so many more answers, or has given up."""
    for visitor, wanted in [(visitor, visitor.answers + more) for visitor in visitors]:
        while visitor.is_alive() and visitor.answers < wanted:
            visitor.join(0.001)


def swapped(releases: Path, swaps: int, answers: int) -> list[Visitor]:
    """Visitors that each got so many answers between any two of the releases that came."""
    publish(releases, "r0", first="The Lantern of r0")
    stop = threading.Event()
    with site_server(releases) as port:
        visitors = [Visitor(port, stop) for _ in range(CLIENTS)]
        for visitor in visitors:
            visitor.start()
        try:
            for number in range(1, swaps + 1):
                wait_for(visitors, answers)
                publish(releases, f"r{number}", first=f"The Lantern of r{number}")
            wait_for(visitors, answers)
        finally:
            stop.set()
            for visitor in visitors:
                visitor.join()
    return visitors


@pytest.mark.parametrize(
    ("swaps", "answers"),
    [(5, 20), pytest.param(20, 500, marks=pytest.mark.fuzz)],
)
def test_while_releases_are_swapped_no_request_fails_and_no_answer_mixes_two(
    tmp_path: Path, swaps: int, answers: int
):
    visitors = swapped(tmp_path, swaps, answers)
    assert [visitor.failures for visitor in visitors] == [[]] * CLIENTS
    assert set().union(*(visitor.seen for visitor in visitors)) == {
        f"r{n}" for n in range(swaps + 1)
    }
