"""Misspelling on purpose: what the search's tests and its benchmark type."""

import re
import unicodedata
from itertools import pairwise
from random import Random

MISTAKES = ("swap", "drop", "double", "replace")
FREQUENT = "etaoinshrdlu"


def misspell(random: Random, text: str, mistake: str) -> str:
    """The text with one letter swapped with the next, dropped, doubled or replaced by another."""
    pairs = enumerate(pairwise(text.lower()))
    places = [at for at, (letter, other) in pairs if (letter + other).isalpha() and letter != other]
    if not places:
        return text
    at = random.choice(places)
    start, letter, rest = text[:at], text[at], text[at + 1 :]
    match mistake:
        case "swap":
            return start + rest[0] + letter + rest[1:]
        case "drop":
            return start + rest
        case "double":
            return start + 2 * letter + rest
        case _:
            return start + random.choice(FREQUENT) + rest


def misplace_space(random: Random, text: str) -> str:
    """The text with one of its spaces, between letters, a letter too early or too late."""
    places = [at for at in range(1, len(text) - 1) if re.fullmatch(r"\w \w", text[at - 1 : at + 2])]
    if not places:
        return text
    at = random.choice(places) - random.choice((0, 1))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def without_accents(text: str) -> str:
    """The text as it is typed on a keyboard without accents."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))
