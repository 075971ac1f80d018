"""What was measured on the original system and on real files must come out here too."""

import itertools
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rec_platform.clustering import ScikitLearnClustering
from rec_platform.features import PRESETS, min_max, seed_features
from rec_platform.parts import Parts
from rec_platform.raw import RAW_FILES
from rec_platform.recipe import FeaturePreset
from rec_platform.similar import Catalogue, nearest
from rec_platform.tables import SQL_FOLDER
from rec_platform.warehouse import DuckDBWarehouse

DATA = Path(os.environ.get("REC_REAL_DATA", "unset"))
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="REC_REAL_DATA names no folder of real files"),
]

COUNTS = {
    "known-5000": (4_813, 3_611, 4_515, 4_515),
    "us-2022-09": (136_462, 791, 84_499, 61_379),
    "all-regions-2018-07": (7_819, 23, 2_594, 2_385),
    "all-regions-2022-09": (4_297, 24, 2_169, 1_908),
}
PRESET_ORDER = ("world", "seed", "us_release", "english_like")


def warehouse(root: Path, folder: str, preset: str) -> DuckDBWarehouse:
    """A warehouse with the raw files of a folder and the titles of a preset, up to 2026."""
    for file in RAW_FILES:
        origin = DATA / "imdb" / folder / file.file
        if origin.exists():
            (root / file.storage_key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, root / file.storage_key)
    found = DuckDBWarehouse(root=str(root))
    recipe = pd.DataFrame([{"preset": preset, "min_votes": 0, "year_max": 2026}])
    found.write("recipe", [recipe])
    found.create("titles", (SQL_FOLDER / "titles.sql").read_text())
    return found


@pytest.mark.parametrize(
    ("folder", "preset", "count"),
    [
        (folder, preset, count)
        for folder, counts in COUNTS.items()
        for preset, count in zip(PRESET_ORDER, counts, strict=True)
    ],
)
def test_each_preset_selects_exactly_so_many_titles(
    tmp_path: Path, folder: str, preset: str, count: int
) -> None:
    assert warehouse(tmp_path, folder, preset).row_count("titles") == count


@pytest.fixture(scope="module")
def seed_matrix() -> np.ndarray:
    """The scaled matrix of the original's own export of its 804 titles."""
    titles = pd.read_csv(DATA / "seed" / "athena_imdb.csv")
    titles["genres"] = titles["genres"].str.strip("[]").str.replace(", ", ",")
    scaled, _ = min_max(seed_features(titles))
    return scaled.to_numpy()


def test_the_seed_features_give_the_original_matrix(seed_matrix: np.ndarray) -> None:
    first = [0.005064, 0.375000, 0.0000810, 0.942858, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert seed_matrix.shape == (804, 14)
    assert seed_matrix.dtype == np.float32
    # 0.942858 is the original's 0.9428571..., scaled in single precision.
    assert seed_matrix[0] == pytest.approx(first, abs=1e-6)


def test_k_means_is_better_than_the_original_and_stable_over_twenty_seeds(
    seed_matrix: np.ndarray,
) -> None:
    from sklearn.metrics import adjusted_rand_score

    clustering = ScikitLearnClustering()
    models = [clustering.fit(seed_matrix, 9, seed) for seed in range(20)]
    assert max(model.mean_squared_distance for model in models) <= 0.6151
    labels = [clustering.assign(seed_matrix, model).cluster for model in models]
    assert all(len(set(label.tolist())) == 9 for label in labels)
    pairs = itertools.combinations(labels, 2)
    assert np.mean([adjusted_rand_score(*pair) for pair in pairs]) > 0.75


def test_films_of_a_series_are_among_the_nearest_nine(tmp_path: Path) -> None:
    titles = warehouse(tmp_path, "known-5000", "english_like").read("titles", "title_id")
    scaled, _ = min_max(PRESETS[FeaturePreset.balanced](titles))
    zeros = np.zeros(len(titles))
    nobody = pd.DataFrame({"title_id": [], "person_id": [], "role": []}, dtype=str)
    parts = Parts(titles, nobody, zeros, zeros - 1)
    blocks = nearest(Catalogue(scaled.to_numpy(), zeros, zeros, parts), 9)
    neighbours = np.concatenate([block.neighbours for block in blocks])
    names = titles["title"]
    series = names.index[names.str.startswith("The Lord of the Rings: ") & (titles["year"] > 2000)]
    assert len(series) == 3
    for film in series:
        assert set(neighbours[film]) & set(series) - {film}, names[film]
