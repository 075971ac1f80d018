# pyright: standard
"""The series asset. The rules that find series are in modelling/series.py."""

from typing import Any

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.made_of import Step
from rec_platform.release.formats import FORMATS
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse


@dg.asset(
    group_name="features",
    kinds={"scipy", "parquet"},
    owners=["team:data"],
    deps=["titles", "title_credits", "title_akas", "title_characters"],
    code_version=code_version(__name__),
)
def title_series(
    context: dg.AssetExecutionContext, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """The series each title belongs to, -1 for none, and its place in it, 0 where unsure."""
    step = Step(context, storage, warehouse, table="title_series")
    if kept := step.kept():
        return kept
    from rec_platform.modelling.series import find_series

    titles = warehouse.read("titles", order_by="title_id")
    others = [
        warehouse.read("title_credits", order_by="title_id, person_id, role"),
        warehouse.read("title_akas", order_by="title_id, name"),
        warehouse.read("title_characters", order_by="title_id, character_name"),
    ]
    table = titles[["title_id"]].assign(series=-1, place=0)
    # A film and a show are not of one series, whatever they are called.
    for _, own in titles.groupby(titles["title_type"].map(FORMATS)):
        of_own = others
        if len(own) < len(titles):
            of_own = [rows[rows["title_id"].isin(own["title_id"])] for rows in others]
        series, place = find_series(own, *of_own)
        first = table["series"].max() + 1
        table.loc[own.index, "series"] = series + first * (series >= 0)
        table.loc[own.index, "place"] = place
    warehouse.write("title_series", [table])
    members = table.loc[table["series"] >= 0, "series"]
    return step.made({"series": members.nunique(), "titles_in_series": len(members)})
