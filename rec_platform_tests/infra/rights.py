"""What IAM is asked for each request, and what the roles of a template allow.

IAM's rules of evaluation are ministack's. Which action on which resource an operation needs is
after AWS's Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from rec_platform_tests.aws.conftest import ACTIONS
from rec_platform_tests.infra.conftest import Assembly

ACCOUNT, REGION = "000000000000", "us-east-1"
FREE = {"sts:GetCallerIdentity"}  # everybody may ask it


@dataclass(frozen=True)
class Need:
    """An action on a resource, under conditions."""

    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)

    def is_allowed(self, statements: list[dict[str, Any]]) -> bool:
        """Whether these statements allow it, to a role."""
        policy = parse_policy_document({"Version": "2012-10-17", "Statement": statements})
        asked = EvalContext(
            principal_arn=f"arn:aws:iam::{ACCOUNT}:role/any",
            principal_type="AssumedRole",
            principal_account=ACCOUNT,
            action=self.action,
            resource_arn=self.resource,
            region=REGION,
            service_context={name.lower(): text for name, text in self.context.items()},
        )
        return evaluate(asked, [policy]).decision == "Allow"


def arn(service: str, name: str) -> str:
    """The ARN of something in this account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def resolved(value: Any, names: dict[str, str]) -> Any:
    """A part of a template with its references and joins replaced.

    Raises:
        KeyError: it refers to something that `names` lacks.
    """
    if isinstance(value, list):
        return [resolved(part, names) for part in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return names[value["Ref"]]
    if "Fn::GetAtt" in value:
        return names[".".join(value["Fn::GetAtt"])]
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(resolved(parts, names))
    return {name: resolved(part, names) for name, part in value.items()}


def names_of(assembly: Assembly, bucket: str) -> dict[str, str]:
    """What the references of a deployed template stand for."""
    kinds = {resource["Type"]: name for name, resource in assembly.resources.items()}
    names = {
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        kinds["AWS::S3::Bucket"]: bucket,
    }
    for name, resource in assembly.resources.items():
        if resource["Type"] == "AWS::IAM::Role" and "RoleName" in resource["Properties"]:
            role = resource["Properties"]["RoleName"]
            names[f"{name}.Arn"] = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    return names


def statements(assembly: Assembly, policy: str, bucket: str) -> list[dict[str, Any]]:
    """The statements of the role that has this policy."""
    (found,) = (
        inline["PolicyDocument"]["Statement"]
        for role in assembly.of_type("IAM::Role")
        for inline in role.get("Policies", [])
        if inline["PolicyName"] == policy
    )
    return resolved(found, names_of(assembly, bucket))


def needs(service: str, operation: str, arguments: dict[str, Any]) -> Iterator[Need]:
    """What a request of a client of AWS needs."""
    action = ACTIONS.get(f"{service}:{operation}", f"{service}:{operation}")
    if action not in FREE:
        yield from {
            "athena": _athena,
            "glue": _glue,
            "logs": _logs,
            "s3": _s3,
            "sagemaker": _sagemaker,
        }[service](action, arguments)


def _s3(action: str, arguments: dict[str, Any]) -> Iterator[Need]:
    bucket = f"arn:aws:s3:::{arguments['Bucket']}"
    keys = [deleted["Key"] for deleted in arguments.get("Delete", {}).get("Objects", [])]
    keys += [arguments["Key"]] if "Key" in arguments else []
    if keys:
        yield from (Need(action, f"{bucket}/{key}") for key in keys)
    else:
        yield Need(action, bucket, {"s3:prefix": arguments.get("Prefix", "")})


def _athena(action: str, arguments: dict[str, Any]) -> Iterator[Need]:
    # Questions about a query are asked of the workgroup that it ran in.
    workgroup = arguments.get("WorkGroup", "rec_platform")
    yield Need(action, arn("athena", f"workgroup/{workgroup}"))


def _glue(action: str, arguments: dict[str, Any]) -> Iterator[Need]:
    # A table needs rights on its database and on the catalogue too.
    table = arguments.get("TableInput", arguments).get("Name") if "Table" in action else None
    database = arguments.get("DatabaseName") or arguments.get("Name")
    database = database or arguments["DatabaseInput"]["Name"]
    yield Need(action, arn("glue", "catalog"))
    yield Need(action, arn("glue", f"database/{database}"))
    if table:
        yield Need(action, arn("glue", f"table/{database}/{table}"))


def _logs(action: str, arguments: dict[str, Any]) -> Iterator[Need]:
    stream = arguments.get("logStreamName", "")
    yield Need(action, arn("logs", f"log-group:{arguments['logGroupName']}:log-stream:{stream}"))


def _sagemaker(action: str, arguments: dict[str, Any]) -> Iterator[Need]:
    resource = arn("sagemaker", f"training-job/{arguments['TrainingJobName']}")
    yield Need(action, resource)
    if arguments.get("Tags"):
        yield Need("sagemaker:AddTags", resource)
    if role := arguments.get("RoleArn"):
        lent = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        yield Need("iam:PassRole", role, lent)
