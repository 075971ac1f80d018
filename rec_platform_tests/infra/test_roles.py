"""The roles of the template, compared with every request of an emulated refresh."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from rec_platform.release.root import serving_release
from rec_platform_tests.conftest import Platform
from rec_platform_tests.emulators import BUCKET, Emulators, environment
from rec_platform_tests.emulators.sagemaker_server import SageMakerServer
from rec_platform_tests.infra.conftest import Assembly
from rec_platform_tests.infra.rights import (
    ACCOUNT,
    Need,
    arn,
    names_of,
    needs,
    resolved,
    statements,
)

pytestmark = pytest.mark.infra

# What Amazon's services ask in a role's name, so that no test can see it.
ASKED_BY_AMAZON = {
    "LetAthenaLookForItsDefaultDatabase",  # Athena
    "FindTheMatrix",  # SageMaker, which lists a channel's prefix
    "FetchTheImage",
    "FetchTheImageFromTheAccountThatSageMakerHasInTheRegion",
    "ReportFigures",
    "SignInToTheRegistry",
    "WriteLogsAndFigures",
    "WriteTheLog",  # Lambda
}


@pytest.fixture
def task_environment(
    assemblies: dict[str, Assembly], aws: Platform, monkeypatch: pytest.MonkeyPatch
) -> Platform:
    """A platform whose commands have the variables of the template's task."""
    assembly = assemblies["url"]
    (task,) = assembly.of_type("ECS::TaskDefinition")
    (container,) = task["ContainerDefinitions"]
    monkeypatch.delenv("REC_ATHENA_DATABASE")
    for variable in resolved(container["Environment"], names_of(assembly, BUCKET)):
        monkeypatch.setenv(variable["Name"], variable["Value"])
    return aws


@dataclass
class Asked:
    """What was needed of AWS, in order, by the refresh and by the jobs that it started."""

    refresh: list[Need] = field(default_factory=list)
    jobs: list[Need] = field(default_factory=list)


