# pyright: standard
"""Feature tables: the recipe as a table, then one asset for each SELECT in `sql/`.

Adding a table is adding a file there: its first comment is the description, comments beside its
columns are theirs, the tables it names are its dependencies. What the columns become for K-Means
does not belong here (see modelling/features.py).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from rec_platform.assets.code import code_version
from rec_platform.assets.made_of import Asked, Step
from rec_platform.assets.notes import data_version, found_in, is_as_noted
from rec_platform.assets.raw import read_state
from rec_platform.assets.stored import read_recipe
from rec_platform.choices import FIRST_YEAR, LAST_YEAR, TITLE_TYPES, current_name
from rec_platform.ingest.files import RAW_FILES
from rec_platform.recipe import Recipe
from rec_platform.release.formats import FORMATS
from rec_platform.resources.judgements import JudgementsSource
from rec_platform.resources.keywords import KeywordsSource
from rec_platform.resources.prices import PriceTable
from rec_platform.resources.publishing import read_manifest, was_published
from rec_platform.resources.ratings import RatingsSource
from rec_platform.resources.storage import Storage
from rec_platform.resources.warehouse import SQL_FOLDER, Warehouse, to_duckdb

REFRESH_JOB = "refresh"
FEWEST_OF_FORMAT = 2  # each is in the other's list


@dg.asset(
    group_name="features",
    kinds={"parquet"},
    owners=["team:data"],
    code_version=code_version(__name__),
)
def recipe(
    context: dg.AssetExecutionContext,
    recipe: Recipe,
    ratings: RatingsSource,
    judgements: JudgementsSource,
    keywords: KeywordsSource,
    storage: Storage,
    warehouse: Warehouse,
) -> dg.MaterializeResult[Any]:
    """What this run makes, as a table of one row, so that no SQL needs a parameter."""
    for source in (ratings, judgements, keywords):  # read after much of the work is done
        source.require_files()
    choices = recipe.choices()
    choices["year_max"] = recipe.year_max or year_of_the_run(
        datetime.now(UTC).year, read_manifest(storage)
    )
    step = Step(context, storage, warehouse, table="recipe", outside=choices)
    if kept := step.kept():
        return kept
    import pandas as pd

    warehouse.write("recipe", [pd.DataFrame([choices])])
    return step.made(choices)


def year_of_the_run(clock_year: int, serving: Mapping[str, Any]) -> int:
    """The default year ceiling: the clock's year, if it is plausible.

    Below the serving release's ceiling it cannot: most titles could go missing, and the gates
    compare no releases whose ceiling was lowered.

    Args:
        clock_year: the year by this machine's clock.
        serving: the manifest of the serving release, empty where there is none.

    Raises:
        dg.Failure: the year is below the serving release's ceiling, or above LAST_YEAR.
    """
    if clock_year > LAST_YEAR:
        raise dg.Failure(
            f"this machine's clock says {clock_year}, and the year ceiling is {LAST_YEAR} at most. "
            "Nothing was built: correct the clock, or set the ceiling with --year-max "
            "(REC_YEAR_MAX)",
            allow_retries=False,
        )
    serving_ceiling = serving.get("recipe", {}).get("year_max", FIRST_YEAR)
    if clock_year < serving_ceiling:
        raise dg.Failure(
            f"this machine's clock says {clock_year}, and the serving release "
            f"{serving['release_id']} has titles up to {serving_ceiling}: the year ceiling would "
            "fall by itself. Nothing was built: correct the clock or, if it is right, set "
            f"--year-max {clock_year} (REC_YEAR_MAX) once",
            allow_retries=False,
        )
    return clock_year


def dependencies(sql: str, tables: set[str]) -> list[str]:
    """The tables that a statement names."""
    return sorted(tables & set(re.findall(r"\w+", re.sub("--.*", "", sql))))


def describe_columns(sql: str) -> dict[str, str]:
    """What the comments of a SELECT say of its columns, by their names."""
    from sqlglot import exp, parse_one

    columns = parse_one(sql, read="athena", into=exp.Select).selects
    return {column.alias_or_name: "".join(column.comments or ()).strip() for column in columns}


def _sql_asset(path: Path, tables: set[str]) -> dg.AssetsDefinition:
    sql = path.read_text()
    table = path.stem
    fields = sorted(set(re.findall(r"\brecipe\.(\w+)", sql)))

    @dg.asset(
        name=table,
        group_name="features",
        kinds={"sql", "parquet"},
        owners=["team:data"],
        description=sql.partition("\n")[0].removeprefix("-- ") + f"\n\n```sql\n{sql}```",
        deps=dependencies(sql, tables - {table}),
        code_version=code_version(to_duckdb.__module__, text=sql),
    )
    def sql_asset(
        context: dg.AssetExecutionContext,
        prices: PriceTable,
        recipe: Asked,
        storage: Storage,
        warehouse: Warehouse,
    ) -> dg.MaterializeResult[Any]:
        step = Step(context, storage, warehouse, fields=fields, table=table, asked=recipe)
        if kept := step.kept():
            return kept
        before = warehouse.usage()
        made = warehouse.create(table, sql)
        cost = prices.spent(warehouse, before)
        pictures = PICTURES.get(table, lambda _: {})(warehouse)
        return step.made(dict(made) | cost | pictures, descriptions=describe_columns(sql))

    return sql_asset


def _title_pictures(warehouse: Warehouse) -> dict[str, Any]:
    from rec_platform.assets import plots

    titles = warehouse.read("titles", order_by="title_id")
    if titles.empty:  # titles_are_enough says what to do
        return {}
    return {
        "titles_per_year": plots.titles_per_year(titles),
        "titles_per_rating": plots.titles_per_rating(titles),
        "votes": plots.votes(titles),
    }


PICTURES = {"titles": _title_pictures}

_sql_files = sorted(SQL_FOLDER.glob("*.sql"))
_tables = {path.stem for path in _sql_files} | {file.asset for file in RAW_FILES} | {"recipe"}
table_assets = [recipe, *(_sql_asset(path, _tables) for path in _sql_files)]


def is_comparable(storage: Storage, manifest: dict[str, Any], choices: Mapping[str, Any]) -> bool:
    """Whether a release was made of the same source and selection as this run's."""
    return bool(manifest) and not any(
        name != "year_max" or before > now
        for name, before, now in _changes(storage, manifest, choices)
    )


