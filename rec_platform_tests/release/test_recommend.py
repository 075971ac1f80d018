"""Lists made from a lookup: weighed, narrowed, merged."""

import struct
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from rec_platform.release.blend import (
    BALANCE,
    CROWD_PLEASERS,
    HIDDEN_GEMS,
    LIKENESS,
    OPTIONAL,
    PART_SCALE,
    PARTS,
    PRIORS,
    UNKNOWN_ORIGIN,
    WEIGHTS,
    alike,
    total,
)
from rec_platform.release.filtered import filtered
from rec_platform.release.filters import Filter
from rec_platform.release.lookup import Lookup
from rec_platform.release.reasons import reasons
from rec_platform.release.recommend import (
    RANK_OFFSET,
    basket,
    lists,
    recommendations,
)
from rec_platform.release.schema import LIST_LENGTH, SCORE_DIGITS, Cluster, Title, pack
from rec_platform.release.writer import write_lookup
from rec_platform_tests.conftest import Platform
from rec_platform_tests.release.entries import entries

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


def share_alike(stored: bytes) -> float:
    return alike(total(stored[: len(LIKENESS)], LIKENESS))


def packed(title_id: str) -> bytes:
    """The neighbours of a title as the pipeline leaves them: best first in the middle."""
    parts_of = NEIGHBOURS[title_id].items()
    ranked = sorted(parts_of, key=lambda pair: (-total(pair[1], WEIGHTS), NUMBERS[pair[0]]))
    count = len(ranked)
    return pack(
        struct.pack(f"<{count}I", *(NUMBERS[other] for other, _ in ranked)),
        struct.pack(f"<{count}f", *(share_alike(stored) for _, stored in ranked)),
        b"".join(stored for _, stored in ranked),
    )


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    path: Path = tmp_path_factory.mktemp("recommend") / "lookup.sqlite"
    write_lookup(
        path,
        release={"title_count": len(TITLES)},
        clusters=[Cluster(0, "All", len(TITLES), [], 1990, 2010, 7.0, 500, [], [])],
        **entries((replace(title, title_id=title_id), "") for title_id, title in TITLES.items()),
        neighbours=map(packed, TITLES),
    )
    return Lookup(path)


def ids(
    lookup: Lookup, title_id: str = "liked", balance: float = BALANCE, wanted: Filter | None = None
) -> list[str]:
    title = lookup.titles([title_id])[0]
    listed = recommendations(lookup, title, 9, balance, wanted or Filter())
    assert [row.rank for row in listed] == list(range(1, len(listed) + 1))
    return [row.title.title_id for row in listed]


# The knob


def test_the_ends_of_the_knob_prefer_hidden_gems_and_crowd_pleasers(lookup: Lookup) -> None:
    assert ids(lookup, balance=CROWD_PLEASERS)[0] == "known"
    assert ids(lookup, balance=HIDDEN_GEMS)[0] == "hidden"


def test_in_the_middle_the_list_is_as_it_was_stored(lookup: Lookup) -> None:
    stored = lookup.neighbours("liked")
    by_number = {number: title_id for title_id, number in NUMBERS.items()}
    assert ids(lookup) == [by_number[row.number] for row in stored]


def test_titles_of_one_score_stay_in_their_order(lookup: Lookup) -> None:
    for balance in (0, 0.2, 0.5, 0.9, 1):
        order = ids(lookup, balance=balance)
        assert order.index("hidden") + 1 == order.index("twin")


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
    for row in recommendations(lookup, liked):
        assert row.reasons == reasons(liked, row.title, lookup.shares) != []
        stored = NEIGHBOURS["liked"][row.title.title_id]
        assert row.parts == dict(zip(PARTS, (part / 255 for part in stored), strict=True))
        assert row.score == pytest.approx(share_alike(stored), abs=1e-6)


def test_the_knob_changes_no_score(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])[0]
    scores = [
        {row.title.title_id: row.score for row in recommendations(lookup, liked, balance=balance)}
        for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS)
    ]
    assert scores[0] == scores[1] == scores[2]


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
    narrowed = ids(lookup, balance=balance, wanted=wanted)
    assert narrowed == [title_id for title_id in everything if title_id in left]


