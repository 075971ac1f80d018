# pyright: standard
"""Model assets: the scaled matrix, K-Means, and the clusters of the titles.

Columns are in modelling/features.py, K-Means in modelling/kmeans.py, profiles of clusters
in modelling/profiles.py.
"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.made_of import Asked, Step
from rec_platform.assets.markdown import profiles_table
from rec_platform.assets.notes import found_in
from rec_platform.assets.stored import (
    KMEANS_KEY,
    PROFILES_KEY,
    SCALING_KEY,
    read_matrix,
    read_model,
    read_recipe,
)
from rec_platform.choices import FeaturePreset
from rec_platform.modelling.kmeans import assign, quality_by_cluster_count
from rec_platform.resources.clustering import Clustering
from rec_platform.resources.prices import PriceTable
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

CLUSTER_COUNTS = (2, 4, 6, 8, 10, 12, 16, 20)


@dg.asset(
    group_name="model",
    kinds={"numpy", "parquet"},
    owners=["team:data"],
    deps=["recipe", "titles"],
    code_version=code_version(__name__),
)
def scaled_matrix(
    context: dg.AssetExecutionContext, recipe: Asked, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """What K-Means and `nearest` see: one row per title, each column scaled to 0..1, float32.

    The columns are those of the recipe's feature preset. The release keeps the bounds of each
    column in its own unit.
    """
    step = Step(
        context,
        storage,
        warehouse,
        fields=["features"],
        table="scaled_matrix",
        files=[SCALING_KEY],
        asked=recipe,
    )
    if kept := step.kept():
        return kept
    from rec_platform.modelling.features import DESCRIPTIONS, PRESETS, min_max

    features = FeaturePreset(step.recipe["features"])
    titles = warehouse.read("titles", order_by="title_id")
    scaled, bounds = min_max(PRESETS[features](titles))
    scaled.insert(0, "title_id", titles["title_id"])
    warehouse.write("scaled_matrix", [scaled])
    storage.write(SCALING_KEY, json.dumps({"features": features, "bounds": bounds}).encode())
    ranges = {name: f"{low:g} to {high:g}" for name, (low, high) in bounds.items()}
    columns = {
        name: f"{DESCRIPTIONS[features][name]}; {span} is scaled to 0..1"
        for name, span in ranges.items()
    }
    return step.made(
        {"features": features.value, "bounds": ranges},
        descriptions={"title_id": "IMDb's id of the title", **columns},
    )


@dg.asset(
    group_name="model",
    kinds={"scikitlearn", "json"},
    owners=["team:data"],
    deps=["recipe", scaled_matrix],
    code_version=code_version(__name__),
)
def kmeans_model(
    context: dg.AssetExecutionContext,
    prices: PriceTable,
    recipe: Asked,
    storage: Storage,
    warehouse: Warehouse,
    clustering: Clustering,
) -> dg.MaterializeResult[Any]:
    """K-Means fitted to the scaled matrix: seeded, best of many starts, largest cluster first."""
    step = Step(
        context,
        storage,
        warehouse,
        fields=["clusters", "seed"],
        files=[KMEANS_KEY],
        # The code of the engine: another one finds other clusters.
        outside={"engine": code_version(type(clustering).__module__)},
        asked=recipe,
    )
    if kept := step.kept():
        return kept
    from rec_platform.assets import plots

    clusters, seed = step.recipe["clusters"], step.recipe["seed"]
    _, matrix = read_matrix(warehouse)
    before = clustering.usage()
    model = clustering.fit(matrix, clusters, seed)
    quality = quality_by_cluster_count(matrix, sorted({*CLUSTER_COUNTS, clusters}), seed)
    content = {
        "clusters": clusters,
        "seed": seed,
        "mean_squared_distance": model.mean_squared_distance,
        "iterations": model.iterations,
        "centroids": model.centroids.tolist(),
        "quality": quality,
    }
    storage.write(KMEANS_KEY, json.dumps(content).encode())
    metadata: dict[str, Any] = {
        "clusters": clusters,
        "mean_squared_distance": model.mean_squared_distance,
        "iterations": model.iterations,
        **model.metadata,
        **prices.spent(clustering, before),
    }
    if quality:
        metadata["cluster_count"] = plots.cluster_count(quality, clusters)
        metadata["sample_silhouette"] = {count: score for count, _, score in quality}.get(clusters)
    return step.made(metadata)


@dg.asset(
    group_name="model",
    kinds={"scikitlearn", "parquet"},
    owners=["team:data"],
    deps=["titles", scaled_matrix, kmeans_model],
    code_version=code_version(__name__),
)
def title_clusters(
    context: dg.AssetExecutionContext, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """Each title's cluster and its Euclidean distance to the centroid, and each cluster's profile.

    A profile has the cluster's size, leading genres, middle half of the years, mean rating, median
    votes, typical and most voted titles, and a short name that says what sets it apart.
    """
    step = Step(context, storage, warehouse, table="title_clusters", files=[PROFILES_KEY])
    if kept := step.kept():
        return kept
    from rec_platform.assets import plots
    from rec_platform.modelling.profiles import profile

    _, matrix = read_matrix(warehouse)
    assignment = assign(matrix, read_model(storage).centroids)
    titles = warehouse.read("titles", order_by="title_id").assign(
        cluster=assignment.cluster, distance=assignment.distance
    )
    warehouse.write("title_clusters", [titles[["title_id", "cluster", "distance"]]])
    profiles = profile(titles)
    storage.write(PROFILES_KEY, json.dumps([asdict(cluster) for cluster in profiles]).encode())
    names = [cluster.name for cluster in profiles]
    return step.made(
        {
            "profiles": dg.MetadataValue.md(profiles_table(profiles, titles)),
            "cluster_sizes": plots.cluster_sizes(profiles),
            "cluster_map": plots.cluster_map(matrix, assignment.cluster, names),
        }
    )


model_assets = [scaled_matrix, kmeans_model, title_clusters]


@dg.asset_check(asset=scaled_matrix, blocking=True)
def matrix_is_scaled(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Every value is finite and within 0..1, and each selected title has one row."""
    return _result(found_in(storage, warehouse, ["scaled_matrix", "titles"], _problems_of_matrix))


