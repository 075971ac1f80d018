"""Good copies of all files, to show that nothing bad replaces them."""

import pytest

from rec_platform.ingest.files import RAW_FILES
from rec_platform.resources.imdb import ImdbSource
from rec_platform_tests.keeper import GOOD_ROWS, Keeper, packed, put


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """Good copies of all files; the tests show that nothing bad changes them, so they share it."""
    folder = tmp_path_factory.mktemp("source")
    keeper = Keeper(tmp_path_factory.mktemp("root"), ImdbSource(location=str(folder)))
    for file in RAW_FILES:
        put(keeper, packed(file, GOOD_ROWS[file.name]), file)
        assert keeper.refresh(file)[0].rows == 1
    assert len(keeper.kept()) == 2 * len(RAW_FILES)
    return keeper
