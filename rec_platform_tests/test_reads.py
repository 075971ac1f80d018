"""The asset graph tells the truth: what an asset reads is what it declares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rec_platform_tests.assets.people import write_judgements
from rec_platform_tests.conftest import Platform
from rec_platform_tests.reads import ORDER_ALONE, reads_of


def test_every_asset_declares_what_it_reads_and_reads_what_it_declares(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    from rec_platform.definitions import define

    monkeypatch.chdir(platform.folder)
    judgements = tmp_path / "pairs.csv"  # without any, the scorecard reads less
    write_judgements(judgements)
    sources = {"REC_IMDB_SOURCE": "sample", "REC_JUDGEMENTS_SOURCE": str(judgements)}
    definitions = define(os.environ | sources)
    reads = reads_of(definitions)
    assert len(reads) == 27
    for asset, (declared, read) in reads.items():
        assert read == declared - ORDER_ALONE.get(asset, set()), asset
