"""Series: which films belong together, found by their titles and the people they share.

IMDb's files do not tell. Two films are linked where
- their stems are the same (the title before a colon, without article and number: "Toy Story 3" and
  "Toy Story") and the later one has a number, or a stem of several words and a subtitle, or
- they share a director, writer or actor and begin alike: by two words, or by a stem of one word.
What is linked, directly or through others, is one series. `rec_platform_tests/test_series.py`
holds the rule to series that everybody knows, and to look-alikes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rec_platform.lookup import search_key

if TYPE_CHECKING:
    import pandas as pd

ROLES = ("director", "writer", "actor")
LONGEST_GAP = 30  # years between two films of a series that share nobody
MOST_NAMESAKES = 50  # a person's films that begin alike; more are an anthology's episodes
ARTICLES = {"the", "a", "an"}
ROMAN = {"ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"}
COUNTERS = {"part", "chapter", "episode", "vol", "volume"}
# Two words that say nothing: "in the" begins many titles.
EMPTY = ARTICLES | {"of", "and", "in", "on", "to", "for", "at", "with", "from", "by", "is", "it"}
SUBTITLE = re.compile(r":\s+|\s[-\N{EN DASH}\N{EM DASH}]\s")


class Stem(NamedTuple):
    """What a title begins with, and what follows."""

    words: tuple[str, ...]  # all but articles
    stem: tuple[str, ...]
    is_numbered: bool
    has_subtitle: bool


def stem(title: str) -> Stem:
    """Take a title apart.

    >>> stem("The Matrix 2: Reloaded")
    Stem(words=('matrix', '2', 'reloaded'), stem=('matrix',), is_numbered=True, has_subtitle=True)
    """
    head, *rest = SUBTITLE.split(title, maxsplit=1)
    words, found = _words(title), _words(head)
    count = len(found)
    while count > 1 and _is_number(found[count - 1]):
        count -= 1
    return Stem(words, found[:count], count < len(found), bool(rest))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in search_key(text).split() if word not in ARTICLES)


def _is_number(word: str) -> bool:
    return (word.isdigit() and len(word) < 3) or word in ROMAN or word in COUNTERS


def find_series(titles: "pd.DataFrame", people: "pd.DataFrame") -> np.ndarray:
    """The series of each title.

    Args:
        titles: title_id, title, year; in any order.
        people: title_id, person_id, role.

    Returns:
        (titles,) int: the same number for films of one series, -1 for those of none.
    """
    stems = [stem(title) for title in titles["title"]]
    years = titles["year"].to_numpy()
    links = [*_by_stem(stems, years), *_by_people(stems, titles["title_id"], people)]
    if not links:
        return np.full(len(stems), -1)
    one, other = np.array(links).T
    graph = coo_array((np.ones(len(links)), (one, other)), shape=(len(stems), len(stems)))
    _, component = connected_components(graph, directed=False)
    return np.where(np.bincount(component)[component] > 1, component, -1)


def _by_stem(stems: list[Stem], years: np.ndarray) -> Iterator[tuple[int, int]]:
    """Link each sequel to the film before it that has its stem."""
    groups = defaultdict(list)
    for place in np.argsort(years, kind="stable").tolist():
        if stems[place].stem:
            groups[stems[place].stem].append(place)
    for group in groups.values():
        for earlier, later in pairwise(group):
            found = stems[later]
            tells = found.is_numbered or (found.has_subtitle and len(found.stem) > 1)
            if tells and years[later] - years[earlier] <= LONGEST_GAP:
                yield earlier, later


def _by_people(
    stems: list[Stem], title_ids: "pd.Series[str]", people: "pd.DataFrame"
) -> Iterator[tuple[int, int]]:
    """Link films that begin alike and share somebody."""
    import pandas as pd

    chosen = people[people["role"].isin(ROLES)]
    place = pd.Series(range(len(title_ids)), index=title_ids.to_numpy())
    table = pd.DataFrame(
        {"person": chosen["person_id"], "place": chosen["title_id"].map(place)}
    ).drop_duplicates()
    # "Aliens" begins like "Alien".
    first = pd.Series([found.words[0].removesuffix("s") if found.words else "" for found in stems])
    table["word"] = table["place"].map(first)
    keys = ["person", "word"]
    table = table[table.duplicated(keys, keep=False) & (table["word"] != "")]
    for _, group in table.groupby(keys, sort=False)["place"]:
        if len(group) <= MOST_NAMESAKES:
            yield from (pair for pair in combinations(group, 2) if _begin_alike(stems, *pair))


def _begin_alike(stems: list[Stem], one: int, other: int) -> bool:
    first, second = stems[one], stems[other]
    if first.stem == second.stem:
        return True
    alike = _common(first.words, second.words)
    if len(alike) > 1 and not EMPTY.issuperset(alike):
        return True
    # One word is the whole of a title: "Shrek" begins "Shrek the Third", but the "Mission" of
    # "Mission: Impossible" does not begin "Mission to Mars".
    return any(
        len(found.stem) == 1 and not found.has_subtitle and len(found.stem[0]) > 1
        for found in (first, second)
    )


def _common(one: Iterable[str], other: Iterable[str]) -> list[str]:
    common = []
    for word, also in zip(one, other, strict=False):
        if word != also:
            break
        common.append(word)
    return common
