"""Each part of likeness against its formula, worked out by hand."""

from math import exp, log, log2, log10, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rec_platform.modelling.parts import Parts
from rec_platform.release.blend import PARTS, UNKNOWN_ORIGIN
from rec_platform.release.formulas import TRUST_VOTES
from rec_platform_tests.modelling.catalogues import NO_FACTS

NOBODY: list[tuple[int, str, str]] = []
CHARACTERS, ORIGINS, KEYWORDS = NO_FACTS


def films(*changes: dict[str, Any]) -> pd.DataFrame:
    """Films that are alike but for what is named."""
    usual = {
        "title": "Film",
        "title_type": "movie",
        "year": 2000,
        "runtime_minutes": 100,
        "genres": "Drama",
        "rating": 7.0,
        "votes": 1_000,
    }
    rows = [usual | {"title_id": f"tt{place}"} | change for place, change in enumerate(changes)]
    return pd.DataFrame(rows)


def parts(
    titles: pd.DataFrame,
    people: list[tuple[int, str, str]] = NOBODY,
    series: list[int] | None = None,
    characters: pd.DataFrame = CHARACTERS,
    origins: pd.DataFrame = ORIGINS,
    keywords: pd.DataFrame = KEYWORDS,
) -> Parts:
    """All of the titles, with people as (place of the title, person, role)."""
    rows = [(f"tt{place}", person, role) for place, person, role in people]
    credited = pd.DataFrame(rows, columns=["title_id", "person_id", "role"], dtype=str)
    count = len(titles)
    return Parts(titles, credited, series or [-1] * count, characters, origins, keywords)


