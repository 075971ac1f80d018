"""What a person may choose, and what holds where they do not.

Standard library only, so that `rec-platform --help` answers before Dagster is imported. How a
choice is checked does not belong here (see recipe.py), nor what it does (see the stages).
"""

from enum import StrEnum

IMDB = "https://datasets.imdbws.com"
ROOT = "data"
SAMPLE_MARKER = "SAMPLE.txt"  # the file that marks a folder of invented files


class SelectionPreset(StrEnum):
    """Which titles enter the catalogue: rated, non-adult movies that ..."""

    seed = "seed"  # ... have a US akas row whose language is English: the 2020 original's rule
    us_release = "us_release"  # ... have any US akas row
    english_like = "english_like"  # ... have a US akas row and kept their original title
    world = "world"  # ... exist


class FeaturePreset(StrEnum):
    """Which columns describe a title to K-Means and to `nearest`: see features.py."""

    seed = "seed"
    balanced = "balanced"


class SimilarityRule(StrEnum):
    """How similar titles are found: see similar.py."""

    seed = "seed"
    nearest = "nearest"
    blend = "blend"


class GatedFigure(StrEnum):
    """Figures of the scorecard that a release must not lose: see scorecard.py."""

    ndcg = "ndcg"
    tail_ndcg = "tail_ndcg"
    coverage = "coverage"
    siblings = "siblings"


NEIGHBOURS = 48  # as many as a release holds for each title
PRESET = SelectionPreset.english_like
FEATURES = FeaturePreset.balanced
RULE = SimilarityRule.blend
CLUSTERS, FEWEST_CLUSTERS, MOST_CLUSTERS = 9, 2, 100
FIRST_YEAR, LAST_YEAR = 1874, 2200  # bounds of the release-year ceiling


def require_folder(root: str) -> str:
    """Return a root that is a folder of this machine.

    Raises:
        ValueError: it is an address; as a path it would be a folder named `s3:`.
    """
    scheme, is_address, _ = root.partition("://")
    if not is_address:
        return root
    fix = "set REC_DEPLOYMENT=aws, or give a folder" if scheme == "s3" else "give its path"
    raise ValueError(f"{root} is an address, and this needs a folder of this machine: {fix}")
