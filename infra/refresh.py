# pyright: reportArgumentType=false
"""The scheduled refresh: Scheduler starts a state machine, which runs one Fargate task.

Nothing idles. The task has a public address in a public subnet, because it fetches IMDb's files and
a NAT gateway would cost more than all the rest. Nothing can connect to it.
"""

from aws_cdk import (
    Duration,
    RemovalPolicy,
    Stack,
    aws_ec2,
    aws_ecs,
    aws_iam,
    aws_logs,
    aws_scheduler,
    aws_scheduler_targets,
    aws_sns,
    aws_stepfunctions,
    aws_stepfunctions_tasks,
)
from constructs import Construct

from infra.accepted import accept
from infra.data import Data
from infra.machine import image_platform, is_arm
from infra.policies import role, trust
from infra.settings import InfraSettings
from infra.site import REPOSITORY

# The policies name these.
CLUSTER = "rec-platform"
FAMILY = "rec-platform-refresh"
LOG_GROUP = "/rec-platform/refresh"
TASK_ROLE, START_ROLE = "rec-platform-refresh", "rec-platform-start"

PROCESSORS = 2
MEMORY_MEGABYTES = 8192
DISK_GIGABYTES = 30  # raw files are verified on the task's disk before they are uploaded
MOST_HOURS = 6
RETRY_MINUTES = 10  # longer than the lease of a run that died


class Refresh(Construct):
    """The weekly refresh.

    Attributes:
        state_machine: starts a refresh, and tells of its failure.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        settings: InfraSettings,
        data: Data,
        topic: aws_sns.ITopic,
    ) -> None:
        super().__init__(scope, name)
        self._bucket = data.bucket
        self._log = aws_logs.LogGroup(
            self,
            "Log",
            log_group_name=LOG_GROUP,
            retention=aws_logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        run = self._run(self._task(settings, data))
        tell = aws_stepfunctions_tasks.SnsPublish(
            self,
            "Tell",
            topic=topic,
            subject="rec_platform: a refresh failed",
            message=aws_stepfunctions.TaskInput.from_text(
                aws_stepfunctions.JsonPath.format(
                    "The refresh failed, and the last release goes on serving. "
                    f"Its log is the group {LOG_GROUP} of CloudWatch. {{}}: {{}}",
                    aws_stepfunctions.JsonPath.string_at("$.Error"),
                    aws_stepfunctions.JsonPath.string_at("$.Cause"),
                )
            ),
        ).next(aws_stepfunctions.Fail(self, "Failed"))
        run.add_catch(tell)
        self.state_machine = aws_stepfunctions.StateMachine(
            self,
            "StateMachine",
            role=self._role("StateMachine", "states", ("state-machine",)),
            definition_body=aws_stepfunctions.DefinitionBody.from_chainable(
                run.next(aws_stepfunctions.Succeed(self, "Refreshed"))
            ),
        )
        for rule in ("SF1", "SF2"):
            accept(self.state_machine, rule, "Step Functions keeps each execution's history itself")
        aws_scheduler.Schedule(
            self,
            "Weekly",
            description="Mondays at 05:00 UTC, as Dagster's own weekly_refresh.",
            schedule=aws_scheduler.ScheduleExpression.cron(minute="0", hour="5", week_day="MON"),
            target=aws_scheduler_targets.StepFunctionsStartExecution(
                self.state_machine, retry_attempts=2, max_event_age=Duration.hours(1)
            ),
        )

    def _role(
        self, name: str, service: str, policies: tuple[str, ...], role_name: str | None = None
    ) -> aws_iam.IRole:
        place = Construct(self, f"{name}Role")
        return role(place, self._bucket, trust(f"{service}.amazonaws.com"), policies, role_name)

    def _task(self, settings: InfraSettings, data: Data) -> aws_ecs.FargateTaskDefinition:
        task = aws_ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=PROCESSORS * 1024,
            memory_limit_mib=MEMORY_MEGABYTES,
            ephemeral_storage_gib=DISK_GIGABYTES,
            runtime_platform=aws_ecs.RuntimePlatform(
                cpu_architecture=aws_ecs.CpuArchitecture.ARM64
                if is_arm()
                else aws_ecs.CpuArchitecture.X86_64,
                operating_system_family=aws_ecs.OperatingSystemFamily.LINUX,
            ),
            family=FAMILY,
            execution_role=self._role("Start", "ecs-tasks", ("start",), START_ROLE),
            task_role=self._role("Refresh", "ecs-tasks", ("platform",), TASK_ROLE),
        )
        task.add_container(
            "refresh",
            image=aws_ecs.ContainerImage.from_asset(
                str(REPOSITORY), target="pipeline", platform=image_platform()
            ),
            environment=settings.refresh  # a variable of ours comes first
            | {
                "AWS_DEFAULT_REGION": Stack.of(self).region,
                "REC_DEPLOYMENT": "aws",
                "REC_ROOT": data.root,
                "REC_SAGEMAKER_ROLE": data.jobs_role.role_arn,
            },
            stop_timeout=Duration.minutes(2),  # to stop its job and give the lock back
            logging=aws_ecs.LogDrivers.aws_logs(stream_prefix="refresh", log_group=self._log),
        )
        accept(task, "ECS2", "the variables are addresses and choices, none is a secret")
        return task

    def _run(self, task: aws_ecs.FargateTaskDefinition) -> aws_stepfunctions_tasks.EcsRunTask:
        vpc = aws_ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                aws_ec2.SubnetConfiguration(name="Public", subnet_type=aws_ec2.SubnetType.PUBLIC)
            ],
        )
        accept(vpc, "VPC7", "one task a week, which nothing can connect to")
        vpc.add_gateway_endpoint("S3", service=aws_ec2.GatewayVpcEndpointAwsService.S3)
        cluster = aws_ecs.Cluster(
            self,
            "Cluster",
            cluster_name=CLUSTER,
            vpc=vpc,
            container_insights_v2=aws_ecs.ContainerInsights.DISABLED,
        )
        accept(cluster, "ECS4", "one task a week, whose log tells each step; insights cost more")
        run = aws_stepfunctions_tasks.EcsRunTask(
            self,
            "Run",
            integration_pattern=aws_stepfunctions.IntegrationPattern.RUN_JOB,
            cluster=cluster,
            task_definition=task,
            launch_target=aws_stepfunctions_tasks.EcsFargateLaunchTarget(
                platform_version=aws_ecs.FargatePlatformVersion.LATEST
            ),
            assign_public_ip=True,
            security_groups=[
                aws_ec2.SecurityGroup(
                    self, "NobodyConnects", vpc=vpc, description="Goes out, lets nothing in"
                )
            ],
            subnets=aws_ec2.SubnetSelection(subnet_type=aws_ec2.SubnetType.PUBLIC),
            task_timeout=aws_stepfunctions.Timeout.duration(Duration.hours(MOST_HOURS)),
        )
        run.add_retry(
            errors=["States.TaskFailed"],
            interval=Duration.minutes(RETRY_MINUTES),
            max_attempts=1,
        )
        return run
