"""Dagster's settings, and the UI that `make dev` starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml

from rec_platform import dagster_home
from rec_platform.dagster_home import SETTINGS, home_of, prepare_home, run_dagster_dev
from rec_platform_tests.conftest import REPOSITORY, Platform
from rec_platform_tests.emulators import free_port
from rec_platform_tests.servers import INSTALLED, SERVERS, UNITS
from rec_platform_tests.waiting import wait_for

DEPLOYED = [REPOSITORY / "infra" / folder / "dagster.yaml" for folder in ("", "servers")]


def test_runs_wait_for_each_other_and_dead_ones_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import dagster as dg

    home = tmp_path / "home"
    prepare_home(home)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue and queue.max_concurrent_runs == 1
        assert queue.max_user_code_failure_retries == queue.user_code_failure_retry_delay == 60
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.run_monitoring_enabled and instance.run_monitoring_max_runtime_seconds
        assert instance.run_retries_max_retries == 1
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert not instance.telemetry_enabled and not instance.nux_enabled


@pytest.mark.parametrize("settings", ["telemetry:\n  enabled: false\n", "", "# storage:\n"])
def test_settings_of_ones_own_are_left_alone(tmp_path: Path, settings: str):
    import dagster as dg

    (tmp_path / "dagster.yaml").write_text(settings)
    prepare_home(tmp_path)
    assert (tmp_path / "dagster.yaml").read_text() == settings
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:  # which takes them
        assert instance.telemetry_enabled == (settings[:1] != "t")


@pytest.mark.parametrize("name", ["films [imdb]", "what?", "100%", "50%20off", "a*b"])
def test_where_dagster_would_misread_a_path_its_home_is_another_and_one_asked_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    import dagster as dg

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    beside = tmp_path / name / "dagster"
    home = prepare_home(home_of(beside))
    assert home == home_of(beside) != home_of(tmp_path / "films [other]" / "dagster")
    assert home.is_relative_to(tmp_path / "state")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled and instance.get_runs() == []
    with pytest.raises(ValueError, match=r"DAGSTER_HOME=.* a folder without these characters"):
        prepare_home(beside)
    assert not beside.parent.exists()


@pytest.mark.parametrize(
    "name", ["it's", '"films"', "a b; #1", "{x}", "a:b@c", "back\\slash", "é&"]
)
def test_any_other_path_is_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    import dagster as dg

    home = tmp_path / name / "dagster"
    assert home_of(home) == prepare_home(home) == home
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled and instance.get_runs() == []


def test_a_tilde_is_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert prepare_home(Path("~/dagster")) == tmp_path / "dagster"
    assert (tmp_path / "dagster" / "dagster.yaml").is_file()


@pytest.mark.parametrize("home", ["home", "./home", "elsewhere/../home"])
def test_a_relative_home_is_one_of_the_current_folder(
    tmp_path: Path, environment: None, monkeypatch: pytest.MonkeyPatch, home: str
):
    import dagster as dg

    monkeypatch.setenv("DAGSTER_HOME", home)
    (tmp_path / "elsewhere").mkdir()
    done = Platform(tmp_path).run("refresh", "--source", "nowhere")
    assert done.exit_code == 1 and "raw_title_basics" in done.stderr  # it went on to the files
    assert (tmp_path / "home" / "dagster.yaml").is_file()
    monkeypatch.chdir("/")
    with dg.DagsterInstance.get() as instance:  # whatever folder is the current one by then
        assert len(instance.get_runs()) == 1


def test_a_relative_home_is_the_uis_too(
    tmp_path: Path, environment: None, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setenv("DAGSTER_HOME", "home")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "execv", lambda *_: told.append(os.environ["DAGSTER_HOME"]))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(dagster_home, "end_with_parent", lambda: None)
    run_dagster_dev([])
    assert told == [str(tmp_path / "home")]


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: path.parent.name)
def test_each_deployment_has_the_same_settings_and_a_place_for_runs_of_its_own(path: Path):
    own, shared = (yaml.safe_load(file.read_text()) for file in (path, SETTINGS))
    assert {name: own[name] for name in shared} == shared
    assert set(own) - set(shared) <= {"storage", "compute_logs"}


def test_compose_starts_what_the_systemd_units_start():
    compose = yaml.safe_load((SERVERS / "compose.yaml").read_text())["services"]
    assert set(UNITS) == {"code", "webserver", "daemon", "site"} <= set(compose)
    for name, path in UNITS.items():
        (line,) = re.findall("^ExecStart=(.*)$", path.read_text(), re.MULTILINE)
        unit = line.replace(f"{INSTALLED}/.venv/bin/", "").replace("127.0.0.1", "0.0.0.0")
        unit = unit.replace(f"{INSTALLED}/infra/servers/", "/etc/rec-platform/")
        assert compose[name]["command"] == unit.split()


def ask(address: str) -> str | None:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return None


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_make_dev_starts_without_telemetry_and_ends_by_sigterm_in_the_background(tmp_path: Path):
    port = free_port()
    # As a script does it: the shell makes what it starts with `&` ignore SIGINT.
    script = f'make dev DATA={tmp_path} ARGS="-p {port}" > {tmp_path}/log 2>&1 & echo $!; wait'

    # Where SIGINT is ignored, Dagster has this process, and so its children, ignore SIGTERM too.
    command = ["env", "--default-signal=TERM", "sh", "-c", script]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout
        made = int(shell.stdout.readline())
        try:
            wait_for(lambda: ask(f"http://127.0.0.1:{port}/server_info"))
            page = ask(f"http://127.0.0.1:{port}/")
        finally:
            os.kill(made, signal.SIGTERM)
        shell.wait(60)
    assert page and '"telemetryEnabled": false' in page
    assert (tmp_path / "dagster" / "dagster.yaml").read_text() == SETTINGS.read_text()
    assert "Dagster services shut down" in (tmp_path / "log").read_text()
    assert ask(f"http://127.0.0.1:{port}/server_info") is None
