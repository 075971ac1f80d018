import json
import sqlite3
import struct
import threading
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from rec_platform.release.blend import OPTIONAL, PARTS, WEIGHTS
from rec_platform.release.lookup import Lookup, LookupFileError
from rec_platform.release.recommend import recommendations
from rec_platform.release.schema import SCHEMA_VERSION, Cluster, Credit, Title, pack
from rec_platform.release.serving import ServingRelease, open_release
from rec_platform.release.writer import write_lookup
from rec_platform_tests.release.entries import entries

NAMES = [
    ("The Long Tide", "The Long Tide", "Die lange Flut"),
    ("Amélie's Lamp", "La Lampe d'Amélie", ""),
    ("Tide", "Tide", ""),
    ("Tidewater", "Прилив", "潮の満ち引き"),
    ("Her_Name Is X-2²", "Her_Name", "नमस्ते"),
]


def title(place: int) -> Title:
    name, original, _ = NAMES[place - 1]
    return Title(
        title_id=f"tt{place}",
        title=name,
        original_title=original,
        year=1990 + place,
        runtime_minutes=None if place == 2 else 90,
        genres=["Drama", "War"] if place % 2 else [],
        rating=7.5,
        votes=1_000 - place,
        credits=[Credit("nm1", "director", "Ann O'Nym"), Credit("nm2", "actor", "Bo Lund")],
        series=7 if place % 2 else None,
        series_place=place if place % 2 else None,
        cluster=place % 2,
        distance=place / 10,
        characters=["Ada Berg", 'Bo "B" Dahl'] if place % 2 else [],
        country="FR" if place % 2 else None,
        language="fr" if place == 1 else None,
        keywords=["time travel"] if place == 2 else [],
    )


def cluster(number: int) -> Cluster:
    return Cluster(number, f"Cluster {number}", 2 + number, ["Drama"], 1990, 1999, 7.5, 998, [], [])


def neighbours(place: int) -> bytes:
    others = [other for other in range(1, len(NAMES) + 1) if other != place]
    count = len(others)
    scores = [1 - rank / 10 for rank in range(count)]
    parts = bytes(range(count * len(PARTS)))
    return pack(struct.pack(f"<{count}I", *others), struct.pack(f"<{count}f", *scores), parts)


def write(path: Path, **release: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    places = range(1, len(NAMES) + 1)
    write_lookup(
        path,
        release={"title_count": len(NAMES)} | release,
        clusters=[cluster(0), cluster(1)],
        **entries((title(place), NAMES[place - 1][2]) for place in places),
        neighbours=map(neighbours, places),
    )
    return path


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    return Lookup(write(tmp_path_factory.mktemp("lookup") / "a #1?.sqlite", recipe={"seed": 0}))


def publish(releases: Path, release_id: str, **content: object) -> None:
    path = write(releases / release_id / "lookup.sqlite", **content)
    manifest = {"sha256": sha256(path.read_bytes()).hexdigest()}
    (path.parent / "manifest.json").write_text(json.dumps(manifest))


def point(releases: Path, release_id: str) -> None:
    (releases / "new").write_text(json.dumps({"release_id": release_id}))
    (releases / "new").replace(releases / "current.json")


def test_what_was_written_is_read(lookup: Lookup) -> None:
    assert [lookup.title(f"tt{place}") for place in range(1, 6)] == list(map(title, range(1, 6)))
    assert lookup.release["recipe"] == {"seed": 0}
    assert lookup.clusters() == [cluster(1), cluster(0)]
    assert lookup.cluster(0) == cluster(0)
    assert lookup.title("tt9") is None
    assert lookup.cluster(9) is None
    assert lookup.titles(["tt3", "tt9", "tt1"]) == [title(3), title(1)]
    assert lookup.cluster_titles(1, limit=2, offset=1) == [title(3), title(5)]
    assert lookup.random_title() in map(title, range(1, 6))


def test_neighbours_come_in_order_with_scores_and_parts(lookup: Lookup) -> None:
    stored = lookup.neighbours("tt2")
    assert [(row.number, row.score) for row in stored] == [(1, 1), (3, 0.9), (4, 0.8), (5, 0.7)]
    assert stored[1].parts == bytes(range(len(PARTS), 2 * len(PARTS)))
    assert lookup.numbered([row.number for row in stored[:2]]) == [title(1), title(3)]
    assert lookup.neighbours("tt9") == []


def test_all_neighbours_come_in_order_of_id(lookup: Lookup) -> None:
    stored = list(lookup.all_neighbours())
    assert [title_id for title_id, *_ in stored] == [f"tt{place}" for place in range(1, 6)]
    assert stored[1] == ("tt2", title(2).votes, lookup.neighbours("tt2"))
    assert lookup.title_ids() == {place: f"tt{place}" for place in range(1, 6)}


def test_a_titles_people_are_named_once_in_order() -> None:
    credits = [Credit("1", "actor", "A"), Credit("1", "writer", "A"), Credit("2", "actor", "B")]
    credited = replace(title(1), credits=credits).credited("writer", "actor")
    assert credited == [credits[0], credits[2]]
    assert title(1).credited("composer") == []


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("the long tide", "tt1"),
        ("LONG", "tt1"),
        ("tide", "tt3"),  # the exact title before the more voted one
        ("tid", "tt1"),
        ("amelie", "tt2"),
        ("lampe d'am", "tt2"),
        ("lange flut", "tt1"),
        ("прил", "tt4"),
        ("潮", "tt4"),
        ("her name", "tt5"),
        ("x-22", "tt5"),
        ("नमस्ते", "tt5"),
    ],
)
def test_a_title_is_found_by_any_of_its_names(lookup: Lookup, query: str, first: str) -> None:
    assert lookup.search(query)[0].title_id == first


