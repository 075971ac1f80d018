# pyright: standard
"""What assets keep beside their tables, and how the assets below them read it."""

import json
from typing import TYPE_CHECKING, Any

from rec_platform.assets.notes import found_in
from rec_platform.modelling.kmeans import KMeansModel
from rec_platform.modelling.scorecard import Scorecard
from rec_platform.release.schema import Cluster
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

RECIPE = "recipe"
SCALING_KEY = "model/scaling.json"
KMEANS_KEY = "model/kmeans.json"
PROFILES_KEY = "model/profiles.json"
SCORECARD_KEY = "build/scorecard.json"


def read_recipe(storage: Storage, warehouse: Warehouse) -> dict[str, Any]:
    """What the `recipe` asset wrote, as plain values."""
    return found_in(storage, warehouse, [RECIPE], _recipe)


def _recipe(storage: Storage, warehouse: Warehouse) -> dict[str, Any]:
    del storage
    return json.loads(warehouse.head(RECIPE, 1).iloc[0].to_json())


def read_matrix(warehouse: Warehouse) -> "tuple[pd.Series[str], np.ndarray]":
    """The ids (in order) and the rows of the scaled matrix: (titles, columns), float32."""
    import numpy as np

    table = warehouse.read("scaled_matrix", order_by="title_id")
    return table["title_id"], np.ascontiguousarray(
        table.drop(columns="title_id").to_numpy("float32")
    )


def read_model(storage: Storage) -> KMeansModel:
    """The model that `kmeans_model` wrote."""
    import numpy as np

    content = json.loads(storage.read(KMEANS_KEY) or "null")
    return KMeansModel(
        centroids=np.array(content["centroids"]),
        mean_squared_distance=content["mean_squared_distance"],
        iterations=content["iterations"],
    )


def read_quality(storage: Storage) -> list[tuple[int, float, float]]:
    """How well other numbers of clusters would fit, as `kmeans_model` wrote it."""
    content = json.loads(storage.read(KMEANS_KEY) or "null")
    return [(count, distance, silhouette) for count, distance, silhouette in content["quality"]]


def read_profiles(storage: Storage) -> list[Cluster]:
    """The profiles that `title_clusters` wrote."""
    return [Cluster(**profile) for profile in json.loads(storage.read(PROFILES_KEY) or "null")]


def read_scorecard(storage: Storage) -> Scorecard:
    """The scorecard that `scorecard` wrote."""
    return Scorecard.of(json.loads(storage.read(SCORECARD_KEY) or "null"))


def read_scaling(storage: Storage) -> dict[str, Any]:
    """The features and their bounds that `scaled_matrix` wrote."""
    return json.loads(storage.read(SCALING_KEY) or "null")
