"""A release with weights of its own: what it records, what it serves, how it is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest

from rec_platform.release.blend import WEIGHTS
from rec_platform.release.recommend import recommendations
from rec_platform_tests.conftest import OWN_WEIGHTS, Platform

OWN = WEIGHTS | OWN_WEIGHTS


def years_apart(platform: Platform) -> float:
    lookup = platform.serving()
    return fmean(
        abs(similar.title.year - title.year)
        for title in lookup.cluster_titles(0, limit=50)
        for similar in recommendations(lookup, title)
    )


def test_own_weights_are_in_the_release_and_make_its_lists(weighed: Platform, released: Platform):
    lookup = weighed.serving()
    # The sample has no keywords.
    stored = {name: weight for name, weight in OWN.items() if name != "keywords"}
    assert lookup.rule.weights == lookup.release["weights"] == stored
    assert json.loads(lookup.release["recipe"]["weights"]) == OWN
    manifest = json.loads((lookup.path.parent / "manifest.json").read_text())
    assert json.loads(manifest["recipe"]["weights"]) == OWN
    assert years_apart(weighed) < years_apart(released) / 2


def test_the_releases_say_which_have_weights_of_their_own(weighed: Platform):
    lines = weighed.run("releases").stdout.splitlines()
    assert [line.split()[-2] for line in lines] == ["weights", "own", "default"]


def test_own_weights_mean_the_same_as_a_file_and_as_text(
    weighed: Platform, tmp_path: Path, environment: None, monkeypatch: pytest.MonkeyPatch
):
    del environment
    platform = weighed.copied(tmp_path)
    for text in (json.dumps(OWN_WEIGHTS), str(platform.folder / "weights.json")):
        monkeypatch.setenv("REC_WEIGHTS", text)
        assert "nothing has changed" in platform.refresh().stderr
