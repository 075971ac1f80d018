"""What cdk-nag's AwsSolutions rules find and we accept. The reason stands beside each resource."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept a finding for this construct and what it contains.

    Args:
        construct: what the rule is broken by.
        rule: such as `S1`, or `IAM5[Resource::*]`.
        reason: why that is right here.
    """
    Validations.of(construct).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
