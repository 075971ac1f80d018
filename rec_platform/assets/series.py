"""The series asset. The rules that find series are in modelling/series.py."""

from typing import Any

import dagster as dg

from rec_platform.assets.features import table_metadata
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse


@dg.asset(
    group_name="features",
    kinds={"scipy", "parquet"},
    owners=["team:data"],
    deps=["title_people", "title_akas"],
)
def title_series(storage: Storage, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """The series each title belongs to, -1 for none, and its place in it, 0 where unsure."""
    from rec_platform.modelling.series import find_series

    del storage  # asked for because it holds the lock
    titles = warehouse.read("titles", order_by="title_id")
    people = warehouse.read("title_people", order_by="title_id, person_id, role")
    akas = warehouse.read("title_akas", order_by="title_id, name")
    series, place = find_series(titles, people, akas)
    table = titles[["title_id"]].assign(series=series, place=place)
    warehouse.write("title_series", [table])
    members = table.loc[table["series"] >= 0, "series"]
    metadata = {"series": members.nunique(), "titles_in_series": len(members)}
    return dg.MaterializeResult(metadata=metadata | table_metadata(warehouse, "title_series"))
