"""What the template holds in each of its variants, and what it must never hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rec_platform_tests.conftest import REPOSITORY
from rec_platform_tests.infra.conftest import Assembly

pytestmark = pytest.mark.infra

# What may be allowed for all resources: AWS knows none for it, or it is Amazon's own to read.
FOR_ALL_RESOURCES = {
    "cloudwatch:PutMetricData",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
}
COSTLY = ("NatGateway", "LoadBalancing", "AWS::RDS::", "::Instance", "AWS::SageMaker::Endpoint")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(assembly: Assembly) -> list[dict[str, Any]]:
    """All statements that allow something to a role."""
    documents = [
        policy["PolicyDocument"]
        for role in assembly.of_type("IAM::Role")
        for policy in role.get("Policies", [])
    ]
    documents += [policy["PolicyDocument"] for policy in assembly.of_type("IAM::Policy")]
    return [statement for document in documents for statement in document["Statement"]]


def test_nag_finds_nothing_and_each_finding_that_is_accepted_has_its_reason(assembly: Assembly):
    report = json.loads((assembly.folder / "validation-report.json").read_text())
    (nag,) = (
        plugin for plugin in report["pluginReports"] if plugin["pluginName"] == "AwsSolutions"
    )
    assert nag["violations"] == []
    assert len(nag["suppressedViolations"]) > 10  # or the rules did not run
    assert all(len(accepted["reason"]) > 20 for accepted in nag["suppressedViolations"])


def test_cfn_lint_finds_nothing(assemblies: dict[str, Assembly]):
    files = [assembly.folder / "rec-platform.template.json" for assembly in assemblies.values()]
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_idles_that_costs(assembly: Assembly):
    kinds = {resource["Type"] for resource in assembly.resources.values()}
    assert not [kind for kind in kinds if any(word in kind for word in COSTLY)]
    assert not [kind for kind in kinds if kind.startswith("AWS::ECS::Service")]


def test_no_current_version_of_what_serves_expires(assembly: Assembly):
    (bucket,) = assembly.of_type("S3::Bucket")
    expiring = {
        rule["Prefix"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule or "ExpirationDate" in rule
    }
    kept = ("releases", "tables", "raw", "model", "made_of", "found", "receipts", "build")
    for prefix in expiring:
        assert prefix and not any(f"imdb/{folder}/".startswith(prefix) for folder in kept), prefix
    assert {"imdb/queries/", "imdb/jobs/"} <= expiring
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_bucket_is_private_encrypted_and_for_tls_only(assembly: Assembly):
    (bucket,) = assembly.of_type("S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    (policy,) = assembly.of_type("S3::BucketPolicy")
    (denied,) = policy["PolicyDocument"]["Statement"]
    assert denied["Effect"] == "Deny" and denied["Action"] == "s3:*"
    assert denied["Principal"] == "*"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(denied["Resource"]) == 2  # the bucket and its objects


def test_a_service_takes_on_a_role_in_the_name_of_this_account_alone(assembly: Assembly):
    roles = assembly.of_type("IAM::Role")
    assert len(roles) >= 6
    for role in roles:
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        own = statement["Condition"]["StringEquals"]["aws:SourceAccount"]
        assert own == {"Ref": "AWS::AccountId"}, role


def test_only_what_knows_no_resource_is_allowed_for_all(assembly: Assembly):
    wide = {
        action
        for statement in statements(assembly)
        if "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert wide <= FOR_ALL_RESOURCES and len(FOR_ALL_RESOURCES) <= 5
    assert not [s for s in statements(assembly) if any("*" in a for a in as_list(s["Action"]))]


def test_every_log_is_kept_for_a_time_and_goes_with_the_stack(assembly: Assembly):
    groups = [r for r in assembly.resources.values() if r["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) == 2
    for group in groups:
        assert group["Properties"]["RetentionInDays"] <= 90
        assert group["DeletionPolicy"] == "Delete"
    assert not [r for r in assembly.resources.values() if r.get("DeletionPolicy") == "Retain"]


def test_the_function_has_the_room_for_two_releases_that_the_docs_tell(assembly: Assembly):
    (function,) = assembly.of_type("Lambda::Function")
    gigabytes = function["EphemeralStorage"]["Size"] / 1024
    told = (REPOSITORY / "docs" / "serving.md").read_text()
    assert f"the {gigabytes:g} GB of the stack's function for 800,000" in told
    assert gigabytes * 1024**3 > 2 * 800_000 * 105e6 / 84_499


def test_a_query_has_a_limit(assembly: Assembly):
    (workgroup,) = assembly.of_type("Athena::WorkGroup")
    assert workgroup["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"] == 10_000_000_000


def test_only_the_distribution_may_use_the_function_url(assemblies: dict[str, Assembly]):
    assembly = assemblies["url"]
    (url,) = assembly.of_type("Lambda::Url")
    assert url["AuthType"] == "AWS_IAM"
    permissions = assembly.of_type("Lambda::Permission")
    # A URL asks for both since October 2025.
    assert {p["Action"] for p in permissions} == {
        "lambda:InvokeFunctionUrl",
        "lambda:InvokeFunction",
    }
    assert all(p["Principal"] == "cloudfront.amazonaws.com" for p in permissions)
    assert all("distribution/" in json.dumps(p["SourceArn"]) for p in permissions)
    (control,) = assembly.of_type("CloudFront::OriginAccessControl")
    assert control["OriginAccessControlConfig"]["OriginAccessControlOriginType"] == "lambda"
    assert control["OriginAccessControlConfig"]["SigningBehavior"] == "always"


def test_the_http_apis_own_address_keeps_metrics_closed(assemblies: dict[str, Assembly]):
    routes = assemblies["api"].of_type("ApiGatewayV2::Route")
    kinds = {route["RouteKey"]: route["AuthorizationType"] for route in routes}
    assert kinds == {"$default": "NONE", "ANY /metrics": "AWS_IAM"}


def test_a_domain_brings_a_certificate_and_its_records(assemblies: dict[str, Assembly]):
    for name, assembly in assemblies.items():
        records = assembly.of_type("Route53::RecordSet")
        certificates = assembly.of_type("CertificateManager::Certificate")
        (distribution,) = assembly.of_type("CloudFront::Distribution")
        config = distribution["DistributionConfig"]
        if name.endswith("-domain"):
            assert {record["Type"] for record in records} == {"A", "AAAA"}
            assert {record["Name"] for record in records} == {"films.example.com."}
            assert certificates[0]["DomainName"] == "films.example.com"
            assert config["Aliases"] == ["films.example.com"]
            assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
        else:
            assert not records and not certificates and "Aliases" not in config


def test_the_task_goes_out_and_lets_nothing_in(assembly: Assembly):
    (group,) = assembly.of_type("EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert assembly.of_type("EC2::SecurityGroupIngress") == []
    (machine,) = assembly.of_type("StepFunctions::StateMachine")
    assert '\\"AssignPublicIp\\":\\"ENABLED\\"' in json.dumps(machine["DefinitionString"])
