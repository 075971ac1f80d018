"""What holds for any release: what is written is read again, and how lists are weighed."""

import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rec_platform.release.blend import APPEAL, BALANCE, LIKENESS, PARTS, WEIGHTS, Blend, share_alike
from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import Cluster, Credit, Neighbour, Title, pack, unpack
from rec_platform.release.writer import write_lookup
from rec_platform_tests.release.entries import entries

ANY = settings(deadline=None, derandomize=True, max_examples=100)
FEW = settings(ANY, max_examples=20)
BYTES = st.integers(0, 255)

parts = st.lists(BYTES, min_size=len(PARTS), max_size=len(PARTS)).map(bytes)
rows = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 1, width=32), parts), max_size=48)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
optional_years = st.none() | st.integers(1, 3_000)


@st.composite
def titles(draw: st.DrawFn) -> list[Title]:
    """Titles with any names, the most voted first."""
    votes = sorted(draw(st.lists(st.integers(0, 3_000_000), min_size=1, max_size=5)))[::-1]
    return [
        Title(
            title_id=f"tt{place}",
            title=draw(names),
            original_title=draw(names),
            year=draw(st.integers(1880, 2100)),
            runtime_minutes=draw(optional_years),
            genres=draw(st.lists(st.sampled_from(["Drama", "War", "Film-Noir"]), unique=True)),
            rating=draw(st.integers(10, 100)) / 10,
            votes=its_votes,
            credits=[Credit(f"nm{place}", "director", draw(names))],
            series=None,
            series_place=None,
            cluster=0,
            distance=draw(st.floats(0, 10)),
            characters=[],
            country=draw(st.sampled_from([None, "FR"])),
            language=None,
            keywords=[],
        )
        for place, its_votes in enumerate(votes, 1)
    ]


@ANY
@given(rows, st.integers(0, 60))
def test_neighbours_are_unpacked_as_they_were_packed(
    listed: list[tuple[int, float, bytes]], limit: int
) -> None:
    numbers = struct.pack(f"<{len(listed)}I", *(number for number, *_ in listed))
    scores = struct.pack(f"<{len(listed)}f", *(score for _, score, _ in listed))
    packed = pack(numbers, scores, b"".join(its for *_, its in listed))
    found = unpack(packed, len(PARTS))
    assert [(row.number, row.parts) for row in found] == [(n, its) for n, _, its in listed]
    assert [row.score for row in found] == pytest.approx([s for _, s, _ in listed], abs=1e-4)
    assert unpack(packed, len(PARTS), limit) == found[:limit]


@FEW
@given(titles())
def test_a_lookup_gives_back_any_title_that_was_written(written: list[Title]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "lookup.sqlite")
        clusters = [Cluster(0, "All", len(written), [], 1900, 2000, 7.0, 9, [], [])]
        write_lookup(
            path,
            release={"title_count": len(written), "weights": WEIGHTS},
            clusters=clusters,
            **entries([(title, "") for title in written]),
            neighbours=[b""] * len(written),
        )
        lookup = Lookup(path)
        assert lookup.titles([title.title_id for title in written]) == written
        assert lookup.clusters() == clusters
        assert lookup.titles(["tt0"]) == []
        for title in written:
            assert title in lookup.search(title.title, limit=50)


@ANY
@given(parts, st.sampled_from([*LIKENESS]), BYTES)
def test_what_is_more_alike_in_one_part_is_never_less_alike(
    compared: bytes, name: str, part: int
) -> None:
    place = PARTS.index(name)
    other = compared[:place] + bytes([part]) + compared[place + 1 :]
    less, more = sorted((compared, other), key=lambda its: its[place])
    assert 0 <= share_alike(less, WEIGHTS) <= share_alike(more, WEIGHTS) <= 1


@ANY
@given(parts, st.sampled_from([*APPEAL]), BYTES)
def test_appeal_makes_no_title_more_alike_and_likeness_does(
    compared: bytes, name: str, part: int
) -> None:
    place = PARTS.index(name)
    other = compared[:place] + bytes([part]) + compared[place + 1 :]
    assert share_alike(other, WEIGHTS) == share_alike(compared, WEIGHTS)
    likeness = len(LIKENESS)
    alike, strange = b"\xff" * likeness, bytes(likeness)
    rest = compared[likeness:]
    assert share_alike(alike + rest, WEIGHTS) > 0.9 > 0.1 > share_alike(strange + rest, WEIGHTS)


@ANY
@given(rows, st.floats(0, 1), st.floats(0, 1))
def test_the_knob_orders_a_list_and_changes_nothing_in_it(
    listed: list[tuple[int, float, bytes]], balance: float, popularity: float
) -> None:
    stored = [Neighbour(*row) for row in listed]
    weighed = Blend().weigh(stored, balance, popularity)
    assert sorted(map(repr, weighed)) == sorted(map(repr, stored))
    assert Blend().weigh(stored, BALANCE, popularity) == stored


@ANY
@given(st.floats().filter(lambda balance: not 0 <= balance <= 1))
def test_a_balance_beyond_the_knob_is_refused(balance: float) -> None:
    with pytest.raises(ValueError, match="a number from 0 to 1"):
        Blend().weigh([], balance, 0.5)
