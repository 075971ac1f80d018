"""How well the feature presets `original_2020` and `balanced` cluster the same titles.

    .venv/bin/python benchmarks/features.py --titles-from ROOT      # a refreshed root
    .venv/bin/python benchmarks/features.py --source FOLDER         # refreshes one first
    .venv/bin/python benchmarks/features.py --seed-csv athena_imdb.csv

Silhouette (Rousseeuw 1987, -1..1): how much nearer a title is to its own cluster than to the next.
Adjusted Rand index (Hubert and Arabie 1985): how alike two clusterings are; 1 the same, 0 chance.
Each pair of seeds is compared, and each pair of models fitted to random halves; both assign all
titles. The silhouette is computed in each preset's own columns: it tells how clear the clusters are
to K-Means, not how useful they are to a visitor. --seed-csv is the 2020 original's own export, on
which its K-Means had a mean squared distance of 0.6151.
"""

import argparse
import csv
import tempfile
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from statistics import mean, median

import numpy as np
import pandas as pd
from measure import print_row, refresh
from sklearn.metrics import adjusted_rand_score, silhouette_score

from rec_platform.choices import FeaturePreset
from rec_platform.modelling import kmeans
from rec_platform.modelling.features import PRESETS, min_max
from rec_platform.resources.warehouse import DuckDBWarehouse

SILHOUETTE_TITLES = 4_000
SILHOUETTE_SEEDS = 5
HALVES = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--titles-from", type=Path, metavar="ROOT", help="a refreshed root")
    parser.add_argument("--source", type=Path, help="a folder of *.tsv.gz files, instead of ROOT")
    parser.add_argument("--preset", default="us_release", help="of --source (%(default)s)")
    parser.add_argument("--seed-csv", type=Path, help="the 2020 original's export")
    parser.add_argument("--clusters", type=int, default=9, help="%(default)s")
    parser.add_argument("--seeds", type=int, default=20, help="of K-Means (%(default)s)")
    arguments = parser.parse_args()
    if arguments.titles_from:
        _compare(_titles(arguments.titles_from), arguments.clusters, arguments.seeds)
    elif arguments.source:
        with tempfile.TemporaryDirectory() as root:
            refresh(arguments.source, Path(root), "--preset", arguments.preset)
            titles = _titles(Path(root))
        _compare(titles, arguments.clusters, arguments.seeds)
    elif not arguments.seed_csv:
        parser.error("one of --titles-from, --source and --seed-csv is needed")
    if arguments.seed_csv:
        _reproduce(_export(arguments.seed_csv), arguments.clusters, arguments.seeds)


def _titles(root: Path) -> pd.DataFrame:
    return DuckDBWarehouse(root=str(root)).read("titles", order_by="title_id")


def _export(file: Path) -> pd.DataFrame:
    with file.open(newline="", encoding="utf-8") as lines:
        titles = pd.DataFrame(csv.DictReader(lines))
    genres = titles["genres"].str.strip("[]").str.replace(", ", ",")
    return titles.assign(genres=genres).astype({"year": int, "rating": float, "votes": int})


def _matrix(titles: pd.DataFrame, preset: FeaturePreset) -> np.ndarray:
    return min_max(PRESETS[preset](titles))[0].to_numpy("float32")


def _compare(titles: pd.DataFrame, clusters: int, seeds: int) -> None:
    print(f"{len(titles):,} titles, {clusters} clusters, {seeds} seeds, {HALVES} halves")
    matrices = {preset: _matrix(titles, preset) for preset in FeaturePreset}
    rows = {preset: _quality(matrices[preset], clusters, seeds) for preset in FeaturePreset}
    names = ("silhouette", "ARI between seeds", "least", "ARI between halves", "least")
    print_row("", *(preset.value for preset in FeaturePreset), "ratio")
    for number, name in enumerate(("columns", *names)):
        values = [rows[preset][number] for preset in FeaturePreset]
        print_row(name, *values, values[-1] / values[0])


def _quality(matrix: np.ndarray, clusters: int, seeds: int) -> tuple[float, ...]:
    labels = [_labels(matrix, matrix, clusters, seed) for seed in range(seeds)]
    silhouettes = [
        silhouette_score(matrix, cluster, sample_size=_silhouette_size(matrix), random_state=seed)
        for seed, cluster in enumerate(labels[:SILHOUETTE_SEEDS])
    ]
    halves = [_labels(_half(matrix, seed), matrix, clusters, seed) for seed in range(HALVES)]
    between_seeds, between_halves = _agreements(labels), _agreements(halves)
    return (
        matrix.shape[1],
        median(silhouettes),
        *(mean(between_seeds), min(between_seeds)),
        *(mean(between_halves), min(between_halves)),
    )


def _silhouette_size(matrix: np.ndarray) -> int:
    return min(SILHOUETTE_TITLES, len(matrix))


def _labels(fitted: np.ndarray, matrix: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    return kmeans.assign(matrix, kmeans.fit(fitted, clusters, seed).centroids).cluster


def _half(matrix: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(matrix)[: len(matrix) // 2]


def _agreements(labels: Iterable[np.ndarray]) -> list[float]:
    """The adjusted Rand index of each pair."""
    return [float(adjusted_rand_score(*pair)) for pair in combinations(labels, 2)]


def _reproduce(titles: pd.DataFrame, clusters: int, seeds: int) -> None:
    print(f"\nthe original's export: {len(titles):,} titles, {clusters} clusters, {seeds} seeds")
    matrix = _matrix(titles, FeaturePreset.original_2020)
    models = [kmeans.fit(matrix, clusters, seed) for seed in range(seeds)]
    distances = [model.mean_squared_distance for model in models]
    agreements = _agreements([kmeans.assign(matrix, model.centroids).cluster for model in models])
    print_row("", "mean", "least", "greatest")
    print_row("mean squared distance", mean(distances), min(distances), max(distances))
    print_row("ARI between seeds", mean(agreements), min(agreements), max(agreements))


if __name__ == "__main__":
    main()
