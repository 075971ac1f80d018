"""The asset graph tells the truth: what an asset reads is what it declares."""

from __future__ import annotations

import os

import pytest

from rec_platform_tests.conftest import Platform
from rec_platform_tests.reads import ORDER_ALONE, reads_of


def test_every_asset_declares_what_it_reads_and_reads_what_it_declares(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    from rec_platform.definitions import define

    monkeypatch.chdir(platform.folder)
    definitions = define(os.environ | {"REC_IMDB_SOURCE": "sample"})
    reads = reads_of(definitions)
    assert len(reads) == 23
    for asset, (declared, read) in reads.items():
        assert read == declared - ORDER_ALONE.get(asset, set()), asset
