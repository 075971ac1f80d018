import pytest

from rec_platform.modelling.title_names import beginning, name, phrases, shared_names


@pytest.mark.parametrize(
    ("title", "stem", "number"),
    [
        ("The Harpoon", ("harpoon",), 1),
        ("Harpoon 2", ("harpoon",), 2),
        ("Harpoon: Part IV", ("harpoon",), 4),
        ("Harpoon Part Two", ("harpoon",), 2),
        ("Harpoon, Vol. 3: The Deep", ("harpoon",), 3),
        ("Harpoons", ("harpoon",), 1),
        ("Harpoon - The Deep", ("harpoon",), 1),
        ("Harpoon Returns", ("harpoon",), 2),
        ("Harpoon 2000", ("harpoon", "2000"), 1),
        ("Anna & the Sea", ("anna", "sea"), 1),
        ("Ann's Sea", ("ann", "sea"), 1),
        ("12", ("12",), 1),
        ("II", ("ii",), 1),
        ("$", (), 1),
        ("Прилив 2", ("прилив",), 2),
    ],
)
def test_a_title_has_a_stem_and_a_number(title: str, stem: tuple[str, ...], number: int) -> None:
    apart = name(title)
    assert (apart.stem, apart.number) == (stem, number)


def test_two_titles_begin_alike_up_to_the_first_word_that_differs() -> None:
    assert beginning(("iron", "harpoon", "deep"), ("iron", "harpoon", "2")) == ("iron", "harpoon")
    assert beginning(("harpoon",), ("iron",)) == ()


def test_what_two_titles_may_be_called_together_says_something() -> None:
    first, second = name("The Mallory Cipher"), name("Return of the Mallory Cipher")
    assert ("mallory", "cipher") in list(shared_names(first, second))
    kin = name("Escape from Whale Isle"), name("Lost on Whale Isle")
    assert ("whale", "isle") in list(shared_names(*kin))
    assert list(shared_names(name("In 2"), name("In 3"))) == []


def test_a_title_bears_its_beginnings_and_the_ends_and_subtitle_of_two_words_or_more() -> None:
    borne = phrases(name("Iron Harpoon: Night of Whales"))
    assert {("iron",), ("iron", "harpoon"), ("night", "of"), ("of", "whale")} <= borne
    assert ("night",) not in borne and ("whale",) not in borne
