"""Series: which films belong together, found by their titles and the people they share.

IMDb's files do not tell. Each title has a stem: what is before a colon, without articles and
number ("Toy Story 3" and "Toy Story" have one). Two films are linked where

1. they have one stem and a genre in common, and the later one has a subtitle or a number a little
   higher ("Jaws 2"), be it in its original title or another name: "Peninsula" is "Busanhaeng 2";
2. the title of one has two telling words or more and stands whole in the other's, as "Die Hard" in
   "Live Free or Die Hard"; both are well known, half of their genres are the same, and so it is
   with most films that bear those words: a name, then, and no figure of speech;
3. they share a director, writer or leading actor and begin with the same words, or share one word
   and show three signs of kinship: see _by_people;
4. one has the name that two films of a series begin or end with ("Bourne"), most films with that
   name are of the series, and half of its genres are those of a film of the series.

But for those that share somebody, films are not linked over `LONGEST_GAP` years, nor a fan's film
to what it admires: see `MOST_VOTES`. What is linked, directly or through others, is one series.
`rec_platform_tests/modelling/test_series.py` holds the rules to known series and look-alikes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rec_platform.release.text import search_key

if TYPE_CHECKING:
    import pandas as pd

Link = tuple[int, int]  # positions of two films
Words = tuple[str, ...]

LONGEST_GAP = 30
MOST_VOTES = 100  # times as many as the other film
LARGEST_STEP = 3  # from one number to the next: not all films are in a catalogue
NEXT_FILMS = 3  # how many films of its stem one is compared with
MOST_REMAKES = 3  # films with a title; of more it is no name
KNOWN_VOTES = 1_000
MOST_BEARERS = 40  # films; words in the titles of more are no name
MAKERS = ("director", "writer")
LEADS = 5  # how far down the bill an actor is a leading one
MOST_NAMESAKES = 50  # a person's films that share a word; more are an anthology's episodes
RARE, FEW = 0.001, 0.005  # share of the titles that have a word
FEWEST = 5  # titles that have a rare word, in however small a catalogue
SIGNS = 3

CUT = {"the", "a", "an", "and", "s"}  # the last of "Charlie's"
# Words that say nothing: "in the" begins many titles.
EMPTY = {
    *("of", "in", "on", "to", "for", "at", "with", "from", "by", "is", "it", "no", "not", "be"),
    *("my", "your", "his", "her", "me", "you", "we", "do"),
}
COUNTERS = {"part", "chapter", "episode", "vol", "volume", "number", "act"}
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
SPELLED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
AGAIN = {"return", "again", "reborn", "reboot", "too", "forever"}  # as good as a 2
NUMBERS = {
    word: number for words in (ROMAN, SPELLED) for number, word in enumerate(words, start=1)
} | dict.fromkeys(AGAIN, 2)
SUBTITLE = re.compile(r":\s+|\s[-\N{EN DASH}\N{EM DASH}]\s")
HAS_NUMBER = r"\d|\b[IVX]+\b"


class Name(NamedTuple):
    """A title taken apart, its words as they are compared."""

    words: Words
    stem: Words
    number: int  # 1 where it has none
    subtitle: int  # how many words are before it, 0 where there is none


def name(title: str) -> Name:
    """Take a title apart.

    >>> name("The Spies 2: Reloaded")
    Name(words=('spie', '2', 'reloaded'), stem=('spie',), number=2, subtitle=2)
    """
    head, *rest = SUBTITLE.split(title, maxsplit=1)
    words, stem = _words(title), _words(head)
    before = len(stem)
    number = _number(words[-1]) if rest else 0
    while len(stem) > 1 and (stem[-1] in COUNTERS or _number(stem[-1])):
        number = _number(stem[-1]) or number
        stem = stem[:-1]
    return Name(words, stem, number or 1, before if rest else 0)


def _words(text: str) -> Words:
    """The words but for articles and plurals: "Aliens" begins like "Alien"."""
    words = (word for word in search_key(text).split() if word not in CUT)
    return tuple(word.removesuffix("s") if len(word) > 3 else word for word in words)


def _number(word: str) -> int:
    """The number that a word is; 0 where it is none."""
    if word.isdecimal() and len(word) < 3:
        return int(word)
    return NUMBERS.get(word, 0)


def _telling(words: Words) -> set[str]:
    """The words that say what a title is about."""
    dull = EMPTY | COUNTERS
    return {word for word in words if len(word) > 1 and word not in dull and not _number(word)}


class _Films:
    """The films as the rules look at them, in order of year, each by its position.

    Attributes:
        words: of each, its telling words.
        counts: of each telling word, how many films have it.
        starts: of two words or more, how many films begin with them.
    """

    def __init__(self, titles: "pd.DataFrame") -> None:
        self.ids = titles["title_id"].to_numpy()
        self.names = [name(title) for title in titles["title"]]
        self.years = titles["year"].tolist()
        self.votes = titles["votes"].tolist()
        self.genres = [frozenset(text.split(",")) for text in titles["genres"]]
        self.words = [_telling(found.words) for found in self.names]
        self.counts = Counter(word for words in self.words for word in words)
        self.starts = Counter(
            found.words[:end] for found in self.names for end in range(2, len(found.words) + 1)
        )

    def are_alike(self, one: int, other: int) -> bool:
        """Whether half of the genres of two films are the same."""
        first, second = self.genres[one], self.genres[other]
        return 2 * len(first & second) >= len(first | second)

    def are_near(self, one: int, other: int) -> bool:
        """Whether neither their years nor their votes are too far apart."""
        less, more = sorted((self.votes[one], self.votes[other]))
        gap = abs(self.years[one] - self.years[other])
        return gap <= LONGEST_GAP and more <= MOST_VOTES * max(less, 1)

    def is_documentary(self, one: int) -> bool:
        """Whether a film may have a subject's name for no other reason than to be about it."""
        return "Documentary" in self.genres[one]


