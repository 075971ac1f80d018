"""The blend: the weighted sum that says how alike two titles are, and its balance knob.

The pipeline weighs candidates with it in modelling/neighbours.py. The site weighs a list again in
recommend.py whenever a visitor moves the knob. How a part of likeness is computed
belongs in modelling/parts.py, what it is called in a sentence in reasons.py.
"""

from collections.abc import Mapping, Sequence

# Each part is in 0..1; modelling/parts.py has the formulas. The weights were tuned on half of the
# users of MovieLens' ml-latest-small and checked on the other half: see docs/recommendations.md.
WEIGHTS = {
    "series": 10.0,
    "people": 2.0,
    "title": 2.0,
    "genres": 1.6,
    "era": 4.3,
    "runtime": 0.3,
    "fame": 16.0,
    "rating": 5.5,
    "cluster": 0.2,
    "popularity": 15.0,
    "quality": 12.0,
}
PARTS = tuple(WEIGHTS)
PRIORS = ("popularity", "quality")  # depend on the neighbour alone; the knob turns these
PART_SCALE = 255  # a part is stored in a byte

HIDDEN_GEMS, BALANCE, CROWD_PLEASERS = 0.0, 0.5, 1.0
PRIOR_FACTORS = (0.4, 1.6)  # at the two ends of the knob; 1 in the middle


def balanced(weights: Mapping[str, float], balance: float = BALANCE) -> dict[str, float]:
    """The weights at a balance from 0, hidden gems, to 1, crowd-pleasers.

    Raises:
        ValueError: the balance is not in 0..1.
    """
    if not HIDDEN_GEMS <= balance <= CROWD_PLEASERS:
        raise ValueError(f"the balance is a number from 0 to 1, not {balance}")
    low, high = PRIOR_FACTORS
    factor = low + (high - low) * balance
    return {name: weight * (factor if name in PRIORS else 1) for name, weight in weights.items()}


def score(parts: Sequence[int], weights: Sequence[float]) -> float:
    """The weighted mean, in 0..1, of parts stored as bytes."""
    total = sum(part * weight for part, weight in zip(parts, weights, strict=True))
    return total / (sum(weights) * PART_SCALE)
