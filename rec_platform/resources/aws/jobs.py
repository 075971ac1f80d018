# pyright: standard
"""SageMaker's training jobs, found again by name, so that none is paid for twice."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dagster as dg

from rec_platform.resources.aws.clients import Clients, error_code, explained

ATTEMPTS = 100  # names of one input: SageMaker never forgets a name, nor lets it be used again
START_SECONDS = 900  # until an instance is found and has started, beside the job's own time
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
LOG_LINES = 20
# By a word of the reason, or of the secondary status where a stopped job gives no reason.
FIXES = (
    (
        "capacity",
        "choose another REC_SAGEMAKER_INSTANCE_TYPE, set REC_SAGEMAKER_SPOT=false, or wait",
    ),
    ("MaxWaitTimeExceeded", "no spare capacity came in time: set REC_SAGEMAKER_SPOT=false"),
    ("MaxRuntimeExceeded", "allow it more time with REC_SAGEMAKER_MAX_SECONDS"),
    ("AccessDenied", "compare the jobs' role with infra/policies/jobs.json"),
    ("ResourceLimitExceeded", "ask for a higher limit in Service Quotas"),
)


class Jobs:
    """Starts training jobs and waits for them.

    Args:
        clients: those of the storage that the jobs read.
        longest_seconds: after these, SageMaker itself ends a job.
        poll_seconds: between two looks at a job.

    Attributes:
        billable_seconds: of the jobs so far that ended, well or not, while they were waited for; of
            one instance.
    """

    def __init__(self, clients: Clients, longest_seconds: int, poll_seconds: float) -> None:
        self.billable_seconds = 0.0
        self._clients = clients
        self._longest_seconds = longest_seconds
        self._poll_seconds = poll_seconds

    def settle(
        self,
        base: str,
        create: Callable[[str], None],
        is_whole: Callable[[Any], bool],
        clean_up: Callable[[str], None],
    ) -> tuple[Any, bool]:
        """Find a job that has done this already or is at work, or start one; wait for its end.

        Args:
            base: the beginning of the job's name, which says what it works on.
            create: starts a job of a given name.
            is_whole: whether what a completed job wrote is still there.
            clean_up: removes what a job that has just ended does not need any more.

        Returns:
            The job, and whether it had ended before.

        Raises:
            dg.Failure: it failed, was stopped, or took too long.
        """
        for attempt in range(1, ATTEMPTS + 1):
            name = f"{base}-{attempt}"
            job, is_old = self.find(name), True
            if job is None or job.training_job_status in ("InProgress", "Stopping"):
                job, is_old = self._wait(name, create if job is None else None), False
                self.billable_seconds += number(job.billable_time_in_seconds)
                clean_up(name)
            if job.training_job_status == "Completed" and is_whole(job):
                return job, is_old
            if not is_old:
                raise self._failure(job, name)
        raise dg.Failure(f"{ATTEMPTS} jobs {base} failed: look at them in SageMaker's console")

    def find(self, name: str) -> Any:
        """The job with this name, or None where there is none."""
        session = self._clients.session
        with explained(f"the job {name} could not be looked up"):
            try:
                return training_job().get(name, session=session, region=session.region_name)
            except self._clients("sagemaker").exceptions.ClientError as error:
                if "not find" in str(error) or "not found" in str(error):
                    return None
                raise

    def _wait(self, name: str, create: Callable[[str], None] | None) -> Any:
        """Wait for a job's end, after starting it where it is not there yet."""
        try:
            if create:
                with explained(f"the job {name} could not be started"):
                    unless_in_use(lambda: create(name))
            return self._follow(name)
        except TimeoutError:
            self._stop(name)
            raise dg.Failure(
                f"the job {name} did not end and was stopped: look at it in SageMaker's console, "
                "or allow it more with REC_SAGEMAKER_MAX_SECONDS",
                allow_retries=False,
            ) from None
        except dg.Failure:  # SageMaker did not answer; the job goes on, and the next run finds it
            raise
        except BaseException:  # the run is stopped
            with suppress(dg.Failure):  # the job may not have started yet
                self._stop(name)
            raise

    def _follow(self, name: str) -> Any:
        """Log what a job does, and at its end the last lines of its own log."""
        log = dg.get_dagster_logger()
        deadline = time.monotonic() + self._longest_seconds + START_SECONDS
        last_status = ""
        while time.monotonic() < deadline:
            job: Any = self.find(name)
            status = text(job.secondary_status) or job.training_job_status
            if status != last_status:
                log.info(f"{name}: {status}")
                last_status = status
            if job.training_job_status in ("Completed", "Failed", "Stopped"):
                log.info("\n".join([f"the end of {name}'s log:", *self._log_tail(name)]))
                return job
            time.sleep(self._poll_seconds)
        raise TimeoutError

    def _stop(self, name: str) -> None:
        dg.get_dagster_logger().warning(f"stopping {name}")
        with explained(f"the job {name} could not be stopped"):
            self._clients("sagemaker").stop_training_job(TrainingJobName=name)

    def _failure(self, job: Any, name: str) -> dg.Failure:
        status = text(job.secondary_status)
        ended = job.training_job_status.lower()
        ended += f" ({status})" if status and status.lower() != ended else ""
        reason = text(job.failure_reason) or f"it has {ended}"
        fixes = [fix for word, fix in FIXES if word.lower() in reason.lower()]
        lines = [f"the job {name} gave nothing: {reason}", *fixes, *self._log_tail(name)]
        return dg.Failure("\n".join(lines), allow_retries=False)

    def _log_tail(self, name: str) -> list[str]:
        """The last lines that the job wrote; a log that cannot be read is no reason to fail."""
        logs = self._clients("logs")
        group = {"logGroupName": LOG_GROUP}
        try:
            streams = logs.describe_log_streams(**group, logStreamNamePrefix=name, limit=1)
            (stream, *_) = streams["logStreams"]
            events = logs.get_log_events(
                **group, logStreamName=stream["logStreamName"], limit=LOG_LINES
            )
        except Exception as error:
            return [f"(its log could not be read: {error_code(error)})"]
        return [event["message"] for event in events["events"]]


def training_job() -> Any:
    """The class of SageMaker's SDK, which is imported when it is first needed."""
    from sagemaker.core.resources import TrainingJob

    return TrainingJob


def unless_in_use(create: Callable[[], Any]) -> None:
    """Create what has a name of its own; where the name is taken, an answer to us was lost."""
    from botocore.exceptions import ClientError

    try:
        create()
    except ClientError as error:
        if error_code(error) != "ResourceInUse":
            raise


def text(value: Any) -> str:
    """A field of a job, empty where SageMaker has not set it."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> float:
    """A field of a job, 0 where SageMaker has not set it."""
    return value if isinstance(value, int | float) else 0


def metrics(job: Any) -> dict[str, float]:
    """The figures that a training job reports, `sagemaker_train:msd` for example."""
    listed = job.final_metric_data_list
    return {
        f"sagemaker_{metric.metric_name}": metric.value
        for metric in (listed if isinstance(listed, list) else [])
    }
