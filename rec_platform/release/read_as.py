"""What a corrected query was read as, in words: those of the first title that was found so.

A correction tries many readings at once, and says only which titles fit one of them. What they are
is worked out afterwards, for one title. How queries are corrected belongs in correct.py.
"""

import sqlite3
from collections.abc import Container
from itertools import count

from rec_platform.release.queries import matches, names_of
from rec_platform.release.spelling import nearest, term
from rec_platform.release.text import ARTICLES, search_key, search_names
from rec_platform.release.wording import ALONE, CONNECTIVES

MOST_WRONG = 2  # letters of a word


def words_as_read(
    connection: sqlite3.Connection, words: list[str], known: Container[str], number: int
) -> list[str]:
    """The words of a query as a title that it found has them, or the title's own words.

    The second is for words that are joined or split, or misspelt for another name of the title: a
    release keeps no text of those.

    Args:
        connection: a lookup.
        words: the query.
        known: those of its words that titles have.
        number: the title's.
    """
    title, original_title, year = names_of(connection, number)
    names = "\n".join(dict.fromkeys((title, original_title)))
    said = dict.fromkeys(search_names(names).split())
    read: list[str] = []
    for at, word in enumerate(words):
        is_last = at == len(words) - 1
        is_said = (
            word in said
            or word in ARTICLES
            or word in CONNECTIVES
            or ALONE.get(word) in said
            or (is_last and any(other.startswith(word) for other in said))
            or word in {str(year - 1), str(year), str(year + 1)}
            # By another name.
            or (word in known and matches(connection, term(word) + "*" * is_last, number))
        )
        if is_said:
            read.append(word)
        elif near := nearest(word, is_last, MOST_WRONG, zip(said, count(1))):
            read += near[0].terms
        else:
            return search_key(title).split()
    return read
