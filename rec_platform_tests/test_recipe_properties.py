"""What holds for any recipe that people may write into the environment."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rec_platform.choices import GatedFigure
from rec_platform.recipe import FeaturePreset, Recipe, SelectionPreset, SimilarityRule
from rec_platform.release.blend import WEIGHTS
from rec_platform.release.formats import FORMATS
from rec_platform.resources.settings import SettingError
from rec_platform.weights import MOST, format_weights, parse_weights

ANY = settings(deadline=None, derandomize=True, max_examples=60)
FIELDS = sorted(Recipe.model_fields)

weights = st.fixed_dictionaries(
    {name: st.floats(0.5 if name == "tone" else 0, MOST) for name in WEIGHTS}
)
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
recipes = st.fixed_dictionaries(
    {
        "preset": st.sampled_from([*SelectionPreset]),
        "title_types": st.lists(st.sampled_from([*FORMATS]), min_size=1).map(",".join),
        "min_votes": st.integers(0, 10**9),
        "features": st.sampled_from([*FeaturePreset]),
        "clusters": st.integers(2, 99),
        "seed": st.integers(0, 2**31 - 1),
        "rule": st.sampled_from([*SimilarityRule]),
        "weights": weights.map(format_weights),
        "max_score_drop": st.floats(0, 1),
        "force": st.lists(st.sampled_from([*GatedFigure]), unique=True).map(",".join),
    }
)


def environment(choices: dict[str, object]) -> dict[str, str]:
    return {f"REC_{name.upper()}": str(value) for name, value in choices.items()}


@ANY
@given(recipes)
def test_a_recipe_is_read_again_as_it_was_written(choices: dict[str, object]) -> None:
    written = Recipe.from_environment(environment(choices)).choices()
    again = {name: value for name, value in written.items() if value is not None}
    assert Recipe.from_environment(environment(again)).choices() == written
    for name in choices.keys() - {"title_types"}:
        assert written[name] == choices[name]


@ANY
@given(st.sampled_from(FIELDS), text)
def test_any_text_is_a_recipe_or_refused_by_the_name_of_its_variable(
    field: str, value: str
) -> None:
    variable = f"REC_{field.upper()}"
    try:
        Recipe.from_environment({variable: value})
    except SettingError as error:
        assert variable in str(error)


@ANY
@given(weights)
def test_weights_are_parsed_as_they_were_formatted(own: dict[str, float]) -> None:
    assert parse_weights(format_weights(own)) == own


@ANY
@given(text)
def test_any_text_gives_weights_within_bounds_or_says_why_not(value: str) -> None:
    with suppress(ValueError):
        assert all(0 <= weight <= MOST for weight in parse_weights(value).values())
    with pytest.raises(ValueError, match="the weights"):
        parse_weights("{" + value)
