"""What `rec-platform recommend` does: find the titles that somebody likes, and print their list."""

import re

from rec_platform.progress import fail, output, progress, with_year
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import basket, recommendations
from rec_platform.release.schema import Title


def liked(lookup: Lookup, text: str) -> Title:
    """The title with this id or, if it is no id, the best known title of this name."""
    left_out: list[str] = []
    read_as: list[str] = []
    if re.fullmatch(r"tt\d+", text, re.IGNORECASE):
        title = lookup.of_address(text)
    else:
        answer = lookup.find(text, limit=1)
        title = next(iter(answer.titles), None)
        left_out, read_as = answer.left_out, answer.read_as
    if title is None:
        raise fail(f"{text}: no such title in release {lookup.path.parent.name}", code=2)
    if read_as:
        progress.print(f"{text}: no title has these words; read as: {read_as[-1]}")
    if left_out:
        words = ", ".join(left_out)
        progress.print(f"{text}: no title has all of these words; left out: {words}")
    return title


def print_recommended(lookup: Lookup, liked: list[Title], limit: int, balance: float) -> None:
    """Print the list of a title with the reasons, or the one list of several."""
    for title in liked:
        progress.print(f"like {with_year(title)}")
    if len(liked) == 1:
        for similar in recommendations(lookup, liked[0], limit, balance):
            reasons = ". ".join(similar.reasons)
            output.print(f"{similar.rank:>3}  {with_year(similar.title)}: {reasons}")
        return
    for merged in basket(lookup, liked, limit, balance):
        output.print(f"{merged.rank:>3}  {with_year(merged.title)}")
        for because in merged.because:
            output.print(f"       like {because.title.title}: {'. '.join(because.reasons)}")
