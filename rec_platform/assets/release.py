"""Publishing: the lookup is written, checked, put beside the older releases, then pointed to.

The pointer moves last and in one step, so a visitor sees the old release or the new one, whatever
dies in between. What a lookup looks like inside does not belong here (see lookup.py), nor what
becomes of older releases (see releases.py).
"""

import hashlib
import itertools
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from rec_platform.assets.features import open_published, package_versions, read_recipe
from rec_platform.assets.model import SCALING_KEY, read_model, read_profiles
from rec_platform.assets.raw import read_state
from rec_platform.assets.scorecard import read_scorecard, scorecard
from rec_platform.assets.similar import similar_titles, title_series
from rec_platform.ingest.files import RAW_FILES
from rec_platform.release.blend import PARTS, WEIGHTS
from rec_platform.release.lookup import (
    LOOKUP_FILE,
    SCHEMA_VERSION,
    Credit,
    Lookup,
    LookupFileError,
    Title,
    pack,
    write_lookup,
)
from rec_platform.release.reasons import ROLES
from rec_platform.release.recommend import recommendations
from rec_platform.release.search import search_key
from rec_platform.release.serving import MANIFEST_FILE
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.releases import (
    POINTER_KEY,
    name_release,
    next_publication,
    outdated,
    point_to,
    prune,
)
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import Warehouse

BUILD_KEY = f"build/{LOOKUP_FILE}"

# Numbers follow popularity: see the lookup's schema.
NEIGHBOURS_SQL = f"""
    WITH numbered AS (
        SELECT title_id, row_number() OVER (ORDER BY votes DESC, title_id) AS number FROM titles
    )
    SELECT origin.number, similar.rank, neighbour.number AS neighbour, similar.score,
        {", ".join(f"similar.{name}_part" for name in PARTS)}
    FROM similar_titles AS similar
    INNER JOIN numbered AS origin ON similar.title_id = origin.title_id
    INNER JOIN numbered AS neighbour ON similar.similar_id = neighbour.title_id
"""


# The lookup


@dg.asset(
    group_name="site",
    kinds={"sqlite"},
    owners=["team:data"],
    deps=[similar_titles, scorecard, title_series, "title_clusters", "title_people", "title_akas"],
)
def cluster_lookup(
    source: ImdbSource, storage: Storage, warehouse: Warehouse
) -> dg.MaterializeResult[Any]:
    """All that the site reads, in one SQLite file that says what it was made of."""
    path = storage.scratch_dir() / LOOKUP_FILE
    provenance = _provenance(source, storage, warehouse)
    write_lookup(
        path,
        release=provenance,
        clusters=read_profiles(storage),
        titles=_titles(warehouse),
        neighbours=_neighbours(warehouse, provenance["title_count"]),
    )
    size = path.stat().st_size
    storage.put(path, BUILD_KEY)
    return dg.MaterializeResult(
        metadata={
            "titles": provenance["title_count"],
            "bytes": size,
            "provenance": dg.MetadataValue.json(provenance),
        }
    )


def _provenance(source: ImdbSource, storage: Storage, warehouse: Warehouse) -> dict[str, Any]:
    """What the release was made of: enough to make it again."""
    recipe = read_recipe(warehouse)
    fingerprint = recipe.pop("fingerprint")
    states = {file.name: read_state(storage, file) for file in RAW_FILES}
    model = read_model(storage)
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "fingerprint": fingerprint,
        "recipe": recipe,
        "title_count": warehouse.row_count("titles"),
        "source": source.location,
        "source_kind": source.kind,
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
        "scaling": json.loads(storage.read(SCALING_KEY) or "{}"),
        "kmeans": {
            "mean_squared_distance": model.mean_squared_distance,
            "iterations": model.iterations,
            "centroids": model.centroids.tolist(),
        },
        "weights": WEIGHTS,
        "scorecard": asdict(read_scorecard(storage)),
        "packages": package_versions(),
    }


def _titles(warehouse: Warehouse) -> Iterator[tuple[Title, str]]:
    """Each title and its other names, most voted first."""
    titles = warehouse.query("""
        SELECT
            titles.title_id, title, original_title, year, runtime_minutes, genres, rating, votes,
            NULLIF(series, -1) AS series, NULLIF(place, 0) AS series_place, cluster, distance
        FROM titles
        INNER JOIN title_clusters ON titles.title_id = title_clusters.title_id
        INNER JOIN title_series ON titles.title_id = title_series.title_id
    """)
    titles = titles.sort_values(["votes", "title_id"], ascending=[False, True])
    for name in ("runtime_minutes", "series", "series_place"):
        titles[name] = titles[name].astype("Int64").astype(object).where(titles[name].notna(), None)
    credited = _credits(warehouse)
    akas = warehouse.read("title_akas", order_by="title_id, name")
    names: defaultdict[str, str] = defaultdict(str)
    for title_id, name in zip(akas["title_id"], akas["name"], strict=True):
        names[title_id] += f"{name} "
    columns = (titles[name].to_numpy(object).tolist() for name in titles)
    for title_id, title, original, year, runtime, genres, rating, votes, *rest in zip(
        *columns, strict=True
    ):
        series, series_place, cluster, distance = rest
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
                credits=credited[title_id],
                series=series,
                series_place=series_place,
                cluster=cluster,
                distance=distance,
            ),
            names[title_id],
        )


