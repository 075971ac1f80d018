"""The map of the clusters, and what sets each of them apart."""

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from api.atlas import atlas, own_genres, projected, settled, superlatives
from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import Cluster
from rec_platform_tests.api.catalogue import COUNT, place
from rec_platform_tests.api.site import Reader, Site, publish


def test_every_cluster_is_on_the_map_and_in_the_list(site: Site, lookup: Lookup):
    page = Reader(site.get("/atlas"))
    for cluster in lookup.clusters():
        assert page.links.count(f"/cluster/{cluster.cluster}") == 2
        assert page.text.count(cluster.name) >= 1
        assert f"{cluster.title_count} films" in page.text


def test_bubbles_do_not_overlap_and_are_within_the_map(lookup: Lookup):
    drawn = atlas(lookup)
    for bubble, other in combinations(drawn.bubbles, 2):
        apart = math.dist((bubble.x, bubble.y), (other.x, other.y))
        assert apart > bubble.radius + other.radius
    right, bottom = drawn.left + drawn.width, drawn.top + drawn.height
    for bubble in drawn.bubbles:
        assert drawn.left <= bubble.x - bubble.radius < bubble.x + bubble.radius <= right
        assert drawn.top <= bubble.y - bubble.radius < bubble.y + bubble.radius <= bottom


def test_the_map_is_the_principal_components_of_the_centroids():
    points = np.random.default_rng(5).random((9, 14))
    places, shown = projected(tuple(map(tuple, points.tolist())))
    centred = points - points.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    assert np.abs(np.array(places)) == pytest.approx(np.abs(expected), abs=1e-3)
    assert shown == pytest.approx((values[:2] ** 2).sum() / (values**2).sum(), abs=1e-3)


def test_many_clusters_of_one_place_are_still_told_apart():
    radii = (82.0,) * 40
    places = settled(((0.0, 0.0),) * 40, radii)
    assert all(math.dist(*pair) > 2 * 82 for pair in combinations(places, 2))


def test_a_clusters_page_shows_where_it_lies(site: Site):
    page = Reader(site.get("/cluster/1"))
    marked = [known["href"] for tag, known in page.tags if known.get("aria-current") == "page"]
    assert marked == ["/cluster/1"]
    assert "Next door" in page.text


def test_clusters_are_told_apart_by_genre_and_by_what_they_are_most():
    def cluster(number: int, genres: list[str], rating: float) -> Cluster:
        return Cluster(number, "C", 9, genres, 1990, 2000, rating, 9, [], [])

    clusters = [cluster(0, ["Drama"], 6.1), cluster(1, ["Drama", "War"], 7.2), cluster(2, [], 5.0)]
    assert own_genres(clusters) == {0: "Drama", 1: "War", 2: "None"}
    assert superlatives(clusters) == {1: "the best rated of all", 2: "rated lowest of all"}
    assert superlatives(clusters[:1]) == {}


def test_films_lie_within_their_clusters_circles_the_most_voted_first(site: Site, lookup: Lookup):
    told = site.json("/atlas/films.json")
    circles = {circle["cluster"]: circle for circle in told["circles"]}
    titles = lookup.numbered(range(1, COUNT + 1))
    assert [film[0] for film in told["films"]] == [title.title_id for title in titles]
    for (_, name, year, cluster, x, y), title in zip(told["films"], titles, strict=True):
        circle = circles[cluster]
        assert (name, year, cluster) == (title.title, title.year, title.cluster)
        turn, way = place(titles.index(title) + 1)
        apart = math.dist((x, y), (circle["x"], circle["y"]))
        assert apart == pytest.approx(0.94 * circle["r"] * math.sqrt(way / 65_536), abs=0.2)
        assert apart < circle["r"]
        at = math.atan2(y - circle["y"], x - circle["x"]) / math.tau % 1
        assert at == pytest.approx(turn / 65_536, abs=0.02) or apart < 10
    own = site.json("/atlas/films.json?cluster=1")["films"]
    assert {film[3] for film in own} == {1} and len(own) == COUNT // 3


def test_a_release_without_places_has_no_films_on_its_map(tmp_path: Path):
    publish(tmp_path, "first")
    assert Site(tmp_path).json("/atlas/films.json")["films"] == []
