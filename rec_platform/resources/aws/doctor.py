# pyright: standard
"""What `rec-platform doctor` looks at in AWS, and what its `--probe` asks of it.

Looking changes nothing and costs nothing. A probe proves a right by using it, on something of its
own that it removes, or in a request that AWS refuses for another reason once the right is checked.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from rec_platform.resources.aws.clients import FIXES, REGION, Clients, error_code
from rec_platform.resources.aws.conditional import ABSENT, CONFLICT, REFUSED
from rec_platform.resources.aws.jobs import LOG_GROUP
from rec_platform.resources.base import Finding

PROBE = "rec-kmeans-doctor"  # a job that is never started, named as the policy lets it
# What a check found, and the fix; the fix is empty where all is well.
Outcome = tuple[str, str]
Place = Callable[[str], dict[str, str]]


def look(what: str, check: Callable[..., Outcome], *given: Any) -> Finding:
    """Do one check.

    Args:
        what: what is looked at.
        check: returns what it found and the fix.
        *given: what the check is called with.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return Finding(what, *check(*given))
    except dg.Failure as failure:
        return Finding(what, "not as it must be", str(failure.description))
    except (BotoCoreError, ClientError) as error:
        return Finding(what, str(error), FIXES.get(error_code(error), "look it up in docs/aws.md"))


def diagnose_bucket(clients: Clients, place: Place) -> Iterator[Finding]:
    """Look at the credentials and the bucket.

    Args:
        clients: those of the storage.
        place: returns `Bucket` and `Key` for a key of the storage, or raises dg.Failure.
    """
    yield look("credentials", _identity, clients)
    yield look("bucket", _region, clients, place)
    yield look("right to write", _right_to_write, clients, place)
    yield look("bucket versioning", _versioning, clients, place)
    yield look("bucket lifecycle", _lifecycle, clients, place)
    yield look("bucket policy", _tls, clients, place)


def diagnose_jobs(
    clients: Clients, role: str, instance_type: str, instance_count: int, is_spot: bool
) -> Iterator[Finding]:
    """Look at the role of SageMaker's jobs and at the quotas for their instances."""
    yield look("SageMaker's role", _role, clients, role)
    yield look("SageMaker's quotas", _quotas, clients, instance_type, instance_count, is_spot)


def probe_bucket(clients: Clients, place: Place) -> Iterator[Finding]:
    """Write, read and delete a file in the bucket, and give up an upload."""
    yield look("rights on files", _use_files, clients, place)


def probe_jobs(
    clients: Clients, role: str, image: str, output: str, resources: dict[str, Any]
) -> Iterator[Finding]:
    """Ask for what a training job takes, of a job that is not there or cannot be.

    Args:
        clients: those of the storage.
        role: ARN of the jobs' role.
        image: address of the algorithm's image.
        output: address in S3 where a job could write.
        resources: the instances, as SageMaker's `ResourceConfig`.
    """
    sagemaker, logs = clients("sagemaker"), clients("logs")
    job = {"TrainingJobName": PROBE}
    request = job | {
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": output},
        "ResourceConfig": resources,
        # SageMaker starts no job that may wait for less time than it may run.
        "StoppingCondition": {"MaxRuntimeInSeconds": 2, "MaxWaitTimeInSeconds": 1},
        "EnableManagedSpotTraining": True,
        "Tags": [{"Key": "project", "Value": "rec_platform"}],
    }

    def start() -> None:
        sagemaker.create_training_job(**request)
        sagemaker.stop_training_job(**job)

    group, stream = {"logGroupName": LOG_GROUP}, {"logStreamName": PROBE}
    prefix = {"logStreamNamePrefix": PROBE}
    for right, use in {
        "right to see jobs": lambda: sagemaker.describe_training_job(**job),
        "right to start jobs": start,
        "right to stop jobs": lambda: sagemaker.stop_training_job(**job),
        "right to find logs": lambda: logs.describe_log_streams(**group, **prefix),
        "right to read logs": lambda: logs.get_log_events(**group, **stream),
    }.items():
        yield look(right, _granted, use)


def find_database(clients: Clients, database: str) -> Outcome:
    """Look for Glue's database."""
    glue = clients("glue")
    try:
        glue.get_database(Name=database)
    except glue.exceptions.EntityNotFoundException:
        return f"{database} is made by the first refresh", ""
    return database, ""


def _identity(clients: Clients) -> Outcome:
    return clients("sts").get_caller_identity()["Arn"], ""