def _credits(warehouse: Warehouse) -> defaultdict[str, list[Credit]]:
    """Who did what by title: the roles in the order of ROLES, each as billed."""
    people = warehouse.query("SELECT title_id, person_id, role, name, billing FROM title_people")
    order = {role: place for place, role in enumerate(ROLES)}
    people["place"] = people["role"].map(order).fillna(len(order))
    people = people.sort_values(["title_id", "place", "billing", "role", "person_id"])
    credited: defaultdict[str, list[Credit]] = defaultdict(list)
    columns = (people[name] for name in ("title_id", "person_id", "role", "name"))
    for title_id, person_id, role, name in zip(*columns, strict=True):
        credited[title_id].append(Credit(person_id, role, name))
    return credited


def _neighbours(warehouse: Warehouse, title_count: int) -> Iterator[bytes]:
    """Each title's neighbours, best first, packed."""
    import numpy as np

    table = warehouse.query(NEIGHBOURS_SQL)
    table = table.iloc[np.lexsort((table["rank"], table["number"]))]
    ends = np.bincount(table["number"], minlength=title_count + 1).cumsum()
    neighbours, scores = table["neighbour"].to_numpy("<u4"), table["score"].to_numpy("<f4")
    parts = table[[f"{name}_part" for name in PARTS]].to_numpy("u1")
    for start, end in itertools.pairwise(ends):
        found = slice(start, end)
        yield pack(neighbours[found].tobytes(), scores[found].tobytes(), parts[found].tobytes())


@dg.asset_check(asset=cluster_lookup, blocking=True)
def lookup_answers(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """The file opens read-only and answers as the site will ask, for the most and least voted."""
    problems = []
    count = warehouse.row_count("titles")
    try:
        lookup = Lookup(storage.fetch(BUILD_KEY))
        if lookup.release["title_count"] != count:
            problems.append(f"{lookup.release['title_count']} titles instead of {count}")
        clusters = lookup.clusters()
        if sum(cluster.title_count for cluster in clusters) != count:
            problems.append("the clusters do not add up to all titles")
        shown = [title for cluster in clusters for title in cluster.popular_titles[:3]]
        for title in lookup.titles(shown):
            if not recommendations(lookup, title):
                problems.append(f"{title.title_id} has no recommendations")
            # A title without letters, such as "$", has nothing to search for.
            is_found = title in lookup.search(title.title, limit=50)
            if search_key(title.title) and not is_found:
                problems.append(f"{title.title_id} is not found by its title {title.title!r}")
    except LookupFileError as error:
        problems.append(str(error))
    return dg.AssetCheckResult(passed=not problems, description="; ".join(problems) or "answers")


# The release


@dg.asset(group_name="site", kinds={"sqlite"}, owners=["team:data"], deps=[cluster_lookup])
def release(context: dg.AssetExecutionContext, storage: Storage) -> dg.MaterializeResult[Any]:
    """The lookup published: immutable, with manifest and checksum, and pointed to.

    The site turns to it by itself. `rec-platform rollback` goes back to the one before.
    """
    manifest = publish(storage)
    context.log.info(f"release {manifest['release_id']} serves")
    return dg.MaterializeResult(metadata=manifest)


def publish(storage: Storage) -> dict[str, Any]:
    """Publish the lookup that was built, make it the serving release, prune old ones.

    Returns:
        Its manifest.

    Raises:
        StorageConflictError: another release was published in the meantime, and serves.
    """
    before = storage.read(POINTER_KEY)
    built = storage.fetch(BUILD_KEY)
    content = Lookup(built).release
    with built.open("rb") as reader:
        checksum = hashlib.file_digest(reader, "sha256").hexdigest()
    release_id = name_release(datetime.fromisoformat(content["created_at"]), checksum)
    described = (
        *("created_at", "fingerprint", "title_count", "recipe", "source", "source_kind"),
        "scorecard",
    )
    manifest = {
        "release_id": release_id,
        "publication": next_publication(storage),
        "schema_version": SCHEMA_VERSION,
        "sha256": checksum,
        "bytes": built.stat().st_size,
    } | {key: content[key] for key in described}
    copy = storage.scratch_dir() / "release.sqlite"
    shutil.copyfile(built, copy)
    storage.put(copy, f"releases/{release_id}/{LOOKUP_FILE}")
    # The manifest comes second: a folder without one was left by a publication that died.
    storage.write(f"releases/{release_id}/{MANIFEST_FILE}", json.dumps(manifest, indent=1).encode())
    open_published(storage, release_id).close()
    old_releases = outdated(storage)  # while the pointer still names the release that serves
    point_to(storage, release_id, before)
    prune(storage, old_releases)
    return manifest


publish_assets = [title_series, similar_titles, cluster_lookup, release]
