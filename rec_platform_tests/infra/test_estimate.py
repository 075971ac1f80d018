"""What the stack costs in a month, computed from its template."""

from __future__ import annotations

import copy
import re
import subprocess
import sys

import pytest

from infra.estimate import UnknownResourceError, Use, estimate
from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.infra.conftest import Assembly

pytestmark = pytest.mark.infra


def dollars(assembly: Assembly, use: Use) -> float:
    return sum(line.paid for line in estimate(assembly.template, use))


def test_a_hundred_thousand_views_and_a_weekly_refresh_cost_less_than_five_dollars(
    assembly: Assembly,
):
    assert 0.5 < dollars(assembly, Use()) < 5


def test_more_use_costs_more(assembly: Assembly):
    plain = dollars(assembly, Use())
    assert dollars(assembly, Use(views=50_000_000)) > plain + 100
    assert dollars(assembly, Use(refresh_hours=10)) > plain + 1
    assert dollars(assembly, Use(data_gigabytes=1_000)) > plain + 20


def test_a_larger_task_and_a_larger_function_cost_more(assemblies: dict[str, Assembly]):
    template = copy.deepcopy(assemblies["url"].template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            resource["Properties"]["Cpu"] = "16384"
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["MemorySize"] = 10_240
            resource["Properties"]["EphemeralStorage"]["Size"] = 10_240 + 2_048
    larger = {line.unit: line.full for line in estimate(template, Use())}
    plain = {line.unit: line.full for line in estimate(assemblies["url"].template, Use())}
    for unit in (
        "fargate_processor_hours",
        "function_disk_gigabyte_seconds",
        "function_gigabyte_seconds",
    ):
        assert larger[unit] > 7 * plain[unit]


@pytest.mark.parametrize("kind", ["AWS::EC2::NatGateway", "AWS::Elsewhere::Thing"])
def test_a_type_of_resource_that_has_no_price_is_an_error(
    assemblies: dict[str, Assembly], kind: str
):
    template = copy.deepcopy(assemblies["url"].template)
    template["Resources"]["New"] = {"Type": kind, "Properties": {}}
    with pytest.raises(UnknownResourceError, match=f"New is a {kind}"):
        estimate(template, Use())


def test_the_command_prints_what_is_paid(assemblies: dict[str, Assembly]):
    template = assemblies["url"].folder / "rec-platform.template.json"
    done = subprocess.run(
        [sys.executable, "-m", "infra.estimate", template, "--views", "200000"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "200,000 views" in done.stdout
    assert re.search(r"^in all, .* \d+\.\d\d +\d\.\d\d$", done.stdout, re.MULTILINE)


def test_the_docs_tell_what_is_estimated(assemblies: dict[str, Assembly]):
    lines = estimate(assemblies["url"].template, Use())
    paid, full = sum(line.paid for line in lines), sum(line.full for line in lines)
    told = " ".join((REPOSITORY / "docs" / "aws.md").read_text().split())
    assert f"it is ${paid:.2f}, because" in told and f"Without that it is ${full:.2f}," in told