def test_a_word_that_does_not_match_is_named(lookup: Lookup) -> None:
    assert lookup.find("long lamp").left_out == ["lamp"]


@pytest.mark.parametrize(
    "query", ["", "   ", "!?", '"', "'", "*", "NOT", "a AND b", "NEAR(", "\x00"]
)
def test_no_query_is_an_error(lookup: Lookup, query: str) -> None:
    assert isinstance(lookup.search(query), list)


@pytest.mark.parametrize("letter", [chr(code) for code in range(0x80, 0x2FFFF, 997)])
def test_no_letter_is_an_error(lookup: Lookup, letter: str) -> None:
    assert isinstance(lookup.search(f"a{letter}b"), list)


def test_a_lookup_cannot_be_written_to(lookup: Lookup) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        lookup._connection.execute("DELETE FROM titles")


def test_one_lookup_serves_many_threads(lookup: Lookup) -> None:
    answers: list[bool] = []

    def ask() -> None:
        answers.extend(lookup.search("tide")[0].title_id == "tt3" for _ in range(100))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 400


def test_another_schema_version_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = write(tmp_path / "old.sqlite")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE release SET value = '0' WHERE key = 'schema_version'")
    with pytest.raises(LookupFileError, match=f"reads {SCHEMA_VERSION}: run"):
        Lookup(path)


def test_a_release_of_the_version_before_is_served_without_what_it_does_not_know(
    lookup: Lookup, tmp_path: Path
) -> None:
    path = write(tmp_path / "old.sqlite")
    newer = ("characters", "country", "language", "keywords", "title_type", "end_year")
    with closing(sqlite3.connect(path)) as connection, connection:
        for column in newer:
            connection.execute(f"ALTER TABLE titles DROP COLUMN {column}")
        connection.execute("UPDATE release SET value = '4' WHERE key = 'schema_version'")
        connection.execute("DELETE FROM release WHERE key = 'shares'")
    old = Lookup(path)
    plain = replace(title(1), characters=[], country=None, language=None, keywords=[])
    assert old.title("tt1") == plain
    assert old.search("long")[0] == plain
    credit = plain.credits[0]
    assert lookup.find(credit.name).people and not old.find(credit.name).people
    assert [row.title.title_id for row in recommendations(old, plain)] == [
        row.title.title_id for row in recommendations(lookup, title(1))
    ]
    assert not any(
        "rare" in reason for row in recommendations(old, plain) for reason in row.reasons
    )


def test_a_release_with_fewer_parts_than_this_program_knows_is_served(tmp_path: Path) -> None:
    few = {name: WEIGHTS[name] for name in PARTS if name not in OPTIONAL}
    path = tmp_path / "few.sqlite"
    write_lookup(
        path,
        release={"title_count": 2, "weights": few},
        clusters=[cluster(0), cluster(1)],
        **entries((title(place), "") for place in (1, 2)),
        neighbours=[
            pack(struct.pack("<I", other), struct.pack("<f", 0.5), bytes(range(len(few))))
            for other in (2, 1)
        ],
    )
    lookup = Lookup(path)
    for balance in (0, 0.5, 1):
        (row,) = recommendations(lookup, title(1), balance=balance)
        assert row.title == title(2)
        assert row.parts == dict(zip(few, (place / 255 for place in range(len(few))), strict=True))


