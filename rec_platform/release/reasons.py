"""Reasons: why a title is in another's list, in words that are true of both titles.

How much each part of likeness counts belongs in blend.py.
"""

from collections.abc import Iterator

from rec_platform.release.genres import kind
from rec_platform.release.schema import Title

MOST_REASONS = 3
MOST_NAMES = 3
CLOSE_RATING = 0.3
CLOSE_VOTES = 1.5  # times as many
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


def reasons(title: Title, other: Title) -> list[str]:
    """Why somebody who likes `title` may like `other`: one to three, the strongest first."""
    strong = [*_series(title, other), *_people(title, other), *_kind(title, other)]
    told = [*strong, *_crew(title, other)] or [*_closeness(title, other)]
    return told[:MOST_REASONS]


def _series(title: Title, other: Title) -> Iterator[str]:
    if title.series is not None and title.series == other.series:
        place = other.series_place or 0
        is_told = 0 < place <= len(ORDINALS)
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
            yield f"{phrase}: {_names(people)}"


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
        yield f"{_names(rest)} worked on both"


def _names(people: dict[str, str]) -> str:
    *first, last = [*people.values()][:MOST_NAMES]
    return f"{', '.join(first)} and {last}" if first else last


def _kind(title: Title, other: Title) -> Iterator[str]:
    shared = kind(genre for genre in title.genres if genre in other.genres)
    decade = title.year // 10 * 10
    if shared:
        yield f"Both {decade}s {shared}" if decade == other.year // 10 * 10 else f"Both {shared}"


def _closeness(title: Title, other: Title) -> Iterator[str]:
    """What can be said about any two titles if there is nothing better."""
    if abs(title.rating - other.rating) <= CLOSE_RATING:
        yield f"Liked as much: rated {other.rating:.1f}"
    if max(title.votes, other.votes) <= CLOSE_VOTES * min(title.votes, other.votes):
        yield f"As well known: {other.votes:,} votes"
    years, decade = abs(title.year - other.year), title.year // 10 * 10
    if decade == other.year // 10 * 10:
        yield f"Both of the {decade}s"
    else:
        yield f"{years} years apart" if years > 1 else "One year apart"
