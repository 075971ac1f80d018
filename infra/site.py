"""The site as a function of Lambda. How visitors reach it is in front_door.py and edge.py."""

from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Size, aws_lambda, aws_logs
from constructs import Construct

from infra.accepted import accept
from infra.data import Data
from infra.machine import image_platform, is_arm
from infra.policies import role, trust
from infra.settings import InfraSettings, SitePackage

REPOSITORY = Path(__file__).parent.parent
LOG_GROUP = "/rec-platform/site"  # policies/site.json names it
MEMORY_MEGABYTES = 512
DISK_MEGABYTES = 2048  # for the old release and the new one: see docs/serving.md
TIMEOUT_SECONDS = 29  # the pointer and a release have 20, API Gateway gives up after 29


class Site(Construct):
    """The function that serves the release.

    Attributes:
        function: runs `api.handler.handler`.

    Args:
        scope: the stack.
        name: of this construct.
        settings: the operator's.
        data: where the releases are.
        package: the folder that becomes the zip file (see package.py).
    """

    def __init__(
        self, scope: Construct, name: str, settings: InfraSettings, data: Data, package: Path
    ) -> None:
        super().__init__(scope, name)
        variables = {"REC_ROOT": data.root}
        if settings.domain:
            variables["REC_SITE_URL"] = f"https://{settings.domain}"
        common: dict[str, Any] = {
            "environment": variables,
            "memory_size": MEMORY_MEGABYTES,
            "ephemeral_storage_size": Size.mebibytes(DISK_MEGABYTES),
            "timeout": Duration.seconds(TIMEOUT_SECONDS),
            "role": role(self, data.bucket, trust("lambda.amazonaws.com"), ("site",)),
            "log_group": aws_logs.LogGroup(
                self,
                "Log",
                log_group_name=LOG_GROUP,
                retention=aws_logs.RetentionDays.ONE_MONTH,
                removal_policy=RemovalPolicy.DESTROY,
            ),
        }
        self.function: aws_lambda.Function
        if settings.site_package == SitePackage.ZIP:
            self.function = aws_lambda.Function(
                self,
                "Function",
                runtime=aws_lambda.Runtime.PYTHON_3_13,
                architecture=aws_lambda.Architecture.ARM_64,
                handler="api.handler.handler",
                code=aws_lambda.Code.from_asset(str(package)),
                **common,
            )
            accept(self.function, "L1", "Python 3.13 is supported; package.py names it too")
        else:
            lambda_architecture = aws_lambda.Architecture
            self.function = aws_lambda.DockerImageFunction(
                self,
                "Function",
                architecture=lambda_architecture.ARM_64 if is_arm() else lambda_architecture.X86_64,
                code=aws_lambda.DockerImageCode.from_image_asset(
                    str(REPOSITORY), target="site", platform=image_platform()
                ),
                **common,
            )
