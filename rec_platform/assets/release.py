# pyright: standard
"""The lookup, written from the tables and checked, and the release that it is published as.

What a lookup looks like inside does not belong here (see release/), nor how it is published (see
resources/publishing.py).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.assets.code import code_version, package_versions
from rec_platform.assets.made_of import Step, is_as_noted, read_recipe
from rec_platform.assets.raw import read_state
from rec_platform.assets.similar import BY_NUMBER, read_lists
from rec_platform.assets.stored import (
    read_matrix,
    read_model,
    read_profiles,
    read_scaling,
    read_scorecard,
)
from rec_platform.choices import SimilarityRule
from rec_platform.ingest.files import RAW_FILES
from rec_platform.release.blend import OPTIONAL
from rec_platform.release.lookup import Lookup, LookupFileError
from rec_platform.release.reasons import ROLES
from rec_platform.release.recommend import recommendations
from rec_platform.release.schema import LOOKUP_FILE, Credit, Title, pack
from rec_platform.release.tiles import Combination
from rec_platform.release.writer import write_lookup
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.publishing import LOOKUP_KEY, is_published, publish, read_manifest
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse
from rec_platform.weights import parse_weights

if TYPE_CHECKING:
    import pandas as pd

# Of the recipe, what decides whether a release is published, not what is in it.
GATES = ("min_title_share", "max_score_drop", "force")

# The lookup


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
    context: dg.AssetExecutionContext, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """All that the site reads, in one SQLite file that says what it was made of."""
    recipe = read_recipe(warehouse)
    source = _source(storage)
    step = Step(
        context,
        storage,
        warehouse,
        fields=[name for name in recipe if name not in GATES],
        files=[LOOKUP_KEY],
        outside={"source": source},
        is_whole=True,
    )
    if kept := step.kept():
        return kept
    path = storage.scratch_dir() / LOOKUP_FILE
    provenance = {"fingerprint": step.made_of, "versions": step.inputs, "recipe": recipe}
    provenance |= {"weights": _stored_weights(warehouse, recipe["weights"])}
    provenance |= _provenance(source, storage, warehouse)
    write_lookup(
        path,
        release=provenance,
        clusters=read_profiles(storage),
        titles=_titles(warehouse),
        neighbours=_neighbours(warehouse, provenance["title_count"], [*provenance["weights"]]),
        combinations=_combinations(warehouse) if recipe["rule"] == SimilarityRule.blend else (),
        places=_places(warehouse),
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


def _titles(warehouse: Warehouse) -> Iterator[tuple[Title, str]]:
    """Each title and its other names, most voted first."""
    titles = warehouse.query("""
        SELECT
            titles.title_id, title, original_title, year, runtime_minutes, genres, rating, votes,
            NULLIF(series, -1) AS series, NULLIF(place, 0) AS series_place, cluster, distance,
            country, language
        FROM titles
        INNER JOIN title_clusters ON titles.title_id = title_clusters.title_id
        INNER JOIN title_series ON titles.title_id = title_series.title_id
        LEFT JOIN title_origins ON titles.title_id = title_origins.title_id
    """)
    titles = titles.sort_values(["votes", "title_id"], ascending=[False, True])
    for name in ("runtime_minutes", "series", "series_place"):
        titles[name] = _or_none(titles[name].fillna(0).astype("int64"), titles[name].notna())
    for name in ("country", "language"):
        titles[name] = _or_none(titles[name], titles[name].notna())
    credited = _credits(warehouse)
    characters, keywords = _characters(warehouse), _keywords(warehouse)
    akas = warehouse.read("title_akas", order_by="title_id, name")
    names: defaultdict[str, str] = defaultdict(str)
    for title_id, name in zip(*_columns(akas, "title_id", "name"), strict=True):
        names[title_id] += f"{name}\n"
    for title_id, title, original, year, runtime, genres, rating, votes, *rest in zip(
        *_columns(titles, *titles), strict=True
    ):
        series, series_place, cluster, distance, country, language = rest
        yield (
            Title(
                title_id=title_id,
                title=title,
                original_title=original,
                year=year,
                runtime_minutes=runtime,
                genres=genres.split(",") if genres else [],
                rating=rating,
                votes=votes,
                credits=credited(title_id),
                series=series,
                series_place=series_place,
                cluster=cluster,
                distance=distance,
                characters=characters[title_id],
                country=country,
                language=language,
                keywords=keywords[title_id],
            ),
            names[title_id],
        )


def _or_none(values: "pd.Series[Any]", is_known: "pd.Series[bool]") -> "pd.Series[Any]":
    return values.astype(object).where(is_known, None)


def _credits(warehouse: Warehouse) -> Callable[[str], list[Credit]]:
    """Who did what in a title: the roles in the order of ROLES, each as billed."""
    import numpy as np

    people = warehouse.read(
        "title_people",
        order_by="title_id, billing, role, person_id",
        columns="title_id, person_id, role, name",
    )
    order = {role: place for place, role in enumerate(ROLES)}
    place = people["role"].map(order).fillna(len(order))
    title_ids = people["title_id"].to_numpy(object)
    starts = np.flatnonzero(np.r_[True, title_ids[1:] != title_ids[:-1]][: len(title_ids)])
    ends = [*starts[1:].tolist(), len(title_ids)]
    rows = {
        title_id: slice(*bounds)
        for title_id, *bounds in zip(title_ids[starts], starts.tolist(), ends, strict=False)
    }
    sizes = np.diff(starts, append=len(title_ids))
    people = people.iloc[np.lexsort((place, np.repeat(np.arange(len(starts)), sizes)))]
    columns = [*_columns(people, "person_id", "role", "name")]

    def credited(title_id: str) -> list[Credit]:
        its_rows = rows.get(title_id, slice(0))
        return [*map(Credit, *(column[its_rows] for column in columns))]

    return credited


def _characters(warehouse: Warehouse) -> defaultdict[str, list[str]]:
    from rec_platform.modelling.telling import telling_characters

    table = telling_characters(warehouse.read("title_characters", "title_id, character_name"))
    return _by_title(*_columns(table, "title_id", "character_name"))


def _keywords(warehouse: Warehouse) -> defaultdict[str, list[str]]:
    from rec_platform.modelling.telling import telling_keywords

    table = telling_keywords(warehouse.read("title_keywords", "title_id, keyword"))
    return _by_title(*_columns(table, "title_id", "keyword"))


def _columns(table: "pd.DataFrame", *names: str) -> Iterator[list[Any]]:
    """Columns as lists: NumPy hands over their strings several times as fast as pandas."""
    return (table[name].to_numpy(object).tolist() for name in names)


def _by_title(title_ids: Iterable[str], names: Iterable[str]) -> defaultdict[str, list[str]]:
    """The names of each title, in their order."""
    by_title: defaultdict[str, list[str]] = defaultdict(list)
    for title_id, name in zip(title_ids, names, strict=True):
        by_title[title_id].append(name)
    return by_title


def _neighbours(warehouse: Warehouse, title_count: int, kept: Collection[str]) -> Iterator[bytes]:
    """Each title's neighbours, best first, packed, with the parts that are kept."""
    lists = read_lists(warehouse, title_count, BY_NUMBER, kept)
    numbers, scores = (lists.neighbours + 1).astype("<u4"), lists.scores.astype("<f4")
    counts = (lists.neighbours >= 0).sum(axis=1)
    for *columns, count in zip(numbers, scores, lists.parts, counts.tolist(), strict=True):
        yield pack(*(column[:count].tobytes() for column in columns))


