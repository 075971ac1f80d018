"""A file is fetched when it changed; a cut, a stall or a refusal leaves the last copy as it was."""

import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rec_platform.assets.raw import read_state
from rec_platform.ingest.download import ATTEMPTS
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.faults.damages import JSON, Damage
from rec_platform_tests.ingest.file_server import Web, serving_files
from rec_platform_tests.keeper import BASICS, CREW, NAMES, TITLE, Keeper, incompressible, packed


@pytest.fixture
def web() -> Iterator[Web]:
    with serving_files() as web:
        yield web


@pytest.fixture
def downloads(web: Web, tmp_path: Path) -> Keeper:
    web.files[BASICS.file] = incompressible(BASICS, 2_000)
    source = ImdbSource(location=web.url, timeout_seconds=10, pause_seconds=0.001)
    return Keeper(tmp_path / "root", source)


def mirrored(web: Web, keeper: Keeper) -> ImdbSource:
    """The same files with the same validators at another address."""
    web.files[f"mirror/{BASICS.file}"] = web.files[BASICS.file]
    return keeper.source.model_copy(update={"location": f"{web.url}/mirror"})


def test_a_download_is_kept_as_it_came_and_described(web: Web, downloads: Keeper) -> None:
    state, is_new = downloads.refresh()
    content = web.files[BASICS.file]
    assert is_new
    assert downloads.copy() == content
    assert (state.rows, state.bytes, state.source) == (2_000, len(content), web.url)
    assert state.version == {
        "etag": web.validators(content)["ETag"],
        "last_modified": "Tue, 14 Nov 2023 22:13:20 GMT",
    }
    assert read_state(downloads.storage, BASICS) == state
    assert list((downloads.root / "tmp").iterdir()) == []


@pytest.mark.parametrize("has_etag", [True, False], ids=["by ETag", "by date"])
def test_an_unchanged_file_is_not_fetched_again(
    web: Web, downloads: Keeper, has_etag: bool
) -> None:
    web.has_etag = has_etag
    first, _ = downloads.refresh()
    assert downloads.refresh() == (first, False)
    assert web.answers == [200, 304]


def test_a_changed_file_replaces_the_last_copy(web: Web, downloads: Keeper) -> None:
    downloads.refresh()
    web.files[BASICS.file] = packed(BASICS, TITLE)
    state, is_new = downloads.refresh()
    assert (state.rows, is_new) == (1, True)
    assert downloads.copy() == web.files[BASICS.file]


def test_without_validators_the_file_is_fetched_again_but_the_same_bytes_are_nothing_new(
    web: Web, downloads: Keeper
) -> None:
    web.has_etag = web.has_date = False
    downloads.refresh()
    _, is_new = downloads.refresh()
    assert (web.answers, is_new) == ([200, 200], False)


def test_the_copy_of_another_source_is_not_taken_for_this_ones(web: Web, downloads: Keeper) -> None:
    first, _ = downloads.refresh()
    mirror = mirrored(web, downloads)
    state, _ = Keeper(downloads.root, mirror).refresh()
    assert "If-None-Match" not in web.requests[-1]
    assert (first.source, state.source) == (web.url, mirror.location)


@pytest.mark.parametrize("has_etag", [True, False], ids=["by ETag", "by date"])
def test_a_download_that_is_cut_goes_on_where_it_stopped(
    web: Web, downloads: Keeper, caplog: pytest.LogCaptureFixture, has_etag: bool
) -> None:
    web.has_etag = has_etag
    web.cut_after, web.cuts = 30_000, 2
    downloads.refresh()
    assert web.ranges == [None, "bytes=30000-", "bytes=60000-"]
    assert web.answers == [200, 206, 206]
    assert downloads.copy() == web.files[BASICS.file]
    assert f"{web.url}/{BASICS.file}: the connection was lost, after 30,000 bytes" in caplog.text


def test_cuts_that_get_further_each_time_are_no_reason_to_give_up(
    web: Web, downloads: Keeper
) -> None:
    web.cut_after, web.cuts = 5_000, 3 * ATTEMPTS
    downloads.refresh()
    assert downloads.copy() == web.files[BASICS.file]


