"""What a webhook is told of a run that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorEvaluationContext
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from rec_platform.definitions import define
from rec_platform_tests.conftest import Platform
from rec_platform_tests.in_background import in_background

SERVER = RemoteRepositoryOrigin(
    GrpcServerCodeLocationOrigin("127.0.0.1", 4000, location_name="rec_platform"), "__repository__"
)


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """A webhook that answers with a status; yields its address and what it was told."""
    told: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with in_background(server):
        yield f"http://127.0.0.1:{server.server_port}/secret", told


def alert(platform: Platform, address: str) -> None:
    """Fail a run, and let the sensor see it."""
    definitions = define(
        {
            "REC_ROOT": str(platform.root),
            "REC_IMDB_SOURCE": str(platform.source),
            "REC_MIN_VOTES": "5000",
            "REC_ALERT_WEBHOOK": address,
        }
    )
    with dg.DagsterInstance.ephemeral() as instance:
        run = definitions.resolve_job_def("refresh").execute_in_process(
            run_config={"loggers": {"progress": {}}}, raise_on_error=False, instance=instance
        )
        (event,) = [event for event in run.all_events if event.is_run_failure]
        context = dg.build_run_status_sensor_context(
            sensor_name="failure_alert",
            dagster_instance=instance,
            dagster_run=run.dagster_run,
            dagster_event=event,
        ).for_run_failure()
        *_, sensor = definitions.sensors or []
        assert isinstance(sensor, dg.SensorDefinition)
        sensor(context)


def test_a_failed_run_is_told_with_its_reason(platform: Platform):
    with webhook() as (address, told):
        alert(platform, address)
    (message,) = told
    first, reason = message.pop("text").splitlines()
    assert not message and first.startswith("Run ") and first.endswith(" of refresh failed.")
    assert reason.startswith("titles: check titles_are_enough failed: ")
    assert "This run changes min_votes 0 -> 5000" in reason


def test_a_webhook_that_refuses_fails_the_sensor_and_stays_secret(platform: Platform):
    with webhook(status=404) as (address, _), pytest.raises(dg.Failure) as refused:
        alert(platform, address)
    with pytest.raises(dg.Failure) as unreachable:
        alert(platform, address)
    assert "the webhook answered 404: check REC_ALERT_WEBHOOK" in str(refused.value.description)
    assert "the webhook cannot be reached" in str(unreachable.value.description)
    assert all("secret" not in str(error.value.description) for error in (refused, unreachable))


def tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None) -> str:
    """Let the sensor look for failed runs, as the daemon does; where it got to."""
    context = SensorEvaluationContext(
        instance_ref=None,
        instance=instance,
        cursor=cursor,
        repository_name=SERVER.repository_name,
        code_location_origin=SERVER.code_location_origin,
    )
    with context:
        told = sensor.evaluate_tick(context)
    assert told.cursor
    return told.cursor


def test_a_command_tells_of_its_own_failure_and_the_daemon_of_all_others(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    with webhook() as (address, told), dg.DagsterInstance.get() as instance:
        monkeypatch.setenv("REC_ALERT_WEBHOOK", address)
        *_, sensor = define().sensors or []
        assert isinstance(sensor, dg.SensorDefinition)
        cursor = tick(sensor, instance, None)
        failed = platform.run("refresh", "--source", "nowhere")
        assert failed.exit_code == 1
        (message,) = told
        first, *reasons = message["text"].splitlines()
        assert first == "`rec-platform refresh` of data failed."
        assert reasons == failed.stderr.splitlines()[-len(reasons) :]
        cursor = tick(sensor, instance, cursor)
        assert len(told) == 1
        run = instance.create_run_for_job(
            define().resolve_job_def("refresh"),
            remote_job_origin=RemoteJobOrigin(SERVER, "refresh"),
            job_code_origin=None,
        )
        instance.report_run_failed(run, "its code server has been started again since")
        tick(sensor, instance, cursor)
    assert told[1:] == [
        {
            "text": f"Run {run.run_id[:8]} of refresh failed.\n"
            "its code server has been started again since"
        }
    ]


def test_a_webhook_that_refuses_changes_nothing_about_the_command(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    with webhook(status=404) as (address, _):
        monkeypatch.setenv("REC_ALERT_WEBHOOK", address)
        failed = platform.run("refresh", "--source", "nowhere")
    *_, refusal, last = failed.stderr.splitlines()
    assert failed.exit_code == 1
    assert refusal == "the webhook answered 404: check REC_ALERT_WEBHOOK"
    assert last.startswith("nothing was published") and "secret" not in failed.stderr


def test_without_a_webhook_no_sensor_tells_of_failures():
    assert [sensor.name for sensor in define({}).sensors or []] == ["old_runs"]