def table(*rows: tuple[Any, ...], like: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table, which begin with the place of the title."""
    return pd.DataFrame(
        [(f"tt{place}", *values) for place, *values in rows], columns=[*like.columns]
    )


def compared(known: Parts, title: int = 0, neighbour: int = 1) -> dict[str, float]:
    (values,) = known.between(np.array([title]), np.array([neighbour]))
    return dict(zip(PARTS, values / 255, strict=True))


def near(value: float) -> Any:
    """As near as a byte comes."""
    return pytest.approx(value, abs=0.5 / 255 + 1e-6)


def test_a_twin_is_alike_in_all_but_series_people_and_quality() -> None:
    twins = films({"title": "One"}, {"title": "One"}, {"title": "Two", "genres": "War"})
    alikeness = compared(parts(twins))
    alike = ("title", "genres", "era", "runtime", "tone", "fame", "rating", "popularity")
    assert [alikeness[name] for name in alike] == [1] * len(alike)
    assert alikeness["series"] == alikeness["people"] == 0
    assert alikeness["quality"] == near(6 / 9)


def test_the_series_is_the_same_or_not() -> None:
    known = parts(films({}, {}, {}, {}), series=[7, 7, 8, -1])
    assert [compared(known, 0, other)["series"] for other in (1, 2, 3)] == [1, 0, 0]


def test_another_tone_lowers_the_tone_by_its_weight_and_a_closed_gate_to_nothing() -> None:
    genres = ["Drama,Romance", "Drama", "Drama,Horror", "Comedy"]
    known = parts(films(*({"genres": text} for text in genres)))
    assert compared(known, 0, 1)["tone"] == pytest.approx(1 - 4 / 25.5)
    assert compared(known, 0, 2)["tone"] == pytest.approx(1 - (4 + 1) / 25.5)
    assert compared(known, 0, 3)["tone"] == 0


def test_no_gate_is_closed_within_a_series() -> None:
    known = parts(films({"genres": "Drama"}, {"genres": "Comedy"}), series=[7, 7])
    assert compared(known)["tone"] == pytest.approx(1 - 1.5 / 25.5)


def test_to_be_in_no_series_is_nothing_in_common() -> None:
    assert compared(parts(films({}, {}), series=[-1, -1]))["series"] == 0


@pytest.mark.parametrize(
    ("role", "weight"),
    [("director", 1), ("writer", 0.8), ("actor", 0.5), ("composer", 0.3), ("editor", 0.1)],
)
def test_a_shared_person_counts_by_role_and_rarity(role: str, weight: float) -> None:
    known = parts(films({}, {}), [(0, "nm1", role), (1, "nm1", role), (1, "nm2", role)])
    assert compared(known)["people"] == near(1 - exp(-2 * weight * weight / log2(1 + 2)))


def test_who_is_in_many_titles_counts_less() -> None:
    everywhere = [(place, "nm1", "actor") for place in range(7)]
    known = parts(films(*[{}] * 7), everywhere)
    assert compared(known)["people"] == near(1 - exp(-2 * 0.25 / log2(8)))


def test_who_has_several_roles_counts_once_by_the_weightiest() -> None:
    both = [(0, "nm1", "director"), (0, "nm1", "writer"), (0, "nm1", "actor"), (1, "nm1", "writer")]
    known = parts(films({}, {}), both)
    assert compared(known)["people"] == near(1 - exp(-2 * 1 * 0.8 / log2(3)))


def test_several_shared_people_add_up_and_never_pass_1() -> None:
    people = [(place, f"nm{person}", "director") for place in range(2) for person in range(40)]
    known = parts(films({}, {}), people[:2] + people[40:42])
    assert compared(known)["people"] == near(1 - exp(-4 / log2(3)))
    assert compared(parts(films({}, {}), people))["people"] == 1


def test_where_nobody_is_known_nobody_is_shared() -> None:
    assert compared(parts(films({}, {})))["people"] == 0


def test_shared_characters_add_up_by_rarity() -> None:
    rows = [(0, "Ada Berg"), (1, "Ada Berg"), (0, "Cy Dahl"), (1, "Cy Dahl"), (2, "Ada Berg")]
    known = parts(films({}, {}, {}), characters=table(*rows, like=CHARACTERS))
    rare, common = 1 / log2(1 + 2), 1 / log2(1 + 3)
    assert compared(known, 0, 1)["characters"] == near(1 - exp(-2 * (rare + common)))
    assert compared(known, 0, 2)["characters"] == near(1 - exp(-2 * common))


def test_a_character_that_is_no_sign_of_kinship_is_not_shared() -> None:
    rows = [(0, "Jack"), (1, "Jack"), (0, "Jack Aster"), (1, "Jack Birch")]
    known = parts(films({}, {}), characters=table(*rows, like=CHARACTERS))
    assert compared(known)["characters"] == 0


def test_keywords_are_compared_by_weight_and_rarity() -> None:
    rows = [(0, "time travel", 1.0), (0, "war", 0.5), (1, "time travel", 0.8), (2, "war", 1.0)]
    known = parts(films(*[{}] * 5), keywords=table(*rows, like=KEYWORDS))
    travel, war = log(5 / 2), 0.5 * log(5 / 2)
    length = sqrt(travel**2 + war**2)
    assert compared(known, 0, 1)["keywords"] == near(travel / length)
    assert compared(known, 0, 2)["keywords"] == near(war / length)
    assert compared(known, 1, 2)["keywords"] == compared(known, 3, 4)["keywords"] == 0


@pytest.mark.parametrize(
    ("here", "there", "part"),
    [
        (("FR", "fr"), ("FR", "fr"), 1),
        (("FR", "fr"), ("FR", None), 1),
        (("FR", "fr"), ("FR", "en"), 1),
        (("FR", "fr"), ("BE", "fr"), 0.5),
        (("FR", "fr"), (None, "fr"), 0.5),
        (("FR", "fr"), ("US", "en"), 0),
        (("FR", None), ("US", "en"), 0),
        ((None, "fr"), ("US", "en"), 0),
        (("FR", None), (None, "en"), UNKNOWN_ORIGIN),
        (("FR", "fr"), (None, None), UNKNOWN_ORIGIN),
        ((None, None), (None, None), UNKNOWN_ORIGIN),
    ],
)
def test_the_origin_is_the_country_or_at_least_the_language(
    here: tuple[str | None, str | None], there: tuple[str | None, str | None], part: float
) -> None:
    known = parts(films({}, {}), origins=table((1, *there), (0, *here), like=ORIGINS))
    assert compared(known, 0, 1)["origin"] == compared(known, 1, 0)["origin"] == near(part)


def test_a_title_without_a_row_has_no_known_origin() -> None:
    known = parts(films({}, {}), origins=table((0, "FR", "fr"), like=ORIGINS))
    assert compared(known)["origin"] == near(UNKNOWN_ORIGIN)


def test_rare_words_of_a_title_count_more_than_common_ones() -> None:
    names = ["Red Comet", "Red Planet", "Blue Comet", "Red Wine", "Red Sky"]
    known = parts(films(*({"title": name} for name in names)))
    red, comet, planet = log(5 / 4), log(5 / 2), log(5 / 1)
    lengths = sqrt(red**2 + comet**2) * sqrt(red**2 + planet**2)
    assert compared(known, 0, 1)["title"] == near(red**2 / lengths)
    assert compared(known, 0, 2)["title"] > compared(known, 0, 1)["title"]


@pytest.mark.parametrize("name", ["The Of And", "$", ""])
def test_a_title_without_telling_words_is_like_no_other(name: str) -> None:
    assert compared(parts(films({"title": name}, {"title": name}, {})))["title"] == 0


def test_whichever_of_many_words_two_titles_share_it_counts() -> None:
    words = [chr(ord("a") + place // 26) + chr(ord("a") + place % 26) * 3 for place in range(150)]
    rows = [{"title": f"{word} {other}"} for word in words for other in ("one", "two")]
    known = parts(films(*rows))
    for title in range(0, len(rows), 2):
        assert compared(known, title, title + 1)["title"] > 0.5


def test_genres_are_what_is_shared_over_all_by_rarity() -> None:
    genres = ["Crime,Drama", "Crime,War", "Drama", "Drama"]
    known = parts(films(*({"genres": text} for text in genres)))
    crime, drama, war = -log(2 / 4), -log(3 / 4), -log(1 / 4)
    assert compared(known, 0, 1)["genres"] == near(crime / (crime + drama + war))
    assert compared(known, 0, 2)["genres"] == near(drama / (crime + drama))
    assert compared(known, 1, 2)["genres"] == 0


def test_titles_without_genres_have_none_in_common() -> None:
    known = parts(films({"genres": ""}, {"genres": ""}, {"genres": "Drama"}))
    assert compared(known, 0, 1)["genres"] == compared(known, 0, 2)["genres"] == 0


def test_a_genre_that_all_have_still_counts() -> None:
    assert compared(parts(films({}, {})))["genres"] == 1


@pytest.mark.parametrize("years", [0, 1, 10, 90])
def test_the_era_fades_with_the_years_either_way(years: int) -> None:
    known = parts(films({"year": 1930}, {"year": 1930 + years}))
    assert compared(known, 0, 1)["era"] == compared(known, 1, 0)["era"] == near(exp(-years / 10))


def test_the_runtime_fades_with_the_minutes() -> None:
    known = parts(films({"runtime_minutes": 90}, {"runtime_minutes": 120}))
    assert compared(known)["runtime"] == near(exp(-1))


def test_an_unknown_runtime_is_taken_for_the_usual_one() -> None:
    minutes = [None, 80, 100, 160]
    known = parts(films(*({"runtime_minutes": length} for length in minutes)))
    assert compared(known, 0, 2)["runtime"] == 1
    assert compared(known, 0, 1)["runtime"] == near(exp(-20 / 30))


def test_where_no_runtime_is_known_all_are_the_same() -> None:
    known = parts(films({"runtime_minutes": None}, {"runtime_minutes": None}))
    assert compared(known)["runtime"] == 1


@pytest.mark.parametrize(
    ("votes", "likeness"), [(100, 1), (1_000, 1 - 1 / 9), (100_000, 0), (10**7, 0)]
)
def test_fame_is_lost_with_the_ratio_of_the_votes(votes: int, likeness: float) -> None:
    known = parts(films({"votes": 100}, {"votes": votes}))
    assert compared(known, 0, 1)["fame"] == compared(known, 1, 0)["fame"] == near(likeness)


def test_a_rating_by_few_is_drawn_to_the_mean() -> None:
    known = parts(films({"rating": 9.0, "votes": TRUST_VOTES}, {"rating": 5.0, "votes": 0}))
    # The first is half its own rating and half the mean of 7; the second is the mean.
    assert compared(known, 0, 1)["rating"] == near(1 - 1 / 4)
    assert compared(known, 0, 1)["quality"] == near(6 / 9)
    assert compared(known, 1, 0)["quality"] == near(7 / 9)


def test_popularity_and_quality_are_the_neighbours_own() -> None:
    known = parts(films({"votes": 10}, {"votes": 1_000}, {"votes": 100_000}))
    assert compared(known, 0, 2)["popularity"] == compared(known, 1, 2)["popularity"] == 1
    assert compared(known, 2, 1)["popularity"] == near(log10(1_000) / 5)
    assert compared(known, 2, 0)["popularity"] == near(1 / 5)


def test_one_vote_is_no_popularity_and_no_error() -> None:
    assert compared(parts(films({"votes": 1}, {"votes": 0})))["popularity"] == 0


def test_many_pairs_are_compared_as_each_one_is() -> None:
    random = np.random.default_rng(5)
    titles = films(
        *(
            {
                "title": f"{random.choice(['Red', 'Blue'])} {random.choice(['Sky', 'Sea'])}",
                "year": int(random.integers(1920, 2020)),
                "genres": str(random.choice(["Drama", "Drama,War", "", "Comedy"])),
                "rating": float(random.uniform(1, 10)),
                "votes": int(random.integers(5, 10**6)),
            }
            for _ in range(30)
        )
    )
    people = [(int(place), f"nm{place % 4}", "actor") for place in range(30)]
    known = parts(titles, people, [*random.integers(-1, 5, 30)])
    some, others = np.arange(30), np.roll(np.arange(30), 7)
    stored = known.between(some, others)
    assert stored.shape == (30, len(PARTS)) and stored.dtype == np.uint8
    assert len(known) == 30
    for row, pair in zip(stored, zip(some.tolist(), others.tolist(), strict=True), strict=True):
        assert dict(zip(PARTS, row / 255, strict=True)) == compared(known, *pair)
