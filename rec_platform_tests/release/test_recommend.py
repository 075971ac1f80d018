"""Lists made from a lookup: weighed, narrowed, merged."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    PARTS,
    PRIORS,
    WEIGHTS,
    balanced,
    score,
)
from rec_platform.release.lookup import SCORE_DIGITS, Cluster, Lookup, Title, pack, write_lookup
from rec_platform.release.reasons import reasons
from rec_platform.release.recommend import (
    RANK_OFFSET,
    Filter,
    basket,
    lists,
    recommendations,
    weigh,
)
from rec_platform_tests.conftest import Platform

PLAIN = Title("", "", "", 2000, 100, ["Drama"], 7.0, 500, [], None, None, 0, 0.0)
TITLES = {
    "liked": replace(PLAIN, title="Liked"),
    "other": replace(PLAIN, title="Other liked"),
    "known": replace(PLAIN, title="Known", year=1990, genres=["Drama", "War"], rating=8.5),
    "middle": replace(PLAIN, title="Middle", year=2005, runtime_minutes=None, genres=["War"]),
    "hidden": replace(PLAIN, title="Hidden", year=2010, runtime_minutes=80, rating=6.0),
    "twin": replace(PLAIN, title="Twin", year=2010, runtime_minutes=80, rating=6.0),
}
NUMBERS = {title_id: number for number, title_id in enumerate(TITLES, start=1)}


def parts(priors: int, rest: int) -> bytes:
    return bytes(priors if name in PRIORS else rest for name in PARTS)


NEIGHBOURS = {
    "liked": {
        "known": parts(250, 150),
        "middle": parts(180, 180),
        "hidden": parts(60, 230),
        "twin": parts(60, 230),
    },
    "other": {"middle": parts(180, 180), "liked": parts(100, 180), "hidden": parts(60, 200)},
    "known": {"liked": parts(100, 100), "other": parts(90, 100)},
    "middle": {"liked": parts(100, 100)},
    "hidden": {"liked": parts(100, 100)},
    "twin": {},
}


def packed(title_id: str) -> bytes:
    """The neighbours of a title as the pipeline leaves them: best first in the middle."""
    middle = [*WEIGHTS.values()]
    found = NEIGHBOURS[title_id].items()
    ranked = sorted(found, key=lambda pair: (-score(pair[1], middle), NUMBERS[pair[0]]))
    count = len(ranked)
    return pack(
        struct.pack(f"<{count}I", *(NUMBERS[other] for other, _ in ranked)),
        struct.pack(f"<{count}f", *(score(one, middle) for _, one in ranked)),
        b"".join(one for _, one in ranked),
    )


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    path: Path = tmp_path_factory.mktemp("recommend") / "lookup.sqlite"
    write_lookup(
        path,
        release={"title_count": len(TITLES)},
        clusters=[Cluster(0, "All", len(TITLES), [], 1990, 2010, 7.0, 500, [], [])],
        titles=((replace(title, title_id=title_id), "") for title_id, title in TITLES.items()),
        neighbours=map(packed, TITLES),
    )
    return Lookup(path)


def ids(
    lookup: Lookup, title_id: str = "liked", balance: float = BALANCE, wanted: Filter | None = None
) -> list[str]:
    title = lookup.titles([title_id])[0]
    found = recommendations(lookup, title, 9, balance, wanted or Filter())
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    return [one.title.title_id for one in found]


# The knob


def test_the_ends_of_the_knob_prefer_hidden_gems_and_crowd_pleasers(lookup: Lookup) -> None:
    assert ids(lookup, balance=CROWD_PLEASERS)[0] == "known"
    assert ids(lookup, balance=HIDDEN_GEMS)[0] == "hidden"


def test_in_the_middle_the_list_is_as_it_was_stored(lookup: Lookup) -> None:
    stored = lookup.neighbours("liked")
    assert weigh(stored, WEIGHTS, BALANCE) == stored
    by_number = {number: title_id for title_id, number in NUMBERS.items()}
    assert ids(lookup) == [by_number[one.number] for one in stored]


def test_titles_of_one_score_stay_in_their_order(lookup: Lookup) -> None:
    for balance in (0, 0.2, 0.5, 0.9, 1):
        found = ids(lookup, balance=balance)
        assert found.index("hidden") + 1 == found.index("twin")


@pytest.mark.parametrize("balance", [-0.1, 1.1])
def test_the_knob_has_ends(lookup: Lookup, balance: float) -> None:
    liked = lookup.titles(["liked"])
    with pytest.raises(ValueError, match="from 0 to 1"):
        recommendations(lookup, liked[0], balance=balance)
    with pytest.raises(ValueError, match="from 0 to 1"):
        basket(lookup, liked, balance=balance)


# A list


def test_a_recommendation_says_why_and_shows_its_parts(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])[0]
    for found in recommendations(lookup, liked):
        assert found.reasons == reasons(liked, found.title) != []
        stored = NEIGHBOURS["liked"][found.title.title_id]
        assert found.parts == dict(zip(PARTS, (one / 255 for one in stored), strict=True))
        weighted = sum(WEIGHTS[name] * part for name, part in found.parts.items())
        assert found.score == pytest.approx(weighted / sum(WEIGHTS.values()), abs=1e-6)


def test_the_limit_cuts_the_list(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])[0]
    assert recommendations(lookup, liked, 2) == recommendations(lookup, liked)[:2]


def test_a_title_without_neighbours_has_an_empty_list(lookup: Lookup) -> None:
    assert ids(lookup, "twin") == []


# Filters


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Filter(year_min=2005), {"middle", "hidden", "twin"}),
        (Filter(year_max=2005), {"known", "middle"}),
        (Filter(year_min=2005, year_max=2005), {"middle"}),
        (Filter(rating_min=7.0), {"known", "middle"}),
        (Filter(runtime_max=100), {"known", "hidden", "twin"}),  # of one it is not known
        (Filter(runtime_max=80), {"hidden", "twin"}),
        (Filter(genres=("War",)), {"known", "middle"}),
        (Filter(genres=("War", "Drama")), {"known"}),
        (Filter(genres=("War",), year_min=2000, rating_min=7.0), {"middle"}),
        (Filter(genres=("Musical",)), set()),
    ],
)
@pytest.mark.parametrize("balance", [HIDDEN_GEMS, BALANCE, CROWD_PLEASERS])
def test_filters_narrow_a_list_and_keep_its_order(
    lookup: Lookup, wanted: Filter, left: set[str], balance: float
) -> None:
    everything = ids(lookup, balance=balance)
    found = ids(lookup, balance=balance, wanted=wanted)
    assert found == [title_id for title_id in everything if title_id in left]


def test_the_limit_counts_what_passes_the_filter(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])[0]
    found = recommendations(lookup, liked, 1, HIDDEN_GEMS, Filter(genres=("Drama",), year_max=1999))
    assert [(one.rank, one.title.title_id) for one in found] == [(1, "known")]


# Baskets


def test_a_basket_merges_lists_by_reciprocal_rank(lookup: Lookup) -> None:
    liked = lookup.titles(["liked", "other"])
    lists_ = [ids(lookup, title.title_id) for title in liked]
    most = 2 / (RANK_OFFSET + 1)
    found = {one.title.title_id: one for one in basket(lookup, liked)}
    for title_id in ("known", "middle", "hidden", "twin"):
        ranks = [one.index(title_id) + 1 for one in lists_ if title_id in one]
        points = sum(1 / (RANK_OFFSET + rank) for rank in ranks)
        assert found[title_id].score == pytest.approx(points / most, abs=1e-6)
    assert next(iter(found)) == "middle"  # high on both


def test_what_is_liked_is_not_recommended_and_why_is_told_by_who_likes_it(lookup: Lookup) -> None:
    liked = lookup.titles(["liked", "other"])
    found = basket(lookup, liked)
    assert {"liked", "other"}.isdisjoint(one.title.title_id for one in found)
    because = {one.title.title_id: one.because for one in found}
    assert [one.title.title_id for one in because["middle"]] == ["liked", "other"]
    assert [one.title.title_id for one in because["known"]] == ["liked"]
    for one in found:
        assert all(why.reasons == reasons(why.title, one.title) != [] for why in one.because)


def test_a_basket_of_one_has_the_order_of_its_list(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])
    for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS):
        found = [one.title.title_id for one in basket(lookup, liked, 9, balance)]
        assert found == ids(lookup, balance=balance)
    assert basket(lookup, liked)[0].score == 1


def test_a_basket_is_filtered_and_cut_as_a_list_is(lookup: Lookup) -> None:
    liked = lookup.titles(["liked", "other"])
    found = basket(lookup, liked, 1, wanted=Filter(year_min=2006))
    assert [(one.rank, one.title.title_id) for one in found] == [(1, "hidden")]


def test_the_order_of_a_basket_does_not_matter_and_ties_go_to_the_better_known(
    lookup: Lookup,
) -> None:
    liked = lookup.titles(["known", "other"])
    forth, back = (basket(lookup, one) for one in (liked, liked[::-1]))
    assert [one.title for one in forth] == [one.title for one in back]
    tied = basket(lookup, lookup.titles(["middle", "hidden"]))
    assert [one.title.title_id for one in tied] == ["liked"] and tied[0].score == 1


def test_an_empty_basket_has_an_empty_list(lookup: Lookup) -> None:
    assert basket(lookup, []) == []


# A whole release


def test_the_score_in_the_middle_is_the_stored_one_for_every_neighbour(released: Platform) -> None:
    weights = [*balanced(WEIGHTS, BALANCE).values()]
    count = 0
    for _, neighbours in released.serving().all_neighbours():
        for found in neighbours:
            assert score(found.parts, weights) == pytest.approx(found.score, abs=10**-SCORE_DIGITS)
            count += 1
    assert count > 10_000


def test_every_list_is_the_title_pages_list(released: Platform) -> None:
    lookup = released.serving()
    for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS):
        lines = list(lists(lookup, 5, balance))
        for title_id in (lines[0][0], lines[-1][0]):
            (title,) = lookup.titles([title_id])
            page = recommendations(lookup, title, 5, balance)
            expected = [(title_id, one.rank, one.title.title_id, one.score) for one in page]
            assert [line for line in lines if line[0] == title_id] == expected


def test_the_ends_of_the_knob_reach_less_and_more_known_titles(released: Platform) -> None:
    lookup = released.serving()
    votes = {title.title_id: title.votes for title in lookup.numbered([*lookup.title_ids()])}

    def usual(balance: float) -> float:
        shown = [votes[other] for _, _, other, _ in lists(lookup, 9, balance)]
        return sum(shown) / len(shown)

    assert usual(HIDDEN_GEMS) < usual(BALANCE) < usual(CROWD_PLEASERS)