def test_a_server_that_cannot_resume_gives_up_when_it_gets_no_further(
    web: Web, downloads: Keeper
) -> None:
    web.is_resumable = False
    web.cut_after, web.cuts = 30_000, 99
    assert "the connection was lost, after 30,000 bytes" in downloads.failure()
    assert web.answers == [200] * ATTEMPTS


@pytest.mark.parametrize("has_strong_etag", [True, False])
def test_only_the_same_version_is_resumed(
    web: Web, downloads: Keeper, has_strong_etag: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_strong_etag:  # it does not promise the same bytes
        monkeypatch.setattr(Web, "validators", lambda *_: {"ETag": 'W/"1"'})
    other = incompressible(BASICS, 1_500)
    web.cut_after, web.cuts = 30_000, 1
    web.on_cut = lambda: web.files.update({BASICS.file: other})
    state, _ = downloads.refresh()
    assert (web.ranges[1] is not None) == has_strong_etag
    assert web.answers == [200, 200]
    assert state.rows == 1_500
    assert downloads.copy() == other


@pytest.mark.parametrize("shift", [-10_000, 10_000])
def test_a_rest_that_begins_elsewhere_is_asked_for_again(
    web: Web, downloads: Keeper, shift: int
) -> None:
    web.cut_after, web.cuts, web.shift = 30_000, 1, shift
    downloads.refresh()
    assert web.answers == [200, 206, 200]
    assert downloads.copy() == web.files[BASICS.file]


@pytest.mark.parametrize("status", [206, 304, 416])
def test_an_answer_that_nobody_asked_for_is_asked_for_again(
    web: Web, downloads: Keeper, status: int
) -> None:
    web.refusals = [status]
    downloads.refresh()
    assert web.answers == [status, 200]
    assert downloads.copy() == web.files[BASICS.file]


def test_that_nothing_has_changed_is_no_answer_to_who_asks_for_the_rest(
    web: Web, downloads: Keeper
) -> None:
    web.cut_after, web.cuts = 30_000, 1
    web.on_cut = lambda: web.refusals.append(304)
    downloads.refresh()
    assert web.answers == [200, 304, 200]
    assert downloads.copy() == web.files[BASICS.file]


def test_a_source_that_stops_answering_half_way_is_given_up_with_its_part_kept(
    web: Web, downloads: Keeper
) -> None:
    downloads.refresh()
    downloads.source = downloads.source.model_copy(update={"timeout_seconds": 0.2})
    before = downloads.kept()
    web.files[BASICS.file] = content = incompressible(BASICS, 1_000)
    web.cut_after, web.cuts = 20_000, 1
    web.on_cut = lambda: setattr(web, "stall_after", 0)
    told = downloads.failure()
    assert f"{web.url}/{BASICS.file}: the server stopped answering, after 20,000 bytes" in told
    assert "is kept. Run the refresh again when the source answers" in told
    assert downloads.kept() == before
    assert downloads.part().read_bytes() == content[:20_000]

    web.stall_after = None  # another day
    state, is_new = Keeper(downloads.root, downloads.source).refresh()
    assert web.ranges[-1] == "bytes=20000-"
    assert (state.rows, is_new) == (1_000, True)
    assert downloads.copy() == content


def test_a_part_that_was_complete_but_not_taken_up_is_no_obstacle(
    web: Web, downloads: Keeper
) -> None:
    web.cut_after, web.cuts = len(web.files[BASICS.file]) - 1, 99
    web.is_resumable = False
    downloads.failure()
    web.cuts, web.is_resumable = 0, True
    with downloads.part().open("ab") as writer:  # as if killed right after the last byte
        writer.write(web.files[BASICS.file][-1:])
    downloads.refresh()
    assert web.answers[-2:] == [416, 200]
    assert downloads.copy() == web.files[BASICS.file]


def test_a_part_from_another_address_is_not_gone_on_with(web: Web, downloads: Keeper) -> None:
    web.cut_after, web.cuts = 30_000, 1
    web.on_cut = lambda: web.refusals.extend([503] * ATTEMPTS)
    downloads.failure()
    Keeper(downloads.root, mirrored(web, downloads)).refresh()
    assert web.ranges[-1] is None
    assert downloads.copy() == web.files[BASICS.file]


@pytest.mark.parametrize("damage", JSON, ids=lambda damage: damage.__name__)
def test_a_part_whose_note_is_damaged_is_fetched_anew(
    web: Web, downloads: Keeper, damage: Damage
) -> None:
    web.cut_after, web.cuts = 30_000, 1
    web.on_cut = lambda: web.refusals.extend([503] * ATTEMPTS)
    downloads.failure()
    damage(downloads.part().with_suffix(".version.json"))
    with downloads.storage.locked():  # which clears away what is no part
        downloads.refresh()
    assert web.ranges[-1] is None
    assert downloads.copy() == web.files[BASICS.file]


def test_a_storm_of_503_is_waited_for(
    web: Web, downloads: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    web.refusals = [503] * (ATTEMPTS - 1)
    downloads.refresh()
    assert web.answers == [503] * (ATTEMPTS - 1) + [200]
    assert (
        f"the server answers 503, after 0 bytes; trying again in 0 s (2 of {ATTEMPTS})"
        in caplog.text
    )


def test_a_longer_storm_of_503_is_given_up(web: Web, downloads: Keeper) -> None:
    web.refusals = [503] * ATTEMPTS
    assert f"{web.url}/{BASICS.file}: the server answers 503" in downloads.failure()
    assert len(web.answers) == ATTEMPTS


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach(copies: Keeper) -> None:
    nowhere = ImdbSource(location="http://127.0.0.1:1", pause_seconds=0.001)
    told = Keeper(copies.root, nowhere).failure()
    assert f"http://127.0.0.1:1/{BASICS.file}: the server cannot be reached" in told


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_required_file_that_the_server_lacks_is_an_error(
    web: Web, downloads: Keeper, status: int
) -> None:
    downloads.refresh()
    before = downloads.kept()
    web.refusals = [status]
    told = downloads.failure()
    assert f"{BASICS.file} is required: {web.url}/{BASICS.file} answers {status}" in told
    assert "--source (REC_IMDB_SOURCE)" in told
    assert downloads.kept() == before


def test_an_optional_file_that_the_server_lacks_stays_an_empty_table(
    downloads: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    state, is_new = downloads.refresh(NAMES)
    assert (state.rows, state.is_missing, is_new) == (0, True, True)
    url = downloads.source.location
    assert f"{url}/{NAMES.file} answers 404: it is optional, so raw_name_basics" in caplog.text
    warehouse = DuckDBWarehouse(root=str(downloads.root))
    assert warehouse.row_count("raw_name_basics") == 0
    assert list(warehouse.column_types("raw_name_basics")) == list(NAMES.columns)
    assert downloads.refresh(NAMES)[1] is False


def test_an_optional_file_that_appears_is_taken(web: Web, downloads: Keeper) -> None:
    downloads.refresh(CREW)
    web.files[CREW.file] = packed(CREW, r"tt0000001	nm0000001	\N")
    state, is_new = downloads.refresh(CREW)
    assert (state.rows, state.is_missing, is_new) == (1, False, True)


def test_a_file_that_the_disk_has_no_room_for_is_not_begun(
    web: Web, downloads: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(downloads.storage.scratch_dir())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    told = downloads.failure()
    size = len(web.files[BASICS.file])
    assert f"{web.url}/{BASICS.file} needs {size:,} bytes" in told
    assert "has 1,000 left: free some space, or use another --root (REC_ROOT)" in told
    assert not downloads.part().exists()


class Screen(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_progress_bar_shows_on_a_terminal_only(
    downloads: Keeper, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen := Screen(is_terminal))
    downloads.refresh()
    assert (BASICS.file in screen.getvalue()) == is_terminal
    assert (screen.getvalue() == "") != is_terminal


def test_a_bad_download_is_not_gone_on_with(web: Web, downloads: Keeper) -> None:
    sound = web.files[BASICS.file]
    web.files[BASICS.file] = b"<!DOCTYPE html>"
    told = downloads.failure()
    assert f"Look at {web.url}/{BASICS.file}" in told
    assert not downloads.part().exists()
    web.files[BASICS.file] = sound
    downloads.refresh()
    assert web.ranges == [None, None]
    assert downloads.copy() == sound
