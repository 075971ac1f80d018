"""The words of a query, and what a release knows of them.

What they may mean belongs in search.py, the questions that are asked of a lookup in queries.py.
"""

import sqlite3
from collections.abc import Container, Iterator
from functools import cached_property

from rec_platform.release.queries import known_words, words_of_people
from rec_platform.release.text import ARTICLES
from rec_platform.release.wording import reworded


class Query:
    """The words of a query, and what the release knows of them.

    Attributes:
        words: as they were typed.
        compared: as titles are compared, see reworded().
        phrasings: both, or one if they are the same.
        telling: of each phrasing, the words that tell.
        known: those that titles have, see known_words().
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        words: list[str],
        known: dict[str, float] | None = None,
    ) -> None:
        self.connection = connection
        self.words = words
        self.compared = reworded(words)
        self.phrasings = [words] if words == self.compared else [words, self.compared]
        self.telling = [*map(without_articles, self.phrasings)]
        if known is None:
            others = words if len(self.phrasings) > 1 else []
            known = known_words(connection, self.telling[-1], others)
        self.known = known

    @cached_property
    def of_people(self) -> set[str]:
        """Those words that people's names have."""
        return words_of_people(self.connection, {*self.words, *self.compared})

    def without(self, places: Container[int]) -> "Query":
        """The query without the words at these places."""
        rest = Query(self.connection, [*words_without(self.words, places)], self.known)
        if "of_people" in vars(self):  # else it may not be needed
            rest.of_people = self.of_people
        return rest


def without_articles(words: list[str]) -> list[str]:
    """The words without repetitions and articles; the last is kept, for it may be unfinished."""
    *others, last = words
    return [*dict.fromkeys(word for word in others if word not in ARTICLES), last]


def words_without(words: list[str], places: Container[int]) -> Iterator[str]:
    """The words but those at these places."""
    return (word for at, word in enumerate(words) if at not in places)
