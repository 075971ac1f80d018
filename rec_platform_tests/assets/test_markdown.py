import pandas as pd

from rec_platform.assets.markdown import profiles_table, to_markdown
from rec_platform.modelling.scorecard import Scorecard
from rec_platform.release.schema import Cluster


def test_a_scorecard_is_a_table_of_the_figures_that_there_are_with_their_intervals() -> None:
    made = Scorecard(
        figures={"default": {"ndcg": 0.4, "novelty": 12.34}, "nearest": {"novelty": 9.0}},
        intervals={"default": {"ndcg": [0.35, 0.45]}},
        ratings={"users": 1_200, "asked": 34_000, "fingerprint": ""},
        note="",
        clusters={"clusters": 9, "stability": 0.5, "silhouette": None},
    )
    assert to_markdown(made).splitlines() == [
        "| lists   | NDCG@9              | novelty |",
        "|---------|---------------------|---------|",
        "| default | 0.400 (0.350-0.450) | 12.3    |",
        "| nearest |                     | 9.0     |",
        "",
        "1,200 users, 34,000 lists asked for. 9 clusters: stability 0.500",
    ]


def test_judgements_are_told_with_what_was_left_out() -> None:
    made = Scorecard(
        figures={"default": {"p9": 0.8, "auc": 0.75}},
        intervals={"default": {"p9": [0.7, 0.9]}},
        judgements={
            **{"fingerprint": "", "pairs": 1_200, "ok": 700, "missing": 3, "ambiguous": 0},
            **{"left_out_pairs": 600, "left_out": {"p9": [0.85, 0.6, 1.0], "auc": [0.7, 0.6, 0.8]}},
        },
        note="no ratings",
    )
    assert to_markdown(made).splitlines() == [
        "| lists   | p9                  | AUC   |",
        "|---------|---------------------|-------|",
        "| default | 0.800 (0.700-0.900) | 0.750 |",
        "",
        "1,200 judged pairs, 700 of them OK; 3 more have a title that is not here. "
        "By the 600 pairs left out of tuning, default: p9 0.850 (0.600-1.000), "
        "AUC 0.700 (0.600-0.800). no ratings",
    ]


def test_a_profile_is_a_row_with_the_names_of_its_first_titles() -> None:
    titles = pd.DataFrame({"title_id": ["tt1", "tt2"], "title": ["Harpoon", "Dry Land"]})
    profile = Cluster(0, "Dramas", 1_234, ["Drama"], 1990, 2000, 6.54, 5_000, ["tt2"], ["tt1"])
    assert profiles_table([profile], titles).splitlines()[2:] == [
        "| 0 | Dramas | 1,234 | Drama | 1990-2000 | 6.5 | 5,000 | Dry Land | Harpoon |"
    ]