def _changes(
    storage: Storage, manifest: Mapping[str, Any], choices: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """What else this run selects from than a release did: the name, its value then and now."""
    recipe = manifest.get("recipe", {})
    state = read_state(storage, RAW_FILES[0])
    pairs = {
        "preset": (current_name(recipe.get("preset", "")), choices["preset"]),
        "title_types": (recipe.get("title_types", TITLE_TYPES), choices["title_types"]),
        "min_votes": (recipe.get("min_votes"), choices["min_votes"]),
        "year_max": (recipe.get("year_max", choices["year_max"]), choices["year_max"]),
        "source": (str(manifest.get("source")).rstrip("/"), state and state.source.rstrip("/")),
    }
    for name, (before, now) in pairs.items():
        if before != now:
            yield name, before, now


def was_published_as_it_is(storage: Storage, warehouse: Warehouse, asset: str) -> bool:
    """Whether a release was published of an asset's output, and nobody has changed that since."""
    version = data_version(storage, asset)
    return was_published(storage, asset, version) and is_as_noted(storage, warehouse, asset)


@dg.asset_check(asset="titles", blocking=True)
def titles_are_enough(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Some titles were selected, and not far fewer than the serving release has.

    A changed selection or source is no excuse: `min_votes` may be mistyped.
    """
    counts = found_in(storage, warehouse, ["titles"], _titles_of_type)
    count = sum(counts.values())
    serving = read_manifest(storage)
    choices = read_recipe(storage, warehouse)
    clusters = choices["clusters"]
    for_clusters = clusters * 2
    of_format = Counter[str]()
    for name in choices["title_types"].split(","):
        of_format[FORMATS[name]] += counts.get(name, 0)
    rare = {name: titles for name, titles in of_format.items() if titles < FEWEST_OF_FORMAT}
    # Once a release was published of these very titles, they are enough.
    is_known = was_published_as_it_is(storage, warehouse, "titles")
    before = 0 if is_known else serving.get("title_count", 0)
    fewest = max(for_clusters, round(choices["min_title_share"] * before))
    changes = _changes(storage, serving, choices) if serving else ()
    changed = ", ".join(f"{name} {then} -> {now}" for name, then, now in changes)
    changed = changed and f" This run changes {changed}."
    if count < for_clusters:
        fix = (
            f": too few for {clusters} clusters.{changed} Ask for fewer with --clusters "
            "(REC_CLUSTERS), or select more titles with --preset (REC_PRESET)"
        )
    elif rare:
        fix = (
            f", {' and '.join(f'{titles} of format {name}' for name, titles in rare.items())}: too "
            "few for lists of their own. Leave their types out of REC_TITLE_TYPES, or select more "
            "titles with --preset (REC_PRESET)"
        )
    elif count < fewest:
        fix = (
            f": the serving release has {before:,}.{changed} If that is right, set "
            "REC_MIN_TITLE_SHARE=0 (min_title_share: 0 in the Launchpad) for one run"
        )
    else:
        fix = ""
    return dg.AssetCheckResult(
        passed=not fix,
        description=f"{count:,} titles selected, at least {fewest:,} expected{fix}",
        metadata={"title_count": count, "expected": fewest, "of_type": counts},
    )


def _titles_of_type(storage: Storage, warehouse: Warehouse) -> dict[str, int]:
    del storage
    of_type = warehouse.query("SELECT title_type, count(*) AS titles FROM titles GROUP BY 1")
    return dict(zip(of_type["title_type"], of_type["titles"].tolist(), strict=True))


@dg.asset_check(asset="titles", blocking=True)
def titles_are_sound(storage: Storage, warehouse: Warehouse) -> dg.AssetCheckResult:
    """Title ids are unique, nothing that a visitor sees is null, ratings are within 1..10."""
    counts = found_in(storage, warehouse, ["titles"], _problems_of_titles)
    return dg.AssetCheckResult(
        passed=not counts,
        metadata=counts,
        description=f"{counts}: the rows of title.basics or title.ratings behind them are wrong; "
        "correct the files at the source (REC_IMDB_SOURCE), or fetch them again"
        if counts
        else "sound",
    )


def _problems_of_titles(storage: Storage, warehouse: Warehouse) -> dict[str, int]:
    del storage
    problems = warehouse.query("""
        SELECT
            count(*) - count(DISTINCT title_id) AS repeated_ids,
            count(*) - count(title_id || title || original_title || genres) AS null_texts,
            count(*) - count(year + rating + votes) AS null_numbers,
            count(*) - count(CASE WHEN rating BETWEEN 1 AND 10 THEN 1 END) AS ratings_out_of_range,
            count(*) - count(CASE WHEN votes >= 0 THEN 1 END) AS negative_votes
        FROM titles
    """).iloc[0]
    return {str(name): int(count) for name, count in problems.items() if count}


table_checks = [titles_are_enough, titles_are_sound]
