# pyright: standard
"""What a lookup holds of each title, read from the tables in the order of the titles' numbers.

How it is written belongs in release/writer.py.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rec_platform.assets.similar import BY_NUMBER, read_lists
from rec_platform.assets.stored import read_matrix
from rec_platform.release.reasons import ROLES
from rec_platform.release.schema import Title, pack
from rec_platform.release.text import person_words
from rec_platform.release.tiles import Combination
from rec_platform.release.writer import Entry, PersonRow, to_json
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd


def titles(warehouse: Warehouse, credited: "Credited") -> Iterator[Entry]:
    """What the lookup has of each title, most voted first."""
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
    characters, keywords = _characters(warehouse), _keywords(warehouse)
    akas = warehouse.read("title_akas", order_by="title_id, name")
    names = _by_title(*_columns(akas, "title_id", "name"))
    for number, row in enumerate(zip(*_columns(rows, *rows), strict=True), start=1):
        title_id, title, original, year, runtime, genres, rating, votes, *rest = row
        series, series_place, cluster, distance, country, language, title_type, end_year = rest
        credits_of_title, people = credited.of(number)
        yield Entry(
            Title(
                title_id=title_id,
                title=title,
                original_title=original,
                year=year,
                runtime_minutes=runtime,
                genres=genres.split(",") if genres else [],
                rating=rating,
                votes=votes,
                credits=[],
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
            names="\n".join(names[title_id]),
            credits=credits_of_title,
            people=people,
        )


def _or_none(values: "pd.Series[Any]", is_known: "pd.Series[bool]") -> "pd.Series[Any]":
    return values.astype(object).where(is_known, None)


class Credited:
    """Who did what in which title, in the order in which a title shows it.

    A credit is three numbers, a title's, a person's and a role's, until it is written: there are
    millions. What is written of a person's name is made once, not once for each title.
    """

    def __init__(self, warehouse: Warehouse, title_count: int) -> None:
        import numpy as np

        people = warehouse.query(
            "SELECT person_id, MIN(name) AS name FROM title_people GROUP BY person_id"
        ).sort_values("person_id")
        self._ids, self._names = _columns(people, "person_id", "name")
        roles = sorted(warehouse.query("SELECT DISTINCT role FROM title_people")["role"])
        rows = warehouse.query(f"""
            WITH numbered AS (
                SELECT title_id, row_number() OVER (ORDER BY {BY_NUMBER}) AS number FROM titles
            ),
            people AS (
                SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS person
                FROM (SELECT DISTINCT person_id FROM title_people)
            ),
            roles AS (
                SELECT role, row_number() OVER (ORDER BY role) - 1 AS role_number
                FROM (SELECT DISTINCT role FROM title_people)
            )
            SELECT
                CAST(number AS INTEGER) AS number,
                CAST(person AS INTEGER) AS person,
                CAST(role_number AS INTEGER) AS role,
                CAST(billing AS INTEGER) AS billing
            FROM title_people
            INNER JOIN numbered ON title_people.title_id = numbered.title_id
            INNER JOIN people ON title_people.person_id = people.person_id
            INNER JOIN roles ON title_people.role = roles.role
        """)
        number, person, role, billing = (rows[name].to_numpy() for name in rows)
        # The roles of ROLES come first, in its order, each as billed; then all others, as billed.
        place = np.array([[*ROLES, role].index(role) for role in roles], dtype="int8")
        order = np.lexsort((person, role, billing, place[role], number))
        self._number, self._person, self._role = number[order], person[order], role[order]
        self._starts = np.searchsorted(self._number, np.arange(1, title_count + 2)).tolist()
        self._roles = [to_json(role) for role in roles]
        self._before = [f"[{to_json(person_id)}, " for person_id in self._ids]
        self._after = [f", {to_json(name)}]" for name in self._names]
        self._words = person_words(self._names)

    def of(self, number: int) -> tuple[str, str]:
        """The credits of a title as JSON, and the words that its people are found by."""
        rows = slice(*self._starts[number - 1 : number + 1])
        persons, roles = self._person[rows].tolist(), self._role[rows].tolist()
        credits_ = [
            f"{self._before[person]}{self._roles[role]}{self._after[person]}"
            for person, role in zip(persons, roles, strict=True)
        ]
        words = " ".join([self._words[person] for person in dict.fromkeys(persons)])
        return f"[{', '.join(credits_)}]", words

    def people(self) -> Iterator[PersonRow]:
        """Each person with their credits as JSON, the most voted title first."""
        import numpy as np

        order = np.argsort(self._person, kind="stable")
        starts = np.searchsorted(self._person[order], np.arange(len(self._ids) + 1)).tolist()
        numbers, roles = self._number[order], self._role[order]
        for person, row in enumerate(zip(self._ids, self._names, strict=True)):
            rows = slice(*starts[person : person + 2])
            of_person = zip(numbers[rows].tolist(), roles[rows].tolist(), strict=True)
            credits_ = [f"[{number}, {self._roles[role]}]" for number, role in of_person]
            yield *row, f"[{', '.join(credits_)}]"


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
