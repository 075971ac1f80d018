"""What an operator gives in the Dagster UI's Launchpad, beside what the environment sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import RETRY_STRATEGY_TAG
from filelock import FileLock

from rec_platform.assets.failures import reasons_of
from rec_platform.assets.stored import read_recipe
from rec_platform.definitions import define
from rec_platform.resources.settings import SettingError
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.conftest import Platform

ENVIRONMENT = {
    "REC_PRESET": "us_release",
    "REC_YEAR_MAX": "2020",
    "REC_MIN_VOTES": "7",
    "REC_CLUSTERS": "12",
    "REC_WEIGHTS": '{"fame": 1}',
    "REC_FORCE": "ndcg",
}


def launch(
    environment: Mapping[str, str], config: dict[str, dict[str, Any]], *assets: str
) -> dg.ExecuteInProcessResult:
    """Run the job, or some of its assets, as the Launchpad does with this configuration."""
    job = define(environment).resolve_job_def("refresh")
    return job.execute_in_process(
        run_config={
            "resources": {name: {"config": fields} for name, fields in config.items()},
            "loggers": {"progress": {}},
        },
        asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
        raise_on_error=False,
    )


@pytest.mark.usefixtures("environment")
def test_fields_that_the_launchpad_leaves_out_keep_the_values_of_the_environment(tmp_path: Path):
    environment = ENVIRONMENT | {"REC_ROOT": str(tmp_path)}
    whole = define(environment).resources["recipe"].choices()  # type: ignore[index]
    config = {"recipe": {"clusters": 5}, "warehouse": {"memory_limit": "500MB"}}
    assert launch(environment, config, "recipe").success
    root = str(tmp_path)
    made = read_recipe(LocalStorage(root=root), DuckDBWarehouse(root=root))
    assert made == whole | {"clusters": 5}


@pytest.mark.parametrize("deployment", ["local", "aws"])
def test_the_launchpad_shows_the_values_of_the_environment(deployment: str, tmp_path: Path):
    root = {"local": str(tmp_path), "aws": "s3://bucket/prefix"}[deployment]
    environment = ENVIRONMENT | {
        "REC_DEPLOYMENT": deployment,
        "REC_ROOT": root,
        "REC_IMDB_SOURCE": "elsewhere",
        "REC_KEYWORDS_SOURCE": "keywords.tsv",
        "REC_ATHENA_WORKGROUP": "films",
        "REC_SAGEMAKER_MAX_SECONDS": "1234",
    }
    for name, resource in (define(environment).resources or {}).items():
        fields = resource.get_resource_definition().config_schema.config_type.fields
        for field in type(resource).model_fields:
            shown, value = fields[field], getattr(resource, field)
            assert (shown.default_value if shown.default_provided else None) == value, (name, field)


def selects(platform: Platform, **environment: str) -> dict[str, str]:
    return {"REC_ROOT": str(platform.root), "REC_IMDB_SOURCE": str(platform.source)} | environment


def by_command(platform: Platform, fields: Mapping[str, Any]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in fields.items():
            patch.setenv(f"REC_{name.upper()}", str(value))
        return platform.refresh().stderr


def by_launchpad(platform: Platform, fields: Mapping[str, Any]) -> str:
    return told(launch(selects(platform), {"recipe": dict(fields)}))


def by_schedule(platform: Platform, fields: Mapping[str, Any]) -> str:
    given = {f"REC_{name.upper()}": str(value) for name, value in fields.items()}
    return told(launch(selects(platform, **given), {}))


def told(run: dg.ExecuteInProcessResult) -> str:
    """What the failed checks of a run say."""
    checks = run.get_asset_check_evaluations()
    return "".join(check.description or "" for check in checks if not check.passed)


@pytest.mark.parametrize("way", [by_command, by_launchpad, by_schedule])
def test_a_mistyped_selection_is_refused_however_it_is_run(platform: Platform, way: Any):
    before, count = platform.files(), platform.serving().release["title_count"]
    said = way(platform, {"min_votes": 5_000})
    assert f"the serving release has {count:,}. This run changes min_votes 0 -> 5000" in said
    assert "REC_MIN_TITLE_SHARE=0 (min_title_share: 0 in the Launchpad) for one run" in said
    assert platform.files() == before


def test_a_type_that_the_source_does_not_have_is_refused_and_named(platform: Platform):
    before = platform.files()
    said = by_command(platform, {"title_types": "movie,video,tvMiniSeries"})
    assert (
        "0 of format series: too few for lists of their own" in said and "REC_TITLE_TYPES" in said
    )
    assert platform.files() == before


def test_a_selection_that_is_meant_is_published_once_asked_and_kept_without_asking(
    platform: Platform,
):
    meant = selects(platform, REC_MIN_VOTES="5000")
    assert launch(meant, {"recipe": {"min_title_share": 0}}).success
    count = platform.serving().release["title_count"]
    assert platform.serving().release["recipe"]["min_votes"] == 5_000
    assert launch(meant, {}).success and platform.serving().release["title_count"] == count


def test_a_source_of_far_fewer_titles_is_refused_and_named(platform: Platform):
    from rec_platform.sample.writer import write_sample

    before = platform.files()
    write_sample(platform.folder / "small", 100)
    done = platform.run("refresh", "--source", "small")
    assert "This run changes source sample -> small" in done.stderr
    assert platform.files() == before


def shown(run: dg.ExecuteInProcessResult) -> str:
    """What the UI shows first of a failed run."""
    (event,) = [event for event in run.all_events if event.is_run_failure]
    error = event.job_failure_data.error
    return error.message if error else ""


def test_a_value_out_of_bounds_is_what_the_failure_shows(released: Platform):
    run = launch(selects(released), {"recipe": {"clusters": 1}})
    assert "clusters=1: input should be greater than or equal to 2" in shown(run)
    assert reasons_of(run.all_events) == [
        "refresh: clusters=1: input should be greater than or equal to 2"
    ]


@pytest.mark.parametrize(
    ("deployment", "root", "keepers"),
    [
        ("local", "/data", {"storage", "warehouse"}),
        ("aws", "s3://bucket/data", {"storage", "warehouse", "clustering"}),
    ],
)
def test_no_run_has_a_root_of_its_own(deployment: str, root: str, keepers: set[str]):
    resources = define({"REC_DEPLOYMENT": deployment, "REC_ROOT": root}).resources or {}
    rooted = {name: kind for name, kind in resources.items() if "root" in type(kind).model_fields}
    assert rooted.keys() == keepers
    for resource in rooted.values():
        assert type(resource)(root=root).root == root
        with pytest.raises(SettingError, match=f"root='{root}2'.*from '{root}'. Set REC_ROOT"):
            type(resource)(root=f"{root}2")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("resource", ["storage", "warehouse"])
def test_a_run_with_another_root_ends_before_its_first_step(tmp_path: Path, resource: str):
    other = tmp_path / "other"
    run = launch({"REC_ROOT": str(tmp_path / "data")}, {resource: {"root": str(other)}})
    assert f"root='{other}': value error, a run cannot change it" in shown(run)
    assert not any(event.is_step_start for event in run.all_events)
    assert not other.exists()


def test_a_lock_is_what_the_failure_shows(platform: Platform):
    held = FileLock(platform.root / "refresh.lock")  # as another process would
    with held:
        run = launch(selects(platform), {})
    assert "another refresh has been working in" in shown(run)
    (reason,) = reasons_of(run.all_events)
    assert reason.startswith("refresh: another refresh has been working in")


def test_a_retry_starts_from_the_beginning():
    """The recipe that a dead run left may be another run's by the time of the retry."""
    job = define({}).resolve_job_def("refresh")
    assert job.run_tags[RETRY_STRATEGY_TAG] == "ALL_STEPS"
