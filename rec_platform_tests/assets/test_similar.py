from rec_platform.assets.similar import read_catalogue
from rec_platform.modelling.neighbours import blend
from rec_platform.release.schema import NEIGHBOURS
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform_tests.conftest import Platform
from rec_platform_tests.modelling.catalogues import lists


def test_a_release_has_the_neighbours_that_the_rule_gives_for_its_tables(
    released: Platform,
) -> None:
    warehouse = DuckDBWarehouse(root=str(released.root))
    titles = warehouse.read("titles", order_by="title_id")
    ids = titles["title_id"].to_numpy()
    stored = warehouse.read("similar_titles", order_by="title_id, rank")
    expected = stored.groupby("title_id")["similar_id"].apply(list).to_dict()
    again = lists(list(blend(read_catalogue(warehouse, titles), NEIGHBOURS)))
    assert {ids[title]: ids[others].tolist() for title, others in again.items()} == expected
