from pathlib import Path

import dagster as dg
import pandas as pd

from rec_platform.assets.series import title_series
from rec_platform.resources.storage import LocalStorage
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.assets.notes import note

NO_ROLES = pd.DataFrame({"title_id": [], "character_name": []}, dtype=str)


def run(storage: LocalStorage, warehouse: DuckDBWarehouse) -> dg.ExecuteInProcessResult:
    """Materialise the asset from the tables that are there."""
    note(storage, warehouse, "titles", "title_people", "title_akas", "title_characters")
    return dg.materialize([title_series], resources={"storage": storage, "warehouse": warehouse})


def test_the_asset_writes_each_titles_series_and_place(tmp_path: Path) -> None:
    storage, warehouse = LocalStorage(root=str(tmp_path)), DuckDBWarehouse(root=str(tmp_path))
    titles = pd.DataFrame(
        {
            "title_id": ["tt2", "tt0", "tt1"],
            "title": ["Dry Land", "Harpoon", "Harpoon 2"],
            "original_title": ["Dry Land", "Harpoon", "Harpoon 2"],
            "title_type": "movie",
            "year": [2006, 2000, 2003],
            "genres": "Action,Thriller",
            "votes": 50_000,
        }
    )
    people = pd.DataFrame(
        {"title_id": ["tt0"], "person_id": ["nm1"], "role": ["actor"], "billing": [1]}
    )
    warehouse.write("titles", [titles])
    warehouse.write("title_people", [people])
    warehouse.write("title_akas", [pd.DataFrame({"title_id": ["tt2"], "name": ["Harpoon 3"]})])
    warehouse.write("title_characters", [NO_ROLES])
    result = run(storage, warehouse)
    table = warehouse.read("title_series", order_by="title_id")
    assert table["title_id"].tolist() == ["tt0", "tt1", "tt2"]
    assert table["place"].tolist() == [1, 2, 0]
    assert table["series"].nunique() == 1 and table["series"].min() >= 0
    (made,) = result.asset_materializations_for_node("title_series")
    assert (made.metadata["series"].value, made.metadata["titles_in_series"].value) == (1, 3)


def test_the_asset_writes_minus_one_for_titles_of_no_series(tmp_path: Path) -> None:
    storage, warehouse = LocalStorage(root=str(tmp_path)), DuckDBWarehouse(root=str(tmp_path))
    titles = pd.DataFrame(
        {"title_id": ["tt0"], "title": ["Harpoon"], "original_title": ["Harpoon"], "year": [2000]}
    ).assign(title_type="movie", genres="Drama", votes=50_000)
    people = pd.DataFrame(
        {"title_id": ["tt0"], "person_id": ["nm1"], "role": ["actor"], "billing": [1]}
    )
    warehouse.write("titles", [titles])
    warehouse.write("title_people", [people])
    warehouse.write("title_akas", [pd.DataFrame({"title_id": ["tt0"], "name": ["Harpune"]})])
    warehouse.write("title_characters", [NO_ROLES])
    run(storage, warehouse)
    table = warehouse.read("title_series", order_by="title_id")
    assert table[["series", "place"]].to_numpy().tolist() == [[-1, 0]]


def test_the_asset_reads_who_is_played(tmp_path: Path) -> None:
    storage, warehouse = LocalStorage(root=str(tmp_path)), DuckDBWarehouse(root=str(tmp_path))
    ids = ["tt0", "tt1"]
    names = {"title": ["Dry Land", "Low Tide"], "original_title": ["Dry Land", "Low Tide"]}
    titles = pd.DataFrame({"title_id": ids, **names, "title_type": "movie", "year": [2000, 2003]})
    people = pd.DataFrame({"title_id": ids, "person_id": "nm1", "role": "actor", "billing": 1})
    warehouse.write("titles", [titles.assign(genres="Drama", votes=50_000)])
    warehouse.write("title_people", [people])
    warehouse.write("title_akas", [pd.DataFrame({"title_id": ["tt0"], "name": ["Harpune"]})])
    played = pd.DataFrame({"title_id": ids, "character_name": ["Mallory Pike", "Dr. Mallory Pike"]})
    warehouse.write("title_characters", [played])
    run(storage, warehouse)
    assert warehouse.read("title_series", order_by="title_id")["series"].nunique() == 1


def test_films_and_shows_of_one_name_are_series_of_their_own(tmp_path: Path) -> None:
    storage, warehouse = LocalStorage(root=str(tmp_path)), DuckDBWarehouse(root=str(tmp_path))
    ids = ["tt0", "tt1", "tt2", "tt3"]
    names = ["Harpoon", "Harpoon", "Harpoon 2", "Harpoon 2"]
    titles = pd.DataFrame(
        {
            "title_id": ids,
            "title": names,
            "original_title": names,
            "title_type": ["movie", "tvSeries", "video", "tvMiniSeries"],
            "year": [2000, 2001, 2003, 2004],
            "genres": "Action,Thriller",
            "votes": 50_000,
        }
    )
    people = pd.DataFrame({"title_id": ids, "person_id": "nm1", "role": "actor", "billing": 1})
    warehouse.write("titles", [titles])
    warehouse.write("title_people", [people])
    warehouse.write("title_akas", [pd.DataFrame({"title_id": ids, "name": names})])
    warehouse.write("title_characters", [NO_ROLES])
    run(storage, warehouse)
    series = warehouse.read("title_series", order_by="title_id")["series"].tolist()
    assert series[0] == series[2] != series[1] == series[3] and min(series) >= 0
