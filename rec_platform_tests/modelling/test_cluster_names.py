"""Names of clusters: two names never differ only by a word that the figures do not bear out."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rec_platform.modelling.features import balanced_features, min_max
from rec_platform.modelling.kmeans import assign
from rec_platform.modelling.profiles import profile
from rec_platform.resources.clustering import ScikitLearnClustering
from rec_platform_tests.modelling.cluster_claims import unfounded
from rec_platform_tests.modelling.test_profiles import frame
from rec_platform_tests.real_files import DATA, warehouse

ALL_YEARS = [1950, 1970, 1990, 2010]


def names(*groups: tuple[str, list[int], float, int]) -> list[str]:
    return [cluster.name for cluster in profile(frame(*groups))]


@pytest.mark.parametrize(
    ("genres", "name"),
    [
        ("Crime,Thriller", "Crime thrillers"),
        ("Drama,Romance", "Romantic dramas"),
        ("Comedy,Romance", "Romantic comedies"),
        ("Documentary", "Documentaries"),
        ("Action,Sci-Fi", "Sci-fi action films"),
        ("", "Films of no genre"),
        ("Game-Show", "Films of no genre"),
    ],
)
def test_a_cluster_is_named_after_its_genres(genres: str, name: str) -> None:
    found, _ = names((genres, ALL_YEARS, 6.0, 100), ("Western", ALL_YEARS, 6.0, 100))
    assert found == name


def test_a_genre_that_is_as_common_elsewhere_is_not_named() -> None:
    groups = [(f"{genre},Drama", ALL_YEARS, 6.0, 100) for genre in ("Horror", "Western", "War")]
    assert names(*groups) == ["Horror films", "Westerns", "War films"]


def test_the_only_cluster_of_its_genres_has_its_era_where_that_is_short() -> None:
    nineties, all_years = [1992, 1993, 1994, 1995], [1940, 1960, 1990, 2020]
    assert names(("Horror", nineties, 6.0, 9), ("Crime,Thriller", all_years, 6.0, 9)) == [
        "1990s horror films",
        "Crime thrillers",
    ]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(2004, 2010), (2014, 2019)], ["2000s dramas", "2010s dramas"]),
        ([(1952, 1983), (1984, 2019)], ["1950s-1980s dramas", "1980s-2010s dramas"]),
        ([(2010, 2013), (2016, 2019)], ["Early 2010s dramas", "Late 2010s dramas"]),
        ([(2010, 2013), (2014, 2016)], ["Early 2010s dramas", "Mid-2010s dramas"]),
        ([(1999, 2010), (2000, 2011)], ["Dramas", "Dramas 2"]),  # hardly another time
        (  # two of one time
            [(2004, 2010), (2005, 2010), (2014, 2019)],
            ["2000s dramas", "2000s dramas 2", "2010s dramas"],
        ),
    ],
)
def test_clusters_of_one_kind_are_told_apart_by_era_if_their_years_are_apart(
    spans: Sequence[tuple[int, int]], expected: list[str]
) -> None:
    groups = [("Drama", [first, first, last, last], 6.0, 100) for first, last in spans]
    assert names(*groups) == expected


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ((90_000, 5_000, 100), ["Well-known dramas", "Dramas", "Little-known dramas"]),
        ((90_000, 100), ["Well-known dramas", "Little-known dramas"]),
        ((90_000, 60_000), ["Dramas", "Dramas 2"]),
        ((90_000, 60_000, 100), ["Dramas", "Dramas 2", "Little-known dramas"]),
    ],
)
def test_clusters_of_one_kind_are_told_apart_by_renown_if_their_votes_are_apart(
    votes: Sequence[int], expected: list[str]
) -> None:
    assert names(*[("Drama", ALL_YEARS, 6.0, number) for number in votes]) == expected


def test_clusters_of_one_era_are_told_apart_by_renown() -> None:
    spans = [([2004, 2004, 2010, 2010], 5_000), ([2004, 2004, 2010, 2010], 100)]
    groups = [("Drama", span, 6.0, votes) for span, votes in spans]
    assert names(*groups, ("Drama", [2014, 2014, 2019, 2019], 6.0, 700)) == [
        "Well-known 2000s dramas",
        "Little-known 2000s dramas",
        "2010s dramas",
    ]


def test_well_known_is_only_what_is_better_known_than_the_catalogue() -> None:
    others = [("Western", ALL_YEARS, 6.0, 90_000)] * 3
    assert names(*others, ("Drama", ALL_YEARS, 6.0, 5_000), ("Drama", ALL_YEARS, 6.0, 100))[3:] == [
        "Dramas",
        "Little-known dramas",
    ]


def test_what_differs_in_nothing_else_is_told_apart_by_rating() -> None:
    groups = [("Drama", ALL_YEARS, rating, 100) for rating in (7.5, 5.0)]
    assert names(*groups) == ["Higher-rated dramas", "Lower-rated dramas"]


def mixed(*clusters: Sequence[tuple[str, int]]) -> list[str]:
    """The names of clusters of titles of some genres, so many of each."""
    rows = [
        (f"tt{cluster}{genres}{place}", 2000, genres, 6.0, 100, cluster, 0.5)
        for cluster, parts in enumerate(clusters)
        for genres, count in parts
        for place in range(count)
    ]
    columns = ["title_id", "year", "genres", "rating", "votes", "cluster", "distance"]
    titles = pd.DataFrame(rows, columns=columns).assign(title_type="movie")
    return [cluster.name for cluster in profile(titles)]


def test_clusters_of_one_kind_are_told_apart_by_a_genre_that_one_of_them_has() -> None:
    assert mixed(
        [("Documentary", 10)],
        [("Documentary", 6), ("Documentary,War", 4)],
        [("Comedy", 40)],
        [("War", 40)],
    ) == ["Documentaries", "War documentaries", "Comedies", "War films"]


def test_a_genre_that_another_cluster_has_as_often_is_in_neither_name() -> None:
    found = mixed(
        [("Romance", 10), ("Comedy,Romance", 10)],
        [("Romance", 12), ("Drama,Romance", 8), ("Comedy,Romance", 8)],
        [("Western", 40)],
    )
    assert found == ["Romances", "Romances 2", "Westerns"]


def test_no_two_names_are_the_same_even_where_nothing_differs() -> None:
    group = ("Drama", ALL_YEARS, 6.0, 100)
    assert len(set(names(*[group] * 5))) == 5


def invented(seed: int) -> pd.DataFrame:
    """A catalogue whose clusters are alike in some respects and differ in others."""
    random = np.random.default_rng(seed)
    pools = [["Drama", "Comedy"], ["Drama", "Romance", "Music"], ["Crime", "Thriller", "Horror"]]
    rows = []
    for cluster in range(int(random.integers(2, 16))):
        genres = pools[int(random.integers(len(pools)))]
        odds = random.choice([0.0, 0.1, 0.35, 0.45, 0.6, 1.0], size=len(genres))
        first = int(random.integers(1930, 2010))
        length, votes = int(random.integers(1, 40)), 10 ** float(random.integers(2, 6))
        rating = float(random.uniform(4, 8))
        rows += [
            (
                f"tt{cluster}-{place}",
                int(first + random.integers(length)),
                ",".join(np.array(genres)[random.random(len(genres)) < odds]),
                rating,
                int(votes * random.uniform(0.5, 2)),
                cluster,
                float(random.random()),
            )
            for place in range(40)
        ]
    columns = ["title_id", "year", "genres", "rating", "votes", "cluster", "distance"]
    return pd.DataFrame(rows, columns=columns).assign(title_type="movie")


def test_any_two_names_differ_in_something_that_the_figures_bear_out() -> None:
    numbered = pairs = 0
    for seed in range(60):
        titles = invented(seed)
        clusters = profile(titles)
        assert len({cluster.name for cluster in clusters}) == len(clusters)
        assert unfounded(clusters, titles) == [], seed
        pairs += len(list(combinations(clusters, 2)))
        numbered += sum(cluster.name[-1].isdigit() for cluster in clusters)
    assert numbered < pairs / 50  # a number is the last resort


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="REC_REAL_DATA names no folder of real files")
@pytest.mark.parametrize(
    ("folder", "count"),
    [("known-5000", 9), ("known-5000", 18), ("us-2022-09", 9), ("us-2022-09", 25)],
)
def test_names_of_clusters_of_real_films_are_borne_out_and_no_number_is_needed(
    folder: str, count: int, tmp_path: Path
) -> None:
    titles = warehouse(tmp_path, folder, "us_release").read("titles", "title_id")
    scaled, _ = min_max(balanced_features(titles))
    matrix = scaled.to_numpy()
    found = assign(matrix, ScikitLearnClustering().fit(matrix, count, seed=0).centroids)
    titles = titles.assign(cluster=found.cluster, distance=found.distance)
    clusters = profile(titles)
    assert unfounded(clusters, titles) == []
    assert not [cluster.name for cluster in clusters if cluster.name[-1].isdigit()]
    # People have heard of the typical films, which are not just the most voted.
    votes = titles.set_index("title_id")["votes"]
    for cluster in clusters:
        assert votes[cluster.typical_titles].min() > cluster.votes
        assert cluster.typical_titles != cluster.popular_titles
