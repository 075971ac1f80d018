"""Assets launched alone, as a person does in the Dagster UI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

    from rec_platform_tests.conftest import Platform


def launch(platform: Platform, *assets: str, **variables: str) -> dg.ExecuteInProcessResult:
    """Materialise some assets, with their checks, and nothing else of the job."""
    import dagster as dg

    from rec_platform.definitions import define

    place = {"REC_ROOT": str(platform.root), "REC_IMDB_SOURCE": str(platform.source)}
    job = define(os.environ | place | variables).resolve_job_def("refresh")
    chosen = [dg.AssetKey(asset) for asset in assets]
    return job.execute_in_process(asset_selection=chosen, raise_on_error=False)


def reason(result: dg.ExecuteInProcessResult) -> str:
    """Why the one step failed that did."""
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    data = failed.step_failure_data.user_failure_data
    return str(data and data.description)
