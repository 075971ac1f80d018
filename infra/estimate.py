"""`python -m infra.estimate TEMPLATE`: what the stack costs in a month, computed from its template.

Each type of resource has its rule here. A type without one is an error, so that nothing which costs
joins the stack unnoticed. The use that is assumed stands first; the prices are in prices.toml.
"""

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRICES = Path(__file__).with_name("prices.toml")
REFRESHES = 52 / 12  # a month, by the schedule
GIGABYTE = 1024**3


@dataclass(frozen=True)
class Use:
    """What is assumed of a month.

    Attributes:
        views: pages that visitors look at.
        requests_per_view: with style, script, and the posters that a page fetches.
        bytes_per_request: compressed, on average.
        misses: the share of requests that no edge can answer.
        function_seconds: of one answer.
        cold_starts: the share of the function's answers that wait for a start.
        cold_seconds: of one start.
        refresh_hours: from the task's start to its end.
        data_gigabytes: kept in the bucket, older versions included.
        image_gigabytes: kept in ECR: the images of the last few deploys.
        log_bytes_per_request: what the function writes.
        job_dollars: what a refresh pays Athena, SageMaker and S3: `rec-platform costs --plan`.
    """

    views: int = 100_000
    requests_per_view: float = 8
    bytes_per_request: int = 10_000
    misses: float = 0.5
    function_seconds: float = 0.05
    cold_starts: float = 0.02
    cold_seconds: float = 5
    refresh_hours: float = 1
    data_gigabytes: float = 15
    image_gigabytes: float = 3
    log_bytes_per_request: int = 1_000
    job_dollars: float = 0.08

    @property
    def answers(self) -> float:
        """What the function answers."""
        return self.views * self.requests_per_view * self.misses


Units = dict[str, float]


def _function(properties: dict[str, Any], use: Use) -> Units:
    seconds = use.answers * (use.function_seconds + use.cold_starts * use.cold_seconds)
    disk = properties["EphemeralStorage"]["Size"] - 512  # 512 MB come with the function
    return {
        "function_requests": use.answers,
        "function_gigabyte_seconds": seconds * properties["MemorySize"] / 1024,
        "function_disk_gigabyte_seconds": seconds * disk / 1024,
        "log_gigabytes": use.answers * use.log_bytes_per_request / GIGABYTE,
    }


def _task(properties: dict[str, Any], use: Use) -> Units:
    hours = REFRESHES * use.refresh_hours
    disk = properties["EphemeralStorage"]["SizeInGiB"] - 20  # 20 come with the task
    return {
        "fargate_processor_hours": hours * int(properties["Cpu"]) / 1024,
        "fargate_gigabyte_hours": hours * int(properties["Memory"]) / 1024,
        "fargate_disk_gigabyte_hours": hours * disk,
        "public_address_hours": hours,
        "image_gigabytes": use.image_gigabytes,
    }


def _distribution(properties: dict[str, Any], use: Use) -> Units:
    del properties
    requests = use.views * use.requests_per_view
    return {
        "edge_requests": requests,
        "edge_bytes": requests * use.bytes_per_request,
    }


def _free(properties: dict[str, Any], use: Use) -> Units:
    del properties, use
    return {}


