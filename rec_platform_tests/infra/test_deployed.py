"""The stack deployed by `make deploy` to an emulated account: asked, run, deleted.

The CDK's own command does it all but for Docker, which has nothing to build images with here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from rec_platform.resources.aws.jobs import LOG_GROUP as JOB_LOGS
from rec_platform.resources.aws.sagemaker import SageMakerClustering
from rec_platform_tests.api.site import publish
from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.emulators import client, environment, ministack
from rec_platform_tests.infra.conftest import ALONE, can_be_alone, node_first

pytestmark = pytest.mark.infra

END_SECONDS = 30


@dataclass(frozen=True)
class Account:
    """An emulated account with the stack.

    Attributes:
        endpoint: where its services are.
        folder: where a test writes the exit codes of the next tasks, and the checkout is.
        told: what `make deploy` printed.
    """

    endpoint: str
    folder: Path
    told: str

    def output(self, name: str) -> str:
        found = re.search(rf"^rec-platform\.{name} = (\S+)", self.told, re.MULTILINE)
        assert found, self.told
        return found[1]

    def client(self, service: str) -> Any:
        return client(self.endpoint, service)

    def get(self, path: str, scheme: str = "https") -> httpx.Response:
        """What CloudFront answers to a visitor."""
        host = self.output("Address").removeprefix("https://")
        headers = {"Host": host, "X-Forwarded-Proto": scheme}
        return httpx.get(self.endpoint + path, headers=headers, timeout=60)

    def make(
        self, target: str, answer: str = "", prefix: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """A target of the Makefile, in this account."""
        return run(self.endpoint, self.folder, *prefix, "make", target, answer=answer)


def run(
    endpoint: str, folder: Path, *command: str, answer: str = ""
) -> subprocess.CompletedProcess[str]:
    """A command in the checkout, as its reader gives it, but for what the emulator lacks."""
    choices = {
        "ARGS": "--require-approval never",  # nobody is here to ask
        "CDK_DOCKER": "true",  # the program, which builds nothing and is content
        "MAKEFLAGS": "e",  # the environment comes first: the function runs on this machine
        "SITE_PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "SITE_PLATFORM": f"{os.uname().machine}-manylinux2014",
    }
    variables = node_first() | environment(endpoint, **choices)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):  # .env says it
        variables.pop(name, None)
    return subprocess.run(
        command,
        cwd=folder / "checkout",
        env=variables,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )


def check_out(folder: Path) -> None:
    """What `make deploy` needs of the repository, in a folder without anybody's `.env`."""
    folder.mkdir()
    for name in ("api", "infra", "rec_platform", "requirements", "sql"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignore)
    for name in (".dockerignore", "Dockerfile", "LICENSE", "Makefile", "README.md"):
        shutil.copy(REPOSITORY / name, folder)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)


def guided() -> list[str]:
    """The commands that lead from an empty account to the first refresh."""
    guide = (REPOSITORY / "docs" / "aws.md").read_text()
    chapter = guide.partition("## From an empty account")[2]
    return chapter.partition("```sh\n")[2].partition("```")[0].splitlines()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("account")
    check_out(folder / "checkout")
    *here, last = guided()
    assert len(here) == 2 and " stepfunctions start-execution " in last
    program = "rec_platform_tests.infra.emulated_account"
    with ministack(folder, program, SERVICES="", AUTH="false", SFN_WAIT_SCALE="0") as endpoint:
        done = run(endpoint, folder, "bash", "-ec", "\n".join(here))
        assert done.returncode == 0, done.stdout + done.stderr
        yield Account(endpoint, folder, done.stdout + done.stderr)


def test_the_site_starts_before_there_is_a_release_and_serves_the_first_one(
    account: Account, tmp_path: Path
):
    assert account.get("/readyz").status_code == 503
    publish(tmp_path / "releases", "first")
    for file in (tmp_path / "releases").rglob("*.*"):
        key = f"imdb/{file.relative_to(tmp_path)}"
        account.client("s3").upload_file(str(file), account.output("Bucket"), key)
    # A function without a release looks for one once a second.
    deadline = time.monotonic() + END_SECONDS
    while (page := account.get("/title/tt0000001")).status_code == 503:
        assert time.monotonic() < deadline, page.text
    assert page.status_code == 200 and "The Silent Lantern" in page.text
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    found = account.get("/search?q=%C3%A9t%C3%A9+muet")
    assert found.status_code == 200 and "/title/tt0000001" in found.text
    poster = account.get("/poster/tt0000001.svg")
    assert poster.status_code == 200 and poster.headers["content-type"] == "image/svg+xml"
    assert poster.text.startswith("<svg")


def test_the_edge_closes_metrics_and_knows_https_alone(account: Account):
    for path in ("/metrics", "/metrics/", "/%6detrics", "/metrics?x=1"):
        answer = account.get(path)
        assert answer.status_code == 403 and "rec_platform" not in answer.text, path
    for path in ("/$default/metrics", "/%24default/metrics"):  # the stage of a function URL
        assert account.get(path).status_code == 404, path
    plain = account.get("/title/tt0000001", scheme="http")
    assert plain.status_code == 301
    assert plain.headers["location"] == account.output("Address") + "/title/tt0000001"


