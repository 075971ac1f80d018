# pyright: standard
"""The films as the rules that find series see them: by year, taken apart into names and words."""

from collections import Counter, defaultdict
from itertools import chain

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from rec_platform.modelling.character_names import character
from rec_platform.modelling.title_names import Words, name, telling

LONGEST_GAP = 30
MOST_VOTES = 100  # times as many as the other film
FEWEST = 5  # titles that may have a rare word, however small the catalogue


class Films:
    """The films as the rules see them, in order of year, each by its position.

    Attributes:
        words: of each film, its telling words.
        counts: of each telling word, how many films have it.
        starts: of each two words or more, how many films begin with them.
        characters: of each film, those who are played in it; none where nobody knows.
    """

    def __init__(self, titles: pd.DataFrame, played: pd.DataFrame) -> None:
        self.ids = titles["title_id"].to_numpy()
        self.names = [name(title) for title in titles["title"]]
        self.years = titles["year"].tolist()
        self.votes = titles["votes"].tolist()
        combinations = {text: frozenset(text.split(",")) for text in titles["genres"].unique()}
        self.genres = [combinations[text] for text in titles["genres"]]
        self.words = [telling(title.words) for title in self.names]
        self.counts = Counter(word for words in self.words for word in words)
        self.starts = Counter(
            title.words[:end] for title in self.names for end in range(2, len(title.words) + 1)
        )
        known = {text: character(text) for text in played["character_name"].unique()}
        by_title: defaultdict[str, set[Words]] = defaultdict(set)
        # From NumPy, which hands over its strings several times as fast as pandas.
        columns = (played[name].to_numpy(object) for name in ("title_id", "character_name"))
        for title_id, text in zip(*columns, strict=True):
            if known[text]:
                by_title[title_id].add(known[text])
        self.characters = [by_title[title_id] for title_id in self.ids]

    def rare(self, share: float) -> float:
        """How many films may have a rare word, or one that few have."""
        return max(FEWEST, share * len(self.ids))

    def shared_words(self) -> csr_array:
        """Which film has which word, of those that several films have: (films, words)."""
        shared = [word for word, count in self.counts.items() if count > 1]
        number = {word: place for place, word in enumerate(shared)}
        words = [[number[word] for word in words if word in number] for words in self.words]
        ends = np.cumsum([0, *map(len, words)])
        places = np.fromiter(chain.from_iterable(words), dtype="int64")
        shape = (len(words), max(1, len(shared)))
        return csr_array((np.ones(len(places)), places, ends), shape=shape)

    def are_alike(self, first: int, second: int) -> bool:
        """Whether half of the genres of two films are the same."""
        here, there = self.genres[first], self.genres[second]
        return 2 * len(here & there) >= len(here | there)

    def are_near(self, first: int, second: int) -> bool:
        """Whether neither their years nor their votes are too far apart."""
        less, more = sorted((self.votes[first], self.votes[second]))
        gap = abs(self.years[first] - self.years[second])
        return gap <= LONGEST_GAP and more <= MOST_VOTES * max(less, 1)

    def is_documentary(self, film: int) -> bool:
        """Whether a film may bear a name only because it is about what the name stands for."""
        return "Documentary" in self.genres[film]
