# pyright: standard
"""Series: which films belong together, found by their titles and the people they share.

IMDb's files do not say. Each title has a stem: the words before a colon, without articles and
number ("Toy Story 3" and "Toy Story" have the same one; see title_names.py). Two films are linked
if

1. they have the same stem and a genre in common, and the later one has a subtitle or a number a
   little higher ("Jaws 2"). The original title or another name counts too: "Peninsula" is
   "Busanhaeng 2";
2. the title of one has two telling words or more and stands whole in the other's, as "Die Hard" in
   "Live Free or Die Hard"; both are well known, and half of their genres are the same. This must
   hold for most films that bear these words: they are a name then, not a figure of speech;
3. they share a director, writer or leading actor and begin with the same words, or share one word
   and show three signs of kinship: see _by_people;
4. they share a character and who plays or makes it, whatever their titles are ("Skyfall"): see
   _by_characters;
5. one has the name that two films of a series begin or end with ("Bourne"), most films with that
   name are in the series, and half of its genres are those of a film of the series.

Except by rule 3, films are not linked over many years, and a fan's film is not linked to what it
admires: see series_films.py. Films that are linked, directly or through others, are one series.
`rec_platform_tests/modelling/test_series.py` tests the rules on series and look-alikes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rec_platform.modelling.character_names import is_full
from rec_platform.modelling.series_films import Films
from rec_platform.modelling.title_names import (
    AGAIN,
    Name,
    Words,
    beginning,
    name,
    phrases,
    shared_names,
    telling,
)

Link = tuple[int, int]  # positions of two films
_Named = tuple[int, Name, bool]  # a film, one of its names, and whether that is its title

LARGEST_STEP = 3  # from one number to the next: a catalogue does not have all films
NEXT_FILMS = 3  # how many films of its stem a film is compared with
MOST_REMAKES = 3  # films with the same title; a title of more is no name
KNOWN_VOTES = 1_000
MOST_BEARERS = 40  # films; words in the titles of more are no name
MAKERS = ("director", "writer")
LEADS = 5  # an actor billed no lower is a leading one
MOST_NAMESAKES = 50  # a person's films that share a word; more are an anthology's episodes
RARE, FEW = 0.001, 0.005  # share of the titles that have a word
SIGNS = 3
HAS_NUMBER = r"\d|\b[IVX]+\b"


def find_series(
    titles: pd.DataFrame, people: pd.DataFrame, akas: pd.DataFrame, characters: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """The series of each title, and its place in it.

    A film may be missing from the catalogue, so a place is given only if it is beyond doubt: if the
    number in the title, or in that of a later film, is the same as the place by year.

    Args:
        titles: title_id, title, original_title, year, genres, votes; in any order.
        people: title_id, person_id, role, billing.
        akas: title_id, name.
        characters: title_id, character_name.

    Returns:
        Two arrays (titles,) int: the same number for films of one series, -1 for those of none;
        and the place in the series, from 1, or 0 if it is in doubt.
    """
    order = np.lexsort((titles["title_id"], titles["year"]))
    films = Films(titles.iloc[order], characters)
    links = [*_by_stem(films, _other_names(titles, akas))]
    links += [*_by_title(films), *_by_people(films, people)]
    by_characters = [*_by_characters(films, people)]
    # Films that only share a character give their series no name.
    links += _by_name(films, links, _connected(links + by_characters, len(order)))
    links += by_characters
    component = _connected(links, len(order))
    numbers = np.where(np.bincount(component)[component] > 1, component, -1)
    series, place = np.empty_like(numbers), np.empty_like(numbers)
    series[order], place[order] = numbers, _places(films, numbers)
    return series, place


def _other_names(titles: pd.DataFrame, akas: pd.DataFrame) -> pd.DataFrame:
    """Original titles, and other names with a number: title_id, name."""
    original = titles[titles["original_title"] != titles["title"]]
    original = original[["title_id", "original_title"]].set_axis(["title_id", "name"], axis=1)
    return pd.concat([original, akas[akas["name"].str.contains(HAS_NUMBER)]])


def _connected(links: list[Link], count: int) -> np.ndarray:
    """A number for each film, the same for films that are linked, directly or through others."""
    first, second = np.array(links, dtype="int64").reshape(-1, 2).T
    graph = coo_array((np.ones(len(links)), (first, second)), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _places(films: Films, series: np.ndarray) -> list[int]:
    members: defaultdict[int, list[int]] = defaultdict(list)
    for film, its_series in enumerate(series.tolist()):
        members[its_series].append(film)
    places = [0] * len(series)
    for its_series, group in members.items():
        numbers = [films.names[film].number for film in group]
        agreed = [place for place, number in enumerate(numbers, start=1) if place == number > 1]
        if its_series >= 0 and agreed:
            for place, film in enumerate(group[: agreed[-1]], start=1):
                places[film] = place
    return places


def _by_stem(films: Films, others: pd.DataFrame) -> Iterator[Link]:
    """Rule 1: link each film to those before it that have its stem."""
    position = {title_id: film for film, title_id in enumerate(films.ids)}
    groups: defaultdict[Words, list[_Named]] = defaultdict(list)
    for film, title in enumerate(films.names):
        groups[title.stem].append((film, title, True))
    for title_id, text in others[["title_id", "name"]].to_numpy(object):
        title = name(text)
        groups[title.stem].append((position[title_id], title, False))
    for stem, named in groups.items():
        if len(named) < 2 or not telling(stem):
            continue
        group = sorted(named)
        bare = sum(title.words == stem for _, title, _ in group)
        is_name = bare <= MOST_REMAKES and len(group) <= MOST_BEARERS
        for step in range(1, NEXT_FILMS + 1):
            for earlier, later in zip(group, group[step:], strict=False):
                if _is_sequel(films, earlier, later, is_name):
                    yield earlier[0], later[0]


def _is_sequel(films: Films, earlier: _Named, later: _Named, is_name: bool) -> bool:
    (first, first_name, is_title), (second, second_name, is_title_too) = earlier, later
    is_next = 0 < second_name.number - first_name.number <= LARGEST_STEP
    if is_title and is_title_too:
        is_next |= is_name and second_name.subtitle > 0 and not films.is_documentary(second)
        is_kin = not films.genres[first].isdisjoint(films.genres[second])
    else:  # distributors call many a film a sequel
        is_kin = films.are_alike(first, second)
    return is_next and is_kin and films.are_near(first, second)


def _by_title(films: Films) -> Iterator[Link]:
    """Rule 2: link a film to those that bear its whole title."""
    known = [
        film
        for film, votes in enumerate(films.votes)
        if votes >= KNOWN_VOTES and not films.is_documentary(film)
    ]
    stems = {films.names[film].stem for film in known}
    bearers = _bearers(films, known, {stem for stem in stems if len(telling(stem)) > 1})
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
                    bearer = films.names[film]
                    begins = bearer.words[: len(stem)] == stem
                    tells = bearer.number > 1 or not AGAIN.isdisjoint(bearer.words)
                    follows = owner < film and (begins or tells)
                    if (follows or len(alike) > 1) and films.are_near(owner, film):
                        yield owner, film


def _by_people(films: Films, people: pd.DataFrame) -> Iterator[Link]:
    """Rule 3: link films that share a person and a word.

    The signs of kinship: half of the genres are the same; two people are shared; one of them is a
    director or writer of both; the word is rare; another word is shared; the titles begin with the
    same word. Where the characters of both are known and none is shared, one more sign is needed:
    "Mission to Mars" is no "Mission: Impossible".
    """
    for first, second, persons, is_by_one in _colleagues(films, people):
        common = films.words[first] & films.words[second]
        count = min(films.counts[word] for word in common)
        begins = beginning(films.names[first].words, films.names[second].words)
        here, there = films.characters[first], films.characters[second]
        is_different = bool(here) and bool(there) and here.isdisjoint(there)
        signs = (
            films.are_alike(first, second)
            + (persons > 1)
            + is_by_one
            + (count <= films.rare(RARE))
            + (len(common) > 1)
            + bool(begins)
            - is_different
        )
        is_name = len(begins) > 1 and telling(begins) and films.starts[begins] <= MOST_BEARERS
        if is_name or (signs >= SIGNS and count <= films.rare(FEW)):
            yield first, second


def _colleagues(films: Films, people: pd.DataFrame) -> Iterator[tuple[int, int, int, bool]]:
    """Films that share a person and a word: how many such people, and whether one made both."""
    makes = people["role"].isin(MAKERS).to_numpy()
    chosen = np.flatnonzero(makes | _is_leading_actor(people).to_numpy())
    film = pd.Index(films.ids).get_indexer(people["title_id"].iloc[chosen])
    person, ids = pd.factorize(people["person_id"].iloc[chosen])
    # A person with several roles in a film counts once, as a maker if one of them is.
    makers_first = np.argsort(~makes[chosen], kind="stable")
    pair = film * max(1, len(ids)) + person
    pair, row = np.unique(pair[makers_first], return_index=True)
    film, person = np.divmod(pair, max(1, len(ids)))
    makes = makes[chosen][makers_first][row]
    has_more = np.bincount(person)[person] > 1
    film, person, makes = film[has_more], person[has_more], makes[has_more]
    # Once for each of its words that other films have, too; by person and word, then by year.
    words = films.shared_words()[film]
    at = np.repeat(np.arange(len(film)), np.diff(words.indptr))
    group = person[at] * words.shape[1] + words.indices
    order = np.argsort(group, kind="stable")
    group = np.unique(group[order], return_inverse=True)[1]
    is_few = np.bincount(group)[group] <= MOST_NAMESAKES
    at, group = at[order][is_few], group[is_few]
    film, person, makes = film[at], person[at], makes[at]
    rows = [np.flatnonzero(group[step:] == group[:-step]) for step in range(1, MOST_NAMESAKES)]
    here = np.concatenate(rows)
    there = here + np.repeat(np.arange(1, MOST_NAMESAKES), [*map(len, rows)])
    table = np.column_stack([film[here], film[there], person[here], makes[here] & makes[there]])
    # Two words shared beside one person are one row.
    shared = pd.DataFrame(table, columns=["first", "second", "person", "both"]).drop_duplicates()
    shared = shared.groupby(["first", "second"], as_index=False, sort=False)["both"].agg(
        ["size", "max"]
    )
    columns = (shared[name].tolist() for name in ("first", "second", "size", "max"))
    yield from zip(*columns, strict=True)


def _by_characters(films: Films, people: pd.DataFrame) -> Iterator[Link]:
    """Rule 4: link films that share a character and a genre, and show more kinship.

    They must also share

    - a director or a leading actor; or
    - half of their genres, a second character, and two people who are no writers; or
    - half of their genres, and a rare word with which both titles begin, as "Jurassic", and which
      is not of the character's name.

    The character has a name and a surname. In the first case a single name will do, if a title
    bears it ("Batman") and half of the genres are the same. What an author wrote may be filmed by
    anybody, so writers do not count. A name in more than `MOST_BEARERS` films is a figure of
    history, or everybody's, as Dracula.
    """
    pairs = sorted(_fellows(films))
    involved = {films.ids[film] for pair in pairs for film in pair}
    crew = people[people["title_id"].isin(involved) & (people["role"] != "writer")]
    is_lead = (crew["role"] == "director") | _is_leading_actor(crew)
    everybody: defaultdict[str, set[str]] = defaultdict(set)
    leading: defaultdict[str, set[str]] = defaultdict(set)
    # From NumPy, which hands over its strings several times as fast as pandas.
    columns = (crew["title_id"].to_numpy(object), crew["person_id"].to_numpy(object), is_lead)
    for title_id, person, leads in zip(*columns, strict=True):
        everybody[title_id].add(person)
        if leads:
            leading[title_id].add(person)
    for first, second in pairs:
        here, there = films.ids[first], films.ids[second]
        common = films.characters[first] & films.characters[second]
        is_alike, is_person = films.are_alike(first, second), any(map(is_full, common))
        if not leading[here].isdisjoint(leading[there]):
            is_one = is_alike or is_person
        elif is_alike and is_person:
            begins = beginning(films.names[first].words, films.names[second].words)
            words = telling(begins).difference(*common)
            has_crew = len(common) > 1 and len(everybody[here] & everybody[there]) > 1
            is_one = has_crew or any(films.counts[word] <= films.rare(RARE) for word in words)
        else:
            is_one = False
        if is_one:
            yield first, second


def _fellows(films: Films) -> set[Link]:
    """Films of about the same time with a genre in common that share a character of few films."""
    bearers: defaultdict[Words, list[int]] = defaultdict(list)
    for film, played in enumerate(films.characters):
        for who in played:
            bearers[who].append(film)
    return {
        pair
        for who, group in bearers.items()
        if 1 < len(group) <= MOST_BEARERS
        for pair in combinations(group, 2)
        if is_full(who) or any(who[0] in films.words[film] for film in pair)
        if films.are_near(*pair) and not films.genres[pair[0]].isdisjoint(films.genres[pair[1]])
    }


def _is_leading_actor(people: pd.DataFrame) -> pd.Series:
    return (people["role"] == "actor") & (people["billing"] <= LEADS)


def _by_name(films: Films, links: list[Link], series: np.ndarray) -> Iterator[Link]:
    """Rule 5: link films to the series whose name they bear."""
    owners: defaultdict[Words, set[int]] = defaultdict(set)
    for first, second in links:
        for words in shared_names(films.names[first], films.names[second]):
            owners[words].add(series[first])
    for words, group in _bearers(films, range(len(series)), owners.keys()).items():
        for owner in owners[words]:
            members = [film for film in group if series[film] == owner]
            if 2 * len(members) >= len(group):
                yield from (
                    (film, member)
                    for film, member in product(group, members)
                    if films.are_alike(film, member) and films.are_near(film, member)
                )


def _bearers(
    films: Films, chosen: Iterable[int], names: AbstractSet[Words]
) -> dict[Words, list[int]]:
    """The chosen films that bear each name, except names that one film bears or too many."""
    bearers: defaultdict[Words, list[int]] = defaultdict(list)
    first_words = {words[0] for words in names}
    for film in chosen:
        if first_words.isdisjoint(films.names[film].words):
            continue
        for words in phrases(films.names[film]) & names:
            bearers[words].append(film)
    return {words: group for words, group in bearers.items() if 1 < len(group) <= MOST_BEARERS}
