"""Images are built for the kind of processor that builds them: no emulation, no option."""

import platform

from aws_cdk import aws_ecr_assets


def is_arm() -> bool:
    """Whether this machine has a 64-bit ARM processor."""
    return platform.machine().lower() in ("arm64", "aarch64")


def image_platform() -> aws_ecr_assets.Platform:
    """What `docker build` is told."""
    return aws_ecr_assets.Platform.LINUX_ARM64 if is_arm() else aws_ecr_assets.Platform.LINUX_AMD64
