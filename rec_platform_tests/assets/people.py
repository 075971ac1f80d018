"""Invented people: what they like and what they judge alike among the invented films."""

from itertools import pairwise
from pathlib import Path

from rec_platform.sample.writer import franchises
from rec_platform_tests.conftest import TITLES


def write_ratings(folder: Path) -> None:
    """Two users for each franchise, who like all its films and the first one of the next."""
    films = [film for franchise in franchises(TITLES) for film in franchise]
    folder.mkdir()
    movies = {film: number for number, film in enumerate(films, start=1)}
    links = [f"{number},{film.removeprefix('tt')}" for film, number in movies.items()]
    (folder / "links.csv").write_text("\n".join(["movieId,imdbId", *links, ""]))
    rows = [
        f"{2 * number + user},{movies[film]},5.0"
        for number, (franchise, following) in enumerate(pairwise(franchises(TITLES)))
        for user in range(2)
        for film in (*franchise, following[0])
    ]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating", *rows, ""]))


def write_judgements(path: Path) -> None:
    """Films of one franchise are alike, and the first ones of two are not, by id."""
    some = list(franchises(TITLES))
    rows = [f"{one},{other},OK" for films in some for one, other in pairwise(films)]
    rows += [f"{one[0]},{other[0]},NOT_OK" for one, other in pairwise(some)]
    path.write_text("\n".join(["title_id_1,title_id_2,rating", *rows, ""]))
