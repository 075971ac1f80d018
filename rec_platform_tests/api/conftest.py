"""The invented catalogue, published once; a file that tests another release overrides these."""

from pathlib import Path

import pytest

from rec_platform.release.lookup import Lookup
from rec_platform_tests.api.catalogue import publish_catalogue
from rec_platform_tests.api.site import Site


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    publish_catalogue(folder)
    return folder


@pytest.fixture
def lookup(releases: Path) -> Lookup:
    return Lookup(releases / "rich" / "lookup.sqlite")


@pytest.fixture
def site(releases: Path) -> Site:
    return Site(releases)
