"""Choosing: the titles of the whole release that pass a filter, sorted, a page at a time.

A title's list is filtered elsewhere, in filtered.py.
"""

import sqlite3
from typing import Literal, get_args

from rec_platform.release.filters import Filter

Order = Literal["votes", "rating", "year"]
ORDERS: tuple[Order, ...] = get_args(Order)
# Numbers follow votes. Ratings are trusted ones: few votes say little.
_ORDER_BY = {
    "votes": "number",
    "rating": "trusted_rating DESC, number",
    "year": "year DESC, number",
}
_CONDITIONS = {
    "year_min": "year >= ?",
    "year_max": "year <= ?",
    "rating_min": "rating >= ?",
    "votes_min": "votes >= ?",
    "runtime_min": "runtime_minutes >= ?",
    "runtime_max": "runtime_minutes <= ?",
    "country": "country = ?",
    "language": "language = ?",
    "format": "format = ?",
    "director": """number IN (
        SELECT credit.value ->> 0 FROM people CROSS JOIN json_each(people.credits) AS credit
        WHERE person_id = ? AND credit.value ->> 1 = 'director'
    )""",
}


def choose(
    connection: sqlite3.Connection, wanted: Filter, order: Order, limit: int, offset: int
) -> list[int]:
    """The numbers of the titles that pass a filter: the most voted, best rated or newest first.

    Args:
        connection: a lookup that has facts.
        wanted: the filter.
        order: by which the titles are sorted; of equals the most voted comes first.
        limit: how many at most.
        offset: how many are skipped.
    """
    condition, values = _where(wanted)
    sql = f"SELECT number FROM facts {condition} ORDER BY {_ORDER_BY[order]} LIMIT ? OFFSET ?"
    return [number for (number,) in connection.execute(sql, (*values, limit, offset))]


def count(connection: sqlite3.Connection, wanted: Filter) -> int:
    """How many titles pass a filter."""
    condition, values = _where(wanted)
    return connection.execute(f"SELECT count(*) FROM facts {condition}", values).fetchone()[0]


def flags(connection: sqlite3.Connection, wanted: Filter) -> bytearray:
    """For each number of a title, from 0, whether the title passes a filter: 1 or 0."""
    (most,) = connection.execute("SELECT max(number) FROM facts").fetchone()
    passing = bytearray((most or 0) + 1)
    condition, values = _where(wanted)
    for (number,) in connection.execute(f"SELECT number FROM facts {condition}", values):
        passing[number] = 1
    return passing


def _where(wanted: Filter) -> tuple[str, list[object]]:
    """A filter as SQL, with its values."""
    asked = {name: getattr(wanted, name) for name in _CONDITIONS}
    asked = {name: value for name, value in asked.items() if value is not None}
    conditions = [_CONDITIONS[name] for name in asked]
    values: list[object] = [*asked.values()]
    for genres, found in ((wanted.genres, ">"), (wanted.without_genres, "=")):
        conditions += [f"instr(genres, ?) {found} 0"] * len(genres)
        values += [f'"{genre}"' for genre in genres]  # as the JSON array has it
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", values