def test_the_limit_counts_what_passes_the_filter(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])[0]
    listed = recommendations(
        lookup, liked, 1, HIDDEN_GEMS, Filter(genres=("Drama",), year_max=1999)
    )
    assert [(row.rank, row.title.title_id) for row in listed] == [(1, "known")]


# Baskets


def test_a_basket_merges_lists_by_reciprocal_rank(lookup: Lookup) -> None:
    liked = lookup.titles(["liked", "other"])
    lists_ = [ids(lookup, title.title_id) for title in liked]
    most = 2 / (RANK_OFFSET + 1)
    merged = {row.title.title_id: row for row in basket(lookup, liked)}
    for title_id in ("known", "middle", "hidden", "twin"):
        ranks = [ranked.index(title_id) + 1 for ranked in lists_ if title_id in ranked]
        points = sum(1 / (RANK_OFFSET + rank) for rank in ranks)
        assert merged[title_id].score == pytest.approx(points / most, abs=1e-6)
    assert next(iter(merged)) == "middle"  # high on both


def test_what_is_liked_is_not_recommended_and_why_is_told_by_who_likes_it(lookup: Lookup) -> None:
    liked = lookup.titles(["liked", "other"])
    merged = basket(lookup, liked)
    assert {"liked", "other"}.isdisjoint(row.title.title_id for row in merged)
    because = {row.title.title_id: row.because for row in merged}
    assert [row.title.title_id for row in because["middle"]] == ["liked", "other"]
    assert [row.title.title_id for row in because["known"]] == ["liked"]
    for row in merged:
        assert all(
            why.reasons == reasons(why.title, row.title, lookup.shares) != [] for why in row.because
        )


def test_a_basket_of_one_has_the_order_of_its_list(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])
    for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS):
        merged = [row.title.title_id for row in basket(lookup, liked, 9, balance)]
        assert merged == ids(lookup, balance=balance)
    assert basket(lookup, liked)[0].score == 1


def test_a_basket_is_filtered_and_cut_as_a_list_is(lookup: Lookup) -> None:
    liked = lookup.titles(["liked", "other"])
    merged = basket(lookup, liked, 1, wanted=Filter(year_min=2006))
    assert [(row.rank, row.title.title_id) for row in merged] == [(1, "hidden")]


def test_the_order_of_a_basket_does_not_matter_and_ties_go_to_the_better_known(
    lookup: Lookup,
) -> None:
    liked = lookup.titles(["known", "other"])
    forth, back = (basket(lookup, order) for order in (liked, liked[::-1]))
    assert [row.title for row in forth] == [row.title for row in back]
    tied = basket(lookup, lookup.titles(["middle", "hidden"]))
    assert [row.title.title_id for row in tied] == ["liked"] and tied[0].score == 1


def test_a_disliked_title_takes_away_what_it_would_have_given(lookup: Lookup) -> None:
    liked, disliked = lookup.titles(["liked", "other"]), lookup.titles(["middle", "known"])
    plain = {row.title.title_id: row.score for row in basket(lookup, lookup.titles(["known"]))}
    pushed = basket(lookup, lookup.titles(["known"]), disliked=lookup.titles(["hidden"]))
    assert plain["liked"] == 1  # which is the first of both lists, so nothing of it is left
    assert [row.title.title_id for row in pushed] == ["other"]
    assert pushed[0].score == plain["other"]
    left = {row.title.title_id for row in basket(lookup, liked, disliked=disliked)}
    assert left == {"hidden", "twin"}
    assert basket(lookup, [], disliked=disliked) == []


def test_what_is_seen_is_left_out_and_the_list_fills_up_again(lookup: Lookup) -> None:
    liked = lookup.titles(["liked"])
    first, second, third = ids(lookup)[:3]
    assert [row.title.title_id for row in basket(lookup, liked, 2)] == [first, second]
    kept = basket(lookup, liked, 2, seen=lookup.titles([first]))
    assert [(row.rank, row.title.title_id) for row in kept] == [(1, second), (2, third)]


def test_an_empty_basket_has_an_empty_list(lookup: Lookup) -> None:
    assert basket(lookup, []) == []


# A whole release


