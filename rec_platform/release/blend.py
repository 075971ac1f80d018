"""The blend: how alike two titles are, how much one appeals, and the knob that balances the two.

Likeness says who may be in a list and is the share "alike" that people see. Appeal re-orders titles
that are alike. Both are sums of logarithms of parts, which is a product of the parts: what has
nothing in common stays out however famous it is. The pipeline weighs candidates in
modelling/neighbours.py. The site weighs a list again in recommend.py whenever a visitor moves the
knob. How a part is computed belongs in modelling/parts.py, what it is called in a sentence in
reasons.py.
"""

from collections.abc import Mapping, Sequence
from math import exp, log, sqrt

from rec_platform.release.schema import SCORE_DIGITS, Neighbour

# Each part is in 0..1; modelling/parts.py has the formulas. The weights were tuned on half of
# people's own judgements and checked on the other half, those of characters, keywords and origin
# chosen by analogy: see docs/recommendations.md.
LIKENESS = {
    "series": 3.0,
    "people": 2.5,
    "characters": 2.0,
    "keywords": 2.0,
    "title": 0.7,
    "genres": 3.0,
    "era": 1.8,
    "origin": 1.5,
    "runtime": 0.25,
    "tone": 25.5,
}
APPEAL = {"mix": 2.0, "fame": 28.0, "rating": 13.5, "popularity": 23.5, "quality": 26.0}
WEIGHTS = LIKENESS | APPEAL
PARTS = tuple(WEIGHTS)
OPTIONAL = ("characters", "keywords", "origin")  # left out of a release that knows nothing of them
PART_SCALE = 255  # a part is stored in a byte

OFFSET = 0.1  # added to a part, so that nothing in common is no infinite loss
ENOUGH_GENRES = 0.37  # genres that overlap by this much are alike
MORE_GENRES = 0.2  # what all the rest of the overlap counts, together
# The part `origin` where one is unknown: its logarithm is halfway between those of 0 and 1.
UNKNOWN_ORIGIN = sqrt(OFFSET * (1 + OFFSET)) - OFFSET
CLOSED_GATE = -4.0  # times the weight of `tone`: behind everything that passes the gate

# The share alike is a logistic curve, calibrated so that two films of the same genres, year, length
# and tone are 85 % alike, although they share no series, person, character, keyword or word, and
# their origin is unknown. So a catalogue without characters, keywords or origins loses nothing.
MIDDLE, WIDTH = -3.5, 2.0

HIDDEN_GEMS, BALANCE, CROWD_PLEASERS = 0.0, 0.5, 1.0
PRIORS = ("popularity", "quality")  # depend on the neighbour alone
PAIRED = ("fame", "rating")  # whether the two are equals
CROWD_FACTOR = 1.6  # of the priors, at the crowd's end of the knob
HIDDEN_FACTORS = {"mix": 1.0, "fame": 0.0, "rating": 1.0, "popularity": -0.24, "quality": 0.4}
PULL_POWER = 2.5  # of a title's popularity: how soon its appeal fades as it is less known
HIDDEN_PULL = 0.5
# Equal fame and rating count at least this much, so that the lists of little known titles are not
# all led by the same better known ones.
LEAST_PULL = 0.25


def _logarithm(part: float, enough: float = 1.0) -> float:
    return log((min(part, enough) + OFFSET) / (enough + OFFSET))


def _genres(part: float) -> float:
    return _logarithm(part, ENOUGH_GENRES) + MORE_GENRES / LIKENESS["genres"] * (part - 1)


_SHARES = [byte / PART_SCALE for byte in range(PART_SCALE + 1)]
_LOGARITHMS = [_logarithm(share) for share in _SHARES]
_OWN = {
    "genres": [_genres(share) for share in _SHARES],
    "tone": [CLOSED_GATE, *(share - 1 for share in _SHARES[1:])],
}
# For each part what a weight of 1 adds to the sum, by the part's byte: 0 at best.
UNITS = {name: _OWN.get(name, _LOGARITHMS) for name in PARTS}
# Parts of two films that share nothing they could be told apart by, and are alike all the same.
UNCOMPARED = {
    **dict.fromkeys(("series", "people", "characters", "keywords", "title"), 0),
    "origin": round(UNKNOWN_ORIGIN * PART_SCALE),
}