def find_series(
    titles: "pd.DataFrame", people: "pd.DataFrame", akas: "pd.DataFrame"
) -> tuple[np.ndarray, np.ndarray]:
    """The series of each title, and its place in it.

    A place is told where it is beyond doubt: where the number in the title, or in that of a later
    film, is the same as the place by year. A film may be missing from the catalogue.

    Args:
        titles: title_id, title, original_title, year, genres, votes; in any order.
        people: title_id, person_id, role, billing.
        akas: title_id, name.

    Returns:
        Two arrays (titles,) int: the same number for films of one series, -1 for those of none;
        and the place in the series, from 1, or 0 where it is not told.
    """
    order = np.lexsort((titles["title_id"], titles["year"]))
    films = _Films(titles.iloc[order])
    links = [*_by_stem(films, _other_names(titles, akas))]
    links += [*_by_title(films), *_by_people(films, people)]
    links += _by_name(films, links, _connected(links, len(order)))
    component = _connected(links, len(order))
    found = np.where(np.bincount(component)[component] > 1, component, -1)
    series, place = np.empty_like(found), np.empty_like(found)
    series[order], place[order] = found, _places(films, found)
    return series, place


def _other_names(titles: "pd.DataFrame", akas: "pd.DataFrame") -> "pd.DataFrame":
    """Original titles, and other names with a number: title_id, name."""
    import pandas as pd

    original = titles[titles["original_title"] != titles["title"]]
    original = original[["title_id", "original_title"]].set_axis(["title_id", "name"], axis=1)
    return pd.concat([original, akas[akas["name"].str.contains(HAS_NUMBER)]])


