"""Choosing by filter: against each title asked one by one."""

import gc
import weakref
from pathlib import Path

import pytest

from rec_platform.release.choosing import ORDERS, Order
from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.formulas import TRUST_VOTES
from rec_platform.release.lookup import FLAGS, Lookup
from rec_platform.release.recommend import recommendations
from rec_platform.release.schema import Title
from rec_platform_tests.conftest import TITLES, Platform, all_titles

FILTERS = {
    "all": EVERYTHING,
    "years": Filter(year_min=1990, year_max=1999),
    "rating": Filter(rating_min=7.0),
    "votes": Filter(votes_min=10_000),
    "length": Filter(runtime_min=95, runtime_max=110),
    "genres": Filter(genres=("Drama", "Romance")),
    "without": Filter(without_genres=("Drama", "Comedy")),
    "country": Filter(country="FR"),
    "language": Filter(language="fr"),
    "several": Filter(year_min=1980, genres=("Crime",), without_genres=("Horror",), country="US"),
    "nothing": Filter(year_min=1900, year_max=1901, country="XX"),
}


@pytest.fixture
def lookup(released: Platform) -> Lookup:
    return released.serving()


def trusted(titles: list[Title]) -> dict[str, float]:
    mean = sum(title.rating for title in titles) / len(titles)
    return {
        title.title_id: (title.votes * title.rating + TRUST_VOTES * mean)
        / (title.votes + TRUST_VOTES)
        for title in titles
    }


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("order", ORDERS)
def test_what_is_chosen_is_all_that_passes_in_order(lookup: Lookup, name: str, order: Order):
    wanted, titles = FILTERS[name], all_titles(lookup)
    titles.sort(key=lambda title: lookup.number(title.title_id))
    ratings = trusted(titles)
    keys = {
        "votes": lambda title: 0,  # as they are numbered
        "rating": lambda title: -round(ratings[title.title_id], 9),
        "year": lambda title: -title.year,
    }
    expected = sorted(filter(wanted.passes, titles), key=keys[order])
    chosen = lookup.choose(wanted, order, limit=TITLES)
    assert chosen == expected
    assert lookup.count(wanted) == len(expected)
    assert lookup.choose(wanted, order, limit=7, offset=3) == expected[3:10]
    assert expected or name == "nothing"


def test_the_films_of_a_director_are_those_that_name_them(lookup: Lookup):
    (first, *_) = all_titles(lookup)[0].credited("director")
    wanted = Filter(director=first.person_id)
    chosen = lookup.choose(wanted, limit=TITLES)
    assert chosen and all(map(wanted.passes, chosen))
    assert len(chosen) == sum(map(wanted.passes, all_titles(lookup)))


def test_a_random_film_passes_the_filter(lookup: Lookup):
    wanted = FILTERS["several"]
    drawn = {title.title_id for _ in range(40) if (title := lookup.random_of(wanted))}
    assert len(drawn) > 3
    assert all(map(wanted.passes, lookup.titles([*drawn])))
    assert lookup.random_of(FILTERS["nothing"]) is None


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "nothing"])
def test_a_list_is_filled_from_the_whole_catalogue_by_every_filter(lookup: Lookup, name: str):
    wanted = FILTERS[name]
    title = all_titles(lookup)[0]
    listed = recommendations(lookup, title, 9, wanted=wanted)
    assert all(wanted.passes(row.title) for row in listed)
    others = [other for other in lookup.choose(wanted, limit=TITLES) if other != title]
    of_series = {other.title_id for other in others if other.series is not None}
    assert len(listed) >= min(9, len(others) - len(of_series))


def test_an_older_release_filters_what_it_has_stored(lookup: Lookup, tmp_path: Path):
    lookup.knows_people = False
    title = all_titles(lookup)[0]
    wanted = Filter(votes_min=1)
    stored = recommendations(lookup, title, 48)
    assert recommendations(lookup, title, 48, wanted=wanted) == stored


def test_a_filter_that_nothing_passes_compares_nothing(
    lookup: Lookup, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rec_platform.release.filtered.BestFirst", None)
    assert recommendations(lookup, all_titles(lookup)[0], 9, wanted=FILTERS["nothing"]) == []


def test_a_release_is_freed_with_its_last_reader_though_filters_are_remembered(platform: Platform):
    lookup = platform.serving()
    for number in range(FLAGS + 3):
        lookup.flags(Filter(votes_min=number + 1))
    assert len(lookup._flags) == FLAGS  # pyright: ignore[reportPrivateUsage]
    watched = weakref.ref(lookup)
    gc.disable()  # a cycle would wait for the collector, which never sees what was frozen
    try:
        del lookup
        assert watched() is None
    finally:
        gc.enable()