def _combinations(warehouse: Warehouse) -> Iterator[Combination]:
    """All titles by combination of genres."""
    from rec_platform.modelling.tiling import tile

    return tile(
        warehouse.query(f"""
            SELECT year, runtime_minutes, genres, rating, votes FROM titles ORDER BY {BY_NUMBER}
        """)
    )


def _places(warehouse: Warehouse) -> bytes:
    """Where each title lies within its cluster's circle on the map, in the order of numbers."""
    from rec_platform.modelling.placing import place

    _, matrix = read_matrix(warehouse)
    titles = warehouse.query("""
        SELECT titles.title_id, votes, cluster
        FROM titles INNER JOIN title_clusters ON titles.title_id = title_clusters.title_id
    """).sort_values("title_id", ignore_index=True)
    placed = place(matrix, titles["cluster"].to_numpy())
    numbered = titles.sort_values(["votes", "title_id"], ascending=[False, True])
    return placed[numbered.index].astype("<u2").tobytes()


@dg.asset_check(asset=cluster_lookup, blocking=True)
def lookup_answers(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """The file opens read-only and answers as the site will ask, for the most and least voted."""
    problems = []
    count = warehouse.row_count("titles")
    try:
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
    except LookupFileError as error:
        problems.append(str(error))
    return dg.AssetCheckResult(passed=not problems, description="; ".join(problems) or "answers")


# The release


@dg.asset(
    group_name="site",
    kinds={"sqlite"},
    owners=["team:data"],
    deps=[cluster_lookup],
    code_version=code_version(publish.__module__),
    # A week between two refreshes, and a day to mend what went wrong.
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8)),
)
def release(
    context: dg.AssetExecutionContext, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """The lookup published: immutable, with manifest and checksum, and pointed to.

    A lookup that serves already, or that a rollback has set aside, is not published again. The site
    turns to the release by itself. `rec-platform rollback` goes back to the one before.
    """
    if not is_as_noted(storage, warehouse, "cluster_lookup"):
        raise dg.Failure(
            "the lookup is missing, or was changed after it was made: materialise cluster_lookup "
            "first",
            allow_retries=False,
        )
    fingerprint = Lookup(storage.fetch(LOOKUP_KEY)).release["fingerprint"]
    is_reused = is_published(storage, fingerprint)
    if is_reused:
        manifest = read_manifest(storage)
        context.log.info(f"nothing has changed since release {manifest['release_id']}")
    else:
        manifest = publish(storage)
        context.log.info(f"release {manifest['release_id']} serves")
    uri = storage.address(f"releases/{manifest['release_id']}")
    return dg.MaterializeResult(
        metadata=manifest | {"is_reused": is_reused, "dagster/uri": uri},
        data_version=dg.DataVersion(manifest["release_id"]),
    )


release_assets = [cluster_lookup, release]
