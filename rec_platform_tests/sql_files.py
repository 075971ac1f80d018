"""All files of sql/, each after those whose tables it reads."""

from graphlib import TopologicalSorter

from rec_platform.assets.features import dependencies
from rec_platform.resources.warehouse import SQL_FOLDER

_TABLES = {path.stem: path.read_text() for path in SQL_FOLDER.glob("*.sql")}
_INPUTS = {
    table: dependencies(sql, set(_TABLES) - {table}) for table, sql in sorted(_TABLES.items())
}
SQL = {table: _TABLES[table] for table in TopologicalSorter(_INPUTS).static_order()}
