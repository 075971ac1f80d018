# pyright: standard
"""The lookup, written from the tables, and the check that it answers.

What a lookup looks like inside does not belong here (see release/), nor how it is published (see
release.py beside this file).
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from rec_platform.assets import lookup_rows
from rec_platform.assets.code import code_version, package_versions
from rec_platform.assets.made_of import Asked, Step
from rec_platform.assets.notes import found_in
from rec_platform.assets.raw import read_state
from rec_platform.assets.stored import (
    read_model,
    read_profiles,
    read_recipe,
    read_scaling,
    read_scorecard,
)
from rec_platform.choices import SimilarityRule
from rec_platform.ingest.files import RAW_FILES
from rec_platform.release.blend import OPTIONAL
from rec_platform.release.lookup import Lookup, LookupFileError
from rec_platform.release.recommend import recommendations
from rec_platform.release.schema import LOOKUP_FILE
from rec_platform.release.writer import write_lookup
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.publishing import LOOKUP_KEY
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse
from rec_platform.weights import parse_weights

# Of the recipe, what decides whether a release is published, not what is in it.
GATES = ("min_title_share", "max_score_drop", "force")


@dg.asset(
    group_name="site",
    kinds={"sqlite"},
    owners=["team:data"],
    deps=[
        *(file.asset for file in RAW_FILES),
        *("recipe", "titles", "title_people", "title_akas", "title_series"),
        *("title_characters", "title_origins", "title_keywords"),
        *("scaled_matrix", "kmeans_model", "title_clusters", "similar_titles", "scorecard"),
    ],
    code_version=code_version(__name__),
)
def cluster_lookup(
    context: dg.AssetExecutionContext, recipe: Asked, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """All that the site reads, in one SQLite file that says what it was made of."""
    choices = read_recipe(storage, warehouse)
    source = _source(storage)
    step = Step(
        context,
        storage,
        warehouse,
        fields=[name for name in choices if name not in GATES],
        files=[LOOKUP_KEY],
        outside={"source": source},
        is_whole=True,
        asked=recipe,
    )
    if kept := step.kept():
        return kept
    path = storage.scratch_dir() / LOOKUP_FILE
    provenance = {"fingerprint": step.made_of, "versions": step.inputs, "recipe": choices}
    provenance |= {"weights": _stored_weights(warehouse, choices["weights"])}
    provenance |= _provenance(source, storage, warehouse)
    is_blend = choices["rule"] == SimilarityRule.blend
    credited = lookup_rows.Credited(warehouse, provenance["title_count"])
    write_lookup(
        path,
        release=provenance,
        clusters=read_profiles(storage),
        titles=lookup_rows.titles(warehouse, credited),
        people=credited.people(),
        neighbours=lookup_rows.neighbours(
            warehouse, provenance["title_count"], [*provenance["weights"]]
        ),
        combinations=lookup_rows.combinations(warehouse) if is_blend else (),
        places=lookup_rows.places(warehouse),
    )
    size = path.stat().st_size
    storage.put(path, LOOKUP_KEY)
    metadata = {
        "titles": provenance["title_count"],
        "bytes": size,
        "provenance": dg.MetadataValue.json(provenance),
    }
    # Not a hash of the file, which holds the time at which it was made.
    return step.made(metadata, data_version=step.made_of)


def _source(storage: Storage) -> str:
    """Where the raw files came from."""
    states = [read_state(storage, file) for file in RAW_FILES]
    sources = sorted({state.source for state in states if state})
    if len(sources) > 1:
        raise dg.Failure(
            f"the raw files are from {' and '.join(sources)}: run the refresh job, or materialise "
            "all raw assets, so that they are from one source",
            allow_retries=False,
        )
    return "".join(sources)


def _provenance(source: str, storage: Storage, warehouse: Warehouse) -> dict[str, Any]:
    """What the release was made of: enough to make it again."""
    states = {file.name: read_state(storage, file) for file in RAW_FILES}
    model = read_model(storage)
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "title_count": warehouse.row_count("titles"),
        "source": source,
        "source_kind": ImdbSource(location=source).kind,
        "files": {
            name: {
                "sha256": state.sha256,
                "rows": state.rows,
                "bytes": state.bytes,
                "fetched_at": state.fetched_at,
                **state.version,
            }
            for name, state in states.items()
            if state and not state.is_missing
        },
        "missing_files": [name for name, state in states.items() if not state or state.is_missing],
        "scaling": read_scaling(storage),
        "kmeans": {
            "mean_squared_distance": model.mean_squared_distance,
            "iterations": model.iterations,
            "centroids": model.centroids.tolist(),
        },
        "scorecard": asdict(read_scorecard(storage)),
        "packages": package_versions(),
    }


def _stored_weights(warehouse: Warehouse, text: str) -> dict[str, float]:
    """The weights of the parts that are stored: where all pairs have one value, a byte is a waste.

    Args:
        warehouse: holds similar_titles.
        text: the recipe's weights.
    """
    spreads = (f"max({name}_part) - min({name}_part) AS {name}" for name in OPTIONAL)
    spread = warehouse.query(f"SELECT {', '.join(spreads)} FROM similar_titles").iloc[0]
    return {name: weight for name, weight in parse_weights(text).items() if spread.get(name, 1)}


@dg.asset_check(asset=cluster_lookup, blocking=True)
def lookup_answers(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """The file opens read-only and answers as the site will ask, for the most and least voted."""
    try:
        problems = found_in(storage, warehouse, ["cluster_lookup", "titles"], _problems_of_lookup)
    except LookupFileError as error:  # the machine's fault, maybe: the next check looks again
        problems = [str(error)]
    return dg.AssetCheckResult(passed=not problems, description="; ".join(problems) or "answers")


def _problems_of_lookup(storage: Storage, warehouse: Warehouse) -> list[str]:
    problems: list[str] = []
    count = warehouse.row_count("titles")
    lookup = Lookup(storage.fetch(LOOKUP_KEY))
    if lookup.release["title_count"] != count:
        problems.append(f"{lookup.release['title_count']} titles instead of {count}")
    clusters = lookup.clusters()
    if sum(cluster.title_count for cluster in clusters) != count:
        problems.append("the clusters do not add up to all titles")
    shown = [title for cluster in clusters for title in cluster.popular_titles[:3]]
    for title in lookup.titles(shown):
        if not recommendations(lookup, title):
            problems.append(f"{title.title_id} has no recommendations")
        if title not in lookup.search(title.title, limit=50):
            problems.append(f"{title.title_id} is not found by its title {title.title!r}")
    return problems
