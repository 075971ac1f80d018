# pyright: standard
"""Facts: what every title of a catalogue has, by which any two can be compared.

What only some titles share (series, people, words) is in parts.py.
"""

import numpy as np
import pandas as pd

from rec_platform.modelling.tone import FORMAT_GENRES, gate, other_tone
from rec_platform.release.blend import BALANCE, PART_SCALE, pull
from rec_platform.release.formats import FORMATS
from rec_platform.release.formulas import RATING_SPAN, TRUST_VOTES

# Of documentary and animation in `mix`. The gate has looked at them, and only two films that have
# no other genre are alike by them.
FORMAT_RARITY: dict[str, float] = dict.fromkeys(FORMAT_GENRES, 0.05)


class Facts:
    """What every title has.

    Args:
        titles: title_type, year, runtime_minutes, genres, rating, votes; one row per title.

    Attributes:
        year: (titles,)
        runtime: (titles,) minutes; a title of unknown length has the usual one.
        fame: (titles,) log10 of the votes.
        rating: (titles,) the trusted rating, 1..10.
        popularity: (titles,) log10 of the votes over that of the most votes.
        quality: (titles,) the trusted rating over its span, 0..1.
        combinations: the combinations of genres, comma-separated; one of each format.
        formats: (combinations,) the format of each: see release/formats.py.
        combination: (titles,) int, which of them a title has.
        format: (titles,) int, the same for titles of one format.
        overlap: (combinations, combinations) float32, the part `genres` of two.
        mix: the same, the part `mix`: their overlap beside documentary and animation.
        tone: the same, what another tone takes off the likeness.
        passes_gate: the same, bool: may the second be in the first one's list?
    """

    def __init__(self, titles: pd.DataFrame) -> None:
        votes, rating = titles["votes"].to_numpy("float64"), titles["rating"].to_numpy("float64")
        runtime = titles["runtime_minutes"].astype("float64")
        self.year = titles["year"].to_numpy("float32")
        usual = runtime.median() if runtime.notna().any() else 0
        self.runtime = runtime.fillna(usual).to_numpy("float32")
        self.fame = np.log10(np.maximum(votes, 1)).astype("float32")
        trusted = (votes * rating + TRUST_VOTES * rating.mean()) / (votes + TRUST_VOTES)
        self.rating = trusted.astype("float32")
        self.popularity = self.fame / max(float(self.fame.max()), 1.0)
        self.quality = (self.rating - 1) / RATING_SPAN
        named = titles["title_type"].map(FORMATS)
        (self.format, formats), (mixture, mixtures) = (
            pd.factorize(column, sort=True) for column in (named, titles["genres"])
        )
        pairs, self.combination = np.unique(
            self.format * len(mixtures) + mixture, return_inverse=True
        )
        of_format, of_mixture = np.divmod(pairs, len(mixtures))
        self.formats, self.combinations = formats[of_format], mixtures[of_mixture]
        self.overlap, self.mix = (
            _overlap(_genre_rarity(self.combination, self.combinations, given)).astype("float32")
            for given in ({}, FORMAT_RARITY)
        )
        self.tone = other_tone(self.combinations)
        self.passes_gate = gate(self.combinations)

    def pulls(self, balance: float = BALANCE) -> np.ndarray:
        """How much appeal counts in each title's list, see release/blend.py: (titles,)."""
        popularity, place = np.unique(self.popularity, return_inverse=True)  # many have the same
        return np.array([pull(share, balance) for share in popularity.tolist()])[place]


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Parts in 0..1 as uint8, 0 to PART_SCALE."""
    return np.rint(np.clip(values, 0, 1) * PART_SCALE).astype("uint8")


def _genre_rarity(
    combination: np.ndarray, combinations: "pd.Index[str]", given: dict[str, float]
) -> np.ndarray:
    """For each combination of genres the rarity of those in it: (combinations, genres).

    Args:
        combination: (titles,) int.
        combinations: genres, comma-separated.
        given: rarities of genres that are not to be counted.
    """
    split = [set(filter(None, text.split(","))) for text in combinations]
    genres = sorted({genre for names in split for genre in names})
    flags = np.array([[genre in names for genre in genres] for names in split], dtype="float64")
    flags = flags.reshape(len(split), len(genres))
    share = np.bincount(combination) @ flags / len(combination)
    # A genre that all titles have tells nothing apart, but two of them do share it.
    rarity = dict(zip(genres, -np.log(np.minimum(share, 0.99)), strict=True)) | given
    return flags * np.array([rarity[genre] for genre in genres])


def _overlap(rarity: np.ndarray) -> np.ndarray:
    """What each two combinations share over what they have; 0 where neither has a genre."""
    shared = rarity @ (rarity > 0).T
    total = rarity.sum(axis=1)
    union = total[:, np.newaxis] + total - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
