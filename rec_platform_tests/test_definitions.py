import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from rec_platform.choices import IMDB, ROOT
from rec_platform.definitions import define
from rec_platform_tests.conftest import REPOSITORY

GRAPH = {
    "raw_title_basics": set(),
    "raw_title_akas": set(),
    "raw_title_ratings": set(),
    "raw_title_crew": set(),
    "raw_title_principals": set(),
    "raw_name_basics": set(),
    "recipe": set(),
    "eligible_titles": {"recipe", "raw_title_basics"},
    "eligible_akas": {"eligible_titles", "raw_title_akas"},
    "titles": {"recipe", "eligible_titles", "eligible_akas", "raw_title_ratings"},
    "selection": {"titles"},
    "selected_principals": {"selection", "raw_title_principals"},
    "title_akas": {"selection", "eligible_akas"},
    "title_people": {"selection", "selected_principals", "raw_title_crew", "raw_name_basics"},
    "title_characters": {"selected_principals"},
    "title_origins": {"selection", "eligible_akas"},
    "title_credits": {"title_people"},
    "title_series": {"titles", "title_credits", "title_akas", "title_characters"},
    "title_keywords": {"selection"},
    "scaled_matrix": {"recipe", "titles"},
    "kmeans_model": {"recipe", "scaled_matrix"},
    "title_clusters": {"titles", "scaled_matrix", "kmeans_model"},
    "similar_titles": {
        *("recipe", "titles", "title_credits", "title_series", "scaled_matrix", "title_clusters"),
        *("title_characters", "title_origins", "title_keywords"),
    },
    "scorecard": {
        *("recipe", "titles", "title_credits", "title_series"),
        *("title_characters", "title_origins", "title_keywords"),
        *("scaled_matrix", "kmeans_model", "title_clusters", "similar_titles"),
    },
    "cluster_lookup": {
        *("raw_title_basics", "raw_title_akas", "raw_title_ratings"),
        *("raw_title_crew", "raw_title_principals", "raw_name_basics"),
        *("recipe", "titles", "title_people", "title_akas", "title_series"),
        *("title_characters", "title_origins", "title_keywords"),
        *("scaled_matrix", "kmeans_model", "title_clusters", "similar_titles", "scorecard"),
    },
    "release": {"cluster_lookup"},
    "cost_receipt": {"release"},
}
GROUPS = {
    **dict.fromkeys(list(GRAPH)[:6], "raw"),
    **dict.fromkeys(["recipe", "titles", "selection"], "features"),
    **dict.fromkeys(["eligible_titles", "eligible_akas", "selected_principals"], "features"),
    **dict.fromkeys(
        ["title_akas", "title_people", "title_credits", "title_series", "title_keywords"],
        "features",
    ),
    **dict.fromkeys(["title_characters", "title_origins"], "features"),
    **dict.fromkeys(["scaled_matrix", "kmeans_model", "title_clusters"], "model"),
    **dict.fromkeys(["similar_titles", "cluster_lookup", "release"], "site"),
    **dict.fromkeys(["scorecard", "cost_receipt"], "quality"),
}
HEAVY = (
    *("pandas", "numpy", "sklearn", "scipy", "matplotlib", "duckdb", "sqlglot", "requests"),
    *("boto3", "botocore", "pyathena", "sagemaker", "dagster_aws"),
)

defs = define()
graph = defs.resolve_asset_graph()


def name(key: dg.AssetKey) -> str:
    return key.to_user_string()


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_graph_is_this_one() -> None:
    found = {name(node.key): {name(key) for key in node.parent_keys} for node in graph.asset_nodes}
    assert found == GRAPH
    assert {name(node.key): node.group_name for node in graph.asset_nodes} == GROUPS


def test_every_asset_says_what_it_is_and_whose() -> None:
    for node in graph.asset_nodes:
        assert node.description, name(node.key)
        assert node.owners == ["team:data"], name(node.key)
        assert node.kinds, name(node.key)


