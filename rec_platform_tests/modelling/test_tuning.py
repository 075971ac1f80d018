"""The search for weights: what it weighs is what the blend lists, and it finds what was planted."""

import numpy as np
import pytest

from rec_platform.modelling import tuning
from rec_platform.modelling.neighbours import Catalogue, blend, to_lists
from rec_platform.modelling.ranking import by_judgements, by_likes, coverage
from rec_platform.modelling.tuning import Bench, Half, goal, search
from rec_platform.release.blend import WEIGHTS
from rec_platform.release.schema import LIST_LENGTH, NEIGHBOURS
from rec_platform_tests.modelling.catalogues import catalogue

COUNT = 400
NOBODY = Half(np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool), [])


def judged(titles: Catalogue, seed: int, likes: bool = False) -> Half:
    """Pairs of which those are OK that are of about the same year, and users who like a decade."""
    random = np.random.default_rng(seed)
    first, second = random.integers(0, COUNT, (2, 3_000))
    first, second = first[first != second], second[first != second]
    year = titles.parts.year
    is_ok = np.abs(year[first] - year[second]) <= 2
    users = [np.flatnonzero(year // 10 == random.integers(195, 202))[::3] for _ in range(40)]
    return Half(first, second, is_ok, users if likes else [])


def lists(titles: Catalogue, weights: dict[str, float]) -> np.ndarray:
    return to_lists(blend(titles, NEIGHBOURS, weights), COUNT)[:, :LIST_LENGTH]


@pytest.fixture
def titles() -> Catalogue:
    made = catalogue(COUNT)
    made.parts.popularity[::2] *= 0.3  # so that the pull of some titles is the least
    made.parts.series[:] = np.where(np.arange(COUNT) % 3 == 0, np.arange(COUNT) % 60, -1)
    return made


def test_its_figures_are_those_of_the_lists_that_the_blend_makes(
    titles: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held against exact figures, as the soft end of the list becomes a hard one."""
    monkeypatch.setattr(tuning, "SOFTNESS", 1e-3)
    monkeypatch.setattr(tuning, "BLOCK_ROWS", 50)
    half = judged(titles, 1, likes=True)
    bench = Bench(titles.parts, half, np.random.default_rng(0))
    made = to_lists(blend(titles, NEIGHBOURS), COUNT)
    expected = {"coverage": [coverage(made)], **by_likes(made, half.likes)}
    expected |= by_judgements(made, half.first, half.second, half.is_ok)
    figures = bench.figures(WEIGHTS)
    assert set(figures) == {"coverage", "p9", "r9", "ndcg", "tail_ndcg"}
    assert figures == {name: pytest.approx(expected[name][0]) for name in figures}


@pytest.mark.parametrize(("rank", "share"), [(1, 0.986), (5, 0.905), (9, 0.562), (10, 0.438)])
def test_a_judged_pair_counts_by_its_rank_although_the_list_ends_at_nine(
    titles: Catalogue, rank: int, share: float
) -> None:
    stored = to_lists(blend(titles, NEIGHBOURS), COUNT)
    title, other = next(
        (title, int(row[rank - 1]))
        for title, row in enumerate(stored)
        if row[rank - 1] >= 0 and title not in stored[row[rank - 1]]  # else that list counts too
    )
    half = Half(np.array([title]), np.array([other]), np.ones(1, bool), [])
    bench = Bench(titles.parts, half, np.random.default_rng(0))
    assert bench.figures(WEIGHTS)["r9"] == pytest.approx(share, abs=1e-3)
    reversed_ = Half(half.second, half.first, half.is_ok, [])
    bench = Bench(titles.parts, reversed_, np.random.default_rng(0))
    assert bench.figures(WEIGHTS)["r9"] == pytest.approx(share, abs=1e-3)


def test_it_finds_what_people_judge_by_and_the_other_half_gains(titles: Catalogue) -> None:
    own = search(titles.parts, judged(titles, 1), steps=150, seed=0)
    left_out = judged(titles, 2)
    found = {
        name: by_judgements(made, left_out.first, left_out.second, left_out.is_ok)
        for name, made in {"default": lists(titles, WEIGHTS), "own": lists(titles, own)}.items()
    }
    factors = {name: own[name] / weight for name, weight in WEIGHTS.items()}
    assert factors["era"] > 1.5
    assert all(0.099 < factor < 10.1 for factor in factors.values())
    assert found["own"]["p9"][0] > 1.1 * found["default"]["p9"][0]


def test_the_same_seed_finds_the_same_weights(titles: Catalogue) -> None:
    found = [search(titles.parts, judged(titles, 1), 20, seed) for seed in (3, 3, 4)]
    assert found[0] == found[1] != found[2]


def test_no_fewer_titles_are_listed_than_by_the_default(titles: Catalogue) -> None:
    half = judged(titles, 1, likes=True)
    bench = Bench(titles.parts, half, np.random.default_rng(0))
    own = search(titles.parts, half, 60, 0)
    figures, default = bench.figures(own), bench.figures(WEIGHTS)
    assert goal(figures) > goal(default)
    assert figures["coverage"] >= default["coverage"]


def test_what_tells_no_candidates_apart_and_the_gate_keep_their_weights(titles: Catalogue) -> None:
    titles.parts.runtime[:] = 90
    own = search(titles.parts, judged(titles, 1), 30, 0)
    assert {name for name in WEIGHTS if own[name] == WEIGHTS[name]} == {
        *("runtime", "tone"),
        *("characters", "keywords", "origin"),  # the catalogue knows of none
    }


def test_a_search_that_gains_nothing_ends_where_it_began(titles: Catalogue) -> None:
    assert search(titles.parts, NOBODY, 10, 0) == WEIGHTS


def test_no_more_lists_are_compared_than_are_needed_or_allowed(
    titles: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "MOST_LISTS", 50)
    monkeypatch.setattr(tuning, "MOST_USERS", 2)
    few = Half(
        np.array([3]), np.array([5]), np.ones(1, bool), [np.arange(at, at + 4) for at in range(100)]
    )
    compared: set[int] = set()
    between = type(titles.parts).between

    def watched(parts: object, asked: np.ndarray, others: np.ndarray) -> np.ndarray:
        compared.update(asked.tolist())
        return between(titles.parts, asked, others)

    monkeypatch.setattr(type(titles.parts), "between", watched)
    bench = Bench(titles.parts, few, np.random.default_rng(0))
    assert len(compared) == 50 and {3, 5} <= compared
    assert bench.figures(WEIGHTS)["ndcg"] >= 0