def _connected(links: list[Link], count: int) -> np.ndarray:
    """A number for each film, the same for what is linked, directly or through others."""
    one, other = np.array(links, dtype="int64").reshape(-1, 2).T
    graph = coo_array((np.ones(len(links)), (one, other)), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _places(films: _Films, series: np.ndarray) -> list[int]:
    members = defaultdict(list)
    for film, found in enumerate(series.tolist()):
        members[found].append(film)
    places = [0] * len(series)
    for found, group in members.items():
        numbers = [films.names[film].number for film in group]
        agreed = [place for place, number in enumerate(numbers, start=1) if place == number > 1]
        if found >= 0 and agreed:
            for place, film in enumerate(group[: agreed[-1]], start=1):
                places[film] = place
    return places


def _by_stem(films: _Films, others: "pd.DataFrame") -> Iterator[Link]:
    """Rule 1: link each film to those before it that have its stem."""
    position = {title_id: film for film, title_id in enumerate(films.ids)}
    groups = defaultdict(list)
    for film, found in enumerate(films.names):
        groups[found.stem].append((film, found, True))
    for title_id, text in zip(others["title_id"], others["name"], strict=True):
        found = name(text)
        groups[found.stem].append((position[title_id], found, False))
    for stem in filter(_telling, groups):
        group = sorted(groups[stem])
        bare = sum(found.words == stem for _, found, _ in group)
        is_name = bare <= MOST_REMAKES and len(group) <= MOST_BEARERS
        for step in range(1, NEXT_FILMS + 1):
            for one, other in zip(group, group[step:], strict=False):
                if _is_sequel(films, one, other, is_name):
                    yield one[0], other[0]


def _is_sequel(
    films: _Films, one: tuple[int, Name, bool], other: tuple[int, Name, bool], is_name: bool
) -> bool:
    (earlier, first, is_title), (later, second, is_title_too) = one, other
    is_next = 0 < second.number - first.number <= LARGEST_STEP
    if is_title and is_title_too:
        is_next |= is_name and second.subtitle > 0 and not films.is_documentary(later)
        is_kin = not films.genres[earlier].isdisjoint(films.genres[later])
    else:  # distributors call many a film a sequel
        is_kin = films.are_alike(earlier, later)
    return is_next and is_kin and films.are_near(earlier, later)


def _by_title(films: _Films) -> Iterator[Link]:
    """Rule 2: link a film to those that bear its whole title."""
    known = [
        film
        for film, votes in enumerate(films.votes)
        if votes >= KNOWN_VOTES and not films.is_documentary(film)
    ]
    stems = {films.names[film].stem for film in known}
    bearers = _bearers(films, known, {stem for stem in stems if len(_telling(stem)) > 1})
    for stem, group in bearers.items():
        owners = [film for film in group if films.names[film].stem == stem]
        if len(owners) > MOST_REMAKES:
            continue
        for owner in owners:
            title = films.names[owner].words
            others = [film for film in group if films.names[film].words != title]
            alike = [film for film in others if films.are_alike(owner, film)]
            if 2 * len(alike) >= len(others):
                for film in alike:
                    found = films.names[film]
                    begins = found.words[: len(stem)] == stem
                    tells = found.number > 1 or not AGAIN.isdisjoint(found.words)
                    follows = owner < film and (begins or tells)
                    if (follows or len(alike) > 1) and films.are_near(owner, film):
                        yield owner, film


def _by_people(films: _Films, people: "pd.DataFrame") -> Iterator[Link]:
    """Rule 3: link films that share somebody and a word.

    The signs of kinship: half of the genres are the same; two people are shared; one of them is a
    director or writer of both; the word is rare; another one is shared; the titles begin with the
    same word.
    """
    import pandas as pd

    makes = people["role"].isin(MAKERS)
    chosen = people[makes | ((people["role"] == "actor") & (people["billing"] <= LEADS))]
    position = pd.Series(range(len(films.ids)), index=films.ids)
    credited = pd.DataFrame(
        {
            "film": chosen["title_id"].map(position),
            "person": chosen["person_id"],
            "makes": makes[chosen.index],
        }
    )
    credited = credited.groupby(["film", "person"], as_index=False)["makes"].max()
    words = pd.DataFrame(
        [(film, word) for film, found in enumerate(films.words) for word in sorted(found)],
        columns=["film", "word"],
    )
    table = credited.merge(words, on="film")
    table = table[table.duplicated(["person", "word"], keep=False)]
    shared: defaultdict[Link, dict[str, bool]] = defaultdict(dict)
    for (person, _), group in table.groupby(["person", "word"], sort=False):
        if len(group) <= MOST_NAMESAKES:
            credits_ = zip(group["film"].tolist(), group["makes"].tolist(), strict=True)
            for (one, makes_one), (other, makes_other) in combinations(credits_, 2):
                shared[one, other][person] = makes_one and makes_other
    rare, few = (max(FEWEST, share * len(films.ids)) for share in (RARE, FEW))
    for (one, other), persons in shared.items():
        common = films.words[one] & films.words[other]
        count = min(films.counts[word] for word in common)
        begins = _begins(films.names[one].words, films.names[other].words)
        signs = (
            films.are_alike(one, other)
            + (len(persons) > 1)
            + any(persons.values())
            + (count <= rare)
            + (len(common) > 1)
            + bool(begins)
        )
        is_name = len(begins) > 1 and _telling(begins) and films.starts[begins] <= MOST_BEARERS
        if is_name or (signs >= SIGNS and count <= few):
            yield one, other


def _by_name(films: _Films, links: list[Link], series: np.ndarray) -> Iterator[Link]:
    """Rule 4: link films to the series whose name they bear."""
    owners = defaultdict(set)
    for one, other in links:
        for words in _shared_names(films.names[one], films.names[other]):
            owners[words].add(series[one])
    for words, group in _bearers(films, range(len(series)), owners.keys()).items():
        for owner in owners[words]:
            members = [film for film in group if series[film] == owner]
            if 2 * len(members) >= len(group):
                yield from (
                    (film, member)
                    for film, member in product(group, members)
                    if films.are_alike(film, member) and films.are_near(film, member)
                )


def _shared_names(one: Name, other: Name) -> Iterator[Words]:
    """What may be the name of a series that has these two."""
    for words in (one.stem, other.stem, _begins(one.words, other.words)):
        if _telling(words):
            yield words
    ends = _begins(one.words[::-1], other.words[::-1])[::-1]
    if len(_telling(ends)) > 1:
        yield ends


def _begins(one: Words, other: Words) -> Words:
    """What both begin with."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return one[:count]


def _bearers(
    films: _Films, chosen: Iterable[int], phrases: AbstractSet[Words]
) -> dict[Words, list[int]]:
    """The chosen films that bear each phrase, but for phrases that one bears or too many."""
    bearers = defaultdict(list)
    for film in chosen:
        for words in _phrases(films.names[film]) & phrases:
            bearers[words].append(film)
    return {words: group for words, group in bearers.items() if 1 < len(group) <= MOST_BEARERS}


def _phrases(found: Name) -> set[Words]:
    """What a title or its subtitle begins with or, by more than a word, ends with."""
    words, at, count = found.words, found.subtitle, len(found.words)
    starts = {words[:end] for end in range(1, count + 1)}
    subtitles = {words[at:end] for end in range(at + 2, count + 1)}
    heads = (words, words[:at], found.stem)
    ends = {head[start:] for head in heads for start in range(len(head) - 1)}
    return starts | subtitles | ends