def test_every_check_blocks_what_comes_after_it() -> None:
    checks = [spec for check in defs.asset_checks or [] for spec in check.check_specs]  # type: ignore[union-attr]
    assert {name(spec.asset_key) for spec in checks} == {
        *("titles", "scaled_matrix", "title_clusters", "similar_titles", "cluster_lookup"),
        "scorecard",
    }
    assert all(spec.blocking and spec.description for spec in checks)


def test_every_asset_links_to_its_code_and_a_table_to_its_sql() -> None:
    for node in graph.asset_nodes:
        links = node.metadata["dagster/code_references"].code_references  # type: ignore[union-attr]
        files = [Path(link.file_path).relative_to(REPOSITORY) for link in links]
        sql = Path("sql", f"{name(node.key)}.sql")
        assert files[:-1] == ([sql] if (REPOSITORY / sql).exists() else [])
        assert files[-1].parent == Path("rec_platform", "assets")


def test_a_release_is_overdue_a_day_after_the_week() -> None:
    policy = graph.get(dg.AssetKey("release")).freshness_policy
    assert policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8))


def test_one_job_refreshes_everything_every_week() -> None:
    job = defs.resolve_job_def("refresh")
    (schedule,) = defs.schedules or []
    assert len(job.asset_layer.selected_asset_keys) == len(GRAPH)
    assert schedule.job_name == "refresh"  # type: ignore[union-attr]
    assert schedule.cron_schedule == "0 5 * * 1"  # type: ignore[union-attr]


def test_definitions_load_with_an_empty_environment_and_without_heavy_imports() -> None:
    code = f"""
import sys
from rec_platform.choices import IMDB, ROOT
from rec_platform.definitions import define
define()
print([name for name in {HEAVY} if name in sys.modules])
"""
    result = python(code)
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("REC_DEPLOYMENT", "lokal", "local"),
        ("REC_PRESET", "wrold", "english_like"),
        ("REC_CLUSTERS", "1", "greater than or equal to 2"),
        ("REC_ALERT_WEBHOOK", "hooks.example/T0", "begins with https://"),
        ("REC_ALERT_WEBHOOK", "https:///T0", "begins with https://"),
    ],
)
def test_a_wrong_setting_is_an_error_that_names_it(variable: str, value: str, says: str) -> None:
    result = python("from rec_platform.definitions import define; define()", **{variable: value})
    last = result.stderr.strip().splitlines()[-1]
    assert result.returncode != 0
    assert variable in last
    assert says in last


def test_empty_variables_are_unset() -> None:
    names = ("DEPLOYMENT", "ROOT", "IMDB_SOURCE", "RATINGS_SOURCE", "PRICES", "ALERT_WEBHOOK")
    resources = dict(define({f"REC_{name}": "" for name in names}).resources or {})
    assert resources["source"].location == IMDB and resources["storage"].root == ROOT


@pytest.mark.parametrize("deployment", ["local", "aws"])
def test_each_deployment_loads_without_settings_and_without_the_clients(deployment: str) -> None:
    code = """
import sys
from rec_platform.choices import IMDB, ROOT
from rec_platform.definitions import define
import os
definitions = define(os.environ)
definitions.resolve_job_def("refresh")
print([name for name in ("boto3", "botocore", "pyathena", "sagemaker") if name in sys.modules])
"""
    result = python(code, REC_DEPLOYMENT=deployment)
    assert result.stdout.strip() == "[]", result.stderr


def test_without_its_packages_the_aws_deployment_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['boto3'] = None; from rec_platform.definitions import define; "
        "define()"
    )
    assert python(code).returncode == 0
    result = python(code, REC_DEPLOYMENT="aws")
    assert "needs the packages of requirements/aws.txt" in result.stderr.splitlines()[-1]


def test_the_local_install_has_nothing_of_amazons() -> None:
    app = (REPOSITORY / "requirements" / "app.txt").read_text()
    names = ("boto3", "botocore", "pyathena", "sagemaker", "dagster-aws", "dagster-postgres")
    assert not [name for name in names if f"\n{name}==" in app]
