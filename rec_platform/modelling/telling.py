# pyright: standard
"""What tells that two films are about the same: which of their characters, which of their keywords.

Most names of characters are no sign of it: many films have a Jack, or a police officer 2. A name
tells if a few films have it, no word of it is a number, and it has two words or more ("James Bond")
or is no given name ("Batman"). A given name is a word that longer names begin with.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from rec_platform.release.text import search_keys

MOST_TITLES = 100  # that have a character
BEARERS = 2  # longer names that begin with a word; as many make it a given name
SHORTEST = 3  # letters of a name of one word
MOST_KEYWORDS = 8  # of a title


def telling_characters(characters: pd.DataFrame) -> pd.DataFrame:
    """The characters of each title that are a sign of kinship, those of the most titles first.

    Args:
        characters: title_id, character_name; in any order.

    Returns:
        title_id, character_name in its most usual spelling.
    """
    # Many titles have the same names, so the work is done once for each name.
    number, names = pd.factorize(characters["character_name"])
    words = [key.split() for key in search_keys(names)]
    key_of_name, keys = pd.factorize(
        pd.Series([" ".join(name) for name in words], dtype="object"), sort=True
    )
    words_of_key = [key.split() for key in keys]
    bearers = Counter(longer[0] for longer in words_of_key if len(longer) > 1)
    is_name = np.array([_tells(key, bearers) for key in words_of_key], dtype=bool)
    spellings = pd.DataFrame(
        {"key": key_of_name, "name": names, "count": np.bincount(number, minlength=len(names))}
    ).sort_values(["count", "name"], ascending=[False, True])
    spelling = (
        spellings.drop_duplicates("key").set_index("key")["name"].sort_index().to_numpy(object)
    )
    table = characters[["title_id"]].assign(key=key_of_name[number])
    table = table[is_name[table["key"]]].drop_duplicates()
    count = np.bincount(table["key"], minlength=len(keys))[table["key"]]
    table = table.assign(count=count)[(count > 1) & (count <= MOST_TITLES)]
    # Keys are numbered in alphabetical order.
    table = table.sort_values(["title_id", "count", "key"], ascending=[True, False, True])
    return table[["title_id"]].assign(character_name=spelling[table["key"]])


def _tells(words: list[str], bearers: Mapping[str, int]) -> bool:
    if not words or any(word.isdigit() for word in words):
        return False
    return len(words) > 1 or (len(words[0]) >= SHORTEST and bearers.get(words[0], 0) < BEARERS)


def telling_keywords(keywords: pd.DataFrame) -> pd.DataFrame:
    """The keywords of each title that another title has, too, the weightiest and rarest first.

    Args:
        keywords: title_id, keyword, weight in 0..1; in any order.

    Returns:
        title_id, keyword; `MOST_KEYWORDS` of a title at most.
    """
    count = keywords.groupby("keyword")["title_id"].transform("size")
    rarity = np.log(keywords["title_id"].nunique() / count.to_numpy("float64"))
    table = keywords.assign(strength=keywords["weight"] * rarity)[count > 1]
    order = ["title_id", "strength", "keyword"]
    table = table.sort_values(order, ascending=[True, False, True])
    return table.groupby("title_id").head(MOST_KEYWORDS)[["title_id", "keyword"]]
