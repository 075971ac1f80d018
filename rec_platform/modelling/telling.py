# pyright: standard
"""What tells that two films are about the same: which of their characters, which of their keywords.

Most names of characters are no sign of it: many films have a Jack, or a police officer 2. A name
tells if a few films have it, no word of it is a number, and it has two words or more ("James Bond")
or is no given name ("Batman"). A given name is a word that longer names begin with.
"""

import numpy as np
import pandas as pd

from rec_platform.release.text import search_key

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
    words = [search_key(name).split() for name in characters["character_name"]]
    keys = pd.Series([" ".join(names) for names in words], index=characters.index, dtype="object")
    longer = {key: names[0] for key, names in zip(keys, words, strict=True) if len(names) > 1}
    bearers = pd.Series([*longer.values()], dtype="object").value_counts()
    given = {*bearers.index[bearers >= BEARERS]}
    is_name = [
        bool(names)
        and not any(word.isdigit() for word in names)
        and (len(names) > 1 or (len(names[0]) >= SHORTEST and names[0] not in given))
        for names in words
    ]
    table = characters.assign(key=keys)[np.array(is_name, dtype=bool)]
    spellings = table.groupby(["key", "character_name"]).size().reset_index(name="count")
    spellings = spellings.sort_values(["count", "character_name"], ascending=[False, True])
    spelling = spellings.drop_duplicates("key").set_index("key")["character_name"]
    table = table.drop_duplicates(["title_id", "key"])
    count = table.groupby("key")["title_id"].transform("size")
    table = table.assign(character_name=table["key"].map(spelling), count=count)
    table = table[(count > 1) & (count <= MOST_TITLES)]
    table = table.sort_values(["title_id", "count", "key"], ascending=[True, False, True])
    return table[["title_id", "character_name"]]


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
