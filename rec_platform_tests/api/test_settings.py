"""The settings: read from the environment once, and refused by name if they mean nothing."""

import os
from pathlib import Path

import pytest

from api.settings import SettingsError, SiteSettings, root_of
from rec_platform_tests.api.site import Site
from rec_platform_tests.conftest import Platform


def test_what_is_unset_or_empty_has_its_default():
    empty = {"REC_INDEXING": "", "REC_SITE_URL": "", "REC_ROOT_PATH": ""}
    for environment in ({}, empty):
        settings = SiteSettings.from_environment(environment)
        assert settings == SiteSettings(is_indexed=False, site_url="", root_path="")


def test_what_is_set_is_read():
    environment = {
        "REC_INDEXING": "1",
        "REC_SITE_URL": "https://films.example/",
        "REC_ROOT_PATH": "/our/films/",
        "REC_ROOT": "data",
    }
    expected = SiteSettings(True, "https://films.example", "/our/films")
    assert SiteSettings.from_environment(environment) == expected
    assert root_of(environment) == "data"
    assert not SiteSettings.from_environment({"REC_INDEXING": "0"}).is_indexed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("REC_INDEXING", "yes"), ("REC_INDEXING", "2"), ("REC_SITE_URL", "films")],
        *[("REC_ROOT_PATH", "films"), ("REC_ROOT_PATH", "/a b"), ("REC_ROOT_PATH", "//films")],
    ],
)
def test_a_value_that_means_nothing_is_refused_by_the_name_of_its_variable(name: str, text: str):
    with pytest.raises(SettingsError, match=f"{name} is '{text}': set"):
        SiteSettings.from_environment({name: text})


@pytest.mark.parametrize("environment", [{}, {"REC_ROOT": ""}])
def test_a_missing_root_is_named(environment: dict[str, str]):
    with pytest.raises(SettingsError, match="REC_ROOT is not set"):
        root_of(environment)


def test_a_site_keeps_the_settings_that_it_was_created_with(
    releases: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("REC_INDEXING", raising=False)
    site = Site(releases, SiteSettings.from_environment(os.environ))
    monkeypatch.setenv("REC_INDEXING", "1")
    assert "noindex" in site.get("/").text


@pytest.mark.parametrize(
    ("root", "variables", "named"),
    [
        ("data", {"REC_SITE_URL": "films"}, "REC_SITE_URL"),
        ("data", {"REC_ROOT_PATH": "films"}, "REC_ROOT_PATH"),
        ("s3://bucket/prefix", {"AWS_REGION": ""}, "AWS_REGION"),
    ],
)
def test_the_command_does_not_serve_with_a_setting_that_is_wrong(
    tmp_path: Path,
    root: str,
    variables: dict[str, str],
    named: str,
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    done = Platform(tmp_path).run("serve", "--root", root, "--port", "0")
    assert done.exit_code == 2
    assert named in done.stderr and done.stdout == ""
