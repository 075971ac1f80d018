"""The raw assets: what they show, and a kept copy that was changed is fetched again."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import dagster as dg
import pytest

from rec_platform.assets.raw import raw_assets, read_state, refresh_file
from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.storage import LocalStorage
from rec_platform.sample.writer import write_sample
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.keeper import BASICS, CREW, LOG, OTHER, TITLE, Keeper, packed

REAL_DATA = os.environ.get("REC_REAL_DATA")


def materialize(root: Path, source: ImdbSource) -> dg.ExecuteInProcessResult:
    resources = {"source": source, "storage": LocalStorage(root=str(root))}
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            raw_assets, resources=resources, instance=instance, raise_on_error=False
        )


def test_a_whole_catalogue_is_taken_and_shown(tmp_path: Path) -> None:
    counts = write_sample(tmp_path / "source", 300)
    result = materialize(tmp_path / "root", ImdbSource(location=str(tmp_path / "source")))
    assert result.success
    for file in RAW_FILES:
        (shown,) = result.asset_materializations_for_node(file.asset)
        assert shown.metadata["dagster/row_count"].value == counts[file.file]
        preview = shown.metadata["preview"]
        assert isinstance(preview, dg.TableMetadataValue)
        assert [len(record.data) for record in preview.records] == [len(file.columns)] * 5
        state = read_state(LocalStorage(root=str(tmp_path / "root")), file)
        assert state is not None
        assert (shown.tags or {})["dagster/data_version"] == state.sha256


def test_an_unsound_file_fails_its_asset_alone(tmp_path: Path) -> None:
    write_sample(tmp_path / "source", 300)
    (tmp_path / "source" / CREW.file).write_bytes(b"<!DOCTYPE html>")
    result = materialize(tmp_path / "root", ImdbSource(location=str(tmp_path / "source")))
    failed = [event.step_key for event in result.all_events if event.is_step_failure]
    assert failed == [CREW.asset]


def test_a_state_without_its_copy_is_forgotten(copies: Keeper) -> None:
    state, _ = copies.refresh()
    copies.storage.delete(BASICS.storage_key)
    assert read_state(copies.storage, BASICS) is None
    again, is_new = copies.refresh()
    assert (again.sha256, is_new) == (state.sha256, True)
    assert copies.copy() == packed(BASICS, TITLE, OTHER)


def change_quietly(copy: Path, content: bytes) -> None:
    """Change a file and leave its size and its time as they were."""
    before = copy.stat()
    assert len(content) == before.st_size
    copy.write_bytes(content)
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("is_old", [False, True])
def test_a_copy_that_was_changed_is_fetched_again(
    copies: Keeper, caplog: pytest.LogCaptureFixture, is_old: bool
) -> None:
    state, _ = copies.refresh()
    if is_old:  # as 0.1.0 left it
        known = json.loads(copies.storage.read(BASICS.state_key) or b"")
        del known["digest"]
        copies.storage.write(BASICS.state_key, json.dumps(known).encode())
    sound = copies.copy()
    change_quietly(copies.storage.fetch(BASICS.storage_key), sound[:-9] + b"X" + sound[-8:])
    again, is_new = copies.refresh()
    assert (again.sha256, is_new, copies.copy()) == (state.sha256, True, sound)
    assert "was changed after it was stored" in caplog.text
    assert copies.refresh() == (again, False)


def test_a_changed_copy_that_cannot_be_fetched_again_is_not_used(copies: Keeper) -> None:
    copies.refresh()
    copies.storage.fetch(BASICS.storage_key).write_bytes(b"changed")
    shutil.rmtree(copies.source.location)
    assert "neither a folder" in copies.failure()


def test_a_changed_copy_of_an_optional_file_that_its_source_lost_is_not_emptied(
    copies: Keeper,
) -> None:
    content = packed(CREW, "tt0000001\tnm0000001\t\\N")
    source = Path(copies.source.location, CREW.file)
    source.write_bytes(content)
    copies.refresh(CREW)
    source.unlink()
    copy = copies.storage.fetch(CREW.storage_key)
    copy.write_bytes(content + b"\0")
    assert "was changed after it was stored, and" in copies.failure(CREW)
    assert copy.read_bytes() == content + b"\0"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"rows": 3}'])
def test_a_state_that_cannot_be_read_counts_as_none(copies: Keeper, content: bytes) -> None:
    state, _ = copies.refresh()
    copies.storage.write(BASICS.state_key, content)
    again, is_new = copies.refresh()
    assert (again.sha256, is_new) == (state.sha256, True)


@pytest.mark.aws
def test_an_object_that_was_changed_is_fetched_again(
    emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    sound = packed(BASICS, TITLE)
    (tmp_path / "source" / BASICS.file).write_bytes(sound)
    source = ImdbSource(location=str(tmp_path / "source"))
    storage = S3Storage(root=f"s3://{BUCKET}/{tmp_path.name}")
    assert refresh_file(BASICS, source, storage, LOG)[1]
    assert not refresh_file(BASICS, source, storage, LOG)[1]
    storage.write(BASICS.storage_key, packed(BASICS, OTHER))
    assert refresh_file(BASICS, source, storage, LOG)[1]
    assert storage.read(BASICS.storage_key) == sound


# Real data


@pytest.mark.real_data
@pytest.mark.skipif(not REAL_DATA, reason="REC_REAL_DATA is unset: no folder of real files")
@pytest.mark.parametrize(
    "folder", ["known-5000", "us-2022-09", "all-regions-2018-07", "all-regions-2022-09"]
)
def test_real_files_are_taken_with_all_their_rows(folder: str, tmp_path: Path) -> None:
    source = Path(REAL_DATA or "", "imdb", folder)
    keeper = Keeper(tmp_path, ImdbSource(location=str(source)))
    for file in RAW_FILES:
        state, _ = keeper.refresh(file)
        path = source / file.file
        assert state.is_missing == (not path.exists())
        if path.exists():
            counted = subprocess.run(
                f"gzip -dc '{path}' | wc -l", shell=True, check=True, capture_output=True
            )
            assert state.rows == int(counted.stdout) - 1
