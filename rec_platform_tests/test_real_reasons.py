"""The reasons in real lists: true against IMDb's own rows, and worth reading."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from rec_platform.release.lookup import Lookup
from rec_platform.release.reasons import reasons
from rec_platform.release.recommend import recommendations
from rec_platform.release.schema import Credit, Title
from rec_platform_tests.real_files import DATA
from rec_platform_tests.release.truth import Counted, check
from rec_platform_tests.test_real_data import refreshed

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="REC_REAL_DATA names no folder of real files"),
]

SPECIFIC = {"series", "people", "characters", "keywords", "language", "specific kind"}


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory, dagster_home: Path) -> Lookup:
    return refreshed(tmp_path_factory.mktemp("known"), "known-5000", dagster_home).serving()


def raw(file: str) -> pd.DataFrame:
    path = DATA / "imdb" / "known-5000" / f"{file}.tsv.gz"
    return pd.read_csv(
        path, sep="\t", dtype=str, quoting=csv.QUOTE_NONE, na_values="\\N", keep_default_na=False
    )


def raw_credits() -> dict[str, list[Credit]]:
    """Who did what in each title."""
    crew, principals = raw("title.crew"), raw("title.principals")
    names = raw("name.basics").set_index("nconst")["primaryName"].to_dict()
    rows = [
        (title_id, person, role)
        for role, column in (("director", "directors"), ("writer", "writers"))
        for title_id, people in crew.set_index("tconst")[column].dropna().items()
        for person in people.split(",")
    ]
    roles = principals["category"].replace("actress", "actor")
    rows += zip(principals["tconst"], principals["nconst"], roles, strict=True)
    credited: dict[str, list[Credit]] = {}
    for title_id, person, role in rows:
        credited.setdefault(str(title_id), []).append(Credit(person, role, names.get(person, "")))
    return credited


@pytest.fixture(scope="module")
def titles(lookup: Lookup) -> dict[str, Title]:
    """The titles of the release with the facts that the raw files have of them."""
    facts = raw("title.basics").merge(raw("title.ratings"), on="tconst").set_index("tconst")
    credited = raw_credits()
    return {
        title.title_id: replace(
            title,
            title=row["primaryTitle"],
            year=int(row["startYear"]),
            runtime_minutes=None if pd.isna(row["runtimeMinutes"]) else int(row["runtimeMinutes"]),
            genres=[] if pd.isna(row["genres"]) else row["genres"].split(","),
            rating=float(row["averageRating"]),
            votes=int(row["numVotes"]),
            credits=credited.get(title.title_id, []),
        )
        for title in lookup.numbered([*lookup.title_ids()])
        for row in (facts.loc[title.title_id],)
    }


def test_the_same_director_is_told_wherever_the_raw_file_has_the_same_person(
    lookup: Lookup, titles: dict[str, Title]
) -> None:
    directors = {
        title_id: {credit.person_id for credit in title.credits if credit.role == "director"}
        for title_id, title in titles.items()
    }
    said = 0
    for cluster in lookup.clusters():
        for title in lookup.titles(cluster.popular_titles):
            for found in recommendations(lookup, title, 24):
                shared = directors[title.title_id] & directors[found.title.title_id]
                told = any(reason.startswith("Same director") for reason in found.reasons)
                assert told == bool(shared), (title.title, found.title.title)
                said += told
    assert said > 50


def test_a_known_pair_has_the_reasons_that_a_friend_would_give(lookup: Lookup) -> None:
    dark_knight, begins, toy_story, second = lookup.titles(
        ["tt0468569", "tt0372784", "tt0114709", "tt0120363"]
    )
    director = "Same director: Christopher Nolan"
    assert reasons(dark_knight, begins, lookup.shares)[:2] == ["Of the same series", director]
    first, *rest = reasons(toy_story, second, lookup.shares)
    assert first == "Second film of the series"
    assert "Same director: John Lasseter" in rest


def test_every_reason_in_every_list_is_true_of_the_raw_rows(
    lookup: Lookup, titles: dict[str, Title]
) -> None:
    count = 0
    counted = Counted([*titles.values()])
    for listed in lookup.numbered([*lookup.title_ids()]):
        for found in recommendations(lookup, listed):
            assert found.reasons
            for reason in found.reasons:
                check(reason, titles[listed.title_id], titles[found.title.title_id], counted)
            count += 1
    assert count > 4_000 * 9


def test_most_places_under_well_known_titles_have_a_specific_reason(
    lookup: Lookup, titles: dict[str, Title]
) -> None:
    counted = Counted([*titles.values()])
    count: Counter[str] = Counter()
    for listed in lookup.numbered(range(1, 1_001)):
        for found in recommendations(lookup, listed):
            title, other = titles[listed.title_id], titles[found.title.title_id]
            kinds = [check(reason, title, other, counted) for reason in found.reasons]
            count["places"] += 1
            count["specific"] += not SPECIFIC.isdisjoint(kinds)
            count["mere kind, alone"] += kinds == ["kind"]
            count["closeness, alone"] += set(kinds) == {"closeness"} and len(kinds) == 1
    assert count["places"] == 9_000
    assert count["specific"] >= 0.6 * count["places"]
    assert count["mere kind, alone"] <= 0.25 * count["places"]
    assert not count["closeness, alone"]
