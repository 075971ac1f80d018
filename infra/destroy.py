"""`python -m infra.destroy`: delete the stack, all its data, and what deployed it.

It says what there is, and deletes after a yes. If it is interrupted, the next call goes on.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.names import QUALIFIER, STACK, TOOLKIT
from infra.settings import read_settings

JOB_LOGS = "/aws/sagemaker/TrainingJobs"  # SageMaker's own, shared by all jobs of an account
# Streams begin with the name of their job, which rec_platform/resources/aws/sagemaker.py makes.
JOB_PREFIX = "rec-kmeans-"
JOB_LOG = re.compile(JOB_PREFIX + r"[0-9a-f]{12}-\d+/")


class Account:
    """What this platform has in an account and region."""

    def __init__(self, region: str) -> None:
        self._session = boto3.Session(region_name=region)
        self._account = self.client("sts").get_caller_identity()["Account"]
        self._region = region

    def client(self, service: str) -> Any:
        """A client of a service."""
        return self._session.client(service)

    def resources(self, stack: str) -> list[dict[str, str]]:
        """The resources of a stack; none if there is no such stack."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        try:
            return [
                resource
                for page in pages.paginate(StackName=stack)
                for resource in page["StackResourceSummaries"]
                if resource["ResourceStatus"] != "DELETE_COMPLETE"
            ]
        except ClientError as error:
            if "does not exist" in str(error):
                return []
            raise

    def _names(self, kind: str) -> list[str]:
        """The names or ARNs of the stack's resources of a type."""
        return [
            resource["PhysicalResourceId"]
            for resource in self.resources(STACK)
            if resource["ResourceType"] == kind
        ]

    def buckets(self) -> Iterator[Any]:
        """The data, and what was uploaded to deploy the stack; S3's own names for them."""
        s3 = self._session.resource("s3")
        names = self._names("AWS::S3::Bucket")
        for name in [*names, f"cdk-{QUALIFIER}-assets-{self._account}-{self._region}"]:
            bucket = s3.Bucket(name)
            if bucket.creation_date:
                yield bucket

    def images(self) -> dict[str, list[dict[str, str]]]:
        """The images of the repository that deploys fill, by its name."""
        name = f"cdk-{QUALIFIER}-container-assets-{self._account}-{self._region}"
        ecr = self.client("ecr")
        try:
            pages = ecr.get_paginator("list_images").paginate(repositoryName=name)
            return {name: [image for page in pages for image in page["imageIds"]]}
        except ecr.exceptions.RepositoryNotFoundException:
            return {}

    def job_logs(self) -> list[str]:
        """The names of the logs of this platform's jobs."""
        logs = self.client("logs")
        pages = logs.get_paginator("describe_log_streams")
        try:
            return [
                stream["logStreamName"]
                for page in pages.paginate(logGroupName=JOB_LOGS, logStreamNamePrefix=JOB_PREFIX)
                for stream in page["logStreams"]
                if JOB_LOG.match(stream["logStreamName"])
            ]
        except logs.exceptions.ResourceNotFoundException:
            return []

    def tell(self) -> bool:
        """Print what there is. Returns whether there is anything."""
        lines = [
            f"stack {stack}: {len(resources)} resources"
            for stack in (STACK, TOOLKIT)
            if (resources := self.resources(stack))
        ]
        for bucket in self.buckets():
            sizes = [version.size or 0 for version in bucket.object_versions.all()]
            lines.append(
                f"bucket {bucket.name}: {len(sizes)} objects and versions, "
                f"{sum(sizes) / 1e6:,.1f} MB"
            )
        lines += [f"repository {name}: {len(ids)} images" for name, ids in self.images().items()]
        if logs := self.job_logs():
            lines.append(f"{len(logs)} logs of SageMaker jobs")
        for line in lines:
            print(line)
        return bool(lines)

    def delete(self) -> None:
        """Delete all that `tell` names."""
        self._stop_refreshes()
        for bucket in self.buckets():
            bucket.object_versions.delete()
        self._delete_stack(STACK)
        ecr, logs = self.client("ecr"), self.client("logs")
        for name, ids in self.images().items():
            for start in range(0, len(ids), 100):
                ecr.batch_delete_image(repositoryName=name, imageIds=ids[start : start + 100])
        for name in self.job_logs():
            logs.delete_log_stream(logGroupName=JOB_LOGS, logStreamName=name)
        self._delete_stack(TOOLKIT)
        for bucket in self.buckets():  # the toolkit's stack keeps its own
            bucket.object_versions.delete()
            bucket.delete()

    def _stop_refreshes(self) -> None:
        """Stop what would go on writing, and what the stack could not be deleted with."""
        states, ecs = self.client("stepfunctions"), self.client("ecs")
        for machine in self._names("AWS::StepFunctions::StateMachine"):
            running = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
            for execution in running["executions"]:
                states.stop_execution(executionArn=execution["executionArn"])
        for cluster in self._names("AWS::ECS::Cluster"):
            tasks = ecs.list_tasks(cluster=cluster)["taskArns"]
            for task in tasks:
                print(f"stopping {task}")
                ecs.stop_task(cluster=cluster, task=task)
            if tasks:
                ecs.get_waiter("tasks_stopped").wait(cluster=cluster, tasks=tasks)

    def _delete_stack(self, name: str) -> None:
        if not self.resources(name):
            return
        print(f"deleting stack {name}")
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=name, WaiterConfig={"Delay": 5, "MaxAttempts": 720}
        )


def main() -> None:
    """Tell, ask, delete."""
    region = read_settings().region
    try:
        account = Account(region)
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"{error}: sign in (`aws sso login`), or set AWS_PROFILE") from None
    if not account.tell():
        print("there is nothing to delete")
        return
    print("Delete all this, releases included? Type yes: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise SystemExit("nothing was deleted")
    try:
        account.delete()
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"{error}. `make destroy` again goes on from here") from None
    print("all of it is deleted")


if __name__ == "__main__":
    main()
