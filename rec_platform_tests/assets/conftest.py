"""What invented people like, for the tests of the scorecard and its gate."""

from pathlib import Path

import pytest

from rec_platform_tests.assets.people import write_ratings


@pytest.fixture(scope="session")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movielens") / "small"
    write_ratings(folder)
    return folder
