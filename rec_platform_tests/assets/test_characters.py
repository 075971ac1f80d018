"""Who is played in a film, of tiny raw files in the shape of IMDb's."""

from pathlib import Path

import pytest

from rec_platform_tests.assets.raw_rows import build, write_raw

FILM = {
    "title_basics": "tt1|movie|Harpoon|Harpoon|0|1999|-|90|Drama",
    "title_akas": "tt1|1|Harpoon|US|-|-|-|0",
    "title_ratings": "tt1|5.5|100",
    "title_crew": "tt1|-|-",
    "name_basics": "nm1|Person|-|-|-|-",
}


def characters(root: Path, *credits_: str) -> list[str]:
    """The characters of a film with these credits, each `category|job|characters`."""
    rows = (f"tt1|{number}|nm{number}|{text}" for number, text in enumerate(credits_, 1))
    warehouse = write_raw(root, FILM | {"title_principals": "\n".join(rows)})
    build(warehouse, "world")
    table = warehouse.read("title_characters", order_by="title_id, character_name")
    assert list(table.columns) == ["title_id", "character_name"]
    assert set(table["title_id"]) <= {"tt1"}
    return table["character_name"].tolist()


def test_each_character_is_a_row_however_many_play_it(tmp_path: Path) -> None:
    played = characters(
        tmp_path,
        'actor|-|["Mallory Pike","The Cormorant"]',
        'actress|-|["Ida \\"Red\\" Lindqvist"]',
        'actor|-|["Mallory Pike"]',
        "actor|-|-",
    )
    assert played == ['Ida "Red" Lindqvist', "Mallory Pike", "The Cormorant"]


def test_who_plays_nobody_has_no_character(tmp_path: Path) -> None:
    played = characters(
        tmp_path,
        'self|-|["Self - Mallory Pike"]',
        'archive_footage|-|["Mallory Pike"]',
        "director|-|-",
        'actor|-|["Mallory Pike"]',
    )
    assert played == ["Mallory Pike"]


@pytest.mark.parametrize(
    "nobody",
    [
        *("Self", "Himself", "Herself - Host", "Narrator", "Narrator (voice)", "Host", "Voice"),
        *("Various Characters", "Additional Voices", "", " ", "Policeman", "Old Man", "The Boy"),
        *("Woman #2", "Police Officer", "Guard 1", "Mother", "Detective (as J. Doe)"),
        *("Taxi Driver", "Hotel Clerk", "The Police Chief", "First Prison Guard"),
    ],
)
def test_a_role_without_a_name_is_left_out(tmp_path: Path, nobody: str) -> None:
    assert characters(tmp_path, f'actor|-|["{nobody}","Mallory Pike"]') == ["Mallory Pike"]


@pytest.mark.parametrize(
    "somebody",
    [
        *("Captain Pike", "Old Mallory", "Detective Lindqvist", "Mother Mallory", "The Hosteller"),
        *("Womanizer", "Selfridge", "Narratora", "Voicu", "Ёлка", "ミナ", "Mallory Pike (aged 9)"),
        *("Head", "Police Chief Pike", "Driver Pike"),
    ],
)
def test_a_name_is_kept_whatever_word_it_begins_with(tmp_path: Path, somebody: str) -> None:
    assert characters(tmp_path, f'actor|-|["{somebody}"]') == [somebody]


@pytest.mark.parametrize("bad", ["[oops", "Mallory Pike", '"Mallory Pike"', '{"a":1}', "[]", "7"])
def test_what_is_no_list_is_no_character_and_hinders_no_other(tmp_path: Path, bad: str) -> None:
    assert characters(tmp_path, f"actor|-|{bad}", 'actor|-|["Ida Lindqvist"]') == ["Ida Lindqvist"]
