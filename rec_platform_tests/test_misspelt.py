"""Misspelt names of variables are told, and those that are right are not."""

from __future__ import annotations

import re

import pytest

from rec_platform.misspelt import KNOWN, OTHER_PREFIXES, misspelt
from rec_platform.recipe import Recipe
from rec_platform_tests.conftest import REPOSITORY, Platform


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("REC_CLUSTRS", "REC_CLUSTERS"),
        ("REC_YEARMAX", "REC_YEAR_MAX"),
        ("REC_IMDB_SORUCE", "REC_IMDB_SOURCE"),
        ("REC_MIN_TITEL_SHARE", "REC_MIN_TITLE_SHARE"),
        ("REC_TITLE_SHARE", "REC_MIN_TITLE_SHARE"),
        ("REC_POSTGRES", "REC_POSTGRES_URL"),
        (
            "REC_SOURCE",
            "REC_IMDB_SOURCE or REC_JUDGEMENTS_SOURCE or REC_KEYWORDS_SOURCE or REC_RATINGS_SOURCE",
        ),
    ],
)
def test_a_misspelt_variable_is_told_with_its_likely_name(name: str, likely: str):
    assert [*misspelt([name])] == [f"{name} is not read: did you mean {likely}?"]


@pytest.mark.parametrize(
    "name", ["REC_ROOT", "REC_ATHENA_DATABASE", "RECORDS", "REC_ROOM_LIGHTS", "REC_FORUM", "REC_"]
)
def test_variables_of_ours_and_of_others_are_not(name: str):
    assert [*misspelt([name])] == []


def test_every_variable_that_the_code_reads_is_known():
    code = [
        path.read_text()
        for folder in ("rec_platform", "api")
        for path in (REPOSITORY / folder).rglob("*.py")
        if path.name != "misspelt.py"
    ]
    read = set(re.findall(r"REC_[A-Z]+(?:_[A-Z]+)*\b", "\n".join(code)))
    read |= {f"REC_{name.upper()}" for name in Recipe.model_fields}
    assert {name for name in read if not name.startswith(OTHER_PREFIXES)} <= KNOWN


def test_a_command_warns_of_a_misspelt_variable_and_goes_on(
    released: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_CLUSTRS", "7")
    done = released.run("releases")
    assert done.exit_code == 0
    assert done.stderr == "REC_CLUSTRS is not read: did you mean REC_CLUSTERS?\n"