def _problems_of_matrix(storage: Storage, warehouse: Warehouse) -> dict[str, int]:
    import numpy as np

    del storage
    title_ids, matrix = read_matrix(warehouse)
    without, unknown, repeated = _unlike_titles(warehouse, title_ids)
    return {
        "titles_without_row": without,
        "rows_without_title": unknown,
        "repeated_rows": repeated,
        "not_finite": int((~np.isfinite(matrix)).sum()),
        "out_of_range": int(((matrix < 0) | (matrix > 1)).sum()),
    }


@dg.asset_check(asset=title_clusters, blocking=True)
def clusters_are_filled(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Each title is in one cluster, no cluster is empty, every distance is finite."""
    looked_at = ["title_clusters", "titles", "recipe"]
    return _result(found_in(storage, warehouse, looked_at, _problems_of_clusters))


def _problems_of_clusters(storage: Storage, warehouse: Warehouse) -> dict[str, int]:
    import numpy as np

    table = warehouse.read("title_clusters", order_by="title_id")
    asked = set(range(read_recipe(storage, warehouse)["clusters"]))
    without, unknown, repeated = _unlike_titles(warehouse, table["title_id"])
    return {
        "titles_without_cluster": without,
        "rows_without_title": unknown,
        "repeated_rows": repeated,
        "empty_clusters": len(asked - {*table["cluster"]}),
        "unknown_clusters": len({*table["cluster"]} - asked),
        "distances_not_finite": int((~np.isfinite(table["distance"])).sum()),
    }


def _unlike_titles(warehouse: Warehouse, title_ids: "pd.Series[str]") -> tuple[int, int, int]:
    """How ids of rows differ from those of the titles: missing ones, unknown ones, repeated ones.

    Each is counted by itself, so that none makes up for another.
    """
    titles = warehouse.read("titles", order_by="title_id", columns="title_id")["title_id"]
    listed, present = {*titles}, {*title_ids}
    return len(listed - present), len(present - listed), len(title_ids) - len(present)


def _result(problems: dict[str, int]) -> dg.AssetCheckResult:
    present = {name: count for name, count in problems.items() if count}
    return dg.AssetCheckResult(
        passed=not present, metadata=problems, description=str(present or "sound")
    )


model_checks = [matrix_is_scaled, clusters_are_filled]
