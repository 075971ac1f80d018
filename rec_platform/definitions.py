# pyright: standard
"""The table of contents: every asset, check, job and schedule, and the resources they run on.

What differs between deployments is chosen here, once, by `REC_DEPLOYMENT`; nothing else asks.
"""

import logging
import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import dagster as dg

from rec_platform.assets.code_references import with_code_references
from rec_platform.assets.costs import cost_receipt, receipt_of_failure
from rec_platform.assets.failures import failure_alert
from rec_platform.assets.features import REFRESH_JOB, table_assets
from rec_platform.assets.keywords import title_keywords
from rec_platform.assets.lookup import cluster_lookup
from rec_platform.assets.model import model_assets
from rec_platform.assets.raw import raw_assets
from rec_platform.assets.release import checks, release
from rec_platform.assets.scorecard import scorecard
from rec_platform.assets.series import title_series
from rec_platform.assets.similar import similar_titles
from rec_platform.choices import IMDB, ROOT, require_folder
from rec_platform.recipe import Recipe
from rec_platform.resources.aws.athena import AthenaWarehouse
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform.resources.aws.sagemaker import SageMakerClustering
from rec_platform.resources.clustering import ScikitLearnClustering
from rec_platform.resources.imdb import ImdbSource
from rec_platform.resources.judgements import JudgementsSource
from rec_platform.resources.keywords import KeywordsSource
from rec_platform.resources.prices import PriceTable
from rec_platform.resources.ratings import RatingsSource
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform.run_records import old_runs


def _local(environment: Mapping[str, str]) -> dict[str, Any]:
    root = require_folder(environment.get("REC_ROOT", ROOT))
    return {
        "storage": LocalStorage(root=root),
        "warehouse": DuckDBWarehouse(root=root),
        "clustering": ScikitLearnClustering(),
    }


def _aws(environment: Mapping[str, str]) -> dict[str, Any]:
    if find_spec("boto3") is None:
        raise ValueError("REC_DEPLOYMENT='aws' needs the packages of requirements/aws.txt")
    root = environment.get("REC_ROOT", "")
    if "://" in root and not root.startswith("s3://"):
        raise ValueError(f"{root} is no address in S3: set REC_ROOT (--root) to s3://bucket/prefix")
    return {
        "storage": S3Storage(root=root),
        "warehouse": AthenaWarehouse.from_environment(environment, "REC_ATHENA_", root=root),
        "clustering": SageMakerClustering.from_environment(
            environment, "REC_SAGEMAKER_", root=root
        ),
    }


DEPLOYMENTS = {"local": _local, "aws": _aws}


def _progress_logger(context: dg.InitLoggerContext) -> logging.Logger:
    from rec_platform.progress import ProgressHandler

    del context
    logger = logging.Logger("rec_platform")
    logger.addHandler(ProgressHandler())
    return logger


PROGRESS = dg.LoggerDefinition(
    _progress_logger,
    description="One line on stderr for each step: what `rec-platform refresh` shows.",
)


refresh = dg.define_asset_job(
    REFRESH_JOB,
    selection=dg.AssetSelection.all(),
    description="IMDb's files to a serving release; publishes nothing where nothing has changed.",
    hooks={receipt_of_failure},
    # By default a retry goes on where the run failed, with the recipe that another run has left.
    tags={"dagster/retry_strategy": "ALL_STEPS"},
)

weekly_refresh = dg.ScheduleDefinition(
    name="weekly_refresh",
    job=refresh,
    cron_schedule="0 5 * * 1",
    description="Mondays at 05:00 UTC.",
)


def define(environment: Mapping[str, str] = os.environ) -> dg.Definitions:
    """The platform as an environment asks for it.

    Raises:
        ValueError: a variable has a value that it cannot have; the text names it.
    """
    environment = {name: text for name, text in environment.items() if text}  # empty is unset
    deployment = environment.get("REC_DEPLOYMENT", "local")
    if deployment not in DEPLOYMENTS:
        raise ValueError(f"REC_DEPLOYMENT={deployment!r}: there is {', '.join(DEPLOYMENTS)}")
    webhook = environment.get("REC_ALERT_WEBHOOK", "")
    if webhook and not re.match(r"https?://[^/\s]", webhook):  # it is a secret: not shown
        raise ValueError("REC_ALERT_WEBHOOK: set an address that begins with https://")
    resources = {
        "recipe": Recipe.from_environment(environment),
        "source": ImdbSource(location=environment.get("REC_IMDB_SOURCE", IMDB)),
        "ratings": RatingsSource(location=environment.get("REC_RATINGS_SOURCE", "")),
        "judgements": JudgementsSource(location=environment.get("REC_JUDGEMENTS_SOURCE", "")),
        "keywords": KeywordsSource(location=environment.get("REC_KEYWORDS_SOURCE", "")),
        "prices": PriceTable.from_environment(environment),
        **DEPLOYMENTS[deployment](environment),
    }
    return dg.Definitions(
        assets=with_code_references(
            [
                *(*raw_assets, *table_assets, title_series, title_keywords, *model_assets),
                *(similar_titles, scorecard, cluster_lookup, release, cost_receipt),
            ]
        ),
        asset_checks=checks,
        jobs=[refresh],
        schedules=[weekly_refresh],
        sensors=[old_runs, *([failure_alert(webhook)] if webhook else [])],
        resources={name: resource.as_defaults() for name, resource in resources.items()},
        loggers={"console": dg.colored_console_logger, "progress": PROGRESS},
        # One process: tables pass through files, and a process per step would cost more than the
        # step.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster's own tools load; a command defines its own, in which its options come first."""
    return define()
