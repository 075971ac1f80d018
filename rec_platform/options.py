"""The options that commands share: their names, variables, bounds and help."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rec_platform.choices import (
    FEWEST_CLUSTERS,
    FIRST_YEAR,
    LAST_YEAR,
    MOST_CLUSTERS,
    FeaturePreset,
    SelectionPreset,
    SimilarityRule,
    require_folder,
)
from rec_platform.release.blend import CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.release.schema import NEIGHBOURS
from rec_platform.weights import format_weights, parse_weights


def _parser(choices: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Typer's own parser for choices rejects their former names."""

    def parse(text: str) -> StrEnum:
        try:
            return choices(text)
        except ValueError:
            expected = ", ".join(map(repr, choices))
            raise typer.BadParameter(f"{text!r} is not one of {expected}.") from None

    return parse


def _metavar(choices: type[StrEnum]) -> str:
    return f"<{'|'.join(choices)}>"


def _weights(text: str) -> str:
    try:
        return format_weights(parse_weights(text))
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None


Source = Annotated[
    str,
    typer.Option(
        "--source",
        envvar="REC_IMDB_SOURCE",
        help="IMDb's address, another base URL, or a folder of *.tsv.gz or *.tsv files.",
    ),
]
Root = Annotated[
    str,
    typer.Option(
        "--root", envvar="REC_ROOT", help="The folder, or s3://bucket/prefix, that holds all data."
    ),
]
Preset = Annotated[
    SelectionPreset,
    typer.Option(
        "--preset",
        envvar="REC_PRESET",
        parser=_parser(SelectionPreset),
        metavar=_metavar(SelectionPreset),
        help="Which titles are selected.",
    ),
]
Features = Annotated[
    FeaturePreset,
    typer.Option(
        "--features",
        envvar="REC_FEATURES",
        parser=_parser(FeaturePreset),
        metavar=_metavar(FeaturePreset),
        help="What describes a title.",
    ),
]
Rule = Annotated[
    SimilarityRule,
    typer.Option(
        "--rule",
        envvar="REC_RULE",
        parser=_parser(SimilarityRule),
        metavar=_metavar(SimilarityRule),
        help="How similar titles are found.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        envvar="REC_WEIGHTS",
        parser=_weights,
        metavar="<file>",
        help="Weights of the blend, such as `rec-platform tune` writes.",
        show_default="built in",
    ),
]
Clusters = Annotated[
    int,
    typer.Option(
        "--clusters",
        envvar="REC_CLUSTERS",
        min=FEWEST_CLUSTERS,
        max=MOST_CLUSTERS,
        help="Number of clusters.",
    ),
]
YearMax = Annotated[
    int | None,
    typer.Option(
        "--year-max",
        envvar="REC_YEAR_MAX",
        min=FIRST_YEAR,
        max=LAST_YEAR,
        help="Latest release year.",
        show_default="the year of the run",
    ),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen on.")]
RootPath = Annotated[
    str,
    typer.Option(
        "--root-path",
        envvar="REC_ROOT_PATH",
        help="The path below which visitors see the site, such as /films.",
        show_default=False,
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=NEIGHBOURS, help="How many recommendations.")
]
Balance = Annotated[
    float,
    typer.Option(
        "--balance", min=HIDDEN_GEMS, max=CROWD_PLEASERS, help="From hidden gems to crowd-pleasers."
    ),
]


def folder_of_this_machine(text: Any) -> Path:
    """A folder of this machine that a command writes to."""
    try:
        return Path(require_folder(str(text)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
