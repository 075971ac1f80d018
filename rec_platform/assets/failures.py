# pyright: standard
"""Why a run failed, in words for people: for the command, and for a webhook if there is one."""

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

WEBHOOK_SECONDS = 10


def reasons_of(
    events: Iterable[dg.DagsterEvent], otherwise: str = "the run failed: the Dagster UI shows it"
) -> list[str]:
    """Why a run failed, each reason once, with all places that gave it.

    Args:
        events: of the run.
        otherwise: what to say where no event gives a reason.
    """
    places: dict[str, list[str]] = {}
    for event in events:
        for place, reason in _reason(event):
            places.setdefault(reason.strip(), []).append(place)
    reasons = [f"{', '.join(where)}: {reason}" for reason, where in places.items()]
    return reasons or [otherwise]


def _reason(event: dg.DagsterEvent) -> Iterator[tuple[str, str]]:
    """Where it went wrong and why; nothing if the event is no failure."""
    if event.event_type_value == "ASSET_CHECK_EVALUATION":
        check = event.asset_check_evaluation_data
        if not check.passed:
            place = f"{check.asset_key.to_user_string()}: check {check.check_name} failed"
            yield place, check.description or "no reason given"
    elif event.is_step_failure:
        failure = event.step_failure_data
        text = failure.user_failure_data and failure.user_failure_data.description
        # A failed check has given its own reason.
        if failure.error and failure.error.cls_name != "DagsterAssetCheckFailedError":
            yield str(event.step_key), text or (failure.error.cause or failure.error).message
    elif error := _error_of_the_run(event):
        yield str(event.job_name), error.message.partition(": ")[2]  # Dagster puts the class first


def _error_of_the_run(event: dg.DagsterEvent) -> Any:
    """What kept a run from its first step, or None if the event does not tell it."""
    if event.is_resource_init_failure:
        return event.engine_event_data.error
    failure = event.job_failure_data if event.is_run_failure else None
    # Run monitoring gives a dead run no data, and its reason in the event's message.
    if failure and not failure.first_step_failure_event:
        error = failure.error
        # What a resource raised has been told.
        return error if error and error.cls_name != "DagsterResourceFunctionError" else None
    return None


def failure_alert(url: str) -> dg.SensorDefinition:
    """A sensor that tells a webhook of each failed run of this code location.

    A run of `rec-platform refresh` belongs to none, so that the sensor leaves it out; the command
    tells of it.

    Args:
        url: the webhook's address.
    """

    @dg.run_failure_sensor(
        name="failure_alert",
        description="Tells the webhook in REC_ALERT_WEBHOOK of each failed run, and why it failed.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        entries = context.instance.all_logs(run.run_id)
        events = [entry.dagster_event for entry in entries if entry.dagster_event]
        reasons = reasons_of(events, otherwise=context.failure_event.message or "")
        tell_webhook(url, f"Run {run.run_id[:8]} of {run.job_name} failed.", reasons)

    return sensor


def tell_webhook(url: str, what: str, reasons: Iterable[str]) -> None:
    """Tell a webhook what failed and why, in the JSON that Slack takes.

    Args:
        url: the webhook's address. It is a secret, so it is neither shown nor logged.
        what: what failed, as a sentence.
        reasons: why.

    Raises:
        dg.Failure: it cannot be reached, or does not take this.
    """
    import requests

    try:
        answer = requests.post(
            url, json={"text": "\n".join([what, *reasons])}, timeout=WEBHOOK_SECONDS
        )
    except requests.RequestException as error:
        raise dg.Failure(f"the webhook cannot be reached: {type(error).__name__}") from None
    if not answer.ok:
        raise dg.Failure(f"the webhook answered {answer.status_code}: check REC_ALERT_WEBHOOK")
