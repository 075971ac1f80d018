# pyright: standard
"""The keywords asset. The file that the keywords come from is read in resources/keywords.py."""

from typing import Any

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.made_of import Step
from rec_platform.resources.keywords import KeywordsSource
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse


@dg.asset(
    group_name="features",
    kinds={"parquet"},
    owners=["team:data"],
    deps=["selection"],
    code_version=code_version(__name__),
)
def title_keywords(
    context: dg.AssetExecutionContext,
    keywords: KeywordsSource,
    storage: Storage,
    warehouse: Warehouse,
) -> dg.MaterializeResult[Any]:
    """One row per title and keyword of `REC_KEYWORDS_SOURCE`, with a weight in 0..1.

    It is empty where no source is named.
    """
    step = Step(
        context,
        storage,
        warehouse,
        table="title_keywords",
        outside={"keywords": keywords.fingerprint()},
    )
    if kept := step.kept():
        return kept
    titles = warehouse.read("selection", order_by="title_id")
    table = keywords.read(titles["title_id"])
    warehouse.write("title_keywords", [table])
    return step.made(
        {
            "keywords": table["keyword"].nunique(),
            "titles_with_keywords": table["title_id"].nunique(),
        }
    )
