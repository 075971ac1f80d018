import numpy as np
import pandas as pd
import pytest

from rec_platform.modelling.candidates import (
    CHARACTER_CANDIDATES,
    KEYWORD_CANDIDATES,
    NEAREST_CANDIDATES,
    PEOPLE_CANDIDATES,
    WORD_CANDIDATES,
    Candidates,
)
from rec_platform.modelling.neighbours import Catalogue, blend
from rec_platform.modelling.parts import Parts
from rec_platform.release.blend import BALANCE, WEIGHTS, Blend, total
from rec_platform_tests.modelling.catalogues import NO_FACTS, catalogue, lists


def planted(count: int, **shared: str) -> Catalogue:
    """Titles of which the first two have what is named in common, and nothing else.

    They lie in clusters, genres, years and fame as far apart as there are.
    """
    random = np.random.default_rng(count)
    titles = pd.DataFrame(
        {
            "title_id": [f"tt{place}" for place in range(count)],
            "title": [f"Film {place}" for place in range(count)],
            "title_type": "movie",
            "year": random.integers(1950, 2020, count),
            "runtime_minutes": 100,
            "genres": random.choice(["Drama", "Comedy,Romance", "Action"], count),
            "rating": random.uniform(3, 8, count).round(1),
            "votes": random.integers(100, 100_000, count),
        }
    )
    titles.loc[0, ["genres", "year", "votes"]] = ["War", 1930, 60]
    titles.loc[1, ["genres", "year", "votes"]] = ["Sci-Fi", 2020, 60]
    if word := shared.get("word"):
        titles.loc[[0, 1], "title"] = [f"{word} One", f"Two {word}"]
    people = pd.DataFrame(
        {
            "title_id": titles["title_id"],
            "person_id": [f"nm{place}" for place in range(count)],
            "role": "director",
        }
    )
    if director := shared.get("director"):
        people.loc[[0, 1], "person_id"] = director
    series = np.full(count, -1)
    if shared.get("series"):
        series[:2] = 7
    characters, origins, keywords = NO_FACTS
    both = {"title_id": ["tt0", "tt1"]}
    if character := shared.get("character"):
        characters = pd.DataFrame(both | {"character_name": character})
    if keyword := shared.get("keyword"):
        keywords = pd.DataFrame(both | {"keyword": keyword, "weight": 0.5})
    cluster = random.integers(1, 3, count)
    cluster[:2] = 0, 3
    matrix = np.eye(4, dtype="float32")[cluster]
    parts = Parts(titles, people, series, characters, origins, keywords)
    return Catalogue(matrix, cluster, np.zeros(count), parts)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> set[tuple[int, int]]:
    """The pairs of titles that are compared from now on."""
    pairs: set[tuple[int, int]] = set()
    between = Parts.between

    def watched(parts: Parts, titles: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
        pairs.update(zip(titles.tolist(), neighbours.tolist(), strict=True))
        return between(parts, titles, neighbours)

    monkeypatch.setattr(Parts, "between", watched)
    return pairs


@pytest.mark.parametrize(
    "shared",
    [
        {"series": "Isle"},
        {"director": "nm9"},
        {"word": "Zephyr"},
        {"character": "Ada Berg"},
        {"keyword": "time travel"},
    ],
)
def test_what_shares_something_rare_is_weighed_however_far_it_lies(
    shared: dict[str, str], compared: set[tuple[int, int]]
) -> None:
    list(blend(planted(1_500), 48))
    assert (0, 1) not in compared
    list(blend(planted(1_500, **shared), 48))
    assert {(0, 1), (1, 0)} <= compared


def test_a_sibling_by_the_same_director_is_first_among_titles_of_its_kind() -> None:
    titles = planted(600, series="Isle", director="nm9")
    parts = titles.parts
    for values in (parts.year, parts.fame, parts.rating):
        values[:] = values[2]  # all alike but for genres, people and series
    neighbours = lists(list(blend(titles, 48)))
    assert neighbours[0][0] == 1 and neighbours[1][0] == 0


@pytest.mark.parametrize("own", [{"era": 60.0, "fame": 1.0}, {"fame": 0.0, "rating": 200.0}])
def test_candidates_follow_the_weights(own: dict[str, float]) -> None:
    """Of the nine of all pairs more are found than by the default weights."""
    titles, weights = catalogue(1_200), WEIGHTS | own
    parts = titles.parts
    asked = np.arange(0, len(parts), 40)
    found = {"default": 0, "own": 0}
    candidates = {
        "default": Candidates(parts, WEIGHTS).of(asked),
        "own": Candidates(parts, weights).of(asked),
    }
    for row, title in enumerate(asked.tolist()):
        others = np.delete(np.arange(len(parts)), title)
        compared = parts.between(np.full(len(others), title), others)
        turned = Blend(weights).turned(BALANCE, float(parts.popularity[title]))
        points = np.array([total(stored.tobytes(), turned) for stored in compared])
        nine = set(others[np.argsort(-points, kind="stable")[:9]])
        for name, table in candidates.items():
            found[name] += len(nine & set(table[row]))
    assert found["own"] > found["default"] + 10
    assert found["own"] > 0.8 * 9 * len(asked)


def test_the_pairs_compared_grow_with_the_titles_and_not_with_their_square(
    compared: set[tuple[int, int]],
) -> None:
    most = sum(NEAREST_CANDIDATES.values()) + PEOPLE_CANDIDATES + WORD_CANDIDATES
    most += CHARACTER_CANDIDATES + KEYWORD_CANDIDATES
    for count in (400, 800, 1_600):
        compared.clear()
        titles = catalogue(count)
        list(blend(titles, 48))
        series = titles.parts.series
        siblings = np.bincount(series[series >= 0]).max() - 1
        assert 48 * count <= len(compared) <= count * (most + siblings)
