"""The platform on a server of one's own: the commands of the systemd units, with real services."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from configparser import ConfigParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators import free_port
from rec_platform_tests.waiting import wait_for

SERVERS = REPOSITORY / "infra" / "servers"
UNITS = {path.stem.removeprefix("rec-platform-"): path for path in SERVERS.glob("systemd/*")}
INSTALLED = "/opt/rec-platform"
LAUNCH = """mutation($params: ExecutionParams!) {
    launchRun(executionParams: $params) { ... on LaunchRunSuccess { run { runId } } }
}"""
RUNS = "{ runsOrError { ... on Runs { results { runId status rootRunId } } } }"
MESSAGES = """query($run: ID!) {
    logsForRun(runId: $run) {
        ... on EventConnection { events { ... on MessageEvent { message } } }
    }
}"""
JOB = {
    "repositoryLocationName": "rec_platform",
    "repositoryName": "__repository__",
    "jobName": "refresh",
}


@dataclass
class Servers:
    """The services of the units, each with its processes in a group, as systemd keeps them."""

    folder: Path
    environment: dict[str, str]
    ports: dict[str, int] = field(
        default_factory=lambda: {port: free_port() for port in ("3000", "4000", "8000")}
    )
    running: dict[str, subprocess.Popen[Any]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Put the settings where docs/operations.md says."""
        home = self.folder / "dagster"
        home.mkdir()
        settings = yaml.safe_load((SERVERS / "dagster.yaml").read_text())
        settings["run_monitoring"]["poll_interval_seconds"] = 1  # two minutes, if nobody says
        settings["run_queue"]["user_code_failure_retry_delay"] = 1
        (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
        workspace = (SERVERS / "workspace.yaml").read_text()
        (self.folder / "workspace.yaml").write_text(
            workspace.replace("4000", str(self.ports["4000"]))
        )
        example = (SERVERS / "environment.example").read_text()
        told = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
        assert set(told) <= set(self.environment) | {"DAGSTER_HOME"}, told
        self.environment["DAGSTER_HOME"] = str(home)

    def command(self, name: str, key: str = "ExecStart") -> list[str]:
        """What a unit starts, with this machine's folders and free ports."""
        unit = ConfigParser(interpolation=None, strict=False)
        unit.read(UNITS[name])
        line = unit["Service"].get(key, "")
        workspace = str(self.folder / "workspace.yaml")
        line = line.replace(f"{INSTALLED}/infra/servers/workspace.yaml", workspace)
        line = line.replace(f"{INSTALLED}/.venv/bin", str(Path(sys.executable).parent))
        assert INSTALLED not in line
        for port, free in self.ports.items():
            line = re.sub(rf"\b{port}\b", str(free), line)
        return shlex.split(line)

    def start(self, *names: str) -> None:
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                options: Any = {
                    "cwd": self.folder,
                    "env": os.environ | self.environment,
                    "stdout": log,
                    "stderr": subprocess.STDOUT,
                }
                command = self.command(name)
                self.running[name] = subprocess.Popen(command, start_new_session=True, **options)
                if until_ready := self.command(name, "ExecStartPost"):
                    subprocess.run(until_ready, check=True, **options)

    def kill(self, name: str) -> None:
        """Kill a service with all its processes, as systemd does where the main one is killed."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def await_log(self, name: str, text: str, times: int = 1) -> None:
        """Wait until a service has logged a text as often as this, from now on."""
        log = self.folder / f"{name}.log"
        before = log.read_text().count(text)
        wait_for(lambda: log.read_text().count(text) >= before + times)

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for name, process in list(self.running.items()):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def ask(self, query: str, **variables: Any) -> Any:
        """What the webserver answers; None while it does not."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['3000']}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer).get("data")
        except OSError:
            return None

    def site(self, path: str) -> str | None:
        """What the site answers; None while it does not."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['8000']}{path}") as answer:
                return answer.read().decode()
        except OSError:
            return None

    def launch(self, **recipe: Any) -> str:
        """Launch a refresh, as a person does in the UI; its id."""
        config = {"resources": {"recipe": {"config": recipe}}}
        params = {"selector": JOB, "runConfigData": config}
        answer = wait_for(lambda: self.ask(LAUNCH, params=params))
        return answer["launchRun"]["run"]["runId"]

    def runs(self) -> dict[str, str]:
        """The status of each run, the oldest first."""
        return {run["runId"]: run["status"] for run in reversed(self._runs())}

    def _runs(self) -> list[dict[str, str]]:
        answer = self.ask(RUNS)
        return answer["runsOrError"]["results"] if answer else []

    def await_status(self, run: str, *statuses: str) -> str:
        def status() -> str:
            now = self.runs().get(run, "")
            return now if now in statuses else ""

        try:
            return wait_for(status)
        except TimeoutError as error:
            told = "\n".join(self.messages(run)[-20:])
            raise TimeoutError(f"{run} is {self.runs().get(run)}:\n{told}") from error

    def retry_of(self, run: str) -> str:
        """The run that was made in place of one that died."""

        def retries() -> list[str]:
            return [one["runId"] for one in self._runs() if one["rootRunId"] == run != one["runId"]]

        return wait_for(retries)[0]

    def messages(self, run: str) -> list[str]:
        answer = self.ask(MESSAGES, run=run) or {"logsForRun": {"events": []}}
        return [event.get("message", "") for event in answer["logsForRun"]["events"]]

    def worker(self, run: str) -> int:
        """The id of the process that works on a run."""
        return int(wait_for(lambda: re.findall(r"\(pid: (\d+)\)", " ".join(self.messages(run))))[0])
