"""The formulas of the parts that two titles are compared by; a part is a byte, 0 to PART_SCALE.

modelling/parts.py computes the same for many pairs at once, and says what each part is. The overlap
of genres and their tone are computed there alone: a release stores them.
"""

from math import exp, log2

from rec_platform.release.blend import PART_SCALE

# Of people; somebody with several roles in a title counts by the weightiest.
ROLE_WEIGHTS = {"director": 1.0, "writer": 0.8, "actor": 0.5, "composer": 0.3}
OTHER_ROLE_WEIGHT = 0.1
SAME_LANGUAGE = 0.5  # of two countries
ERA_YEARS = 10
RUNTIME_MINUTES = 30
FAME_DECADES = 3
RATING_WIDTH = 4
RATING_SPAN = 9  # ratings are 1..10
# A trusted rating is computed as for IMDb's own list of the best: as if so many more people had
# given the catalogue's mean.
TRUST_VOTES = 10_000


def rarity(title_count: int) -> float:
    """What somebody or something counts that so many titles have, in 0..1."""
    return 1 / log2(1 + max(title_count, 1))


def shared(sum_of_rarities: float) -> int:
    """How alike titles are by the people or the characters that they share."""
    return round((1 - exp(-2 * sum_of_rarities)) * PART_SCALE)


def era(years: float) -> int:
    """How alike titles are that are some years apart."""
    return round(exp(-abs(years) / ERA_YEARS) * PART_SCALE)


def runtime(minutes: float) -> int:
    """How alike titles are whose lengths differ by some minutes."""
    return round(exp(-abs(minutes) / RUNTIME_MINUTES) * PART_SCALE)


def fame(decades: float) -> int:
    """How alike titles are whose votes differ by some powers of ten."""
    return round(max(0.0, 1 - (decades / FAME_DECADES) ** 2) * PART_SCALE)


def rating(points: float) -> int:
    """How alike titles are whose trusted ratings differ by some points."""
    return round(max(0.0, 1 - abs(points) / RATING_WIDTH) * PART_SCALE)


def popularity(fame: float, most_famous: float) -> int:
    """How popular a title is, by the logarithms of its votes and of the most votes."""
    return round(fame / most_famous * PART_SCALE)


def quality(rating: float) -> int:
    """How good a title is, by its trusted rating."""
    return round((rating - 1) / RATING_SPAN * PART_SCALE)
