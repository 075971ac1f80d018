"""The recipe: the choices that make a release, as typed fields with bounds.

The resource of this name is what a run is asked for. The asset of this name writes it to a table,
and that is what the other assets read. It is the same in the Launchpad of the Dagster UI, in the
environment and on the command line. Where the platform runs is not part of it.
"""

from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator

from rec_platform.choices import (
    CLUSTERS,
    FEATURES,
    FEWEST_CLUSTERS,
    FIRST_YEAR,
    LAST_YEAR,
    MOST_CLUSTERS,
    PRESET,
    RULE,
    TITLE_TYPES,
    FeaturePreset,
    GatedFigure,
    SelectionPreset,
    SimilarityRule,
)
from rec_platform.release.formats import FORMATS
from rec_platform.resources.settings import Settings
from rec_platform.weights import format_weights, parse_weights


class Recipe(Settings):
    """What a refresh makes. Each field is also an environment variable, `REC_` + its upper name."""

    preset: SelectionPreset = Field(default=PRESET, description="Which titles enter the catalogue.")
    title_types: str = Field(
        default=TITLE_TYPES,
        description="IMDb's types of the titles, separated by commas: " + ", ".join(FORMATS) + ".",
    )
    min_votes: int = Field(default=0, ge=0, description="Fewest votes of a title.")
    year_max: int | None = Field(
        default=None,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="Latest release year; if not given, the year of the run.",
    )
    features: FeaturePreset = Field(default=FEATURES, description="Which columns describe a title.")
    clusters: int = Field(
        default=CLUSTERS,
        ge=FEWEST_CLUSTERS,
        le=MOST_CLUSTERS,
        description="Number of clusters, K-Means' k.",
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Seed of K-Means.")
    rule: SimilarityRule = Field(default=RULE, description="How similar titles are found.")
    weights: str = Field(
        default="",
        description="Weights of the blend's parts: a JSON object, or the path of a file that holds "
        "one, such as `rec-platform tune` writes; if empty, the default weights.",
    )
    min_title_share: float = Field(
        default=0.8,
        ge=0,
        allow_inf_nan=False,
        description="Fewest titles, as a share of the serving release's, that may replace it.",
    )

    max_score_drop: float = Field(
        default=0.1,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="What a gated figure of the scorecard may lose, as a share of the serving "
        "release's.",
    )
    force: str = Field(
        default="",
        description="Gated figures, separated by commas, that may be worse this once: "
        f"{', '.join(GatedFigure)}.",
    )

    @field_validator("title_types")
    @classmethod
    def _are_types(cls, title_types: str) -> str:
        asked = {name.strip() for name in title_types.split(",")} - {""}
        unknown = sorted(asked - FORMATS.keys())
        if unknown or not asked:
            wrong = f"there is no type {unknown[0]!r}" if unknown else "no type"
            raise ValueError(f"{wrong}: choose from {', '.join(FORMATS)}")
        return ",".join(name for name in FORMATS if name in asked)

    @field_validator("force")
    @classmethod
    def _are_figures(cls, force: str) -> str:
        asked = [*filter(None, map(str.strip, force.split(",")))]
        if unknown := [name for name in asked if name not in {*GatedFigure}]:
            raise ValueError(f"there is no {unknown[0]!r}: choose from {', '.join(GatedFigure)}")
        return ",".join(asked)

    @field_validator("weights")
    @classmethod
    def _are_weights(cls, weights: str) -> str:
        return format_weights(parse_weights(weights))

    def choices(self) -> dict[str, Any]:
        """The recipe as plain values, for provenance and run configuration."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value.value if isinstance(value, StrEnum) else value
            for name, value in values.items()
        }