def test_a_release_from_before_its_column_of_deletes_was_renamed_is_searched_as_before(
    lookup: Lookup, tmp_path: Path
) -> None:
    path = write(tmp_path / "old.sqlite")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        renamed = connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'deletes,', 'forms,') WHERE name = ?",
            ("word_search",),
        )
        assert renamed.rowcount == 1
    old = Lookup(path)
    (sql,) = old._connection.execute("SELECT sql FROM sqlite_master WHERE name = 'word_search'")
    assert "forms," in sql[0] and "deletes," not in sql[0]
    for typed in ("tdie", "the logn tide", "tidewatre", "amelei"):
        assert old.search(typed) == lookup.search(typed) != []


def test_parts_that_this_program_does_not_know_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "old.sqlite", weights={"genres": 1.0, "colour": 1.0})
    with pytest.raises(LookupFileError, match="has the parts"):
        Lookup(path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"SQLite format 3\x00" + b"\x00" * 5000])
def test_a_file_that_is_no_lookup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.sqlite").write_bytes(content)
    with pytest.raises(LookupFileError, match="cannot be read"):
        Lookup(tmp_path / "x.sqlite")


def test_the_same_content_gives_the_same_file(tmp_path: Path) -> None:
    first, second = write(tmp_path / "1.sqlite"), write(tmp_path / "2.sqlite")
    assert first.read_bytes() == second.read_bytes()


def test_a_moved_pointer_is_followed(tmp_path: Path) -> None:
    serving = ServingRelease(tmp_path)
    with pytest.raises(LookupFileError, match="rec-platform refresh"):
        serving.lookup()
    for release_id in ("one", "two", "one"):
        if not (tmp_path / release_id).exists():
            publish(tmp_path, release_id)
        point(tmp_path, release_id)
        assert serving.lookup().path.parent.name == release_id
    assert serving.lookup() is serving.lookup()


@pytest.mark.parametrize(
    "harm",
    ["flip", "truncate", "no manifest", "manifest of nothing", "no file", "no pointer", "null"],
)
def test_a_damaged_release_leaves_the_old_one_serving(tmp_path: Path, harm: str) -> None:
    serving = ServingRelease(tmp_path)
    publish(tmp_path, "one")
    point(tmp_path, "one")
    serving.lookup()
    publish(tmp_path, "two")
    path = tmp_path / "two" / "lookup.sqlite"
    content = path.read_bytes()
    match harm:
        case "flip":
            path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
        case "truncate":
            path.write_bytes(content[:-1])
        case "no manifest":
            (path.parent / "manifest.json").unlink()
        case "manifest of nothing":
            (path.parent / "manifest.json").write_text("[]")
        case "null":
            (tmp_path / "current.json").write_text('{"release_id": null}')
        case "no file":
            path.unlink()
        case _:
            (tmp_path / "current.json").unlink()
    if harm not in ("no pointer", "null"):
        point(tmp_path, "two")
        with pytest.raises(LookupFileError):
            open_release(tmp_path, "two")
    assert serving.lookup().path.parent.name == "one"
    assert serving.lookup().search("tide")


def test_a_pointer_that_came_before_its_release_is_followed_when_that_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    patient, eager = ServingRelease(tmp_path), ServingRelease(tmp_path, check_seconds=0)
    publish(tmp_path, "one")
    point(tmp_path, "one")
    assert patient.lookup() and eager.lookup()
    point(tmp_path, "two")
    assert [patient.lookup().path.parent.name for _ in range(3)] == ["one"] * 3
    assert caplog.text.count("two cannot be read") == 1  # not tried on each request
    assert eager.lookup().path.parent.name == "one"
    publish(tmp_path, "two")
    assert eager.lookup().path.parent.name == "two"


def test_a_pointer_out_of_reach_leaves_the_old_one_serving(tmp_path: Path) -> None:
    serving = ServingRelease(tmp_path / "releases", check_seconds=0)
    publish(tmp_path / "releases", "one")
    point(tmp_path / "releases", "one")
    lookup = serving.lookup()
    (tmp_path / "releases").rename(tmp_path / "away")
    (tmp_path / "releases").write_text("no folder")  # to ask for a file in it is NotADirectoryError
    assert serving.lookup() is lookup
