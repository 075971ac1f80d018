"""Model assets: the scaled matrix, K-Means, and the clusters of the titles.

Thin on purpose: columns are in features.py, K-Means in clustering.py, names in profiles.py.
"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.assets.features import read_recipe, table_metadata
from rec_platform.choices import FeaturePreset
from rec_platform.release.schema import Cluster
from rec_platform.resources.clustering import Clustering, KMeansModel, quality_by_cluster_count
from rec_platform.resources.prices import PriceTable
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SCALING_KEY = "model/scaling.json"
KMEANS_KEY = "model/kmeans.json"
PROFILES_KEY = "model/profiles.json"
CLUSTER_COUNTS = (2, 4, 6, 8, 10, 12, 16, 20)


@dg.asset(group_name="model", kinds={"numpy", "parquet"}, owners=["team:data"], deps=["titles"])
def scaled_matrix(storage: Storage, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """What K-Means and `nearest` see: one row per title, each column scaled to 0..1, float32.

    The columns are those of the recipe's feature preset; the bounds of each one, in its own unit,
    are kept with the release.
    """
    from rec_platform.modelling.features import PRESETS, min_max

    features = FeaturePreset(read_recipe(warehouse)["features"])
    titles = warehouse.read("titles", order_by="title_id")
    scaled, bounds = min_max(PRESETS[features](titles))
    scaled.insert(0, "title_id", titles["title_id"])
    warehouse.write("scaled_matrix", [scaled])
    storage.write(SCALING_KEY, json.dumps({"features": features, "bounds": bounds}).encode())
    ranges = {name: f"{low:g} to {high:g}" for name, (low, high) in bounds.items()}
    metadata = {"features": features.value, "bounds": ranges}
    return dg.MaterializeResult(metadata=metadata | table_metadata(warehouse, "scaled_matrix"))


def read_matrix(warehouse: Warehouse) -> "tuple[pd.Series[str], np.ndarray]":
    """The ids (in order) and the rows of the scaled matrix: (titles, columns), float32."""
    import numpy as np

    table = warehouse.read("scaled_matrix", order_by="title_id")
    return table["title_id"], np.ascontiguousarray(
        table.drop(columns="title_id").to_numpy("float32")
    )


@dg.asset(
    group_name="model", kinds={"scikitlearn", "json"}, owners=["team:data"], deps=[scaled_matrix]
)
def kmeans_model(
    prices: PriceTable, storage: Storage, warehouse: Warehouse, clustering: Clustering
) -> dg.MaterializeResult[Any]:
    """K-Means fitted to the scaled matrix: seeded, best of many starts, largest cluster first."""
    from rec_platform.assets import plots

    recipe = read_recipe(warehouse)
    clusters, seed = recipe["clusters"], recipe["seed"]
    _, matrix = read_matrix(warehouse)
    before = clustering.usage()
    model = clustering.fit(matrix, clusters, seed)
    quality = quality_by_cluster_count(matrix, sorted({*CLUSTER_COUNTS, clusters}), seed)
    content = {
        "clusters": clusters,
        "seed": seed,
        "features": recipe["features"],
        "mean_squared_distance": model.mean_squared_distance,
        "iterations": model.iterations,
        "artefact": model.artefact,
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
    return dg.MaterializeResult(metadata=metadata)


def read_model(storage: Storage) -> KMeansModel:
    """The model that `kmeans_model` wrote."""
    import numpy as np

    content = json.loads(storage.read(KMEANS_KEY) or "{}")
    return KMeansModel(
        centroids=np.array(content["centroids"]),
        mean_squared_distance=content["mean_squared_distance"],
        iterations=content["iterations"],
        artefact=content["artefact"],
    )


def read_quality(storage: Storage) -> list[tuple[int, float, float]]:
    """How well other numbers of clusters would fit, as `kmeans_model` found."""
    content = json.loads(storage.read(KMEANS_KEY) or "{}")
    return [(count, distance, silhouette) for count, distance, silhouette in content["quality"]]


@dg.asset(
    group_name="model", kinds={"scikitlearn", "parquet"}, owners=["team:data"], deps=[kmeans_model]
)
def title_clusters(
    prices: PriceTable, storage: Storage, warehouse: Warehouse, clustering: Clustering
) -> dg.MaterializeResult[Any]:
    """Each title's cluster and its Euclidean distance to the centroid, and what each cluster holds.

    A cluster's profile has its size, leading genres, middle half of the years, mean rating, median
    votes, most typical and most voted titles, and a short name made from them.
    """
    from rec_platform.assets import plots
    from rec_platform.modelling.profiles import profile

    _, matrix = read_matrix(warehouse)
    before = clustering.usage()
    assignment = clustering.assign(matrix, read_model(storage))
    cost = prices.spent(clustering, before)
    cluster = assignment.cluster
    titles = warehouse.read("titles", order_by="title_id").assign(
        cluster=cluster, distance=assignment.distance
    )
    warehouse.write("title_clusters", [titles[["title_id", "cluster", "distance"]]])
    profiles = profile(titles)
    storage.write(PROFILES_KEY, json.dumps([asdict(found) for found in profiles]).encode())
    names = [found.name for found in profiles]
    return dg.MaterializeResult(
        metadata={
            "profiles": dg.MetadataValue.md(_profiles_table(profiles, titles)),
            "cluster_sizes": plots.cluster_sizes(profiles),
            "cluster_map": plots.cluster_map(matrix, cluster, names),
        }
        | table_metadata(warehouse, "title_clusters")
        | dict(assignment.metadata)
        | cost
    )


def read_profiles(storage: Storage) -> list[Cluster]:
    """The profiles that `title_clusters` wrote."""
    return [Cluster(**found) for found in json.loads(storage.read(PROFILES_KEY) or "[]")]


def _profiles_table(profiles: list[Cluster], titles: "pd.DataFrame") -> str:
    names = titles.set_index("title_id")["title"]
    lines = [
        "| cluster | name | titles | genres | years | rating | votes | typical | most voted |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {found.cluster} | {found.name} | {found.title_count:,} | {', '.join(found.genres)} "
        f"| {found.year_from}-{found.year_to} | {found.rating:.1f} | {found.votes:,} "
        f"| {'; '.join(names[found.typical_titles[:3]])} "
        f"| {'; '.join(names[found.popular_titles[:3]])} |"
        for found in profiles
    ]
    return "\n".join(lines)


model_assets = [scaled_matrix, kmeans_model, title_clusters]


@dg.asset_check(asset=scaled_matrix, blocking=True)
def matrix_is_scaled(warehouse: Warehouse) -> dg.AssetCheckResult:
    """Every value is finite and within 0..1, and every selected title has its row."""
    import numpy as np

    title_ids, matrix = read_matrix(warehouse)
    titles = warehouse.row_count("titles")
    problems = {
        "titles_without_row": titles - title_ids.nunique(),
        "not_finite": int((~np.isfinite(matrix)).sum()),
        "out_of_range": int(((matrix < 0) | (matrix > 1)).sum()),
    }
    return _result(problems)


@dg.asset_check(asset=title_clusters, blocking=True)
def clusters_are_filled(warehouse: Warehouse) -> dg.AssetCheckResult:
    """Each title is in one cluster, no cluster is empty, every distance is finite."""
    import numpy as np

    table = warehouse.read("title_clusters", order_by="title_id")
    problems = {
        "titles_without_cluster": warehouse.row_count("titles") - table["title_id"].nunique(),
        "empty_clusters": read_recipe(warehouse)["clusters"] - table["cluster"].nunique(),
        "distances_not_finite": int((~np.isfinite(table["distance"])).sum()),
    }
    return _result(problems)


def _result(problems: dict[str, int]) -> dg.AssetCheckResult:
    found = {name: count for name, count in problems.items() if count}
    return dg.AssetCheckResult(
        passed=not found, metadata=problems, description=str(found or "sound")
    )


model_checks = [matrix_is_scaled, clusters_are_filled]
