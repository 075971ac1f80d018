"""The scorecard: how good a release's lists are, beside others. Its rows and its columns.

The figures are defined in ranking.py, the other lists in baselines.py.
"""

from dataclasses import dataclass
from typing import Any

from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.release.schema import LIST_LENGTH

# Rows: what the balance knob makes of the lists, then the baselines and the upper mark.
DEFAULT = "default"
KNOB = {DEFAULT: BALANCE, "hidden gems": HIDDEN_GEMS, "crowd-pleasers": CROWD_PLEASERS}
NEAREST, ORIGINAL = "nearest", "2020 original"
IN_CLUSTER, RANDOM, MOST_VOTED = "random in cluster", "random", "most voted"
UPPER_MARK = "item-kNN"
MARKS = (NEAREST, ORIGINAL, MOST_VOTED, UPPER_MARK)  # what pictures show beside the knob

COLUMNS = {
    "ndcg": f"NDCG@{LIST_LENGTH}",
    "hit_rate": "hit rate",
    "tail_ndcg": f"tail NDCG@{LIST_LENGTH}",
    "coverage": "coverage",
    "siblings": "siblings",
    "diversity": "diversity",
    "novelty": "novelty",
}


@dataclass(frozen=True)
class Scorecard:
    """How good lists are.

    Attributes:
        figures: by name of the lists, then of the figure. A figure that does not exist is left out.
        intervals: the same, lower and upper bound of 95 %, of figures that are means over users.
        ratings: fingerprint, users and asked (lists scored); None where there were none.
        note: why there are no ratings.
        clusters: stability, silhouette, and for other numbers of clusters [clusters, mean squared
            distance, silhouette].
    """

    figures: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, list[float]]]
    ratings: dict[str, Any] | None
    note: str
    clusters: dict[str, Any]
