"""IMDb's files from a folder: packed or plain, copied when they changed, or said to be missing."""

import gzip
import os
from pathlib import Path

import pytest

from rec_platform.choices import IMDB, SAMPLE_MARKER
from rec_platform.resources.imdb import ImdbSource
from rec_platform_tests.keeper import (
    BASICS,
    OTHER,
    PRINCIPALS,
    RATINGS,
    TITLE,
    Keeper,
    incompressible,
    packed,
    put,
    table,
)


def test_a_packed_file_is_copied_as_it_is_and_again_only_when_it_changed(copies: Keeper) -> None:
    state, is_new = copies.refresh()
    assert (state.rows, is_new) == (2, True)
    assert copies.copy() == packed(BASICS, TITLE, OTHER)
    origin = Path(copies.source.location, BASICS.file)
    status = origin.stat()
    put(copies, b"x" * status.st_size)  # what is not read cannot be refused
    os.utime(origin, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert copies.refresh() == (state, False)
    put(copies, packed(BASICS, TITLE))
    changed, is_new = copies.refresh()
    assert (changed.rows, is_new) == (1, True)


def test_a_plain_file_is_packed_to_the_same_bytes_each_time(copies: Keeper) -> None:
    origin = Path(copies.source.location, BASICS.file)
    origin.unlink()
    plain = origin.with_suffix("")
    plain.write_bytes(table(BASICS, TITLE, OTHER))
    state, _ = copies.refresh()
    assert gzip.decompress(copies.copy()) == plain.read_bytes()
    assert copies.copy()[3:8] == bytes(5)  # neither a name nor the time of day
    os.utime(plain, (0, 0))
    again, is_new = copies.refresh()
    assert again.version != state.version
    assert (again.sha256, is_new) == (state.sha256, False)


@pytest.mark.parametrize("name", ["data.tsv", "title.basics.tsv"])
def test_a_file_in_a_folder_of_its_name_is_found(copies: Keeper, name: str) -> None:
    origin = Path(copies.source.location, BASICS.file)
    origin.unlink()
    folder = origin.with_suffix("")
    folder.mkdir()
    (folder / name).write_bytes(table(BASICS, TITLE, OTHER))
    assert copies.refresh()[0].rows == 2
    assert gzip.decompress(copies.copy()) == table(BASICS, TITLE, OTHER)


@pytest.mark.parametrize("zeros", [1, 8, 512, 100_000])
def test_zeros_after_the_end_of_a_packed_file_are_left_out(copies: Keeper, zeros: int) -> None:
    put(copies, packed(BASICS, TITLE, OTHER) + bytes(zeros))
    assert copies.refresh()[0].rows == 2
    assert gzip.decompress(copies.copy()) == table(BASICS, TITLE, OTHER)


def test_a_padded_file_that_is_cut_is_told(copies: Keeper) -> None:
    put(copies, packed(BASICS, TITLE, OTHER)[:-9] + bytes(16))
    assert "it is cut off" in copies.failure()


def test_a_plain_file_that_is_named_as_a_packed_one_is_taken(copies: Keeper) -> None:
    put(copies, table(BASICS, TITLE, OTHER))
    assert copies.refresh()[0].rows == 2
    assert gzip.decompress(copies.copy()) == table(BASICS, TITLE, OTHER)


def test_a_source_that_is_neither_folder_nor_address_is_an_error(copies: Keeper) -> None:
    told = Keeper(copies.root, ImdbSource(location="/no/such/folder")).failure()
    assert "the source /no/such/folder is neither a folder nor an http(s) address" in told
    assert "--source (REC_IMDB_SOURCE)" in told


def test_a_required_file_that_the_folder_lacks_is_an_error(copies: Keeper) -> None:
    told = copies.failure(RATINGS)
    assert f"{RATINGS.file} is required: {copies.source.location} has no {RATINGS.file}" in told


def test_an_optional_file_that_the_folder_lacks_stays_an_empty_table(
    copies: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    state, _ = copies.refresh(PRINCIPALS)
    assert (state.rows, state.is_missing) == (0, True)
    assert "it is optional, so raw_title_principals is empty" in caplog.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_is_told_and_leaves_the_last_copy(copies: Keeper) -> None:
    copies.refresh()
    before = copies.kept()
    put(copies, incompressible(BASICS, 1_000))
    copies.part().symlink_to("/dev/full")
    told = copies.failure()
    assert f"{copies.source.location}/{BASICS.file} could not be copied to {copies.root}" in told
    assert "No space left on device" in told
    assert "free some space" in told
    assert copies.kept() == before


def test_a_source_knows_its_kind(tmp_path: Path) -> None:
    assert ImdbSource().kind == ImdbSource(location=f"{IMDB}/").kind == "imdb"
    assert ImdbSource(location=str(tmp_path)).kind == "other"
    (tmp_path / SAMPLE_MARKER).touch()
    assert ImdbSource(location=str(tmp_path)).kind == "sample"
