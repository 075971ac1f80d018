"""What a person sees of a run, and what became of its release."""

from typing import Any

import dagster as dg
import pytest

from rec_platform.definitions import PROGRESS
from rec_platform.runner import release_outcome


def run(is_reused: bool) -> dg.ExecuteInProcessResult:
    @dg.asset
    def titles() -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(
            metadata={"dagster/row_count": 1_234, "is_reused": dg.MetadataValue.bool(is_reused)}
        )

    @dg.asset(deps=[titles])
    def release() -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(metadata={"is_reused": dg.MetadataValue.bool(is_reused)})

    job = dg.define_asset_job("refresh", selection=dg.AssetSelection.all())
    definitions = dg.Definitions([titles, release], jobs=[job], loggers={"progress": PROGRESS})
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def("refresh").execute_in_process(
            run_config={"loggers": {"progress": {}}}, instance=instance
        )


@pytest.mark.parametrize(
    ("is_reused", "shown", "outcome"),
    [(False, "1,234 rows", "published"), (True, "unchanged", "unchanged")],
)
def test_a_step_that_reuses_its_output_is_shown_as_unchanged_and_publishes_nothing(
    is_reused: bool,
    shown: str,
    outcome: str,
    environment: None,
    capsys: pytest.CaptureFixture[str],
):
    del environment
    result = run(is_reused)
    titles, _ = capsys.readouterr().err.splitlines()
    assert titles.split(" s ")[0].split()[0] == "titles"
    assert titles.endswith(f" {shown}")
    assert release_outcome(result.all_events) == outcome


def test_without_a_release_step_nothing_became_of_the_release():
    assert release_outcome([]) == ""
