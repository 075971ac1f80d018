"""Where a film is from, told by invented names in the shape of IMDb's."""

from pathlib import Path

import pytest

from rec_platform_tests.assets.raw_rows import build, write_raw

Origin = tuple[str | None, str | None]
UNKNOWN = (None, None)


def origin(root: Path, primary: str, original: str, *akas: str) -> Origin:
    """Country and language of a film with these names, each `title|region|language[|types]`."""
    rows = [text.split("|") for text in akas]
    names = [
        f"tt1|{number}|{'|'.join(row[:3])}|{row[3] if len(row) > 3 else '-'}|-|0"
        for number, row in enumerate(rows, 1)
    ]
    warehouse = write_raw(
        root,
        {
            "title_basics": f"tt1|movie|{primary}|{original}|0|1999|-|90|Drama",
            "title_akas": "\n".join([f"tt1|99|{original}|-|-|original|-|1", *names]),
            "title_ratings": "tt1|5.5|100",
        },
    )
    build(warehouse, "world")
    table = warehouse.query(
        "SELECT title_id, coalesce(country, '') AS country, coalesce(language, '') AS language "
        "FROM title_origins"
    )
    assert table["title_id"].tolist() == ["tt1"]
    return table.loc[0, "country"] or None, table.loc[0, "language"] or None


@pytest.mark.parametrize(
    ("akas", "expected"),
    [
        (["Le Phare|FR|-", "The Lighthouse|US|-", "Der Turm|DE|-"], ("FR", "fr")),
        (["Le Phare|FR|-", "Le Phare|CA|fr", "Le Phare|BE|-"], ("FR", None)),  # Belgium has two
        (["Le Phare|CA|fr", "The Lighthouse|US|-"], ("CA", "fr")),
        (["Le Phare|FR|-", "Le Phare|IT|-"], UNKNOWN),
        (["Le Phare|AR|-", "Le Phare|MX|-"], (None, "es")),
        (["Le Phare|IN|ml"], ("IN", "ml")),
        (["Le Phare|IN|-"], ("IN", None)),
        (["The Lighthouse|US|-"], UNKNOWN),
    ],
)
def test_a_film_is_from_where_it_goes_by_its_original_name(
    tmp_path: Path, akas: list[str], expected: Origin
) -> None:
    assert origin(tmp_path, "The Lighthouse", "Le Phare", *akas) == expected


def test_accents_that_the_original_title_lacks_are_no_difference(tmp_path: Path) -> None:
    names = ("Köşk İçin Ağıt|TR|-", "Kosk Icin Agit|DE|-")
    assert origin(tmp_path / "1", "Elegy", "Kosk icin agit", names[0].replace("İ", "i")) == (
        "TR",
        "tr",
    )
    assert origin(tmp_path / "2", "Elegy", "Kosk Icin Agit", "Swiatlo|PL|-", names[1]) == (
        "DE",
        "de",
    )


@pytest.mark.parametrize(
    "aka",
    [
        *("Le Phare|XWW|-", "Le Phare|FR|-|working", "Le Phare|DE|-|festival"),
        *("Le Phare|US|-", "Le Phare|IN|en", "Le Phare|AE|-", "Le Phare|JP|ja"),
    ],
)
def test_a_borrowed_or_unofficial_name_is_no_sign(tmp_path: Path, aka: str) -> None:
    assert origin(tmp_path, "The Lighthouse", "Le Phare", aka, "Der Turm|DE|-") == UNKNOWN


def test_a_name_that_was_copied_once_may_be_a_copy_everywhere(tmp_path: Path) -> None:
    assert origin(tmp_path, "The Spell", "Zhou", "Zhou|PL|-", "Zhou|TW|-") == UNKNOWN


@pytest.mark.parametrize("regions", [["US"], ["GB"], ["US", "GB"]])
def test_english_speaking_regions_alone_tell_nothing(tmp_path: Path, regions: list[str]) -> None:
    names = [f"Lighthouse|{region}|-" for region in regions]
    assert origin(tmp_path / "1", "Lighthouse", "Lighthouse", *names) == UNKNOWN
    known = origin(tmp_path / "2", "Lighthouse", "Lighthouse", *names, "Der Turm|DE|-")
    assert known == (regions[0] if len(regions) == 1 else None, "en")
