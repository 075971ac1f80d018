"""What the tests of SageMaker's clustering share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rec_platform.resources.aws.sagemaker import SageMakerClustering
from rec_platform_tests.emulators import BUCKET

ROLE = "arn:aws:iam::000000000000:role/rec-platform-jobs"
MATRIX = np.concatenate(
    [
        np.random.default_rng(0).normal(centre, 0.05, (size, 4)).clip(0, 1).astype("float32")
        for centre, size in ((0.2, 30), (0.5, 80), (0.8, 50))
    ]
)


def fresh(folder: Path, **settings: object) -> SageMakerClustering:
    """What another process would use."""
    given = {"root": f"s3://{BUCKET}/{folder.name}", "role": ROLE, "poll_seconds": 0.05}
    return SageMakerClustering(**given | settings)  # type: ignore[arg-type]
