"""What of a name is indexed, and how a query is written the same way.

How a query is answered belongs in search.py.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import compress

from rec_platform.release.wording import OFTEN_REWORDED, reworded

# Ignored where titles are compared, because every other title has one.
STOP_WORDS = frozenset(
    "the a an of and in on to at for from with by is it le la les el un".split()  # noqa: SIM905
)
ARTICLES = ("the", "a", "an")
# Letters that do not decompose into a plain letter and its accent.
PLAIN = str.maketrans("øłđðı", "olddi") | {ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"}
# Chinese and Japanese put no spaces between words: each character counts as a word.
WITHOUT_SPACES = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"[{WITHOUT_SPACES}]|[^\W_{WITHOUT_SPACES}]+")
# Most names are ASCII, and a table takes those apart three times as fast as the pattern.
ASCII_WORDS = [char.lower() if char.isalnum() else " " for char in map(chr, range(128))]
ASCII_WORDS[ord("%")] = " percent "
ASCII_LINES = {**dict(enumerate(ASCII_WORDS)), ord("\n"): "\n"}
RAISED = re.compile("([\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2150-\u215e])")  # "Alien³"
PERSON = "\ue001"  # marks a word of a person's name; no word of a title contains it


@lru_cache(maxsize=1_000)  # one title or query is asked about several times in a row
def search_key(text: str) -> str:
    """A title as people type it: lower case, no accents, no punctuation.

    >>> search_key("Amélie: L'Été")
    'amelie l ete'
    """
    if text.isascii():
        return " ".join(text.translate(ASCII_WORDS).split())
    decomposed = unicodedata.normalize("NFKD", RAISED.sub(r" \1 ", text).replace("%", " percent "))
    text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(WORD.findall(text.casefold().translate(PLAIN)))


def search_keys(texts: Iterable[str]) -> list[str]:
    """search_key() of each text. Those in ASCII are taken apart all at once, which is faster."""
    texts = [*texts]
    is_plain = [text.isascii() and "\n" not in text for text in texts]
    lines = "\n".join(compress(texts, is_plain)).translate(ASCII_LINES).split("\n")
    plain = iter(lines)
    return [
        " ".join(next(plain).split()) if is_ascii else search_key(text)
        for text, is_ascii in zip(texts, is_plain, strict=True)
    ]


def telling_words(title: str) -> list[str]:
    """The words of a title that may tell what it is about, each once, in alphabetical order."""
    return sorted(set(search_key(title).split()) - STOP_WORDS)


def title_key(title: str) -> str:
    """What a title is equal to, however it is worded; itself, if it has no words ("$$$").

    >>> title_key("The Spies & the Doctor: Part Two")
    'the spies the dr pt 2'
    """
    return " ".join(reworded(search_key(title).split())) or title.strip().casefold()


def search_names(names: str) -> str:
    """What a title is found by: its names as they are and as else people write them.

    Args:
        names: one on each line.

    >>> search_names("Spider-Man & Co: Part II")
    'spider man co part ii spiderman and pt 2'
    """
    return " ".join([word for name in names.splitlines() for word in _name_words(name)])


def person_words(names: Iterable[str]) -> list[str]:
    """What people's titles are found by: of each name its words, marked.

    >>> person_words(["Ada Berg"]) == [f"{PERSON}ada {PERSON}berg"]
    True
    """
    return [" ".join([PERSON + word for word in key.split()]) for key in search_keys(names)]


def _name_words(name: str) -> Iterator[str]:
    key = search_key(name)
    yield key
    if key == name.casefold() and OFTEN_REWORDED.isdisjoint(key.split()):
        return
    for chunk in name.split():
        if chunk.isascii() and chunk.isalnum():
            continue  # one word, which the key has
        joined = search_key(chunk).split()
        if len(joined) > 1 and not re.search(f"[{WITHOUT_SPACES}]", chunk):
            yield "".join(joined)
    if "&" in name or "+" in name:
        yield "and"
    words = key.split()
    yield from (word for word in reworded(words) if word not in words)
