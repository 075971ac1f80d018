"""The recipe: everything a person may turn between IMDb's files and a release.

One typed object with defaults and bounds, the same in the Launchpad of the Dagster UI, in the
environment and on the command line. Where the platform runs does not belong here.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import dagster as dg
from pydantic import Field, ValidationError

from rec_platform.choices import (
    CLUSTERS,
    FEATURES,
    FEWEST_CLUSTERS,
    FIRST_YEAR,
    LAST_YEAR,
    MOST_CLUSTERS,
    PRESET,
    RULE,
    FeaturePreset,
    SelectionPreset,
    SimilarityRule,
)


class Recipe(dg.ConfigurableResource):
    """What a refresh makes. Each field is also an environment variable, `REC_` + its upper name."""

    preset: SelectionPreset = Field(default=PRESET, description="Which titles enter the catalogue.")
    min_votes: int = Field(default=0, ge=0, description="Fewest votes of a title.")
    year_max: int | None = Field(
        default=None,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="Latest release year; the year of the run where it is not given.",
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
    min_title_share: float = Field(
        default=0.8,
        ge=0,
        description="Fewest titles, as a share of the serving release's, that may replace it.",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Recipe":
        """The recipe that `REC_PRESET`, `REC_CLUSTERS` and so on ask for.

        Raises:
            ValueError: a value is out of bounds; the text names the variable and what it takes.
        """
        given = {
            name: environment[variable]
            for name in cls.model_fields
            if (variable := f"REC_{name.upper()}") in environment
        }
        return cls.checked(given, prefix="REC_")

    @classmethod
    def checked(cls, values: Mapping[str, Any], prefix: str = "") -> "Recipe":
        """A recipe of these values, with an error a person can act on where one is wrong."""
        try:
            return cls(**values)
        except ValidationError as error:
            lines = [_complaint(problem, prefix) for problem in error.errors()]
            raise ValueError("; ".join(lines)) from None

    def choices(self) -> dict[str, Any]:
        """The recipe as plain values, for provenance and run configuration."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value.value if isinstance(value, StrEnum) else value
            for name, value in values.items()
        }


def _complaint(problem: Any, prefix: str) -> str:
    field = str(problem["loc"][0])
    name = prefix + field.upper() if prefix else field
    return f"{name}={problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
