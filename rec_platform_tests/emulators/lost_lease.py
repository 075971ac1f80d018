"""A lease that is lost: its holder stood still until another process took over."""

from __future__ import annotations

import boto3

from rec_platform.resources.aws.lease import held
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform_tests.emulators import REGION, Emulators

LOCK_KEY = "refresh.lock"


def lose_lease(emulators: Emulators, root: str) -> None:
    """Lose what this process holds on a root."""
    storage = S3Storage(root=root)
    place = {"Bucket": storage.bucket, "Key": storage.name(LOCK_KEY)}
    (lease,) = held(place)
    _s3(emulators).put_object(**place, Body=b"{}")  # the other process's
    lease._renewed -= 2 * lease.seconds  # the time it stood still


def remove_lease(emulators: Emulators, root: str) -> None:
    """Let the other process end."""
    storage = S3Storage(root=root)
    _s3(emulators).delete_object(Bucket=storage.bucket, Key=storage.name(LOCK_KEY))


def _s3(emulators: Emulators):  # boto3 has no types
    """A client beside the proxy, whose requests are not recorded."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    session = boto3.Session(region_name=REGION, **keys)
    return session.client("s3", endpoint_url=emulators.endpoint)
