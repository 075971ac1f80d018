"""A lease that is lost: its holder stood still until another process took over."""

from __future__ import annotations

from rec_platform.resources.aws.lease import Lease, held
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform_tests.emulators import Emulators

LOCK_KEY = "refresh.lock"


def lose_lease(emulators: Emulators, root: str) -> None:
    """Lose what this process holds on a root."""
    storage = S3Storage(root=root)
    place = {"Bucket": storage.bucket, "Key": storage.name(LOCK_KEY)}
    (lease,) = held(place)
    emulators.client("s3").put_object(**place, Body=b"{}")  # the other process's
    stand_still(lease)


def stand_still(lease: Lease) -> None:
    """What the lease takes for a pause of twice its time, by whichever clock."""
    lease._renewed._wall -= 2 * lease.seconds


def remove_lease(emulators: Emulators, root: str) -> None:
    """Let the other process end."""
    storage = S3Storage(root=root)
    emulators.client("s3").delete_object(Bucket=storage.bucket, Key=storage.name(LOCK_KEY))
