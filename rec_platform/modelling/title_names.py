"""Titles taken apart into words, stem, number and subtitle, and what two titles share.

Which films form a series because of it does not belong here (see series.py).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rec_platform.release.text import search_key
from rec_platform.release.wording import ROMAN, UNITS

Words = tuple[str, ...]

CUT = {"the", "a", "an", "and", "s"}  # "s" is what search_key leaves of "Charlie's"
# Words that say nothing about a title: many begin with "in the".
EMPTY = {
    *("of", "in", "on", "to", "for", "at", "with", "from", "by", "is", "it", "no", "not", "be"),
    *("my", "your", "his", "her", "me", "you", "we", "do"),
}
COUNTERS = {"part", "chapter", "episode", "vol", "volume", "number", "act"}
DULL = EMPTY | COUNTERS
AGAIN = {"return", "again", "reborn", "reboot", "too", "forever"}  # as good as a 2
# A series has hardly more films: a higher number is a word of the title.
NUMBERS = {
    **{word: number for word, number in ROMAN.items() if number <= 12},
    **{word: number for word, number in UNITS.items() if 1 <= number <= 10},
    **dict.fromkeys(AGAIN, 2),
}
SUBTITLE = re.compile(r":\s+|\s[-\N{EN DASH}\N{EM DASH}]\s")


class Name(NamedTuple):
    """A title taken apart, its words as they are compared."""

    words: Words
    stem: Words
    number: int  # 1 if it has none
    subtitle: int  # the number of words before it, 0 if there is none


def name(title: str) -> Name:
    """Take a title apart.

    >>> name("The Spies 2: Reloaded")
    Name(words=('spie', '2', 'reloaded'), stem=('spie',), number=2, subtitle=2)
    """
    head, *rest = SUBTITLE.split(title, maxsplit=1)
    words = compared_words(title)
    stem = compared_words(head) if rest else words
    before = len(stem)
    number = _number(words[-1]) if rest else 0
    while len(stem) > 1 and (stem[-1] in COUNTERS or _number(stem[-1])):
        number = _number(stem[-1]) or number
        stem = stem[:-1]
    return Name(words, stem, number or 1, before if rest else 0)


def compared_words(text: str) -> Words:
    """The words without articles and plurals: "Aliens" begins like "Alien"."""
    # From a list, which is twice as fast as from a generator.
    return tuple(
        [
            word.removesuffix("s") if len(word) > 3 else word
            for word in search_key(text).split()
            if word not in CUT
        ]
    )


@lru_cache(maxsize=100_000)  # most titles are made of the same words
def _number(word: str) -> int:
    """The number that a word stands for; 0 if it is none."""
    if word.isdecimal() and len(word) < 3:
        return int(word)
    return NUMBERS.get(word, 0)


def telling(words: Words) -> set[str]:
    """The words that say what a title is about."""
    return {word for word in words if _tells(word)}


@lru_cache(maxsize=100_000)
def _tells(word: str) -> bool:
    return len(word) > 1 and word not in DULL and not _number(word)


def beginning(first: Words, second: Words) -> Words:
    """The words that both begin with."""
    count = 0
    while count < min(len(first), len(second)) and first[count] == second[count]:
        count += 1
    return first[:count]


def shared_names(first: Name, second: Name) -> Iterator[Words]:
    """What may be the name of a series that has both of these titles."""
    begins = beginning(first.words, second.words)
    for words in (first.stem, second.stem, begins):
        # Of "Mission: Impossible" and "Mission: Impossible II", "Mission" alone is no name.
        if telling(words) and not (len(words) == 1 and words == begins[:1] != begins):
            yield words
    ending = beginning(first.words[::-1], second.words[::-1])[::-1]
    if len(telling(ending)) > 1:
        yield ending


def phrases(title: Name) -> set[Words]:
    """What a title or its subtitle begins with, and the phrases of two or more that they end with.

    A subtitle's beginnings have two words or more.
    """
    words, start_of_subtitle, count = title.words, title.subtitle, len(title.words)
    starts = {words[:end] for end in range(1, count + 1)}
    subtitles = {words[start_of_subtitle:end] for end in range(start_of_subtitle + 2, count + 1)}
    heads = (words, words[:start_of_subtitle], title.stem)
    ends = {head[start:] for head in heads for start in range(len(head) - 1)}
    return starts | subtitles | ends
