"""What a corrected query was read as, in words: those of the first title that was found so.

A correction tries many readings at once, and says only which titles fit one of them. What they are
is worked out afterwards, for one title. How queries are corrected belongs in correct.py.
"""

import json
import sqlite3

from rec_platform.release.queries import facts_of, matches
from rec_platform.release.spelling import nearest, term
from rec_platform.release.text import ARTICLES, PERSON, search_key, search_names
from rec_platform.release.wording import ALONE, CONNECTIVES

MOST_WRONG = 2  # letters of a word


def words_as_read(connection: sqlite3.Connection, words: list[str], number: int) -> list[str]:
    """The words of a query as a title that it found has them, or the title's own words.

    The second is for words that are joined or split, or misspelt for another name of the title: a
    release keeps no text of those.
    """
    title, original_title, year, credited = facts_of(connection, number)
    people = [name for _, _, name in json.loads(credited)]
    said = search_names(f"{title}\n{original_title}", people).replace(PERSON, "").split()
    numbered = [(word, at) for at, word in enumerate(dict.fromkeys(said), 1)]
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
            or matches(connection, f"{term(word)}{'*' * is_last}", number)  # by another name
        )
        if is_said:
            read.append(word)
        elif near := nearest(word, is_last, MOST_WRONG, numbered):
            read += near[0].terms
        else:
            return search_key(title).split()
    return read
