from collections.abc import Iterable
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from rec_platform.resources import ratings
from rec_platform.resources.ratings import Likes, RatingsSource

TITLES = pd.Series(["tt0000012", "tt0114709", "tt12345678"])


def write(folder: Path, rows: Iterable[tuple[int, int, float]]) -> RatingsSource:
    """Movie 1 is title 1, movies 2 and 22 are title 0, movie 3 is title 2; the rest are others."""
    folder.mkdir(exist_ok=True)
    links = ("1,0114709,862", "2,12,", "22,0000012,5", "3,12345678,1", "4,0000099,1", "5,,")
    (folder / "links.csv").write_text("\n".join(["movieId,imdbId,tmdbId", *links, ""]))
    lines = "".join(f"{user},{movie},{stars},964982703\n" for user, movie, stars in rows)
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{lines}")
    return RatingsSource(location=str(folder))


def liked(likes: Likes) -> list[list[int]]:
    return sorted(places.tolist() for places in [*likes.training, *likes.testing])


def test_what_has_four_stars_is_liked_if_it_is_in_the_catalogue(tmp_path: Path) -> None:
    rows = [(1, 1, 4), (1, 2, 5), (1, 3, 3.5), (2, 1, 4.5), (2, 3, 4), (2, 4, 5), (2, 5, 5)]
    assert liked(write(tmp_path, rows).read(TITLES)) == [[0, 1], [1, 2]]


def test_a_title_that_two_movies_lead_to_is_liked_once(tmp_path: Path) -> None:
    rows = [(user, movie, 5) for user in range(3) for movie in (2, 22, 1)]
    one_title = [(3, 2, 4), (3, 22, 4)]
    assert liked(write(tmp_path, rows + one_title).read(TITLES)) == [[0, 1]] * 3


@pytest.mark.parametrize("written", ["tt{}", "{}.0", "{}"])
def test_ids_are_read_as_people_write_them(tmp_path: Path, written: str) -> None:
    source = write(tmp_path, [(user, movie, 5) for user in range(2) for movie in (1, 2)])
    lines = (f"{movie},{written.format(number)}" for movie, number in ((1, 114709), (2, 12)))
    (tmp_path / "links.csv").write_text("\n".join(["movieId,imdbId", *lines, ""]))
    assert liked(source.read(TITLES)) == [[0, 1]] * 2


def test_of_ten_stars_eight_are_as_good_as_four_of_five(tmp_path: Path) -> None:
    rows = [(user, movie, 8) for user in range(2) for movie in (1, 2)]
    rows += [(user, 3, 7) for user in range(2)] + [(0, 4, 10)]
    assert liked(write(tmp_path, rows).read(TITLES)) == [[0, 1]] * 2


def test_ratings_of_another_scale_are_refused(tmp_path: Path) -> None:
    rows = [(user, movie, 80) for user in range(2) for movie in (1, 2)]
    with pytest.raises(dg.Failure, match="go up to 80, and five or ten stars are the most"):
        write(tmp_path, rows).read(TITLES)


def many(folder: Path, count: int) -> RatingsSource:
    return write(folder, [(user, movie, 5) for user in range(count) for movie in (1, 2, 3)])


def test_users_are_halved_and_each_stays_in_its_half_in_another_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratings, "ROWS_AT_ONCE", 10)
    # A third of the users likes two titles that the smaller catalogue does not have.
    rows = [(user, movie, 5) for user in range(41) for movie in ((1, 2) if user % 3 else (3, 4))]
    source = write(tmp_path, rows)
    likes = source.read(pd.concat([TITLES, pd.Series(["tt0000099"])]))
    assert (len(likes.training), len(likes.testing)) == (20, 21)
    smaller = source.read(TITLES[:2])
    expected = [
        sum(places.tolist() == [0, 1] for places in half)
        for half in (likes.training, likes.testing)
    ]
    assert [len(smaller.training), len(smaller.testing)] == expected
    assert sum(expected) == 27 and expected[0] != expected[1]


def test_of_a_large_set_so_many_users_are_drawn_as_can_be_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratings, "MOST_USERS", 10)
    likes = many(tmp_path, 50).read(TITLES)
    assert (len(likes.training), len(likes.testing)) == (5, 5)


def test_the_fingerprint_is_that_of_the_content(tmp_path: Path) -> None:
    first, same = many(tmp_path / "first", 3), many(tmp_path / "same", 3)
    other = many(tmp_path / "other", 4)
    assert first.fingerprint() == same.fingerprint() != other.fingerprint()
    assert first.read(TITLES).fingerprint == first.fingerprint()
    assert RatingsSource().fingerprint() == ""
    links = tmp_path / "same" / "links.csv"
    links.write_text(links.read_text() + "6,0000077,1\n")
    assert first.fingerprint() != same.fingerprint()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ratings.csv", None),
        ("links.csv", None),
        ("ratings.csv", ""),
        ("ratings.csv", "user,movie,rating\n1,1,5\n"),
        ("ratings.csv", "userId,movieId,rating\n1,1,good\n"),
        ("ratings.csv", "userId,movieId,rating\n1,,5\n"),
        ("links.csv", "<!DOCTYPE html><html></html>\n"),
        ("links.csv", b"movieId,imdbId\n1,\xff\xfe\n"),
    ],
)
def test_a_file_that_is_missing_or_odd_is_an_error_that_names_it_and_the_setting(
    tmp_path: Path, name: str, content: str | bytes | None
) -> None:
    source = many(tmp_path, 3)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(dg.Failure) as raised:
        source.read(TITLES)
    told = str(raised.value.description)
    assert name in told and str(tmp_path) in told and "REC_RATINGS_SOURCE" in told


def test_ratings_by_which_hardly_anybody_likes_two_titles_are_an_error(tmp_path: Path) -> None:
    for titles in (pd.Series(["tt0000001"]), TITLES[:1]):
        with pytest.raises(dg.Failure, match="of its 3 users hardly any likes two titles"):
            many(tmp_path, 3).read(titles)
    # In each half somebody must: one half trains the upper mark, the other one judges.
    with pytest.raises(dg.Failure, match="REC_RATINGS_SOURCE"):
        many(tmp_path, 1).read(TITLES)


def test_positions_are_sorted_and_whole_numbers(tmp_path: Path) -> None:
    rows = [(user, movie, 5) for user in (1, 2) for movie in (3, 1, 2)]
    assert liked(write(tmp_path, rows).read(TITLES)) == [[0, 1, 2]] * 2
    likes = many(tmp_path, 4).read(TITLES)
    assert all(np.issubdtype(places.dtype, np.integer) for places in likes.testing)
