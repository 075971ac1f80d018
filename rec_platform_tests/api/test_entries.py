"""A title in a list: nothing that a source's files say becomes HTML."""

from dataclasses import replace

import pytest

from api.entries import because, entry
from rec_platform.release.recommend import BasketRecommendation, Because
from rec_platform_tests.api.site import invented

HOSTILE = """<i>"'&"""
ESCAPED = "&lt;i&gt;&#34;&#39;&amp;"


@pytest.mark.parametrize(
    "place", ["title_id", "title", "root", "adding", "likeness", "why", "comparing", "marks"]
)
def test_each_part_of_an_entry_is_escaped(place: str) -> None:
    title = invented(1, "The Long Way")
    given = {"root": "/r", "adding": "/a=", "likeness": "90 %", "comparing": "/c=", "marks": ""}
    reasons = ["Same director"]
    if place in given:
        given[place] = HOSTILE
    elif place == "why":
        reasons.append(HOSTILE)
    else:
        title = replace(title, **{place: HOSTILE})
    html = entry(title, why=reasons, **given)
    assert HOSTILE not in html and "<i>" not in html
    assert ESCAPED in html


def test_what_a_basket_says_is_escaped() -> None:
    liked = Because(replace(invented(1, "The Long Way"), title=HOSTILE), [HOSTILE])
    (line,) = because(BasketRecommendation(1, 0.5, invented(1, "The Long Way"), [liked]))
    assert str(line) == f"Like <b><bdi>{ESCAPED}</bdi></b> &ndash; {ESCAPED}"


def test_a_basket_names_three_liked_titles_and_counts_the_rest() -> None:
    liked = [Because(invented(1, "The Long Way"), ["Same director"])] * 5
    *named, rest = because(BasketRecommendation(1, 0.5, invented(1, "The Long Way"), liked))
    assert len(named) == 3 and rest == "and like 2 more of yours"