def _region(clients: Clients, place: Place) -> Outcome:
    bucket = place("")["Bucket"]
    region = clients("s3").head_bucket(Bucket=bucket).get("BucketRegion")
    own_region = clients.session.region_name
    fix = f"{REGION}: it is {own_region}" if region and region != own_region else ""
    return f"{bucket} in {region or own_region}", fix


def _right_to_write(clients: Clients, place: Place) -> Outcome:
    # No object meets this condition: S3 checks the rights first, and then writes nothing.
    probe = place("doctor")
    try:
        clients("s3").put_object(**probe, Body=b"", IfMatch='"none"')
    except clients("s3").exceptions.ClientError as error:
        if error_code(error) not in (*REFUSED, *CONFLICT, *ABSENT):
            raise
    return f"s3://{probe['Bucket']}/{probe['Key']}", ""


def _use_files(clients: Clients, place: Place) -> Outcome:
    s3, probe = clients("s3"), place("doctor/probe")
    upload = s3.create_multipart_upload(**probe)["UploadId"]
    s3.list_parts(**probe, UploadId=upload)
    s3.abort_multipart_upload(**probe, UploadId=upload)
    s3.put_object(**probe, Body=b"")
    s3.get_object(**probe)["Body"].read()
    s3.list_objects_v2(Bucket=probe["Bucket"], Prefix=probe["Key"])
    s3.list_object_versions(Bucket=probe["Bucket"], Prefix=probe["Key"])
    s3.delete_object(**probe)
    return "written, read, listed, deleted", ""


def _granted(use: Callable[[], Any]) -> Outcome:
    """Use a right; AWS may say that what is asked for is not there, or cannot be."""
    from botocore.exceptions import ClientError

    try:
        use()
    except ClientError as error:
        if error_code(error) not in ("ValidationException", "ResourceNotFoundException"):
            raise
    return "granted", ""


def _versioning(clients: Clients, place: Place) -> Outcome:
    bucket = place("")["Bucket"]
    status = clients("s3").get_bucket_versioning(Bucket=bucket).get("Status", "off")
    return status.lower(), "" if status == "Enabled" else "switch it on: see docs/aws.md"


def _lifecycle(clients: Clients, place: Place) -> Outcome:
    bucket = place("")["Bucket"]
    s3 = clients("s3")
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except s3.exceptions.ClientError as error:
        if error_code(error) != "NoSuchLifecycleConfiguration":
            raise
        rules = []
    return f"{len(rules)} rules", "" if rules else "add those of docs/aws.md: old files pile up"


def _tls(clients: Clients, place: Place) -> Outcome:
    s3 = clients("s3")
    try:
        policy = s3.get_bucket_policy(Bucket=place("")["Bucket"])["Policy"]
    except s3.exceptions.ClientError as error:
        if error_code(error) != "NoSuchBucketPolicy":
            raise
        policy = '{"Statement": []}'
    denied = [rule for rule in json.loads(policy)["Statement"] if rule["Effect"] == "Deny"]
    if any("aws:SecureTransport" in json.dumps(rule.get("Condition")) for rule in denied):
        return "refuses plain HTTP", ""
    return "takes plain HTTP", "add infra/policies/bucket.json to the bucket's policy"


def _role(clients: Clients, role: str) -> Outcome:
    if not role:
        return "none", "set REC_SAGEMAKER_ROLE to the ARN of the jobs' role: see docs/aws.md"
    answer = clients("iam").get_role(RoleName=role.rpartition("/")[2])
    trust = json.dumps(answer["Role"]["AssumeRolePolicyDocument"])
    fix = "let sagemaker.amazonaws.com assume it: see infra/policies/jobs-trust.json"
    return role, "" if "sagemaker.amazonaws.com" in trust else fix


def _quotas(clients: Clients, instance_type: str, instance_count: int, is_spot: bool) -> Outcome:
    training = "spot training" if is_spot else "training"
    name = f"{instance_type} for {training} job usage"
    # A quota that was never changed may be among the defaults alone.
    for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
        for page in (
            clients("service-quotas").get_paginator(operation).paginate(ServiceCode="sagemaker")
        ):
            for quota in page["Quotas"]:
                if quota["QuotaName"] == name and "Value" in quota:
                    short = quota["Value"] < instance_count
                    return f"{name}: {quota['Value']:.0f}", f"ask for more of {name}" * short
    fix = "see in Service Quotas whether SageMaker has REC_SAGEMAKER_INSTANCE_TYPE in this region"
    return f"{name}: not listed", fix
