from pathlib import Path

import pytest

from rec_platform.recipe import FeaturePreset, Recipe, SelectionPreset, SimilarityRule
from rec_platform.resources.settings import SettingError


def test_the_defaults_are_those_of_the_documentation() -> None:
    assert Recipe.from_environment({}).choices() == {
        "preset": "english_like",
        "title_types": "movie",
        "min_votes": 0,
        "year_max": None,
        "features": "balanced",
        "clusters": 9,
        "seed": 0,
        "rule": "blend",
        "weights": "",
        "min_title_share": 0.8,
        "max_score_drop": 0.1,
        "force": "",
    }


def test_every_field_is_an_environment_variable() -> None:
    environment = {
        "REC_PRESET": "world",
        "REC_TITLE_TYPES": "tvSeries, movie,movie",
        "REC_MIN_VOTES": "50",
        "REC_YEAR_MAX": "2020",
        "REC_FEATURES": "original_2020",
        "REC_CLUSTERS": "12",
        "REC_SEED": "7",
        "REC_RULE": "original_2020",
        "REC_WEIGHTS": '{"fame": 1}',
        "REC_MIN_TITLE_SHARE": "0",
        "REC_MAX_SCORE_DROP": "0.5",
        "REC_FORCE": "ndcg,siblings",
        "REC_OTHER": "ignored",
    }
    assert Recipe.from_environment(environment) == Recipe(
        preset=SelectionPreset.world,
        title_types="movie,tvSeries",  # in one order, so that the same choice is the same recipe
        min_votes=50,
        year_max=2020,
        features=FeaturePreset.original_2020,
        clusters=12,
        seed=7,
        rule=SimilarityRule.original_2020,
        weights='{"fame": 1}',
        min_title_share=0,
        max_score_drop=0.5,
        force="ndcg,siblings",
    )


@pytest.mark.parametrize("types", ["tvEpisode", "movie,film", " , ", "Movie"])
def test_a_type_that_no_catalogue_holds_is_refused_with_those_that_may(types: str) -> None:
    expected = "REC_TITLE_TYPES.*movie, tvMovie, video, tvSeries, tvMiniSeries, short"
    with pytest.raises(SettingError, match=expected):
        Recipe.from_environment({"REC_TITLE_TYPES": types})


def test_an_empty_variable_is_unset() -> None:
    fields = {f"REC_{name.upper()}": "" for name in Recipe.model_fields}
    assert Recipe.from_environment(fields) == Recipe.from_environment({})


def test_the_former_name_of_a_choice_means_the_same() -> None:
    former = {"REC_PRESET": "seed", "REC_FEATURES": "seed", "REC_RULE": "seed", "REC_SEED": "3"}
    recipe = Recipe.from_environment(former).choices()
    assert {recipe[name] for name in ("preset", "features", "rule")} == {"original_2020"}
    assert recipe["seed"] == 3


def test_weights_are_the_same_from_a_file_and_as_text(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_text('{"fame": 1}')
    given = [Recipe(weights=text) for text in (str(file), '{ "fame": 1.0 }')]
    assert given[0].choices() == given[1].choices() != Recipe().choices()
    assert Recipe(weights=given[0].weights) == given[0]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REC_PRESET", "wrld"),
        ("REC_MIN_VOTES", "-1"),
        ("REC_YEAR_MAX", "soon"),
        ("REC_YEAR_MAX", "1800"),
        ("REC_CLUSTERS", "1"),
        ("REC_CLUSTERS", "101"),
        ("REC_SEED", "-1"),
        ("REC_SEED", "2147483648"),  # more than an integer of a table holds
        ("REC_MIN_TITLE_SHARE", "-0.1"),
        ("REC_MIN_TITLE_SHARE", "inf"),
        ("REC_MAX_SCORE_DROP", "nan"),
        ("REC_RULE", " "),
        ("REC_MAX_SCORE_DROP", "2"),
        ("REC_FORCE", "ncdg"),
        ("REC_WEIGHTS", "nowhere.json"),
        ("REC_WEIGHTS", '{"fame": -1}'),
        ("REC_FORCE", "ndcg siblings"),
    ],
)
def test_a_value_out_of_bounds_is_an_error_that_names_the_variable(
    variable: str, value: str
) -> None:
    with pytest.raises(ValueError, match=f"{variable}='{value}'"):
        Recipe.from_environment({variable: value})


def test_blanks_between_figures_do_not_count() -> None:
    assert Recipe.from_environment({"REC_FORCE": "ndcg, siblings ,"}).force == "ndcg,siblings"
