# pyright: standard
"""A run launcher that reports dead runs. `dagster.yaml` names it; Dagster's daemon loads it."""

import grpc
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import (
    CheckRunHealthResult,
    DefaultRunLauncher,
    WorkerStatus,
)
from dagster._core.storage.dagster_run import DagsterRun
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value
from dagster._serdes.config_class import ConfigurableClassData

from rec_platform.run_records import is_dead


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher, which tells run monitoring whether a run's process is alive.

    The default one does not. If the machine or the code server dies with a run, that run stays
    "started" for ever, and where one run is allowed at a time, the queue stops with it.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._missed: set[str] = set()  # runs whose server was there at the last look, without them

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks check_run_worker_health."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Ask the code server that started a run whether the run's process is still there.

        A command runs in a process of its own that no server knows, and holds a lock while it
        lives. A run whose server is away counts as alive. Dagster asks that server for the job when
        it does a failed run once more, and does not try a second time. When the server is back, the
        daemon needs some seconds to see it, so that a run is given up at the second look.
        """
        if is_dead(run, self._instance):
            return CheckRunHealthResult(WorkerStatus.FAILED, "its command was killed")
        client = self._get_grpc_client_for_termination(run.run_id)
        if client is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        try:
            answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id))
        except DagsterUserCodeUnreachableError as error:
            if client.socket and _is_gone(error):  # `dagster dev`, whose next server has another
                return CheckRunHealthResult(WorkerStatus.FAILED, "its code server is gone")
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if run.run_id not in self._missed:
            self._missed.add(run.run_id)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        self._missed.remove(run.run_id)
        return CheckRunHealthResult(
            WorkerStatus.NOT_FOUND, "its code server has been started again since"
        )


def _is_gone(error: DagsterUserCodeUnreachableError) -> bool:
    """Whether nobody listens any more; a server may also be busy."""
    cause = error.__cause__
    return isinstance(cause, grpc.RpcError) and cause.code() == grpc.StatusCode.UNAVAILABLE
