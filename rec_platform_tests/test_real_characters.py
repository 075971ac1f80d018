"""Series of real films by who is played in them.

known-5000 has no characters. `characters_by_hand.tsv` is what one person knows of some of its
films, without a look into IMDb.
"""

from pathlib import Path

import pandas as pd
import pytest

from rec_platform.modelling.series import find_series
from rec_platform_tests.real_files import DATA, warehouse

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="REC_REAL_DATA names no folder of real files"),
]

BY_HAND = Path(__file__).with_name("characters_by_hand.tsv")
BY_CHARACTER = {
    "James Bond of Brosnan": "tt0113189 tt0120347 tt0143145 tt0246460 tt0381061",
    "James Bond of Craig": "tt0830515 tt1074638 tt2379713",  # in Casino Royale are other leads
    "Rocky": "tt0075148 tt0479143 tt3076658",
    "Jurassic Park": "tt0107290 tt0119567 tt0163025 tt0369610",
    "Mission: Impossible": "tt0117060 tt0120755 tt0317919 tt1229238 tt2381249",
    "Jack Ryan of Ford": "tt0105112 tt0109444",
    "Alex Cross of Freeman": "tt0119468 tt0164334",
    "Jay and Silent Bob": "tt0109445 tt0113749 tt0118842 tt0120655 tt0261392 tt0424345",
}
ALONE = {
    "Mission to Mars": "tt0183523",
    "Christ": "tt0095497 tt0335345",
    "Hitler": "tt0361748 tt0985699",
    "Nixon": "tt0113987 tt0870111",
    "Lincoln": "tt0443272 tt1611224",
    "Dracula": "tt0103874 tt0219653 tt0293113 tt0829150",
    "the musketeers": "tt0120744 tt1509767",
    "a Sherlock Holmes of others": "tt0090357",
    "Jack": "tt0357110 tt0816539 tt0810913 tt0790724 tt1351685",
    "an agent in two films of other people": "tt0119396 tt0120780",
}


def test_characters_make_series_and_keep_others_apart(tmp_path: Path) -> None:
    made = warehouse(
        *(tmp_path, "known-5000", "us_release"),
        *("selection", "selected_principals", "title_people", "title_akas"),
    )
    by_hand = pd.read_csv(BY_HAND, sep="\t")
    played = by_hand.assign(character_name=by_hand["characters"].str.split("; "))
    titles = made.read("titles", "title_id")
    series, _ = find_series(
        titles,
        made.read("title_people", "title_id, person_id, role"),
        made.read("title_akas", "title_id, name"),
        played.explode("character_name")[["title_id", "character_name"]],
    )
    found = pd.Series(series, index=titles["title_id"])
    for name, ids in BY_CHARACTER.items():
        (number,) = set(found[ids.split()])
        assert sorted(found.index[found == number]) == sorted(ids.split()), name
    for name, ids in ALONE.items():
        assert set(found[ids.split()]) == {-1}, name
