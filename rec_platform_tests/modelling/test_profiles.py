import pandas as pd
import pytest

from rec_platform.modelling.profiles import profile


def frame(*groups: tuple[str, list[int], float, int]) -> pd.DataFrame:
    """Titles of one cluster for each group: genres, years, rating, votes of the first title."""
    rows = [
        (f"tt{cluster}{place}", year, genres, rating, votes - place, cluster, place / 10)
        for cluster, (genres, years, rating, votes) in enumerate(groups)
        for place, year in enumerate(years)
    ]
    columns = ["title_id", "year", "genres", "rating", "votes", "cluster", "distance"]
    return pd.DataFrame(rows, columns=columns)


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
    years = [1950, 1970, 1990, 2010]
    cluster, _ = profile(frame((genres, years, 6.0, 100), ("Western", years, 6.0, 100)))
    assert cluster.name == name


def test_a_decade_belongs_to_the_name_only_where_it_tells_something() -> None:
    nineties, all_years = [1992, 1993, 1994, 1995], [1940, 1960, 1990, 2020]
    clusters = profile(frame(("Horror", nineties, 6.0, 9), ("Crime,Thriller", all_years, 6.0, 9)))
    assert [cluster.name for cluster in clusters] == ["1990s horror films", "Crime thrillers"]


def test_clusters_of_one_name_are_told_apart_by_what_they_differ_in() -> None:
    years = [1950, 1970, 1990, 2010]
    groups = [("Drama", years, 6.0, votes) for votes in (90_000, 5_000, 100)]
    names = [cluster.name for cluster in profile(frame(*groups))]
    assert names[0] == "Well-known dramas"
    assert names[2] == "Little-known dramas"
    assert len(set(names)) == 3


def test_no_two_names_are_the_same_even_where_nothing_differs() -> None:
    group = ("Drama", [1950, 1970, 1990, 2010], 6.0, 100)
    assert len({cluster.name for cluster in profile(frame(*[group] * 5))}) == 5


def test_a_profile_counts_and_ranks_its_titles() -> None:
    (cluster,) = profile(frame(("Drama,War", [1940, 1942, 1944, 1946, 1948], 7.5, 1_000)))
    assert (cluster.title_count, cluster.year_from, cluster.year_to) == (5, 1942, 1946)
    assert (cluster.rating, cluster.votes) == (7.5, 998)
    assert cluster.typical_titles[0] == "tt00"
    assert cluster.popular_titles[0] == "tt00"
    assert set(cluster.genres) == {"Drama", "War"}