@pytest.fixture
def asked(server: SageMakerServer, monkeypatch: pytest.MonkeyPatch) -> Asked:
    from botocore.client import BaseClient

    asked = Asked()
    call = BaseClient._make_api_call

    def record(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        whose = asked.jobs if self is server.s3 else asked.refresh
        whose.extend(needs(self.meta.service_model.signing_name, operation, arguments))
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    return asked


def require_just_enough(
    rights: list[dict[str, Any]], asked: list[Need], unseen: set[str] = ASKED_BY_AMAZON
) -> None:
    """All that was asked is allowed, and no statement can be left out but those of the unseen."""
    assert [need for need in asked if not need.is_allowed(rights)] == []
    for statement in rights:
        if statement["Sid"] not in unseen:
            others = [other for other in rights if other is not statement]
            refused = [need for need in asked if not need.is_allowed(others)]
            assert refused, f"{statement['Sid']} is needed by no request"


def test_the_roles_allow_a_whole_refresh_and_each_statement_is_needed(
    assemblies: dict[str, Assembly],
    task_environment: Platform,
    server: SageMakerServer,
    emulators: Emulators,
    asked: Asked,
):
    from rec_platform.sample.writer import write_sample

    write_sample(task_environment.source, 300)
    server.fates = ["AlgorithmError: bad data"]  # then the log of the job is read
    assert task_environment.run("refresh", "--source", "sample").exit_code == 1
    done = task_environment.run("refresh", "--source", "sample", "--clusters", "5")
    assert done.exit_code == 0, done.stderr
    assert {"glue:CreateTable", "iam:PassRole"} <= {need.action for need in asked.refresh}
    require_just_enough(statements(assemblies["url"], "platform", BUCKET), asked.refresh)
    require_just_enough(statements(assemblies["url"], "jobs", BUCKET), asked.jobs)

    emulators.proxy.requests.clear()
    serving_release(f"s3://{BUCKET}/imdb", environment(emulators.proxy.url)).lookup()
    paths = [request.split()[1] for request in emulators.proxy.requests]
    assert len(paths) == 3  # pointer, manifest, release
    of_site = [Need("s3:GetObject", f"arn:aws:s3:::{path.lstrip('/')}") for path in paths]
    require_just_enough(statements(assemblies["url"], "site", BUCKET), of_site)


def only(assembly: Assembly, kind: str) -> dict[str, Any]:
    (properties,) = assembly.of_type(kind)
    return properties


def test_step_functions_may_run_the_task_and_tell_of_its_end(assembly: Assembly):
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html, for `.sync`
    cluster = only(assembly, "ECS::Cluster")["ClusterName"]
    family = only(assembly, "ECS::TaskDefinition")["Family"]
    in_cluster = {"ecs:cluster": arn("ecs", f"cluster/{cluster}")}
    rule = arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")
    needed = [
        Need("ecs:RunTask", arn("ecs", f"task-definition/{family}:7"), in_cluster),
        *(
            Need(f"ecs:{do}", arn("ecs", f"task/{cluster}/1"))
            for do in ("StopTask", "DescribeTasks")
        ),
        *(Need(f"events:{do}", rule) for do in ("PutTargets", "PutRule", "DescribeRule")),
        Need("sns:Publish", arn("sns", only(assembly, "SNS::Topic")["TopicName"])),
    ]
    lent = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    task = only(assembly, "ECS::TaskDefinition")
    for role in ("TaskRoleArn", "ExecutionRoleArn"):
        needed.append(Need("iam:PassRole", resolved(task[role], names_of(assembly, BUCKET)), lent))
    rights = statements(assembly, "state-machine", BUCKET)
    require_just_enough(rights, needed, unseen=set())
    elsewhere = {"ecs:cluster": arn("ecs", "cluster/other")}
    assert not replace(needed[0], context=elsewhere).is_allowed(rights)


def test_ecs_may_fetch_the_image_of_the_task_and_write_its_log(assembly: Assembly):
    (container,) = only(assembly, "ECS::TaskDefinition")["ContainerDefinitions"]
    image = container["Image"]["Fn::Sub"].replace("${AWS::AccountId}", ACCOUNT)
    repository = image.partition("/")[2].partition(":")[0]
    log = assembly.resources[container["LogConfiguration"]["Options"]["awslogs-group"]["Ref"]]
    stream = f"log-group:{log['Properties']['LogGroupName']}:log-stream:refresh/1"
    needed = [
        Need("ecr:GetAuthorizationToken", "*"),
        Need("ecr:BatchGetImage", arn("ecr", f"repository/{repository}")),
        Need("ecr:GetDownloadUrlForLayer", arn("ecr", f"repository/{repository}")),
        Need("logs:CreateLogStream", arn("logs", stream)),
        Need("logs:PutLogEvents", arn("logs", stream)),
    ]
    require_just_enough(statements(assembly, "start", BUCKET), needed, unseen=set())


def test_the_function_may_write_its_log(assembly: Assembly):
    log = only(assembly, "Lambda::Function")["LoggingConfig"]["LogGroup"]["Ref"]
    group = assembly.resources[log]["Properties"]["LogGroupName"]
    rights = statements(assembly, "site", BUCKET)
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        assert Need(action, arn("logs", f"log-group:{group}:log-stream:1")).is_allowed(rights)


def test_the_roles_refuse_what_is_not_theirs(assemblies: dict[str, Assembly]):
    platform, jobs, site = (
        statements(assemblies["url"], name, BUCKET) for name in ("platform", "jobs", "site")
    )
    secret = Need("s3:GetObject", "arn:aws:s3:::another-bucket/imdb/raw/file")
    release = Need("s3:PutObject", f"arn:aws:s3:::{BUCKET}/imdb/releases/current.json")
    lent = {"iam:PassedToService": "ec2.amazonaws.com"}
    role = Need("iam:PassRole", "arn:aws:iam::000000000000:role/rec-platform-jobs", lent)
    assert release.is_allowed(platform)
    assert not any(release.is_allowed(rights) for rights in (jobs, site))
    assert not any(secret.is_allowed(rights) for rights in (platform, jobs, site))
    assert not role.is_allowed(platform)
