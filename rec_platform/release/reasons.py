"""Reasons: why a title is in another's list, in words that are true of both titles.

How much each part of likeness counts belongs in blend.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import combinations

from rec_platform.release.formats import FILM, noun
from rec_platform.release.genres import kind, named
from rec_platform.release.origins import COUNTRIES, LANGUAGES
from rec_platform.release.schema import Title
from rec_platform.release.shares import share

MOST_REASONS = 3
MOST_NAMES = 3
CLOSE_RATING = 0.3
CLOSE_VOTES = 1.5  # times as many
LONG_MINUTES, SHORT_MINUTES = 180, 70
# Of the titles of the release. A country of more is not worth telling; a mix of genres that fewer
# have is rare; a mix or a country, with its era, that fewer have is reason enough.
COMMON_SHARE, FEW_SHARE = 0.3, 0.025
LITTLE = "Little in common, but few here are closer"
ORDINALS = (
    *("First", "Second", "Third", "Fourth", "Fifth", "Sixth"),
    *("Seventh", "Eighth", "Ninth", "Tenth", "Eleventh", "Twelfth"),
)
# What a shared role is called, in the order of how much people care about it.
ROLES = {
    "director": "Same director",
    "writer": "Same writer",
    "actor": "Also with",
    "self": "Also with",
    "composer": "Same composer",
}


def reasons(title: Title, other: Title, shares: Mapping[str, float] | None = None) -> list[str]:
    """Why somebody who likes `title` may like `other`: one to three, the strongest first.

    What is true of many titles is told too where nothing is said that is true of few.

    Args:
        title: the one that is liked.
        other: the one that is recommended.
        shares: of the release: see shares.py. Without it no mix of genres is rare.
    """
    told = [*_series(title, other), *_people(title, other), *_characters(title, other)]
    told += _keywords(title, other)
    kind_of_film, is_rare = _kind(title, other, shares)
    told += [*kind_of_film, *_language(title, other), *_length(title, other), *_crew(title, other)]
    if told == kind_of_film and not is_rare:
        told = [*(told or [LITTLE]), *_closeness(title, other)]
    return told[:MOST_REASONS]


def _series(title: Title, other: Title) -> Iterator[str]:
    if title.series is not None and title.series == other.series:
        place = other.series_place or 0
        is_told = 0 < place <= len(ORDINALS) and other.format == FILM
        yield f"{ORDINALS[place - 1]} film of the series" if is_told else "Of the same series"
    elif title.title.casefold() == other.title.casefold():
        yield "Of the same title"


def _people(title: Title, other: Title) -> Iterator[str]:
    """The people with the same role in both, each once, in the role that counts most."""
    theirs = {(credit.person_id, credit.role) for credit in other.credits}
    shared = [credit for credit in title.credits if (credit.person_id, credit.role) in theirs]
    if not shared:
        return
    told: set[str] = set()
    for role, phrase in ROLES.items():
        people = {
            credit.person_id: credit.name
            for credit in shared
            if credit.role == role and credit.person_id not in told
        }
        if people:
            told |= people.keys()
            yield f"{phrase}: {_names(people.values())}"


def _crew(title: Title, other: Title) -> Iterator[str]:
    """The other people who worked on both, whatever their roles."""
    theirs = {(credit.person_id, credit.role) for credit in other.credits}
    people = {person_id for person_id, _ in theirs}
    shared = [credit for credit in title.credits if credit.person_id in people]
    told = {
        credit.person_id
        for credit in shared
        if credit.role in ROLES and (credit.person_id, credit.role) in theirs
    }
    rest = {credit.person_id: credit.name for credit in shared if credit.person_id not in told}
    if rest:
        yield f"{_names(rest.values())} worked on both"


def _names(names: Iterable[str]) -> str:
    *first, last = [*names][:MOST_NAMES]
    return f"{', '.join(first)} and {last}" if first else last


def _characters(title: Title, other: Title) -> Iterator[str]:
    shared = [name for name in title.characters if name in other.characters]
    if shared:
        yield f"Both feature {_names(shared)}"


def _keywords(title: Title, other: Title) -> Iterator[str]:
    shared = [keyword for keyword in title.keywords if keyword in other.keywords]
    if shared:
        yield f"{'Keywords' if len(shared) > 1 else 'Keyword'} in common: {_names(shared)}"


def _kind(title: Title, other: Title, shares: Mapping[str, float] | None) -> tuple[list[str], bool]:
    """The genres, country and era of both, in one sentence, and whether it is true of few titles.

    A country that most titles have is not told. One genre alone is never rare: it is no mix.
    """
    genres = _mix(set(title.genres) & set(other.genres), shares)
    country = title.country if title.country == other.country else None
    if country not in COUNTRIES or share(shares, (), country) > COMMON_SHARE:
        country = ""
    decade = title.year // 10 * 10
    era = f"{title.year}" if title.year == other.year else f"{decade}s"
    if decade != other.year // 10 * 10:
        era = ""
    if not (genres or country):
        return [
            f"Both of the {era}" if era.endswith("s") else f"Both of {era}"
        ] if era else [], False
    words = [COUNTRIES[country]] if country else []
    called = noun({title.format, other.format}).many
    words.append(kind(genres, called) or called)
    if era.endswith("s") and not country:
        words.insert(0, era)
    elif era:
        words.append(f"of the {era}" if era.endswith("s") else f"of {era}")
    is_rare_mix = len(genres) > 1 and share(shares, genres) <= FEW_SHARE
    said = f"Both {' '.join(words)}{', a rare mix' if is_rare_mix else ''}"
    is_telling = len(genres) > 1 or bool(country)
    return [said], is_telling and share(shares, genres, country, era) <= FEW_SHARE


def _mix(genres: AbstractSet[str], shares: Mapping[str, float] | None) -> list[str]:
    """The rarest two of some genres, or those that films are called by if none are rarer."""
    usual = named(genres)
    pairs = [named(pair) for pair in combinations(sorted(genres), len(usual))]
    rarest = [usual, *(pair for pair in pairs if len(pair) == len(usual) == 2)]
    return min(rarest, key=lambda pair: share(shares, pair))


def _language(title: Title, other: Title) -> Iterator[str]:
    """The language of both where it tells more than their countries do."""
    is_same = title.language == other.language and title.country != other.country
    if is_same and title.language in LANGUAGES and title.language != "en":
        yield f"Both in {LANGUAGES[title.language]}"


def _length(title: Title, other: Title) -> Iterator[str]:
    is_film = title.format == other.format == FILM
    if is_film and title.runtime_minutes and other.runtime_minutes:
        shorter, longer = sorted((title.runtime_minutes, other.runtime_minutes))
        if shorter > LONG_MINUTES:
            yield "Both long: over three hours"
        elif longer < SHORT_MINUTES:
            yield "Both short: under 70 minutes"


def _closeness(title: Title, other: Title) -> Iterator[str]:
    """What can be said besides, if there is nothing better."""
    if abs(title.rating - other.rating) <= CLOSE_RATING:
        yield f"Liked as much: rated {other.rating:.1f}"
    if max(title.votes, other.votes) <= CLOSE_VOTES * min(title.votes, other.votes):
        yield f"As well known: {other.votes:,} votes"
