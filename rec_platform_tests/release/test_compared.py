"""Two titles compared by the site: against what the pipeline stored, byte for byte."""

from itertools import pairwise

import pytest

from rec_platform.release.compared import Comparison, compare
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import recommendations
from rec_platform.release.schema import Neighbour, Title
from rec_platform_tests.conftest import Platform, all_titles


@pytest.fixture(scope="module")
def titles(first_release: Platform) -> list[Title]:
    return all_titles(first_release.serving())[::12]


@pytest.fixture
def lookup(released: Platform) -> Lookup:
    return released.serving()


def test_any_pair_is_compared_as_the_pipeline_does(
    lookup: Lookup, titles: list[Title], monkeypatch: pytest.MonkeyPatch
):
    stored = {title.title_id: lookup.neighbours(title.title_id) for title in titles}
    nothing: list[Neighbour] = []
    monkeypatch.setattr(lookup, "neighbours", lambda _id: nothing)  # as if none were stored
    shared: set[str] = set()
    for title in titles:
        near = stored[title.title_id]
        others = lookup.numbered([neighbour.number for neighbour in near])
        for neighbour, other in zip(near, others, strict=True):
            result = compare(lookup, title, other)
            assert result and result.rank is None
            parts = bytes(round(part * 255) for part in result.parts.values())
            assert parts == neighbour.parts, (title.title, other.title)
            assert result.score == pytest.approx(neighbour.score, abs=2e-3)
            shared |= {name for name, part in result.parts.items() if 0 < part < 1}
    assert {"people", "characters", "title", "genres", "era", "origin", "tone"} <= shared


def test_a_pair_of_the_list_has_its_place_and_its_figures(lookup: Lookup, titles: list[Title]):
    for title in titles:
        for row in recommendations(lookup, title, 12):
            result = compare(lookup, title, row.title)
            assert result
            assert (result.rank, result.score, result.parts, result.reasons) == (
                row.rank,
                row.score,
                row.parts,
                row.reasons,
            )


def test_who_has_more_points_than_the_last_of_nine_is_among_the_nine(
    lookup: Lookup, titles: list[Title]
):
    def lost(result: Comparison) -> float:
        return sum(result.to_beat.values()) - sum(result.points.values())

    for title in titles:
        rows = recommendations(lookup, title, 20)
        behind = [result for row in rows if (result := compare(lookup, title, row.title))]
        assert lost(behind[8]) == 0
        # Stored parts are rounded, so neighbours of nearly the same points may change places.
        assert all(lost(result) >= -0.2 for result in behind[9:])


def test_strangers_share_nothing_and_an_older_release_compares_nothing(
    lookup: Lookup, titles: list[Title]
):
    for first, second in pairwise(titles):
        result = compare(lookup, first, second)
        assert result and 0 <= result.score <= 1
        people = {credit.person_id for credit in first.credits}
        is_met = not people.isdisjoint(credit.person_id for credit in second.credits)
        assert (result.parts["people"] > 0) is is_met
    lookup.compares = False
    assert compare(lookup, titles[0], titles[1]) is None
