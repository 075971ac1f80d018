"""Which characters and keywords are a sign that two films are about the same."""

import pandas as pd
import pytest

from rec_platform.modelling.telling import MOST_KEYWORDS, telling_characters, telling_keywords


def characters(*casts: list[str]) -> list[list[str]]:
    """Those that tell, of each title."""
    rows = [(f"tt{place}", name) for place, cast in enumerate(casts) for name in cast]
    table = telling_characters(pd.DataFrame(rows, columns=["title_id", "character_name"]))
    return [
        table["character_name"][table["title_id"] == f"tt{place}"].tolist()
        for place in range(len(casts))
    ]


@pytest.mark.parametrize("name", ["James Bond", "Batman", "Léon", "Ellen Ripley Jr."])
def test_a_name_that_two_films_have_tells(name: str) -> None:
    assert characters([name], [name], ["Eve Falk"]) == [[name], [name], []]


@pytest.mark.parametrize("name", ["Policeman 2", "Droid 47", "M", "Al", "...", ""])
def test_a_number_or_a_letter_or_two_is_no_name(name: str) -> None:
    assert characters([name], [name]) == [[], []]


def test_a_given_name_does_not_tell() -> None:
    assert characters(["Jack"], ["Jack"], ["Jack Aster", "Jack Birch"]) == [[], [], []]
    assert characters(["Batman"], ["Batman"], ["Batman Forever"]) == [["Batman"], ["Batman"], []]


def test_what_very_many_films_have_does_not_tell() -> None:
    assert characters(*[["Bus Driver"]] * 100)[0] == ["Bus Driver"]
    assert characters(*[["Bus Driver"]] * 101)[0] == []


def test_a_name_is_one_however_it_is_written_and_told_as_it_mostly_is() -> None:
    casts = characters(["James BOND", "James Bond"], ["James Bond"], ["JAMES BOND"], ["James Bond"])
    assert casts == [["James Bond"]] * 4


def test_whoever_is_in_the_most_films_comes_first() -> None:
    cast = ["Ada Berg", "Cy Dahl", "Eve Falk"]
    assert characters(cast, cast, ["Eve Falk"])[0] == ["Eve Falk", "Ada Berg", "Cy Dahl"]


def test_of_no_characters_none_tells() -> None:
    assert characters([], []) == [[], []]


def keywords(*rows: tuple[str, str, float]) -> list[tuple[str, str]]:
    table = pd.DataFrame(rows, columns=["title_id", "keyword", "weight"])
    table = telling_keywords(table.astype({"weight": "float64"}))
    return [*table.itertuples(index=False, name=None)]


def test_the_keywords_of_a_title_are_the_weightiest_and_rarest_that_another_has() -> None:
    rows = [(f"tt{place}", "war", 1.0) for place in range(5)]
    rows += [(f"tt{place}", "paradox", 0.9) for place in range(2)]
    rows += [("tt0", "robots", 0.1), ("tt1", "robots", 1.0), ("tt0", "only here", 1.0)]
    rows += [("tt9", "other", 1.0)]
    found = [keyword for title_id, keyword in keywords(*rows) if title_id == "tt0"]
    assert found == ["paradox", "war", "robots"]


def test_a_title_has_only_so_many_keywords_and_without_a_source_none() -> None:
    rows = [(f"tt{place}", f"word {word}", 0.5) for place in range(2) for word in range(20)]
    assert len(keywords(*rows)) == 2 * MOST_KEYWORDS
    assert keywords() == []