RULES: dict[str, Callable[[dict[str, Any], Use], Units]] = {
    "AWS::ApiGatewayV2::Api": lambda _, use: {"api_requests": use.answers},
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::CloudWatch::Alarm": lambda *_: {"alarms": 1},
    "AWS::CloudWatch::Dashboard": lambda *_: {"dashboards": 1},
    "AWS::ECS::TaskDefinition": _task,
    "AWS::Lambda::Function": _function,
    "AWS::S3::Bucket": lambda _, use: {"stored_gigabytes": use.data_gigabytes},
    "AWS::SNS::Topic": lambda *_: {"mails": 10},
    "AWS::Scheduler::Schedule": lambda *_: {"scheduled_starts": REFRESHES},
    "AWS::StepFunctions::StateMachine": lambda *_: {"state_transitions": REFRESHES * 6},
    **dict.fromkeys(
        (
            "AWS::ApiGatewayV2::Integration",
            "AWS::ApiGatewayV2::Route",
            "AWS::ApiGatewayV2::Stage",
            "AWS::Athena::WorkGroup",
            "AWS::Budgets::Budget",  # without actions
            "AWS::CertificateManager::Certificate",
            "AWS::CloudFront::CachePolicy",
            "AWS::CloudFront::Function",  # of /metrics, which nobody is told of
            "AWS::CloudFront::OriginAccessControl",
            "AWS::CloudFront::ResponseHeadersPolicy",
            "AWS::EC2::InternetGateway",
            "AWS::EC2::Route",
            "AWS::EC2::RouteTable",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::Subnet",
            "AWS::EC2::SubnetRouteTableAssociation",
            "AWS::EC2::VPC",
            "AWS::EC2::VPCEndpoint",  # of the gateway kind
            "AWS::EC2::VPCGatewayAttachment",
            "AWS::ECS::Cluster",
            "AWS::Glue::Database",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::Lambda::Permission",
            "AWS::Lambda::Url",
            "AWS::Route53::RecordSet",  # an alias of CloudFront
            "AWS::Logs::LogGroup",  # what is written counts with the writer
            "AWS::S3::BucketPolicy",
            "AWS::SNS::Subscription",
            "AWS::SNS::TopicPolicy",
        ),
        _free,
    ),
}


class UnknownResourceError(Exception):
    """A type of resource that no rule prices; the error names it."""


@dataclass(frozen=True)
class Line:
    """A line of the estimate, a month; `paid` is what is left after free units."""

    unit: str
    quantity: float
    full: float
    paid: float


def estimate(template: dict[str, Any], use: Use) -> list[Line]:
    """What the template's resources cost in a month, in US dollars.

    Raises:
        UnknownResourceError: it has a type of resource without a rule.
    """
    units: Counter[str] = Counter()
    for name, resource in template["Resources"].items():
        kind = resource["Type"]
        if kind not in RULES:
            raise UnknownResourceError(
                f"{name} is a {kind}: say in infra/estimate.py what it costs"
            )
        if (
            kind == "AWS::EC2::VPCEndpoint"
            and resource["Properties"]["VpcEndpointType"] != "Gateway"
        ):
            raise UnknownResourceError(f"{name} is no gateway, so it costs by the hour")
        units.update(RULES[kind](resource.get("Properties", {}), use))
    prices = tomllib.loads(PRICES.read_text())["prices"]
    jobs = REFRESHES * use.job_dollars
    return [
        *(_line(unit, quantity, **prices[unit]) for unit, quantity in sorted(units.items())),
        Line("refreshes (Athena, SageMaker, S3)", REFRESHES, jobs, jobs),
    ]


def _line(unit: str, quantity: float, dollars: float, per: float, free: float = 0) -> Line:
    rate = dollars / per
    return Line(unit, quantity, quantity * rate, max(0.0, quantity - free) * rate)


def main(template: Path, use: Use) -> None:
    """Print the estimate of a template."""
    lines = estimate(json.loads(template.read_text()), use)
    print(f"A month with {use.views:,} views and {REFRESHES:.1f} refreshes, in US dollars:")
    print(f"{'':38}{'quantity':>18}{'price':>9}{'to pay':>9}")
    for line in lines:
        print(f"{line.unit:38}{line.quantity:18,.1f}{line.full:9.2f}{line.paid:9.2f}")
    total, paid = sum(line.full for line in lines), sum(line.paid for line in lines)
    print(f"{'in all, without what is free each month':38}{'':17}{total:9.2f}{paid:9.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("template", type=Path)
    parser.add_argument("--views", type=int, default=Use.views, help="a month")
    arguments = parser.parse_args()
    main(arguments.template, Use(views=arguments.views))
