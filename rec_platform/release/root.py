"""The root: a folder or `s3://bucket/prefix` that holds `releases`, and what serves from it."""

from collections.abc import Mapping
from pathlib import Path

from rec_platform.release.serving import ServingRelease


def serving_release(root: str, environment: Mapping[str, str]) -> ServingRelease:
    """The serving release of a root.

    Args:
        root: a folder, or `s3://bucket/prefix`.
        environment: the variables that say how to reach S3; a folder needs none.

    Raises:
        LookupFileError: the root is on S3, and a variable that it needs is not set.
    """
    if root.startswith("s3://"):
        # Imported only here: http and ssl take longer to load than all else that a folder needs.
        from rec_platform.release.serving_s3 import S3Settings, ServingS3Release

        return ServingS3Release(root, S3Settings.from_environment(environment))
    return ServingRelease(Path(root, "releases").expanduser())
