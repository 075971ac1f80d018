"""Links from the Dagster UI to the code of assets, for people who run it where the code is."""

import warnings
from collections.abc import Sequence

import dagster as dg

from rec_platform.resources.warehouse import SQL_FOLDER


def with_code_references(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The assets, each with a link to its function, and before it to its SQL if it has some."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # Dagster may still change these links
        linked = [asset.map_asset_specs(_with_sql) for asset in assets]
        return [
            asset
            for asset in dg.with_source_code_references(linked)
            if isinstance(asset, dg.AssetsDefinition)
        ]


def _with_sql(spec: dg.AssetSpec) -> dg.AssetSpec:
    file = SQL_FOLDER / f"{spec.key.to_user_string()}.sql"
    if not file.exists():
        return spec
    link = dg.LocalFileCodeReference(file_path=str(file.absolute()), line_number=1)
    links = dg.CodeReferencesMetadataValue(code_references=[link])
    return spec.merge_attributes(metadata={"dagster/code_references": links})