def test_every_stored_score_is_how_alike_the_parts_are(released: Platform) -> None:
    count = 0
    lookup = released.serving()
    nothing = {"characters": 0, "keywords": 0, "origin": round(UNKNOWN_ORIGIN * PART_SCALE)}
    assert set(nothing) == set(OPTIONAL) and lookup.rule.weights.keys() < set(PARTS)
    for _, _, neighbours in lookup.all_neighbours():
        for neighbour in neighbours:
            parts = nothing | dict(zip(lookup.rule.weights, neighbour.parts, strict=True))
            expected = share_alike(bytes(parts[name] for name in PARTS))
            assert neighbour.score == pytest.approx(expected, abs=10**-SCORE_DIGITS)
            count += 1
    assert count > 10_000


def test_the_stored_order_is_that_of_the_parts_but_for_their_rounding(released: Platform) -> None:
    lookup = released.serving()
    for _, votes, neighbours in lookup.all_neighbours():
        turned = lookup.rule.turned(BALANCE, lookup.popularity(votes))
        points = [total(neighbour.parts, turned) for neighbour in neighbours]
        last = neighbours[LIST_LENGTH - 1 : LIST_LENGTH]
        if any(neighbour.parts[PARTS.index("people")] for neighbour in last):
            del points[LIST_LENGTH - 1]  # which may have the director's place
        # Half a byte of popularity or quality is at most this much.
        rounding = sum(turned[name] * 0.5 / 255 / 0.1 for name in PRIORS)
        assert all(after <= before + 2 * rounding for before, after in pairwise(points))


def test_no_list_holds_more_than_three_films_of_a_series(released: Platform) -> None:
    lookup = released.serving()
    numbers = [*lookup.title_ids()]
    titles = dict(zip(numbers, lookup.numbered(numbers), strict=True))
    most = 0
    for _, _, neighbours in lookup.all_neighbours():
        series = Counter(titles[neighbour.number].series for neighbour in neighbours)
        del series[None]
        most = max(most, *series.values(), 0)
    assert most == 3


def test_every_list_is_the_title_pages_list(released: Platform) -> None:
    lookup = released.serving()
    for balance in (HIDDEN_GEMS, BALANCE, CROWD_PLEASERS):
        lines = list(lists(lookup, 5, balance))
        for title_id in (lines[0][0], lines[-1][0]):
            (title,) = lookup.titles([title_id])
            page = recommendations(lookup, title, 5, balance)
            expected = [(title_id, row.rank, row.title.title_id, row.score) for row in page]
            assert [line for line in lines if line[0] == title_id] == expected


def test_the_ends_of_the_knob_reach_less_and_more_known_titles(released: Platform) -> None:
    lookup = released.serving()
    votes = {title.title_id: title.votes for title in lookup.numbered([*lookup.title_ids()])}

    def usual(balance: float) -> float:
        shown = [votes[other] for _, _, other, _ in lists(lookup, 9, balance)]
        return sum(shown) / len(shown)

    assert usual(HIDDEN_GEMS) < usual(BALANCE) < usual(CROWD_PLEASERS)


def test_a_filter_that_all_pass_brings_in_only_what_is_better_than_all_it_puts_out(
    released: Platform,
) -> None:
    """Also where the director's film has a place in the list that better ones do not have."""
    lookup = released.serving()
    placed = 0
    for title in lookup.most_voted(500):
        turned = lookup.rule.turned(BALANCE, lookup.popularity(title.votes))
        stored = lookup.neighbours(title.title_id)
        points = {neighbour.number: total(neighbour.parts, turned) for neighbour in stored}
        placed += any(
            points[stored[LIST_LENGTH - 1].number] < points[after.number] - 0.5
            for after in stored[LIST_LENGTH : LIST_LENGTH + 1]
        )
        listed = filtered(lookup, title, 2 * LIST_LENGTH, BALANCE, Filter(year_min=1))
        new = [total(near.parts, turned) for near in listed if near.number not in points]
        numbers = {neighbour.number for neighbour in listed}
        out = [near.number for near in stored if near.number not in numbers]
        worth = [
            points[number]
            for number, other in zip(out, lookup.numbered(out), strict=True)
            if other.series is None
        ]
        assert min(new, default=0) > max(worth, default=-99), title.title_id
    assert placed > 5
