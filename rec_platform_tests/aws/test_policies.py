"""The policies and rules of infra/, compared with what AWS's documentation asks for."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pytest
import yaml

from rec_platform.resources.aws.doctor import PROBE
from rec_platform.resources.aws.sagemaker import SageMakerClustering
from rec_platform_tests.aws.policies import allowed
from rec_platform_tests.conftest import REPOSITORY

pytestmark = pytest.mark.aws

INFRA = REPOSITORY / "infra"
# AWS has no narrower resource for these.
OF_ALL_RESOURCES = {
    *("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"),
    *("servicequotas:ListServiceQuotas", "servicequotas:ListAWSDefaultServiceQuotas"),
}


def statements(name: str) -> list[dict[str, Any]]:
    return json.loads((INFRA / "policies" / f"{name}.json").read_text())["Statement"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("name", ["platform", "doctor", "jobs", "platform-key", "jobs-key"])
def test_a_right_names_its_resource_where_aws_lets_it(name: str):
    for rule in statements(name):
        if "*" in listed(rule["Resource"]):
            assert set(listed(rule["Action"])) <= OF_ALL_RESOURCES, rule


def test_the_jobs_may_pull_the_image_of_k_means_in_every_region_and_no_other_image():
    from sagemaker.core import image_uris
    from sagemaker.core.image_uris import config_for_framework

    (rule,) = (rule for rule in statements("jobs") if "ecr:BatchGetImage" in rule["Action"])
    regions = config_for_framework("kmeans")["versions"]["1"]["registries"]
    assert len(regions) > 20
    for region in regions:
        host, _, repository = image_uris.retrieve("kmeans", region=region).partition("/")
        arn = f"arn:aws:ecr:{region}:{host.split('.')[0]}:repository/"
        pattern = rule["Resource"].replace("REGION", region)
        assert fnmatchcase(arn + repository.partition(":")[0], pattern)
        assert not fnmatchcase(f"{arn}xgboost", pattern)


def test_the_platform_may_start_its_own_jobs_and_no_others():
    (rule,) = (rule for rule in statements("platform") if rule["Sid"] == "ClusterTitles")
    name = SageMakerClustering(root="s3://bucket/imdb")._name(np.zeros((2, 2)), {}, 0)
    pattern = rule["Resource"].rpartition("/")[2]
    assert fnmatchcase(f"{name}-1", pattern) and fnmatchcase(PROBE, pattern)
    assert not fnmatchcase("rec-engine-1", pattern)


def test_a_key_of_ones_own_can_be_used_by_both_roles():
    # https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html: Encrypt for the model,
    # CreateGrant for the disks.
    files = {"kms:Decrypt", "kms:GenerateDataKey"}
    assert allowed("platform-key") == files
    assert allowed("jobs-key") == files | {"kms:Encrypt", "kms:CreateGrant"}


def test_logs_expire_and_the_serving_release_never_does():
    rules = json.loads((INFRA / "lifecycle.json").read_text())["Rules"]
    days = {rule["Filter"]["Prefix"]: rule.get("Expiration", {}).get("Days") for rule in rules}
    settings = yaml.safe_load((INFRA / "dagster.yaml").read_text())
    assert days[f"{settings['compute_logs']['config']['prefix']}/"]
    kept = "PREFIX/releases/20240101T000000Z-00000000/lookup.sqlite"
    assert not [prefix for prefix in days if days[prefix] and kept.startswith(prefix)]
