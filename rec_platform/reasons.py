"""Reasons: why a title is in another's list, in words that are true of the two.

Standard library only, for the site says them. How much each part counts is in blend.py.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rec_platform.lookup import Title

MOST_NAMES = 3
CLOSE_YEARS = 3
CLOSE_RATING = 0.3
CLOSE_VOTES = 1.5  # times as many
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
# What a shared role is called, in the order in which people care.
ROLES = {
    "director": "Same director",
    "writer": "Same writer",
    "actor": "Also with",
    "self": "Also with",
    "composer": "Same composer",
}


def reasons(title: "Title", other: "Title") -> list[str]:
    """Why somebody who likes `title` may like `other`; the strongest first, never empty."""
    return [*_series(title, other), *_people(title, other), *_kind(title, other)] or [
        *_closeness(title, other)
    ]


def _series(title: "Title", other: "Title") -> Iterator[str]:
    if title.series is not None and title.series == other.series:
        place = other.series_place or 0
        name = ORDINALS[place - 1] if 0 < place <= len(ORDINALS) else f"{place}th"
        yield f"The {name} film of the series"
    elif title.title.casefold() == other.title.casefold():
        yield "A film of the same title"


def _people(title: "Title", other: "Title") -> Iterator[str]:
    theirs = {(credit.person_id, credit.role) for credit in other.credits}
    told: set[str] = set()
    for role, phrase in ROLES.items():
        shared = [
            credit
            for credit in title.credits
            if credit.role == role
            and (credit.person_id, role) in theirs
            and credit.person_id not in told
        ]
        if shared:
            told |= {credit.person_id for credit in shared}
            yield f"{phrase}: {_list([credit.name for credit in shared[:MOST_NAMES]])}"
    people = {credit.person_id for credit in other.credits} - told
    rest = {credit.person_id: credit.name for credit in title.credits if credit.person_id in people}
    if rest:
        yield f"{_list([*rest.values()][:MOST_NAMES])} worked on both"


def _kind(title: "Title", other: "Title") -> Iterator[str]:
    shared = [genre for genre in title.genres if genre in other.genres]
    decade, other_decade = title.year // 10 * 10, other.year // 10 * 10
    when = f" of the {decade}s" if decade == other_decade else ""
    if shared:
        yield f"Both {_list(shared)}{when}"
    elif when:
        yield f"Both{when}"


def _closeness(title: "Title", other: "Title") -> Iterator[str]:
    is_liked_alike = abs(title.rating - other.rating) <= CLOSE_RATING
    is_known_alike = max(title.votes, other.votes) <= CLOSE_VOTES * min(title.votes, other.votes)
    years = abs(title.year - other.year)
    if is_liked_alike:
        yield f"Liked as much: rated {other.rating:.1f}"
    if is_known_alike:
        yield f"As well known: {other.votes:,} votes"
    if years <= CLOSE_YEARS or not (is_liked_alike or is_known_alike):
        yield {0: "Of the same year", 1: "One year apart"}.get(years, f"{years} years apart")


def _list(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
