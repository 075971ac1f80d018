"""Assets that a person launches alone, by the recipe that another run has left."""

from __future__ import annotations

import pytest

from rec_platform_tests.alone import launch
from rec_platform_tests.conftest import Platform

# A setting, and an asset that is made by it.
MADE_BY = {
    "REC_YEAR_MAX": ("2020", "eligible_titles"),
    "REC_MIN_VOTES": ("7", "titles"),
    "REC_FEATURES": ("original_2020", "scaled_matrix"),
    "REC_CLUSTERS": ("5", "kmeans_model"),
    "REC_RULE": ("nearest", "similar_titles"),
    "REC_SEED": ("7", "scorecard"),
}


@pytest.mark.parametrize("variable", MADE_BY)
def test_an_asset_launched_alone_with_other_settings_says_which_count(
    released: Platform, variable: str, capfd: pytest.CaptureFixture[str]
):
    value, asset = MADE_BY[variable]
    told = f"{variable.removeprefix('REC_').lower()}="
    assert launch(released, asset).success
    assert "this run's settings differ" not in capfd.readouterr().err
    assert launch(released, asset, **{variable: value}).success
    (warning,) = [line for line in capfd.readouterr().err.splitlines() if " - WARNING - " in line]
    assert f"{asset} is made with {told}" in warning and f", not {value}: the table" in warning
    assert warning.endswith("To use them, materialise `recipe` too")
