"""Where the data is: bucket, catalogue, workgroup, and the role of SageMaker's jobs."""

from typing import Any

from aws_cdk import Aws, RemovalPolicy, aws_athena, aws_glue, aws_iam, aws_s3
from constructs import Construct

from infra.accepted import accept
from infra.policies import JOBS_ROLE, PREFIX, cfn_bucket, filled, role

DATABASE = WORKGROUP = "rec_platform"  # platform.json names them
MOST_BYTES = 10_000_000_000  # that one query may scan


class Data(Construct):
    """Bucket, Glue database, Athena workgroup, jobs' role.

    Attributes:
        bucket: holds all data; `make destroy` empties it before it is deleted.
        root: REC_ROOT, the bucket and the prefix.
        jobs_role: what SageMaker's jobs may do.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.bucket = aws_s3.Bucket(
            self,
            "Bucket",
            block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL,
            encryption=aws_s3.BucketEncryption.S3_MANAGED,
            versioned=True,
            removal_policy=RemovalPolicy.DESTROY,  # fails while the bucket holds anything
        )
        accept(self.bucket, "S1", "one platform reads it; CloudTrail tells who did what, if needed")
        rules = filled("lifecycle.json", self.bucket.bucket_name)["Rules"]
        aws_s3.CfnBucketPolicy(
            self,
            "BucketPolicy",
            bucket=self.bucket.bucket_name,
            policy_document=filled("policies/bucket.json", self.bucket.bucket_name),
        )
        cfn_bucket(self.bucket).add_property_override(
            "LifecycleConfiguration", {"Rules": [lifecycle_rule(rule) for rule in rules]}
        )
        self.root = f"s3://{self.bucket.bucket_name}/{PREFIX}"
        aws_glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=aws_glue.CfnDatabase.DatabaseInputProperty(name=DATABASE),
        )
        aws_athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=WORKGROUP,
            recursive_delete_option=True,  # with its history of queries
            work_group_configuration=aws_athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=MOST_BYTES,
                enforce_work_group_configuration=False,  # each query says where its answer goes
                engine_version=aws_athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                publish_cloud_watch_metrics_enabled=False,
                result_configuration=aws_athena.CfnWorkGroup.ResultConfigurationProperty(
                    encryption_configuration=aws_athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_S3"
                    ),
                ),
            ),
        )
        self.jobs_role: aws_iam.IRole = role(
            Construct(self, "Jobs"),
            self.bucket,
            filled("policies/jobs-trust.json", self.bucket.bucket_name),
            ("jobs",),
            JOBS_ROLE,
        )


def lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of S3's API as CloudFormation spells it.

    Raises:
        KeyError: the rule has a part that nothing here translates.
    """
    translated: dict[str, Any] = {}
    for name, value in rule.items():
        translated |= {
            "ID": lambda value: {"Id": value},
            "Status": lambda value: {"Status": value},
            "Filter": lambda value: {"Prefix": value["Prefix"]},
            "Expiration": _expiration,
            "NoncurrentVersionExpiration": lambda value: {"NoncurrentVersionExpiration": value},
            "AbortIncompleteMultipartUpload": lambda value: {
                "AbortIncompleteMultipartUpload": value
            },
        }[name](value)
    return translated


def _expiration(value: dict[str, Any]) -> dict[str, Any]:
    names = {"Days": "ExpirationInDays", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
    return {names[name]: setting for name, setting in value.items()}
