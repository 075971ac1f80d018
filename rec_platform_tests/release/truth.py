"""Whether what is said of two titles is true of them."""

import re
from collections.abc import Collection, Sequence

from rec_platform.release.genres import WORDS
from rec_platform.release.origins import COUNTRIES, LANGUAGES
from rec_platform.release.reasons import FEW_SHARE, LITTLE, ROLES
from rec_platform.release.schema import Title

# The genre that a word stands for, alone or before another: "romantic comedies".
SAID = {word: genre for genre, words in WORDS.items() for word in words}


def check(reason: str, title: Title, other: Title, counted: "Counted | None" = None) -> str:
    """Check by other means that a reason is true of two titles.

    Args:
        reason: what is said.
        title: the one that is liked.
        other: the one that is recommended.
        counted: the titles of the release, to count what is said to be rare.

    Returns:
        What it is about. Of what it says of genres, era and country, whether one title in 50 has
        that too ("kind"), or not ("specific kind").
    """
    phrase, _, said = reason.partition(": ")
    roles = {role for role, words in ROLES.items() if words == phrase}
    if roles or "worked on both" in reason:
        _check_people(said or reason.removesuffix(" worked on both"), title, other, roles)
        return "people"
    if said or reason == LITTLE:
        return _check_pair(phrase, said, title, other)
    if "series" in reason:
        assert title.series == other.series is not None
        return "series"
    if reason == "Of the same title":
        assert title.title.casefold() == other.title.casefold()
        return "series"
    if reason.startswith("Both feature "):
        names = reason.removeprefix("Both feature ")
        assert are_of(names, set(title.characters) & set(other.characters))
        return "characters"
    if reason.startswith("Both in "):
        assert title.language and title.language == other.language
        assert reason == f"Both in {LANGUAGES[title.language]}"
        return "language"
    return _kind(reason, title, other, counted or Counted())


def are_of(text: str, names: Collection[str]) -> bool:
    """Whether a text is some of the names, and commas and "and" between them."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return bool(re.fullmatch(r"(, )*( and )?", text))


def _check_people(names: str, title: Title, other: Title, roles: Collection[str]) -> None:
    ids = [
        {credit.person_id for credit in credits if credit.role in roles or not roles}
        for credits in (title.credits, other.credits)
    ]
    shared = {credit.name for credit in title.credits if credit.person_id in ids[0] & ids[1]}
    assert are_of(names, shared)


def _check_pair(phrase: str, said: str, title: Title, other: Title) -> str:
    """Check what is said of two values: keywords, lengths, ratings, votes."""
    if phrase.endswith("in common"):
        assert are_of(said, set(title.keywords) & set(other.keywords))
        return "keywords"
    minutes = title.runtime_minutes or 0, other.runtime_minutes or 0
    is_true = {
        "Both long": said == "over three hours" and min(minutes) > 180,
        "Both short": said == "under 70 minutes" and 0 < min(minutes) <= max(minutes) < 70,
        "Liked as much": said == f"rated {other.rating:.1f}"
        and abs(title.rating - other.rating) < 0.31,
        "As well known": said == f"{other.votes:,} votes"
        and 2 / 3 <= title.votes / other.votes <= 1.5,
        LITTLE: not set(title.genres) & set(other.genres),
    }
    assert is_true[phrase]
    return "length" if phrase.startswith("Both") else "closeness"


def _kind(reason: str, title: Title, other: Title, counted: "Counted") -> str:
    text = reason.removesuffix(", a rare mix")
    claim = Claim(text)
    assert claim.holds(title) and claim.holds(other), reason
    assert claim.era or claim.genres or claim.countries
    if text != reason:
        assert len(claim.genres) > 1
        assert counted.share(" ".join(claim.genres)) <= FEW_SHARE
    is_telling = len(claim.genres) > 1 or bool(claim.countries)
    return "specific kind" if is_telling and counted.share(text) <= FEW_SHARE else "kind"


class Claim:
    """What a text says of genres, era and country, read word by word.

    Attributes:
        genres: the words that stand for a genre.
        countries: the codes of the countries that are named.
        era: "1994" or "1990s".
    """

    def __init__(self, text: str) -> None:
        words = "|".join(sorted(SAID, key=len, reverse=True))
        self.genres: list[str] = re.findall(rf"\b({words})\b", text)
        self.countries = {code for code, word in COUNTRIES.items() if f" {word} " in text}
        self.era: str = "".join(re.findall(r"\b\d{4}s?\b", text))

    def holds(self, title: Title) -> bool:
        """Whether it is true of a title."""
        decade = f"{title.year // 10 * 10}s"
        return (
            {SAID[word] for word in self.genres} <= set(title.genres)
            and (not self.countries or title.country in self.countries)
            and self.era in ("", decade, f"{title.year}")
        )


class Counted:
    """Of which share of some titles a text is true, counted once for each text."""

    def __init__(self, titles: Sequence[Title] = ()) -> None:
        self._titles = titles
        self._shares: dict[str, float] = {}

    def share(self, text: str) -> float:
        """In 0..1; 0 of no titles."""
        if text not in self._shares:
            claim = Claim(text)
            true = sum(map(claim.holds, self._titles))
            self._shares[text] = true / max(1, len(self._titles))
        return self._shares[text]
