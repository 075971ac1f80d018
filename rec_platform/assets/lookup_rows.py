# pyright: standard
"""What a lookup holds of each title, read from the tables in the order of the titles' numbers.

How it is written belongs in release/writer.py.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rec_platform.assets.similar import BY_NUMBER, read_lists
from rec_platform.assets.stored import read_matrix
from rec_platform.release.reasons import ROLES
from rec_platform.release.schema import Credit, Title, pack
from rec_platform.release.tiles import Combination
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd


def titles(warehouse: Warehouse) -> Iterator[tuple[Title, str]]:
    """Each title and its other names, most voted first."""
    rows = warehouse.query("""
        SELECT
            titles.title_id, title, original_title, year, runtime_minutes, genres, rating, votes,
            NULLIF(series, -1) AS series, NULLIF(place, 0) AS series_place, cluster, distance,
            country, language, title_type, end_year
        FROM titles
        INNER JOIN title_clusters ON titles.title_id = title_clusters.title_id
        INNER JOIN title_series ON titles.title_id = title_series.title_id
        LEFT JOIN title_origins ON titles.title_id = title_origins.title_id
    """)
    rows = rows.sort_values(["votes", "title_id"], ascending=[False, True])
    for name in ("runtime_minutes", "series", "series_place", "end_year"):
        rows[name] = _or_none(rows[name].fillna(0).astype("int64"), rows[name].notna())
    for name in ("country", "language"):
        rows[name] = _or_none(rows[name], rows[name].notna())
    credited = _credits(warehouse)
    characters, keywords = _characters(warehouse), _keywords(warehouse)
    akas = warehouse.read("title_akas", order_by="title_id, name")
    names: defaultdict[str, str] = defaultdict(str)
    for title_id, name in zip(*_columns(akas, "title_id", "name"), strict=True):
        names[title_id] += f"{name}\n"
    for title_id, title, original, year, runtime, genres, rating, votes, *rest in zip(
        *_columns(rows, *rows), strict=True
    ):
        series, series_place, cluster, distance, country, language, title_type, end_year = rest
        yield (
            Title(
                title_id=title_id,
                title=title,
                original_title=original,
                year=year,
                runtime_minutes=runtime,
                genres=genres.split(",") if genres else [],
                rating=rating,
                votes=votes,
                credits=credited(title_id),
                series=series,
                series_place=series_place,
                cluster=cluster,
                distance=distance,
                characters=characters[title_id],
                country=country,
                language=language,
                keywords=keywords[title_id],
                title_type=title_type,
                end_year=end_year,
            ),
            names[title_id],
        )


def _or_none(values: "pd.Series[Any]", is_known: "pd.Series[bool]") -> "pd.Series[Any]":
    return values.astype(object).where(is_known, None)


def _credits(warehouse: Warehouse) -> Callable[[str], list[Credit]]:
    """Who did what in a title: the roles in the order of ROLES, each as billed."""
    import numpy as np

    people = warehouse.read(
        "title_people",
        order_by="title_id, billing, role, person_id",
        columns="title_id, person_id, role, name",
    )
    order = {role: place for place, role in enumerate(ROLES)}
    place = people["role"].map(order).fillna(len(order))
    title_ids = people["title_id"].to_numpy(object)
    starts = np.flatnonzero(np.r_[True, title_ids[1:] != title_ids[:-1]][: len(title_ids)])
    ends = [*starts[1:].tolist(), len(title_ids)]
    rows = {
        title_id: slice(*bounds)
        for title_id, *bounds in zip(title_ids[starts], starts.tolist(), ends, strict=False)
    }
    sizes = np.diff(starts, append=len(title_ids))
    people = people.iloc[np.lexsort((place, np.repeat(np.arange(len(starts)), sizes)))]
    columns = [*_columns(people, "person_id", "role", "name")]

    def credited(title_id: str) -> list[Credit]:
        its_rows = rows.get(title_id, slice(0))
        return [*map(Credit, *(column[its_rows] for column in columns))]

    return credited


def _characters(warehouse: Warehouse) -> defaultdict[str, list[str]]:
    from rec_platform.modelling.telling import telling_characters

    table = telling_characters(warehouse.read("title_characters", "title_id, character_name"))
    return _by_title(*_columns(table, "title_id", "character_name"))


def _keywords(warehouse: Warehouse) -> defaultdict[str, list[str]]:
    from rec_platform.modelling.telling import telling_keywords

    table = telling_keywords(warehouse.read("title_keywords", "title_id, keyword"))
    return _by_title(*_columns(table, "title_id", "keyword"))


def _columns(table: "pd.DataFrame", *names: str) -> Iterator[list[Any]]:
    """Columns as lists: NumPy hands over their strings several times as fast as pandas."""
    return (table[name].to_numpy(object).tolist() for name in names)


def _by_title(title_ids: Iterable[str], names: Iterable[str]) -> defaultdict[str, list[str]]:
    """The names of each title, in their order."""
    by_title: defaultdict[str, list[str]] = defaultdict(list)
    for title_id, name in zip(title_ids, names, strict=True):
        by_title[title_id].append(name)
    return by_title


def neighbours(warehouse: Warehouse, title_count: int, kept: Collection[str]) -> Iterator[bytes]:
    """Each title's neighbours, best first, packed, with the parts that are kept."""
    lists = read_lists(warehouse, title_count, BY_NUMBER, kept)
    numbers, scores = (lists.neighbours + 1).astype("<u4"), lists.scores.astype("<f4")
    counts = (lists.neighbours >= 0).sum(axis=1)
    for *columns, count in zip(numbers, scores, lists.parts, counts.tolist(), strict=True):
        yield pack(*(column[:count].tobytes() for column in columns))


def combinations(warehouse: Warehouse) -> Iterator[Combination]:
    """All titles by combination of genres."""
    from rec_platform.modelling.tiling import tile

    return tile(
        warehouse.query(f"""
            SELECT title_type, year, runtime_minutes, genres, rating, votes FROM titles
            ORDER BY {BY_NUMBER}
        """)
    )


def places(warehouse: Warehouse) -> bytes:
    """Where each title lies within its cluster's circle on the map, in the order of numbers."""
    from rec_platform.modelling.placing import place

    _, matrix = read_matrix(warehouse)
    titles = warehouse.query("""
        SELECT titles.title_id, votes, cluster
        FROM titles INNER JOIN title_clusters ON titles.title_id = title_clusters.title_id
    """).sort_values("title_id", ignore_index=True)
    placed = place(matrix, titles["cluster"].to_numpy())
    numbered = titles.sort_values(["votes", "title_id"], ascending=[False, True])
    return placed[numbered.index].astype("<u2").tobytes()
