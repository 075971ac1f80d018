"""Of how many titles something is true: what is counted once, and read for each reason."""

from rec_platform.release.shares import LEAST, share, shares

GROUPS = [
    (["Crime", "Drama"], "FR", 1994, 30),
    (["Drama"], None, 1999, 50),
    (["Drama", "Short"], "US", 1989, 19),
    (["Western"], "US", 1950, 1),
]


def test_every_mix_is_counted_by_itself_with_its_country_and_with_its_era() -> None:
    stored = shares(GROUPS)
    assert share(stored, []) == 1
    assert share(stored, ["Drama"]) == 0.99
    assert share(stored, ["Drama"], era="1990s") == 0.8
    assert share(stored, ["Drama"], era="1994") == 0.3
    assert share(stored, ["Drama", "Crime"], "FR", "1990s") == 0.3
    assert share(stored, [], "US") == 0.2
    assert share(stored, [], "US", "1989") == 0.19


def test_what_is_true_of_few_titles_is_not_kept() -> None:
    stored = shares(GROUPS)
    assert all(kept > LEAST for kept in stored.values())
    assert share(stored, ["Western"]) == share(stored, ["Crime"], "US") == LEAST
    assert not any("Short" in key for key in stored)


def test_where_nothing_was_counted_everything_may_be_true_of_all() -> None:
    assert share(None, ["Western"], "US", "1950s") == 1
    assert shares([]) == {}
