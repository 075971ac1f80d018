"""The choices by name: presets, rules, gated figures, and the defaults.

Standard library only, so that `rec-platform --help` answers before Dagster is imported. How a
choice is checked is in recipe.py, what it does in the assets.
"""

import logging
import os
from enum import StrEnum
from functools import cache

logger = logging.getLogger(__name__)

IMDB = "https://datasets.imdbws.com"
ROOT = "data"
SAMPLE_MARKER = "SAMPLE.txt"  # the file that marks a folder of invented files


FORMER_NAMES = {"seed": "original_2020"}  # of choices; `seed` is randomness alone


def current_name(choice: str) -> str:
    """What a choice is called today, for example one in the manifest of an old release."""
    return FORMER_NAMES.get(choice, choice)


class _Choice(StrEnum):
    """A choice that is accepted by its former name too, with a warning."""

    @classmethod
    def _missing_(cls, value: object) -> "_Choice | None":
        member = cls.__members__.get(FORMER_NAMES.get(str(value), ""))
        if member:
            _warn_of_former_name(str(value))
        return member


@cache  # once, although a command reads its choices several times
def _warn_of_former_name(name: str) -> None:
    logger.warning("`%s` is now called `%s`: change the setting", name, FORMER_NAMES[name])


class SelectionPreset(_Choice):
    """Which titles enter the catalogue: rated, non-adult movies that ..."""

    original_2020 = "original_2020"  # ... have a US akas row in English: the 2020 original's rule
    us_release = "us_release"  # ... have any US akas row
    english_like = "english_like"  # ... have a US akas row and kept their original title
    world = "world"  # ... exist


class FeaturePreset(_Choice):
    """Which columns describe a title to K-Means and to `nearest`: see modelling/features.py."""

    original_2020 = "original_2020"
    balanced = "balanced"


class SimilarityRule(_Choice):
    """How similar titles are found: see modelling/neighbours.py."""

    original_2020 = "original_2020"
    nearest = "nearest"
    blend = "blend"


class GatedFigure(StrEnum):
    """Figures of the scorecard by which a release must not be worse: see modelling/gate.py."""

    p9 = "p9"
    r9 = "r9"
    bad9 = "bad9"
    tail_ndcg = "tail_ndcg"
    coverage = "coverage"
    siblings = "siblings"
    ndcg = "ndcg"


class SampleShape(StrEnum):
    """What an invented catalogue consists of."""

    films = "films"  # three quarters films: a lively catalogue of few titles
    imdb = "imdb"  # IMDb's shares: mostly episodes, 6 % films, half of them rated


TITLE_TYPES = "movie"
PRESET = SelectionPreset.english_like
FEATURES = FeaturePreset.balanced
RULE = SimilarityRule.blend
CLUSTERS, FEWEST_CLUSTERS, MOST_CLUSTERS = 9, 2, 100
FIRST_YEAR, LAST_YEAR = 1874, 2200  # bounds of the release-year ceiling


def expand(location: str) -> str:
    """A path or an address, its `~` expanded.

    A shell does so at the start of a word alone (not in `--root=~/films`), a settings file never.
    """
    return os.path.expanduser(location)  # noqa: PTH111 (Path would make `s3:/` of `s3://`)


def require_folder(root: str) -> str:
    """Return a root, its `~` expanded, if it is a folder of this machine.

    Raises:
        ValueError: it is an address, which as a path would be a folder named `s3:`.
    """
    scheme, is_address, _ = root.partition("://")
    if not is_address:
        return expand(root)
    fix = "set REC_DEPLOYMENT=aws, or give a folder" if scheme == "s3" else "give its path"
    raise ValueError(f"{root} is an address, and this needs a folder of this machine: {fix}")
