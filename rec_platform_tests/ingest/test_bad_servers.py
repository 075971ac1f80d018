"""A source that hangs, drips or answers nonsense costs a bounded time, and the reason is plain."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rec_platform.ingest import download
from rec_platform.ingest.download import ATTEMPTS, Download
from rec_platform.ingest.errors import SourceFailedError
from rec_platform.ingest.patience import Patience
from rec_platform.resources.imdb import ImdbSource
from rec_platform_tests.ingest.bad_server import (
    FILE,
    HEAD,
    Server,
    good,
    keeper,
    self_signed,
    serving,
)
from rec_platform_tests.ingest.test_download import Screen
from rec_platform_tests.keeper import BASICS, LOG, RATINGS


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Server.hang, "the server stopped answering"),
        (Server.drip_headers, "the server stopped answering"),
        (Server.drip, "the server sends less than 10,000 bytes a second"),
    ],
)
def test_a_server_that_hangs_or_drips_is_given_up_and_the_next_file_is_not_waited_for(
    tmp_path: Path, answer: Callable[[Server, Any], None], reason: str
) -> None:
    with serving(answer) as server:
        bench = keeper(tmp_path, server.url, idle_seconds=1)
        told = bench.failure()
        assert reason in told and "Run the refresh again" in told
        asked = len(server.requests)
        assert 1 < asked < ATTEMPTS
        assert f"{RATINGS.file} was not asked for: the source has kept" in bench.failure(RATINGS)
        assert len(server.requests) == asked


def test_all_files_together_have_one_deadline(tmp_path: Path) -> None:
    with serving(Server.drip) as server:
        bench = keeper(tmp_path, server.url, total_seconds=0.3, least_speed=0)
        assert "the file is not complete, after" in bench.failure()
        assert "was not asked for" in bench.failure(RATINGS)


def test_patience_is_whole_again_after_progress() -> None:
    patience = Patience(idle_seconds=10, total_seconds=100, least_speed=1_000)
    patience.use(9)
    assert patience.left == 1
    assert patience.is_fast(5_000, 5) and not patience.is_fast(4_999, 5)
    assert not patience.is_fast(0, 0)
    patience.use(5, is_further=True)
    assert patience.left == 10
    patience.use(80, is_further=True)
    assert patience.left == 6


def test_each_refresh_has_patience_of_its_own() -> None:
    source = ImdbSource()
    source._patience.use(1_000)
    source.setup_for_execution(None)  # type: ignore[arg-type]
    assert source._patience == Patience()


# What will not change


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        *(
            (f"HTTP/1.1 {status} No\r\n\r\n", f"answers {status}")
            for status in (400, 401, 405, 501)
        ),
        ("HTTP/1.1 204 No\r\n\r\n", "the server answers 204, which is no file"),
        ("HTTP/1.1 302 No\r\n\r\n", "the server answers 302, which is no file"),
        (good("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n"), "a size that cannot be used ('abc')"),
        (good("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n"), "a size that cannot be used ('-5')"),
        (good(f"HTTP/1.1 200 OK\r\nContent-Length: {'9' * 5_000}\r\n"), "cannot be used ('999"),
        ("HTTP/1.1 301 Go\r\nLocation: ftp://films/\r\n\r\n", "or the server redirects to one"),
        ("HTTP/1.1 301 Go\r\nLocation: http://[\r\n\r\n", "or the server redirects to one"),
    ],
)
def test_what_asking_again_cannot_change_is_told_at_once(
    tmp_path: Path, answer: str | bytes, reason: str
) -> None:
    with serving(answer) as server:
        told = keeper(tmp_path, server.url).failure()
    assert reason in told and "in a row" not in told
    assert len(server.requests) == 1


def test_a_redirect_without_end_is_followed_once(tmp_path: Path) -> None:
    with serving("HTTP/1.1 302 Go\r\nLocation: /again\r\nConnection: close\r\n\r\n") as server:
        told = keeper(tmp_path, server.url).failure()
    assert "redirects from one address to the next without end" in told
    assert server.requests.count(f"GET /{BASICS.file} HTTP/1.1") == 1
    assert len(server.requests) < 10


@pytest.mark.parametrize(
    "address", ["http://", "http://[::1", "http://a b", f"http://{'a' * 70}.example", "http://:x"]
)
def test_an_address_that_is_none_is_told_at_once(
    tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = keeper(tmp_path, address).failure()
    assert "this is no address that can be asked" in told
    assert caplog.records == []


def test_a_server_that_speaks_no_https_is_told_at_once(tmp_path: Path) -> None:
    with serving("HTTP/1.1 400 No\r\n\r\n") as server:
        told = keeper(tmp_path, server.url.replace("http", "https")).failure()
    assert "the server does not speak HTTPS here" in told
    assert len(server.requests) == 1


def test_a_certificate_that_nobody_signed_is_told_at_once(tmp_path: Path) -> None:
    with serving(good(HEAD), certificate=self_signed(tmp_path)) as server:
        told = keeper(tmp_path, server.url).failure()
    assert "the server's certificate is not valid (self" in told and "in a row" not in told
    assert server.requests == []


def test_a_size_that_cannot_be_used_is_told_to_who_asks_for_it() -> None:
    with (
        serving("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n") as server,
        pytest.raises(SourceFailedError, match=r"does not report its size: .* cannot be used"),
    ):
        Download(f"{server.url}/film").size()


@pytest.mark.parametrize(
    ("answer", "found", "fix"),
    [
        ("HTTP/1.1 405 No\r\n\r\n", f"(size unknown: {BASICS.file}, ", ""),
        ("HTTP/1.1 200 OK\r\n\r\n", f"(size unknown: {BASICS.file}, ", ""),
        (HEAD + "\r\n", "", ""),
        ("HTTP/1.1 404 No\r\n\r\n", f" has no {BASICS.file}, ", "set --source"),
        ("HTTP/1.1 401 No\r\n\r\n", "the server answers 401", "set --source"),
        ("HTTP/1.1 503 Busy\r\n\r\n", "the server answers 503", "run it again later"),
        (Server.hang, "the server stopped answering", "run it again later"),
    ],
)
def test_doctor_says_of_a_server_what_a_refresh_would_meet(
    answer: str | Callable[[Server, Any], None], found: str, fix: str
) -> None:
    seconds = 0.2 if answer is Server.hang else 60
    with serving(answer) as server:
        (finding,) = ImdbSource(location=server.url, timeout_seconds=seconds).diagnose()
    assert found in finding.found and server.url in finding.found
    assert finding.fix.startswith(fix) and bool(finding.fix) == bool(fix)


def test_a_part_is_kept_where_a_later_answer_is_no_file(tmp_path: Path) -> None:
    with serving(Server.cut, "HTTP/1.1 401 No\r\n\r\n") as server:
        bench = keeper(tmp_path, server.url)
        bench.failure()
    assert bench.part().read_bytes() == FILE[:20]


# Retry-After


def test_a_server_that_asks_for_a_pause_gets_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wait = "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
    with serving(wait, good(HEAD)) as server:
        assert keeper(tmp_path, server.url).refresh()[1]
    assert "trying again in 1 s" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        *("Tue, 14 Nov 2023 22:13:20 GMT", "soon", "-5", ""),
        *("Fri, 31 Dec 99999 23:59:59 GMT", "9" * 5_000),
    ],
)
def test_a_pause_that_is_over_or_none_is_not_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    wait = f"HTTP/1.1 429 Busy\r\nRetry-After: {text}\r\nContent-Length: 0\r\n\r\n"
    with serving(wait, good(HEAD)) as server:
        assert keeper(tmp_path, server.url).refresh()[1]
    assert "trying again in 0 s" in caplog.text


def test_a_pause_that_is_too_long_is_told_instead_of_waited_for(tmp_path: Path) -> None:
    wait = "HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    with serving(wait) as server:
        told = keeper(tmp_path, server.url).failure()
    assert "the server answers 503" in told and "would be in 3,600 s" in told
    assert "is kept" not in told  # nothing was fetched
    assert len(server.requests) == 1


def test_a_pause_that_is_not_waited_for_takes_no_time_from_the_other_files(tmp_path: Path) -> None:
    wait = "HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    with serving(wait, good(HEAD)) as server:
        bench = keeper(tmp_path, server.url)
        bench.failure(RATINGS)
        assert bench.refresh()[1]


# What a person sees


def test_a_stall_shows_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(download, "STALL_SECONDS", 0)
    monkeypatch.setattr(sys, "stderr", screen := Screen(is_terminal=True))
    with serving(good(HEAD)) as server:
        url = f"{server.url}/{BASICS.file}"
        assert Download(url).fetch({}, tmp_path / "film.part", LOG) == {}
    assert "nothing came for 0 s" in screen.getvalue()
