"""The parts of two titles that every title can be compared by, as bytes, from 0 to PART_SCALE.

modelling/parts.py computes the same for many pairs at once, and says what each part is. Here are
those that depend on years, minutes, votes and ratings; people, words and genres do not belong here.
"""

from math import exp

from rec_platform.release.blend import PART_SCALE

ERA_YEARS = 10
RUNTIME_MINUTES = 30
FAME_DECADES = 3
RATING_WIDTH = 4
RATING_SPAN = 9  # ratings are 1..10


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