def test_a_visitor_cannot_go_round_the_edge(account: Account):
    (url,) = (
        account.client("lambda").get_function_url_config(FunctionName=name["FunctionName"])
        for name in account.client("lambda").list_functions()["Functions"]
    )
    host = url["FunctionUrl"].removeprefix("https://").rstrip("/")
    assert httpx.get(account.endpoint + "/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    ("exit_codes", "status", "told"),
    [("0", "SUCCEEDED", 0), ("1 0", "SUCCEEDED", 0), ("1 1", "FAILED", 1)],
)
def test_a_refresh_is_tried_twice_and_its_failure_told_once(
    account: Account, exit_codes: str, status: str, told: int
):
    sqs, sns, states = (account.client(name) for name in ("sqs", "sns", "stepfunctions"))
    queue = sqs.create_queue(QueueName="mail")["QueueUrl"]
    sqs.purge_queue(QueueUrl=queue)
    (topic,) = (topic["TopicArn"] for topic in sns.list_topics()["Topics"])
    named = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=named["QueueArn"])
    (account.folder / "exit_codes").write_text(exit_codes)
    (account.folder / "tasks").write_text("")
    started = states.start_execution(stateMachineArn=account.output("StateMachine"))
    deadline = time.monotonic() + END_SECONDS
    execution: dict[str, Any] = {"status": "RUNNING"}
    while execution["status"] == "RUNNING" and time.monotonic() < deadline:
        execution = states.describe_execution(executionArn=started["executionArn"])
    history = states.get_execution_history(executionArn=started["executionArn"])["events"]
    assert execution["status"] == status, history
    tasks = (account.folder / "tasks").read_text().splitlines()
    assert len(tasks) == len(exit_codes.split())
    assert all(re.match(r"FARGATE .*/rec-platform-refresh:\d+$", task) for task in tasks)
    mail = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    assert len(mail) == told
    if told:
        message = json.loads(mail[0]["Body"])
        assert message["Subject"] == "rec_platform: a refresh failed"
        assert (
            "/rec-platform/refresh" in message["Message"] and '"exitCode": 1' in message["Message"]
        )


def test_a_second_deploy_changes_nothing(account: Account):
    done = account.make("diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There were no differences" in done.stdout + done.stderr


def test_once_installed_the_template_is_written_without_a_network(account: Account):
    if not can_be_alone():
        pytest.skip("this machine lets no process leave its network")
    done = account.make("synth", prefix=ALONE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^in all, ", done.stdout, re.MULTILINE)


def test_another_front_door_is_a_change_of_the_same_stack(account: Account):
    with (account.folder / "checkout" / ".env").open("a") as writer:
        writer.write("REC_INFRA_FRONT_DOOR=http_api\n")
    done = account.make("deploy")
    assert done.returncode == 0, done.stdout + done.stderr
    (api,) = account.client("apigatewayv2").get_apis()["Items"]
    headers = {"Host": api["ApiEndpoint"].partition("//")[2]}
    page = httpx.get(account.endpoint + "/title/tt0000001", headers=headers, timeout=60)
    assert page.status_code == 200 and "The Silent Lantern" in page.text
    metrics = httpx.get(account.endpoint + "/metrics", headers=headers)
    assert metrics.status_code == 403 and "rec_platform" not in metrics.text
    beside = httpx.get(account.endpoint + "/$default/metrics", headers=headers)
    assert beside.status_code in (403, 404)


def test_destroying_asks_and_then_leaves_nothing(account: Account):
    asked = account.make("destroy", answer="no\n")
    assert asked.returncode and "nothing was deleted" in asked.stderr
    assert f"bucket {account.output('Bucket')}: 3 objects" in asked.stdout
    assert len(account.client("lambda").list_functions()["Functions"]) == 1
    logs = account.client("logs")
    logs.create_log_group(logGroupName=JOB_LOGS)
    name = SageMakerClustering(root="s3://bucket/imdb")._name(np.zeros((2, 2)), {}, 0)
    foreign = ["rec-engine-1/algo-1-1700000000", "rec-kmeans-of-others-1/algo-1-1700000000"]
    for stream in (*foreign, f"{name}-1/algo-1-1700000000"):
        logs.create_log_stream(logGroupName=JOB_LOGS, logStreamName=stream)
    # A refresh that is at work is stopped first: it would write to the bucket again.
    (account.folder / "exit_codes").write_text("stall")
    (account.folder / "tasks").unlink()
    account.client("stepfunctions").start_execution(stateMachineArn=account.output("StateMachine"))
    deadline = time.monotonic() + END_SECONDS
    while not (account.folder / "tasks").exists():
        assert time.monotonic() < deadline
    done = account.make("destroy", answer="yes\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stopping arn:aws:ecs:" in done.stdout and "\n1 logs of SageMaker jobs" in done.stdout
    left = logs.describe_log_streams(logGroupName=JOB_LOGS)["logStreams"]
    assert [stream["logStreamName"] for stream in left] == foreign
    logs.delete_log_group(logGroupName=JOB_LOGS)
    assert account.client("s3").list_buckets()["Buckets"] == []
    assert account.client("ecr").describe_repositories()["repositories"] == []
    assert (
        account.client("cloudformation").list_stacks(
            StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_FAILED"]
        )["StackSummaries"]
        == []
    )
    for service, operation, key in (
        ("lambda", "list_functions", "Functions"),
        ("logs", "describe_log_groups", "logGroups"),
        ("stepfunctions", "list_state_machines", "stateMachines"),
    ):
        assert getattr(account.client(service), operation)()[key] == [], service
    again = account.make("destroy")
    assert again.returncode == 0 and "there is nothing to delete" in again.stdout
