"""The weighted sum: the rule of releases that were made before the blend was a product.

Such a release is served as it always was. It has the same number of parts, one of which is another:
`cluster` instead of `tone`.
"""

from collections.abc import Mapping

from rec_platform.release.blend import BALANCE, PART_SCALE, PRIORS, knob
from rec_platform.release.schema import SCORE_DIGITS, Neighbour

PARTS = (
    *("series", "people", "title", "genres", "era", "runtime"),
    *("fame", "rating", "cluster", "popularity", "quality"),
)
PRIOR_FACTORS = (0.4, 1.6)  # at the two ends of the knob; 1 in the middle


class WeightedSum:
    """The rule as an old release has it: see `blend.Blend`, whose methods it has."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = dict(weights)

    def turned(self, balance: float, popularity: float) -> dict[str, float]:
        """The weights at a balance; the same for all titles.

        Raises:
            ValueError: the balance is not in 0..1.
        """
        knob(balance)
        low, high = PRIOR_FACTORS
        factor = low + (high - low) * balance
        return {
            name: weight * (factor if name in PRIORS else 1)
            for name, weight in self.weights.items()
        }

    def weigh(
        self, neighbours: list[Neighbour], balance: float, popularity: float
    ) -> list[Neighbour]:
        """A title's neighbours as the knob orders and scores them; unchanged in its middle.

        Raises:
            ValueError: the balance is not in 0..1.
        """
        turned = list(self.turned(balance, popularity).values())
        if balance == BALANCE:
            return neighbours
        most = sum(turned) * PART_SCALE
        weighed: list[Neighbour] = []
        for neighbour in neighbours:
            points = sum(
                part * weight for part, weight in zip(neighbour.parts, turned, strict=True)
            )
            weighed.append(neighbour._replace(score=round(points / most, SCORE_DIGITS)))
        return sorted(weighed, key=lambda neighbour: -neighbour.score)