def pull(popularity: float, balance: float = BALANCE) -> float:
    """How much appeal counts in a title's list: under a little known title, likeness leads.

    Args:
        popularity: log10 of the title's own votes over log10 of the most votes, in 0..1.
        balance: in 0..1; towards 0 it becomes the same for all titles.
    """
    own = popularity**PULL_POWER
    hidden = max(0.0, 1 - 2 * balance)
    return own + hidden * (HIDDEN_PULL - own)


def shares(own: float) -> dict[str, float]:
    """What the pull of a title multiplies the weights of appeal by in its list.

    Under a famous film fame leads. Under one that few know, the mix of its genres does: it is most
    of what there is to tell it by.

    Args:
        own: the pull, see above.
    """
    return {
        "mix": 1 - own,
        **dict.fromkeys(PAIRED, max(own, LEAST_PULL)),
        **dict.fromkeys(PRIORS, own),
    }


def knob(balance: float) -> dict[str, float]:
    """What the knob multiplies the weights of appeal by, from 0, hidden gems, to 1, crowd-pleasers.

    Raises:
        ValueError: the balance is not in 0..1.
    """
    if not HIDDEN_GEMS <= balance <= CROWD_PLEASERS:
        raise ValueError(f"the balance is a number from 0 to 1, not {balance}")
    hidden = max(0.0, 1 - 2 * balance)
    crowd = 1 + (CROWD_FACTOR - 1) * max(0.0, 2 * balance - 1)
    return {
        name: 1 + hidden * (HIDDEN_FACTORS[name] - 1) if hidden else crowd if name in PRIORS else 1
        for name in APPEAL
    }


def strangers(weights: Mapping[str, float] = WEIGHTS) -> float:
    """The likeness of two films that share genres, year, length and tone alone."""
    parts = UNCOMPARED.items()
    return sum(weights[name] * UNITS[name][part] for name, part in parts if name in weights)


def alike(likeness: float, weights: Mapping[str, float] = WEIGHTS) -> float:
    """The share that two titles of this likeness are alike by these weights, in 0..1."""
    return 1 / (1 + exp(-(likeness - strangers(weights) - MIDDLE) / WIDTH))


def total(parts: Sequence[int], weights: Mapping[str, float]) -> float:
    """The weighted terms of parts stored as bytes, added up: 0 at best.

    Args:
        parts: as many as there are weights, in their order.
        weights: by name of the part.
    """
    return sum(
        weight * UNITS[name][part]
        for part, (name, weight) in zip(parts, weights.items(), strict=True)
    )


def share_alike(parts: Sequence[int], weights: Mapping[str, float]) -> float:
    """The share that two titles are alike, in 0..1, by parts stored as bytes.

    Args:
        parts: as many as there are weights, in their order: those of likeness come first.
        weights: by name of the part.
    """
    own = {name: weight for name, weight in weights.items() if name in LIKENESS}
    return round(alike(total(parts[: len(own)], own), own), SCORE_DIGITS)


class Blend:
    """The rule as a release has it.

    Attributes:
        weights: by name of the part, as the release was made with them: some of `PARTS`.
    """

    def __init__(self, weights: Mapping[str, float] = WEIGHTS) -> None:
        self.weights = dict(weights)

    def turned(self, balance: float, popularity: float) -> dict[str, float]:
        """The weights in a title's list: those of appeal as the knob and the title turn them.

        Raises:
            ValueError: the balance is not in 0..1.
        """
        factors = knob(balance)
        own = shares(pull(popularity, balance))
        return {
            name: weight * factors[name] * own[name] if name in factors else weight
            for name, weight in self.weights.items()
        }

    def weigh(
        self, neighbours: list[Neighbour], balance: float, popularity: float
    ) -> list[Neighbour]:
        """A title's neighbours as the knob orders them; how alike they are does not change.

        Args:
            neighbours: as stored, which is the order in the knob's middle.
            balance: in 0..1.
            popularity: of the title, in 0..1.

        Raises:
            ValueError: the balance is not in 0..1.
        """
        turned = self.turned(balance, popularity)
        if balance == BALANCE:
            return neighbours
        return sorted(
            neighbours,
            key=lambda neighbour: -round(total(neighbour.parts, turned), SCORE_DIGITS),
        )
