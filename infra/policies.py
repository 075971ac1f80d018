"""The policies of policies/*.json as the stack's roles.

The files are the one place where rights are granted to what we run. Their placeholders (BUCKET,
PREFIX, REGION, ACCOUNT) become references within the stack.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aws_cdk import Aws, Stack, aws_iam, aws_s3
from constructs import Construct

from infra.accepted import accept

HERE = Path(__file__).parent
PREFIX = "imdb"  # within the bucket
JOBS_ROLE = "rec-platform-jobs"  # platform.json names it


def filled(name: str, bucket: str, region: str = Aws.REGION, account: str = Aws.ACCOUNT_ID) -> Any:
    """A JSON file of this folder with its placeholders replaced.

    Args:
        name: the file, such as `policies/jobs.json`.
        bucket: the bucket's name.
        region: the region, by default the stack's.
        account: the account's number, by default the stack's.
    """
    text = (HERE / name).read_text()
    values = {"BUCKET": bucket, "PREFIX": PREFIX, "REGION": region, "ACCOUNT": account}
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def cfn_bucket(bucket: aws_s3.IBucket) -> aws_s3.CfnBucket:
    """CloudFormation's resource beneath a bucket of the stack."""
    return cast(aws_s3.CfnBucket, bucket.node.default_child)


def role(
    scope: Construct,
    bucket: aws_s3.IBucket,
    trust: Mapping[str, Any],
    policies: tuple[str, ...],
    role_name: str | None = None,
) -> aws_iam.IRole:
    """A role with these policies, as they stand in their files.

    Args:
        scope: what the role is for.
        bucket: holds all data.
        trust: who may assume the role, as a policy document.
        policies: names of files in policies/, without their suffix.
        role_name: a name that policies refer to; otherwise CloudFormation makes one.
    """
    made = aws_iam.CfnRole(
        scope,
        "Role",
        role_name=role_name,
        assume_role_policy_document=trust,
        policies=[
            aws_iam.CfnRole.PolicyProperty(
                policy_name=name,
                policy_document=filled(f"policies/{name}.json", bucket.bucket_name),
            )
            for name in policies
        ],
    )
    for name in policies:
        _accept_patterns(made, f"policies/{name}.json", bucket)
    return aws_iam.Role.from_role_arn(scope, "Import", made.attr_arn, mutable=False)


def trust(service: str) -> dict[str, Any]:
    """A trust policy for a service of AWS, in the name of this account only."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _accept_patterns(made: aws_iam.CfnRole, file: str, bucket: aws_s3.IBucket) -> None:
    """Accept the patterns of names in a policy's resources, as cdk-nag spells them."""
    logical_id = Stack.of(made).get_logical_id(cfn_bucket(bucket))
    spelt = filled(file, f"<{logical_id}>", "<AWS::Region>", "<AWS::AccountId>")
    for statement in spelt["Statement"]:
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            if "*" in resource:
                reason = f"{statement['Sid']} of infra/{file} is as narrow as its names allow"
                accept(made, f"IAM5[Resource::{resource}]", reason)
