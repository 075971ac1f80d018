import pandas as pd
import pytest

from rec_platform.modelling.profiles import FEWEST_KNOWN, SHOWN_TITLES, profile


def frame(*groups: tuple[str, list[int], float, int]) -> pd.DataFrame:
    """Titles of one cluster for each group: genres, years, rating, votes of the first title."""
    rows = [
        (f"tt{cluster}{place}", year, genres, rating, votes - place, cluster, place / 10)
        for cluster, (genres, years, rating, votes) in enumerate(groups)
        for place, year in enumerate(years)
    ]
    columns = ["title_id", "year", "genres", "rating", "votes", "cluster", "distance"]
    return pd.DataFrame(rows, columns=columns).assign(title_type="movie")


def test_a_profile_counts_and_ranks_its_titles() -> None:
    (cluster,) = profile(frame(("Drama,War", [1940, 1942, 1944, 1946, 1948], 7.5, 1_000)))
    assert (cluster.title_count, cluster.year_from, cluster.year_to) == (5, 1942, 1946)
    assert (cluster.rating, cluster.votes) == (7.5, 998)
    assert cluster.typical_titles[0] == "tt00"
    assert cluster.popular_titles[0] == "tt00"
    assert set(cluster.genres) == {"Drama", "War"}


@pytest.mark.parametrize("known", [FEWEST_KNOWN, 40])
def test_typical_titles_are_the_nearest_of_those_that_have_half_of_the_votes(known: int) -> None:
    count = 1_000
    titles = pd.DataFrame(
        {
            "title_id": [f"tt{place:04}" for place in range(count)],
            "title_type": "movie",
            "year": 2000,
            "genres": "Drama",
            "rating": 7.0,
            # So many titles that are voted alike have as many votes as all others.
            "votes": [
                (count - known) * 10 if place < known else known * 10 for place in range(count)
            ],
            "cluster": 0,
            # The most voted of them are the farthest, and nearest are titles that nobody knows.
            "distance": [(count - place) / count for place in range(count)],
        }
    )
    (cluster,) = profile(titles)
    nearest = [f"tt{place:04}" for place in range(known - 1, known - 1 - SHOWN_TITLES, -1)]
    assert cluster.typical_titles == nearest
    assert cluster.popular_titles == [f"tt{place:04}" for place in range(SHOWN_TITLES)]


def test_one_film_that_has_most_of_the_votes_is_not_the_only_known_one() -> None:
    years = [2000] * (2 * FEWEST_KNOWN)
    titles = frame(("Drama", years, 7.0, 1_000)).assign(
        distance=[1 - place / 100 for place in range(len(years))]
    )
    titles.loc[0, "votes"] = 1_000_000
    (cluster,) = profile(titles)
    assert cluster.typical_titles[0] == f"tt0{FEWEST_KNOWN - 1}"


def test_a_profile_is_the_same_whatever_the_order_of_the_rows() -> None:
    years = [1950, 1970, 1990, 2010]
    titles = frame(("Drama", years, 6.0, 50), ("Crime,Drama", years, 6.0, 500))
    assert profile(titles) == profile(titles.iloc[::-1].reset_index(drop=True))
