"""People are found though their names are misspelt, and nobody is found by chance."""

import os
from dataclasses import replace
from itertools import chain
from pathlib import Path
from random import Random

import pytest

from rec_platform.release.lookup import Lookup
from rec_platform.release.misspelt_people import deletes_of_name, sound
from rec_platform.release.schema import Credit, Title
from rec_platform.release.text import ARTICLES, search_key, search_names
from rec_platform.release.wording import ALONE, CONNECTIVES
from rec_platform_tests.release.small import title, write
from rec_platform_tests.release.typos import MISTAKES, misspell

DATA = Path(os.environ.get("REC_REAL_DATA", "unset"))

# Most voted first; the title, and who made it.
CASTS = [
    ("Harbour of Ash", ["Leonard Dicapello", "Christopher Nordan"]),
    ("The Long Ferry", ["Matthew Conaghey", "Scarlett Johannes", "Zoë Śląska"]),
    ("Rushlight", ["Johnny Dapp", "Quentin Tarantello", "Augusta Rush"]),
    ("Kit", ["Martin Skorsky", "Ann Lee", "Ann Day"]),
    ("Ferry to Norden", ["Philippa Xavier"]),
    ("Quay", ["Leonard Dicapello", "Justin Zackham", "Amelia Warrender"]),
    ("Jetty", ["Justin Zackham", "Amelia Warrender"]),
    ("The Gatekeeper", ["Tom Hardie", "Matthew Conaghey"]),
]


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    people = {
        person: f"nm{n}" for n, person in enumerate(chain.from_iterable(them for _, them in CASTS))
    }
    titles = [
        replace(
            title(f"tt{n}", name, name, 1990 + n),
            credits=[Credit(people[person], "actor", person) for person in them],
        )
        for n, (name, them) in enumerate(CASTS, 1)
    ]
    path = tmp_path_factory.mktemp("cast") / "lookup.sqlite"
    return write(path, ((title, "") for title in titles), len(titles))


@pytest.mark.parametrize(
    ("query", "person"),
    [
        ("leonard dicapelo", "Leonard Dicapello"),  # one mistake, of every kind
        ("leonard dicapelol", "Leonard Dicapello"),
        ("leonard dicappello", "Leonard Dicapello"),
        ("leonard dikapello", "Leonard Dicapello"),
        ("loenard dicapello", "Leonard Dicapello"),
        ("eonard dicapello", "Leonard Dicapello"),
        ("leonrad dicapelo", "Leonard Dicapello"),  # in each word
        ("dicapelo", "Leonard Dicapello"),
        ("dicapelo leonard", "Leonard Dicapello"),
        ("kristofer nordan", "Christopher Nordan"),  # as it sounds
        ("christofer norden", "Christopher Nordan"),  # although there is a title with Norden
        ("mathew conaghy", "Matthew Conaghey"),
        ("scarlet johanes", "Scarlett Johannes"),
        ("jonny dap", "Johnny Dapp"),
        ("kwentin tarantelo", "Quentin Tarantello"),
        ("zoe slasca", "Zoë Śląska"),
        ("filipa ksavier", "Philippa Xavier"),
        ("harbour of ash kristofer nordan", "Christopher Nordan"),  # beside a title
        ("dicapelo harbour movie", "Leonard Dicapello"),
        ("martin skorski kit", "Martin Skorsky"),
    ],
)
def test_a_person_is_found_though_the_name_is_misspelt(
    cast: Lookup, query: str, person: str
) -> None:
    found = cast.find(query)
    assert [named.name for named in found.people] == [person]
    assert any(credit.name == person for credit in found.titles[0].credits)
    assert set(found.left_out) <= {"movie"}
    (read,) = found.read_as
    assert read != query and {*read.split()} & {*search_key(person).split()}


@pytest.mark.parametrize(
    ("query", "title", "read_as"),
    [
        ("leonard dicapelo 1991", "Harbour of Ash", "leonard dicapello 1991"),  # with a year
        ("1996 leonard dicapelo", "Quay", "1996 leonard dicapello"),
        ("dicapelo harbor", "Harbour of Ash", "dicapello harbour"),  # with a title
        ("leonard dicapelo harbuor", "Harbour of Ash", "leonard dicapello harbour"),
        ("matthew conaghey gatekeper", "The Gatekeeper", "matthew conaghey gatekeeper"),
        ("gatekeper hardie", "The Gatekeeper", "gatekeeper hardie"),
        ("the gatekeper conaghy 1998", "The Gatekeeper", "the gatekeeper conaghey 1998"),
        ("watch gatekeper tom hardy", "The Gatekeeper", "gatekeeper tom hardie"),
    ],
)
def test_a_misspelt_name_is_found_beside_a_year_and_another_mistake(
    cast: Lookup, query: str, title: str, read_as: str
) -> None:
    found = cast.find(query)
    assert (found.titles[0].title, found.read_as) == (title, [read_as])
    assert set(found.left_out) <= {"watch"}


