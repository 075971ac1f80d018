"""Words that people write in several ways, and the one that stands for all of them.

Titles and queries are reworded alike: "Rocky II", "Rocky Two" and "Rocky 2" are one title, and so
are "Dr. No" and "Doctor No". How a name is taken apart into words belongs in text.py.
"""

from collections.abc import Iterator, Sequence

SHORT = {
    **{"doctor": "dr", "saint": "st", "mister": "mr", "incorporated": "inc", "junior": "jr"},
    **{"part": "pt", "episode": "ep", "volume": "vol", "versus": "v", "vs": "v", "senior": "sr"},
}
CONNECTIVES = {"and", "et", "und", "n"}  # between two words; "&" and "+" are no words
COUNTERS = {"pt", "ep", "vol", "chapter"}

_FIRST = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_TEENS = "fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ROMAN = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
UNITS = {word: number for number, word in enumerate(f"{_FIRST} {_TEENS}".split())}
TENS = {word: number for number, word in zip(range(20, 100, 10), _TENS.split(), strict=True)}
ROMAN = {word: number for number, word in enumerate(_ROMAN.split(), start=1)}
# A name without any of these is worded in one way.
OFTEN_REWORDED = {*SHORT, *CONNECTIVES, *UNITS, *TENS, *ROMAN, "hundred"}


def reworded(words: Sequence[str]) -> list[str]:
    """The words as they are compared: short forms, digits, no "and" between two words.

    >>> reworded("doctor strange and the thirty three gardens part ii".split())
    ['dr', 'strange', 'the', '33', 'gardens', 'pt', '2']
    """
    if OFTEN_REWORDED.isdisjoint(words):
        return [*words]
    short = [SHORT.get(word, word) for word in words]
    last = len(short) - 1
    compared = [
        _roman(word, short[at - 1] if at else "", at == last)
        for at, word in enumerate(short)
        if not (0 < at < last and word in CONNECTIVES)
    ]
    return [*_numbers(compared)]


def _roman(word: str, before: str, is_last: bool) -> str:
    """A Roman number in digits. A letter alone is one only at the end, or after "part" or so."""
    is_number = before and (len(word) > 1 or is_last or before in COUNTERS)
    return str(ROMAN.get(word, word)) if is_number else word


def _numbers(words: Sequence[str]) -> Iterator[str]:
    """The words, with numbers up to 999 in digits."""
    at = 0
    while at < len(words):
        number, count = _number(words, at)
        yield str(number) if count else words[at]
        at += count or 1


def _number(words: Sequence[str], at: int) -> tuple[int, int]:
    """The number that begins at a word, and how many words it has; 0 if none begins there."""
    number, count = _below_hundred(words, at)
    if count == 1 and 0 < number < 10 and words[at + 1 : at + 2] == ["hundred"]:
        rest, more = _below_hundred(words, at + 2)
        return 100 * number + rest, 2 + more
    return number, count


def _below_hundred(words: Sequence[str], at: int) -> tuple[int, int]:
    word, following = [*words[at : at + 2], "", ""][:2]
    if word in TENS:
        unit = UNITS.get(following, 0)
        return (TENS[word] + unit, 2) if 0 < unit < 10 else (TENS[word], 1)
    return (UNITS[word], 1) if word in UNITS else (0, 0)


# What a word by itself is worded as; a word that is not here, as it is.
ALONE = {word: reworded([word])[0] for word in OFTEN_REWORDED}
