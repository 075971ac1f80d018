"""What the tests of Athena's warehouse share."""

from __future__ import annotations

import pandas as pd

from rec_platform.resources.aws.athena import AthenaWarehouse
from rec_platform.resources.aws.s3 import S3Storage
from rec_platform_tests.emulators import BUCKET

RECIPE = pd.DataFrame(
    [{"preset": "english_like", "title_types": "movie", "year_max": 2024, "min_votes": 0}]
)
SELECT = "SELECT preset, year_max + 1 AS next_year FROM recipe"


def fresh(name: str, max_seconds: float = 60) -> AthenaWarehouse:
    """What another process would use."""
    database = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
    return AthenaWarehouse(
        root=f"s3://{BUCKET}/{name}",
        database=database,
        max_seconds=max_seconds,
        poll_seconds=0.05,
    )


def keys(athena: AthenaWarehouse, folder: str) -> list[str]:
    return sorted(S3Storage(root=athena.root).etags(folder))
