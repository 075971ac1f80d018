"""The scorecard: how good a release's lists are, beside others. Its rows and its columns.

The figures are defined in ranking.py, the other lists in baselines.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

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
    "p9": "p9",
    "r9": "r9",
    "bad9": "bad9",
    "auc": "AUC",
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
        intervals: the same, lower and upper bound of 95 %, of figures that are means over users or
            over judged pairs.
        ratings: fingerprint, users and asked (lists scored); None where there were none.
        judgements: fingerprint; pairs, and how many are ok; how many pairs of the file were missing
            and ambiguous; how many were left out of tuning (left_out_pairs), and by these alone the
            figures of the default lists (left_out), each with its bounds. None where there were
            none.
        note: why there are no ratings, and no judgements.
        clusters: stability, silhouette, and for other numbers of clusters [clusters, mean squared
            distance, silhouette].
    """

    figures: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    intervals: dict[str, dict[str, list[float]]] = field(
        default_factory=dict[str, dict[str, list[float]]]
    )
    ratings: dict[str, Any] | None = None
    judgements: dict[str, Any] | None = None
    note: str = ""
    clusters: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """A scorecard as a release has it, perhaps of another version of this program.

        What that version did not have is empty, and what this one does not know is left out.
        """
        return cls(**{name: content[name] for name in _FIELDS if name in content})


_FIELDS = [known.name for known in fields(Scorecard)]
