"""What of a name is indexed, and how a query is written the same way.

How a query is answered belongs in search.py.
"""

import re
import unicodedata

ARTICLES = ("the", "a", "an")
# Letters that do not decompose into a plain letter and its accent.
PLAIN = str.maketrans("øłđðı", "olddi") | {ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"}
# Chinese and Japanese put no spaces between words: each character counts as a word.
WITHOUT_SPACES = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"[{WITHOUT_SPACES}]|[^\W_{WITHOUT_SPACES}]+")
# Most names are ASCII, and a table takes those apart three times as fast as the pattern.
ASCII_WORDS = "".join(char.lower() if char.isalnum() else " " for char in map(chr, range(128)))


def search_key(text: str) -> str:
    """A title as people type it: lower case, no accents, no punctuation.

    >>> search_key("Amélie: L'Été")
    'amelie l ete'
    """
    if text.isascii():
        return " ".join(text.translate(ASCII_WORDS).split())
    decomposed = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(WORD.findall(text.casefold().translate(PLAIN)))


def search_names(text: str) -> str:
    """What a name is found by: its key, and how else people write it.

    >>> search_names("Spider-Man & Co.")
    'spider man co spiderman and'
    """
    key = search_key(text)
    if key == text.casefold():
        return key
    words = [key]
    for chunk in text.split():
        if chunk.isascii() and chunk.isalnum():
            continue  # one word, which the key has
        joined = search_key(chunk).split()
        if len(joined) > 1 and not re.search(f"[{WITHOUT_SPACES}]", chunk):
            words.append("".join(joined))
    if "&" in text:
        words.append("and")
    return " ".join(words)
