"""Names of characters as they are compared: "Dr. Sattler" and "Sattler" are the same.

Which films form a series because of them does not belong here (see series.py).
"""

import re
from functools import lru_cache

from rec_platform.modelling.title_names import Words, compared_words

BRACKETS = re.compile(r"\([^)]*\)")
# What stands before a name, and may be left out or have changed in the next film.
HONOURS = {
    *("mr", "mrs", "ms", "miss", "master", "madame", "sir", "lord", "lady", "dame"),
    *("dr", "doctor", "prof", "professor", "judge", "reverend", "father", "mother", "sister"),
    *("general", "gen", "colonel", "col", "major", "maj", "captain", "capt", "cpt"),
    *("lieutenant", "lt", "sergeant", "sgt", "corporal", "cpl", "private", "pvt", "commander"),
    *("detective", "det", "inspector", "agent", "officer", "sheriff", "deputy", "chief"),
    *("king", "queen", "prince", "princess", "emperor", "president", "senator", "count"),
    *("young", "old", "older", "younger", "little", "uncle", "aunt", "brother"),
}


def character(text: str) -> Words:
    """A character's name, without honours and what stands in brackets; empty if that is all.

    >>> character("Lt. Ida Lindqvist (as a child)")
    ('ida', 'lindqvist')
    """
    words = compared_words(BRACKETS.sub("", text))
    while words and words[0] in HONOURS:
        words = words[1:]
    return words


@lru_cache(maxsize=100_000)  # a name is asked about for each two films that have it
def is_full(name: Words) -> bool:
    """Whether a name has first name and surname: of "Jack" there are many."""
    return sum(len(word) > 1 for word in name) > 1