def test_a_year_in_which_somebody_made_nothing_is_left_out(cast: Lookup) -> None:
    found = cast.find("leonard dicapelo 2015")
    assert [title.title for title in found.titles] == ["Harbour of Ash", "Quay"]
    assert (found.left_out, found.read_as) == (["2015"], ["leonard dicapello"])


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("dep", []),  # too short to be anybody without another name beside it
        ("kristofer dapp", ["Johnny Dapp"]),  # nobody has both names, one has this
        ("ash dicapela", []),  # a title's short word may be the name of somebody who is not here
        ("johannes dicapelo", ["Scarlett Johannes"]),
        ("leonard zzqq", []),  # a first name is too many people's
        ("ferry zzqqzz", []),
        ("lii", []),
        ("shazam", []),  # another first letter, though it sounds alike
        ("backham", []),
        ("amelie", []),  # a first name alone
        ("rightfellow", []),
        ("skorski", []),  # of one film
        ("dicapelo dikapello", []),  # a name twice
        ("tom gatekeper", []),  # a first name beside a word of a title
        ("zzqq", []),
        ("leonard " * 9 + "dicapelo", []),
    ],
)
def test_nobody_is_found_by_chance(cast: Lookup, query: str, people: list[str]) -> None:
    found = cast.find(query)
    assert [named.name for named in found.people] == people
    assert people or " " in query or not found.titles  # a word is left out, and named


def test_a_title_is_meant_rather_than_a_person(cast: Lookup) -> None:
    found = cast.find("rushligth")
    assert ([title.title for title in found.titles], found.people) == (["Rushlight"], [])


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("christopher", "kristofer"),
        ("matthew", "mathew"),
        ("scorsese", "skorcese"),
        ("zelda", "selda"),
        ("meryl", "meril"),
        ("alexander", "aleksander"),
        ("frederick", "frederik"),
    ],
)
def test_names_that_sound_alike_are_compared_as_the_same(name: str, other: str) -> None:
    assert sound(name) == sound(other)
    assert set(deletes_of_name(name)) == set(deletes_of_name(other))


# On real titles


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    """A lookup of real titles with their directors and actors, and nothing else."""
    from rec_platform_tests.real_files import warehouse

    root = tmp_path_factory.mktemp("real")
    made = ("selection", "selected_principals", "title_people")
    rows = warehouse(root, "known-5000", "us_release", *made).query("""
        SELECT titles.title_id, title, original_title, year, person_id, role, name
        FROM titles INNER JOIN title_people ON titles.title_id = title_people.title_id
        WHERE role IN ('director', 'actor')
        ORDER BY votes DESC, titles.title_id, role, billing
    """)
    titles: dict[str, Title] = {}
    for title_id, name, original_title, year, *credit in rows.itertuples(index=False):
        titles.setdefault(title_id, title(title_id, name, original_title, int(year)))
        titles[title_id].credits.append(Credit(*credit))
    content = ((title, "") for title in titles.values())
    return write(root / "lookup.sqlite", content, len(titles))


# What is typed: ~ marks what is misspelt.
TYPED = (
    "{person~} {year}",
    "{year} {person~}",
    "{title} {person~}",
    "{person~} {title} {year}",
    "{person} {title~}",
    "{title~} {surname} {year}",
    "{person~} {title~}",
)


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="REC_REAL_DATA names no folder of real files")
@pytest.mark.parametrize("typed", TYPED)
def test_real_people_are_found_beside_years_and_titles_though_either_is_misspelt(
    real: Lookup, typed: str
) -> None:
    random = Random(5)

    def wrong(text: str) -> str:
        longest = max(text.split(), key=len)
        return text.replace(longest, misspell(random, longest, random.choice(MISTAKES)), 1)

    are_found: list[bool] = []
    for meant in real.numbered(range(1, 501)):
        credit = random.choice(meant.credits)
        name, person = search_key(meant.title), search_key(credit.name)
        words = {"person": person, "title": name, "surname": person.split()[-1], "year": meant.year}
        words |= {"person~": wrong(person), "title~": wrong(name)}
        answers = real.search(typed.format_map(words), limit=3)
        if "title" in typed:
            are_found.append(meant in answers)
        else:  # any film of the person from then
            same = (each for each in answers if abs(each.year - meant.year) <= 1)
            are_found.append(any(credit in each.credits for each in same))
    assert sum(are_found) / len(are_found) >= 0.9


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="REC_REAL_DATA names no folder of real files")
def test_a_real_film_that_is_not_here_is_answered_openly_and_with_nobody(
    real: Lookup, tmp_path: Path
) -> None:
    from rec_platform_tests.real_files import warehouse

    newer = warehouse(tmp_path, "us-2022-09", "us_release").query("""
        SELECT title FROM titles WHERE year >= 2014 ORDER BY votes DESC, title_id LIMIT 1000
    """)
    silent: list[str] = []
    named: list[str] = []
    for name in newer["title"]:
        found = real.find(name, limit=3)
        if not found.titles or found.left_out:
            continue
        first = found.titles[0]
        people = [search_key(credit.name) for credit in first.credits]
        said = " ".join([search_names(f"{first.title}\n{first.original_title}"), *people])
        words = {*search_key(name).split()}.difference(ARTICLES, CONNECTIVES)
        is_literal = all(f" {ALONE.get(word, word)}" in f" {said}" for word in words)
        if not is_literal and not found.read_as:
            silent.append(name)
        if not is_literal and found.people:
            named.append(name)
    assert (silent, named) == ([], [])
