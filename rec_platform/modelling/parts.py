# pyright: standard
"""The parts of the blend: for any pairs of titles, each part in 0..1.

| part | 1 is | formula |
|---|---|---|
| series | the same series | 1 or 0: see series.py |
| people | many or rare people in weighty roles | 1 - exp(-2 s), s the sum over shared people of |
| | | role x role x rarity, rarity 1 / log2(1 + titles) |
| characters | many or rare characters | 1 - exp(-2 s), s the sum over shared characters of |
| | | rarity; telling.py says which count |
| keywords | the same rare keywords | cosine of the keywords' inverse document frequencies, each |
| | | times its weight |
| title | the same rare words | cosine of the words' inverse document frequencies |
| genres | the same genres | shared over all, each genre weighted by -ln of its share of titles |
| era | the same year | exp(-years / 10) |
| origin | the same country | 1; 0.5 where only the language is the same; UNKNOWN_ORIGIN where |
| | | neither can be compared; else 0 |
| runtime | the same length | exp(-minutes / 30) |
| tone | the same tone | 1 - what other_tone() takes off / 25.5; 0 where the gate of tone.py is |
| | | closed, which it never is within a series |
| mix | the same genres | as `genres`, but documentary and animation hardly count |
| fame | equally many votes | 1 - (log10 of the ratio / 3)^2, 0 from a thousand times on |
| rating | equally liked | 1 - difference of the trusted ratings / 4 |
| popularity | the most voted of all | log10(votes) / log10(most votes); the neighbour's own |
| quality | a trusted rating of 10 | (trusted rating - 1) / 9; the neighbour's own |

The genres' overlap is a weighted Jaccard index (Ioffe, ICDM 2010); inverse document frequency is
Sparck Jones's (1972). What a trusted rating is, facts.py says. How parts are weighed is in
release/blend.py.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from rec_platform.modelling.facts import Facts, to_bytes
from rec_platform.modelling.telling import telling_characters
from rec_platform.release.blend import LIKENESS, PARTS, UNKNOWN_ORIGIN
from rec_platform.release.formulas import (
    ERA_YEARS,
    FAME_DECADES,
    OTHER_ROLE_WEIGHT,
    RATING_WIDTH,
    ROLE_WEIGHTS,
    RUNTIME_MINUTES,
    SAME_LANGUAGE,
)
from rec_platform.release.text import STOP_WORDS, search_keys

KIN_GENRES = 0.15  # a director's comedy is no more like a horror film than anybody's


class Parts(Facts):
    """What the titles of a catalogue are compared by: what every title has, and what they share.

    Args:
        titles: title_id, title, year, runtime_minutes, genres, rating, votes; one row per title.
        people: title_id, person_id, role.
        series: (titles,) int, -1 for none: see series.py.
        characters: title_id, character_name; none where the catalogue has none.
        origins: title_id, country, language, either of them NULL where it is unknown.
        keywords: title_id, keyword, weight in 0..1; none where no source is set.

    Attributes:
        people: (titles, persons), sparse: role weight x root of rarity, so that the product of two
            rows is what the titles share.
        characters: (titles, characters), sparse, roots of rarity, likewise.
        keywords: (titles, keywords), sparse, rows of length 1.
        words: (titles, words), sparse, rows of length 1.
        country: (titles,) int, -1 where it is unknown.
        language: (titles,) int, -1 where it is unknown.
    """

    def __init__(
        self,
        titles: pd.DataFrame,
        people: pd.DataFrame,
        series: ArrayLike,
        characters: pd.DataFrame,
        origins: pd.DataFrame,
        keywords: pd.DataFrame,
    ) -> None:
        super().__init__(titles)
        self.series = np.asarray(series)
        place = pd.Series(range(len(titles)), index=titles["title_id"].to_numpy())
        self.people = _people(place, people)
        self._directors = _people(place, people[people["role"] == "director"])
        self.characters = _characters(place, characters)
        self.keywords = _keywords(place, keywords)
        origins = origins.set_index("title_id").reindex(place.index)
        self.country, self.language = (
            pd.factorize(origins[name], sort=True)[0] for name in ("country", "language")
        )
        self.words = _words(titles["title"])
        self._word_marks = _marks(self.words)
        self._of_person = sparse.csr_array(self.people.T)
        self._of_director = sparse.csr_array(self._directors.T)
        self._of_character = sparse.csr_array(self.characters.T)

    def __len__(self) -> int:
        """The number of titles."""
        return len(self.year)

    def between(self, titles: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
        """Compare pairs: each title with the neighbour at the same place.

        Args:
            titles: (pairs,) positions.
            neighbours: (pairs,) positions.

        Returns:
            (pairs, parts) uint8, each part times 255, in the order of `blend.PARTS`.
        """
        pair = titles, neighbours
        first, second = (self.combination[side] for side in pair)
        is_sibling = (self.series[titles] == self.series[neighbours]) & (self.series[titles] >= 0)
        may_be_listed = self.passes_gate[first, second] | is_sibling
        formulas = {
            "series": lambda: is_sibling,
            "people": lambda: _saturating(_rare_products(self.people, self._of_person, *pair)),
            "characters": lambda: _saturating(
                _rare_products(self.characters, self._of_character, *pair)
            ),
            "keywords": lambda: _products(self.keywords, *pair),
            "title": lambda: self._title(*pair),
            "genres": lambda: self.overlap[first, second],
            "era": lambda: np.exp(-_difference(self.year, *pair) / ERA_YEARS),
            "origin": lambda: self._origin(*pair),
            "runtime": lambda: np.exp(-_difference(self.runtime, *pair) / RUNTIME_MINUTES),
            "tone": lambda: may_be_listed * (1 - self.tone[first, second] / LIKENESS["tone"]),
            "mix": lambda: self.mix[first, second],
            "fame": lambda: 1 - (_difference(self.fame, *pair) / FAME_DECADES) ** 2,
            "rating": lambda: 1 - _difference(self.rating, *pair) / RATING_WIDTH,
            "popularity": lambda: self.popularity[neighbours],
            "quality": lambda: self.quality[neighbours],
        }
        compared = np.empty((len(titles), len(PARTS)), dtype="uint8", order="F")
        for column, name in enumerate(PARTS):
            compared[:, column] = to_bytes(formulas[name]())
        return compared

    def is_by_same_director(self, titles: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
        """Whether pairs share a director and some genres, but not the series: (pairs,) bool."""
        shared = _rare_products(self._directors, self._of_director, titles, neighbours) > 0
        first, second = self.combination[titles], self.combination[neighbours]
        is_kin = self.passes_gate[first, second] & (self.overlap[first, second] >= KIN_GENRES)
        series = self.series[titles]
        return shared & is_kin & ((series < 0) | (series != self.series[neighbours]))

    def _title(self, titles: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
        products = np.zeros(len(titles))
        may_share = np.flatnonzero(self._word_marks[titles] & self._word_marks[neighbours])
        products[may_share] = _products(self.words, titles[may_share], neighbours[may_share])
        return products

    def _origin(self, titles: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
        country, language = (
            (values[titles], values[neighbours]) for values in (self.country, self.language)
        )
        is_known = [(here >= 0) & (there >= 0) for here, there in (country, language)]
        is_same = [
            known & (here == there)
            for known, (here, there) in zip(is_known, (country, language), strict=True)
        ]
        return np.select(
            [*is_same, is_known[0] | is_known[1]], [1, SAME_LANGUAGE, 0], UNKNOWN_ORIGIN
        )


def _saturating(shared: np.ndarray) -> np.ndarray:
    return 1 - np.exp(-2 * shared)


def _difference(values: np.ndarray, titles: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    return np.abs(values[titles] - values[neighbours])


def _products(matrix: sparse.csr_array, titles: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """The product of each title's row with its neighbour's."""
    if not matrix.nnz:  # IMDb's files of people are optional
        return np.zeros(len(titles))
    return np.asarray(matrix[titles].multiply(matrix[neighbours]).sum(axis=1)).ravel()


def _rare_products(
    matrix: sparse.csr_array,
    transposed: sparse.csr_array,
    titles: np.ndarray,
    neighbours: np.ndarray,
) -> np.ndarray:
    """The same, faster where few titles share anything, as people and rare characters."""
    if not matrix.nnz or not len(titles):
        return np.zeros(len(titles))
    rows, row = np.unique(titles, return_inverse=True)
    products = sparse.csr_array(matrix[rows] @ transposed)
    products.sort_indices()
    return np.asarray(products[row, neighbours])


def _people(place: "pd.Series[int]", people: pd.DataFrame) -> sparse.csr_array:
    role, roles = pd.factorize(people["role"])
    weight = np.array([ROLE_WEIGHTS.get(name, OTHER_ROLE_WEIGHT) for name in roles] or [0.0])[role]
    person, ids = pd.factorize(people["person_id"])
    # A person with several roles in a title counts by the weightiest.
    pair = place.index.get_indexer(people["title_id"]) * len(ids) + person
    order = np.argsort(pair, kind="stable")
    starts = np.flatnonzero(np.diff(pair[order], prepend=-1))
    row, person = np.divmod(pair[order[starts]], max(1, len(ids)))
    weight = np.maximum.reduceat(weight[order], starts) if len(starts) else weight[:0]
    values = weight * _root_of_rarity(person, len(ids))
    return _matrix(row, person, values, (len(place), len(ids)))


def _characters(place: "pd.Series[int]", characters: pd.DataFrame) -> sparse.csr_array:
    table = telling_characters(characters)
    character, names = pd.factorize(table["character_name"])
    values = _root_of_rarity(character, len(names))
    return _matrix(
        place.index.get_indexer(table["title_id"]), character, values, (len(place), len(names))
    )


def _root_of_rarity(items: ArrayLike, count: int) -> np.ndarray:
    """The root of 1 / log2(1 + titles) for each place of an item that titles may share."""
    items = np.asarray(items)
    return np.sqrt(1 / np.log2(1 + np.maximum(np.bincount(items, minlength=count), 1)))[items]


def _keywords(place: "pd.Series[int]", keywords: pd.DataFrame) -> sparse.csr_array:
    keyword, names = pd.factorize(keywords["keyword"])
    rarity = np.log(len(place) / np.maximum(np.bincount(keyword, minlength=len(names)), 1))
    values = keywords["weight"].to_numpy("float64") * rarity[keyword]
    rows = keywords["title_id"].map(place)
    return _unit_rows(_matrix(rows, keyword, values, (len(place), len(names))))


def _words(titles: "pd.Series[str]") -> sparse.csr_array:
    keys = search_keys(titles.to_numpy(object))
    rows = np.repeat(np.arange(len(keys)), [key.count(" ") + 1 if key else 0 for key in keys])
    # Numbered in alphabetical order, then in that of the titles.
    word, words = pd.factorize(np.array(" ".join(keys).split(), dtype=object), sort=True)
    is_telling = np.array([text not in STOP_WORDS for text in words], dtype=bool)[word]
    pairs = np.unique(rows[is_telling] * len(words) + word[is_telling])
    rows, word = np.divmod(pairs, max(1, len(words)))
    column, words = pd.factorize(word)
    rarity = np.log(len(keys) / np.bincount(column, minlength=1))[column]
    return _unit_rows(_matrix(rows, column, rarity, (len(keys), len(words))))


def _marks(matrix: sparse.csr_array) -> np.ndarray:
    """For each row a bit for each 64th of the columns: rows without a common bit share nothing."""
    marks = np.zeros(matrix.shape[0], dtype="uint64")
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    np.bitwise_or.at(marks, rows, np.uint64(1) << (matrix.indices % 64).astype("uint64"))
    return marks


def _matrix(
    rows: ArrayLike, columns: ArrayLike, values: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_array:
    """A sparse matrix, of one empty column if it would have none."""
    places = np.asarray(rows, dtype="int32"), np.asarray(columns, dtype="int32")
    return sparse.csr_array((values, places), shape=(shape[0], max(1, shape[1])))


def _unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix with each row of length 1, unless all of it is 0."""
    length = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(length, 1e-9)) @ matrix)
