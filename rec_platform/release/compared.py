"""Two titles of a release compared: by every part, and with the list that the second may be in.

A release stores the parts of each title with its neighbours. Here they are computed for any two.
The formulas belong in formulas.py, how parts are weighed in blend.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, prod, sqrt

from rec_platform.release import formulas
from rec_platform.release.blend import BALANCE, PART_SCALE, UNITS, UNKNOWN_ORIGIN, share_alike
from rec_platform.release.lookup import Lookup
from rec_platform.release.reasons import reasons
from rec_platform.release.recommend import SHARES
from rec_platform.release.schema import LIST_LENGTH, SCORE_DIGITS, Title
from rec_platform.release.text import telling_words
from rec_platform.release.tiles import Tiles


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two titles are, and what keeps the second out of the first one's list of nine.

    `rank` is the second's place among the first one's stored neighbours; null if it is not there.
    `score` is the share that they are alike, and `parts` what they were compared by, in 0..1.
    `points` are what each part adds to the second's place in the list: 0 at best, less is worse.
    `to_beat` are the points of the last title in the list of nine.
    """

    title: Title
    other: Title
    rank: int | None
    score: float
    reasons: list[str]
    parts: dict[str, float]
    points: dict[str, float]
    to_beat: dict[str, float]


def compare(lookup: Lookup, title: Title, other: Title) -> Comparison | None:
    """Compare a title with another; None if the release is of schema 5 or older, or has no blend.

    Keywords of two titles that are not stored as neighbours count as not shared: a release does not
    hold their weights.
    """
    if lookup.tiles is None or not lookup.compares:
        return None
    number = lookup.number(other.title_id)
    stored = lookup.neighbours(title.title_id)
    rank = next((at for at, near in enumerate(stored, start=1) if near.number == number), None)
    weights = lookup.rule.turned(BALANCE, lookup.popularity(title.votes))
    if rank:
        _, score, parts = stored[rank - 1]
    else:
        computed = _parts(lookup, lookup.tiles, title, other)
        parts = bytes(computed[name] for name in weights)
        score = share_alike(parts, weights)
    return Comparison(
        title=title,
        other=other,
        rank=rank,
        score=score,
        reasons=reasons(title, other, lookup.shares),
        parts={name: SHARES[part] for name, part in zip(weights, parts, strict=True)},
        points=_points(parts, weights),
        to_beat=_points(stored[:LIST_LENGTH][-1].parts, weights) if stored else {},
    )


def _points(parts: bytes, weights: Mapping[str, float]) -> dict[str, float]:
    return {
        name: round(weight * UNITS[name][part], SCORE_DIGITS)
        for part, (name, weight) in zip(parts, weights.items(), strict=True)
    }


def _parts(lookup: Lookup, tiles: Tiles, title: Title, other: Title) -> dict[str, int]:
    combination, place = tiles.find(title, lookup.number(title.title_id))
    other_combination, other_place = tiles.find(other, lookup.number(other.title_id))
    year, runtime, fame, rating = tiles.figures(place)
    other_year, other_runtime, other_fame, other_rating = tiles.figures(other_place)
    genres, tone = (column[other_combination] for column in tiles.compared(combination))
    is_sibling = title.series is not None and title.series == other.series
    return {
        "series": PART_SCALE * is_sibling,
        "people": formulas.shared(_people(lookup, title, other)),
        "characters": formulas.shared(_characters(lookup, title, other)),
        "keywords": 0,
        "title": _words(lookup, title, other),
        "genres": genres,
        "era": formulas.era(other_year - year),
        "origin": _origin(title, other),
        "runtime": formulas.runtime(other_runtime - runtime),
        # The gate is open within a series. What a release stores is 0 where it is closed.
        "tone": tone or PART_SCALE * is_sibling,
        "fame": formulas.fame(other_fame - fame),
        "rating": formulas.rating(other_rating - rating),
        "popularity": formulas.popularity(other_fame, lookup.most_famous),
        "quality": formulas.quality(other_rating),
    }


def _people(lookup: Lookup, title: Title, other: Title) -> float:
    """What the people of both count, each by the weightiest role in each title."""
    own, theirs = ({credit.person_id for credit in film.credits} for film in (title, other))
    total = 0.0
    for person_id in own & theirs:
        role_weights = [
            max(
                formulas.ROLE_WEIGHTS.get(credit.role, formulas.OTHER_ROLE_WEIGHT)
                for credit in film.credits
                if credit.person_id == person_id
            )
            for film in (title, other)
        ]
        _, credits_ = lookup.credits_of(person_id) or ("", [])
        film_count = len({number for number, _ in credits_})
        total += prod(role_weights) * formulas.rarity(film_count)
    return total


def _characters(lookup: Lookup, title: Title, other: Title) -> float:
    both = {*title.characters} & {*other.characters}
    return sum(map(formulas.rarity, lookup.title_counts("characters", both).values()))


def _words(lookup: Lookup, title: Title, other: Title) -> int:
    """The cosine of the inverse document frequencies of the words in both names."""
    own, theirs = ({*telling_words(film.title)} for film in (title, other))
    if own.isdisjoint(theirs):
        return 0
    counts = lookup.title_counts("title_words", own | theirs)
    rarity = {word: log(lookup.release["title_count"] / count) for word, count in counts.items()}
    lengths = [sqrt(sum(rarity[word] ** 2 for word in words)) for words in (own, theirs)]
    cosine = sum(rarity[word] ** 2 for word in own & theirs) / max(prod(lengths), 1e-9)
    return round(cosine * PART_SCALE)


def _origin(title: Title, other: Title) -> int:
    pairs = ((title.country, other.country), (title.language, other.language))
    known = [pair for pair in pairs if all(pair)]
    if not known:
        share = UNKNOWN_ORIGIN
    elif title.country and title.country == other.country:
        share = 1.0
    else:
        share = formulas.SAME_LANGUAGE * (
            title.language is not None and title.language == other.language
        )
    return round(share * PART_SCALE)
