"""A visitor's own films: how large the catalogue is that the browser fetches, how good its list.

    .venv/bin/python benchmarks/library.py --root ROOT --ratings FOLDER

ROOT holds `releases`, FOLDER is one of MovieLens. Half of each user's ratings make a list, the
other half judge its nine films: what share the user liked, and how many the user disliked. Lists
are merged from the first 12, 24 and 48 neighbours of each film, without the disliked films and with
them.
"""

import argparse
import csv
import os
from collections import defaultdict
from collections.abc import Container, Mapping
from pathlib import Path
from random import Random
from statistics import mean
from time import perf_counter

from rec_platform.release.lookup import Lookup
from rec_platform.release.pieces import piece, piece_count
from rec_platform.release.recommend import RANK_OFFSET
from rec_platform.release.root import serving_release
from rec_platform.release.schema import LIST_LENGTH, NEIGHBOURS

LIKED, DISLIKED = 4, 2  # stars of five, at least and at most, as on the page
FEWEST = 5  # liked films that make a list

Ratings = list[tuple[str, float]]


def main() -> None:
    """Print a line for the pieces, then one for each way to merge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="holds `releases`")
    parser.add_argument("--ratings", type=Path, required=True, help="a folder of MovieLens")
    arguments = parser.parse_args()
    lookup = serving_release(arguments.root, os.environ).lookup()
    start = perf_counter()
    sizes = [len(piece(lookup, index)) for index in range(piece_count(lookup))]
    milliseconds = 1000 * (perf_counter() - start) / len(sizes)
    count = lookup.release["title_count"]
    print(
        f"{count:,} titles: {len(sizes)} pieces, {sum(sizes) / 1e6:.2f} MB, "
        f"{sum(sizes) / count:.1f} bytes a title, {milliseconds:.0f} ms to pack one"
    )
    lists = all_lists(lookup)
    users = halves(arguments.ratings, lists)
    print(f"{len(users)} users with {FEWEST} liked films or more in their half")
    for depth in (12, 24, NEIGHBOURS):
        for are_disliked_used in (False, True):
            figures = [judged(lists, *user, depth, are_disliked_used) for user in users]
            liked, disliked = (mean(column) for column in zip(*figures, strict=True))
            used = "with" if are_disliked_used else "without"
            print(f"{depth:>2} neighbours, {used:<7} disliked: liked {liked:.3f}, ", end="")
            print(f"disliked {disliked:.3f} of {LIST_LENGTH}")


def all_lists(lookup: Lookup) -> dict[str, list[str]]:
    """The ids of each title's neighbours, best first, by its id."""
    ids = lookup.title_ids()
    return {
        title_id: [ids[neighbour.number] for neighbour in neighbours]
        for title_id, _, neighbours in lookup.all_neighbours()
    }


def halves(folder: Path, known: Container[str]) -> list[tuple[Ratings, dict[str, float]]]:
    """Each user's ratings in two halves: what makes the list, and what judges it."""
    with (folder / "links.csv").open() as file:
        ids = {row["movieId"]: f"tt{row['imdbId']:0>7}" for row in csv.DictReader(file)}
    by_user: defaultdict[str, Ratings] = defaultdict(list)
    with (folder / "ratings.csv").open() as file:
        for row in csv.DictReader(file):
            if ids[row["movieId"]] in known:
                by_user[row["userId"]].append((ids[row["movieId"]], float(row["rating"])))
    dice, users = Random(1), list[tuple[Ratings, dict[str, float]]]()
    for ratings in by_user.values():
        dice.shuffle(ratings)
        half = len(ratings) // 2
        given, kept = ratings[:half], dict(ratings[half:])
        has_enough = sum(rating >= LIKED for _, rating in given) >= FEWEST
        if has_enough and any(rating >= LIKED for rating in kept.values()):
            users.append((given, kept))
    return users


def judged(
    lists: Mapping[str, list[str]],
    given: Ratings,
    kept: dict[str, float],
    depth: int,
    are_disliked_used: bool,
) -> tuple[float, int]:
    """The share of a list that the user liked, and how many of it the user disliked."""
    points: defaultdict[str, float] = defaultdict(float)
    signs = [(title_id, 1) for title_id, rating in given if rating >= LIKED]
    if are_disliked_used:
        signs += [(title_id, -1) for title_id, rating in given if rating <= DISLIKED]
    for title_id, sign in signs:
        for rank, other in enumerate(lists[title_id][:depth], start=1):
            if sign > 0 or other in points:
                points[other] += sign / (RANK_OFFSET + rank)
    seen = {title_id for title_id, _ in given}
    order = sorted(points, key=lambda title_id: -points[title_id])
    listed = [other for other in order if other not in seen and points[other] > 0][:LIST_LENGTH]
    ratings = [kept[title_id] for title_id in listed if title_id in kept]
    liked = sum(rating >= LIKED for rating in ratings)
    return liked / LIST_LENGTH, sum(rating <= DISLIKED for rating in ratings)


if __name__ == "__main__":
    main()
