"""The parameters of a filter, from a program or a form.

What a title must be to pass belongs in rec_platform/release/filters.py.
"""

from dataclasses import replace
from inspect import signature
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from rec_platform.release.filters import EVERYTHING, Filter
from rec_platform.release.formats import NOUNS, formats_of
from rec_platform.release.genres import WORDS
from rec_platform.release.lookup import Lookup

from .dependencies import Serving
from .forms import FromForm, leave_out, so_left_out
from .plain import sentence
from .problems import InvalidParameterError

GENRES = {genre.casefold(): genre for genre in WORDS}

# A filter that is not given is None, which no address can express.
Year = Annotated[
    Annotated[int, Field(ge=1800, le=2200)] | SkipJsonSchema[None], Query(examples=[1994])
]
Rating = Annotated[
    Annotated[float, Field(ge=1, le=10)] | SkipJsonSchema[None], Query(examples=[7.5])
]
Votes = Annotated[
    Annotated[int, Field(ge=0, le=2**31 - 1)] | SkipJsonSchema[None], Query(examples=[1_000])
]
Minutes = Annotated[
    Annotated[int, Field(ge=1, le=10_000)] | SkipJsonSchema[None], Query(examples=[120])
]
GenreName = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z-]{1,20}$"),
    AfterValidator(lambda name: GENRES.get(name.casefold(), name)),
]
Genres = Annotated[
    list[GenreName],
    Query(
        max_length=5,
        description="One genre; repeat for several. Titles have all of them.",
        examples=[["Crime", "Thriller"]],
    ),
]
WithoutGenres = Annotated[
    list[GenreName],
    Query(
        max_length=30,
        description="One genre; repeat for several. Titles have none of them.",
        examples=[["Horror"]],
    ),
]
Country = Annotated[
    Annotated[str, StringConstraints(pattern="^[A-Za-z]{2,4}$", to_upper=True)]
    | SkipJsonSchema[None],
    Query(description="IMDb's code of the country of origin.", examples=["FR"]),
]
Language = Annotated[
    Annotated[str, StringConstraints(pattern="^[A-Za-z]{2,3}$", to_lower=True)]
    | SkipJsonSchema[None],
    Query(description="IMDb's code of the original language.", examples=["fr"]),
]
Director = Annotated[
    Annotated[str, StringConstraints(pattern="^nm[0-9]{1,12}$")] | SkipJsonSchema[None],
    Query(description="The id of a person who directed it.", examples=["nm0000001"]),
]

Format = Annotated[
    Literal["film", "series", "short"] | SkipJsonSchema[None],
    Query(
        description="In a catalogue of several formats, the one that titles have. A list keeps "
        "to the format of what is liked, unless another one is asked for.",
        examples=["film"],
    ),
]


async def filters(
    year_min: Year = None,
    year_max: Year = None,
    rating_min: Rating = None,
    votes_min: Votes = None,
    runtime_min: Minutes = None,
    runtime_max: Minutes = None,
    genre: Genres = [],  # noqa: B006  # never changed
    without_genre: WithoutGenres = [],  # noqa: B006
    country: Country = None,
    language: Language = None,
    director: Director = None,
    format: Format = None,
) -> Filter:
    """The filter of a program's request. A title must meet every condition."""
    return Filter(
        year_min=year_min,
        year_max=year_max,
        rating_min=rating_min,
        votes_min=votes_min,
        runtime_min=runtime_min,
        runtime_max=runtime_max,
        genres=tuple(genre),
        without_genres=tuple(without_genre),
        country=country,
        language=language,
        director=director,
        format=format,
    )


def checked(wanted: Filter, lookup: Lookup) -> Filter:
    """The filter, its genres spelt as the release has them, without a format that all titles have.

    Raises:
        InvalidParameterError: no title has the format, the country or the language, or nobody is
            the director; or a genre is neither one that the site has words for nor one of a title;
            or two conditions contradict each other. An empty list would hide a mistake.
    """
    if wanted == EVERYTHING:
        return wanted
    _require_possible(wanted)
    _require_known(wanted, lookup)
    formats = formats_of(lookup.release)
    if wanted.format and wanted.format not in formats:
        plain = " or ".join(NOUNS[name].many for name in formats)
        raise InvalidParameterError(
            "format", f"It is none of {', '.join(formats)}", f"must be {plain}"
        )
    if len(formats) == 1:
        wanted = replace(wanted, format=None)
    if all(genre in WORDS for genre in (*wanted.genres, *wanted.without_genres)):
        return wanted
    known = GENRES | {genre.casefold(): genre for genre in lookup.genres}
    spelt: dict[str, tuple[str, ...]] = {}
    for name, field in SEVERAL.items():
        asked = getattr(wanted, field)
        if any(genre.casefold() not in known for genre in asked):
            genres = ", ".join(sorted(known.values()))
            raise InvalidParameterError(name, f"There is no such genre. The genres are {genres}")
        spelt[field] = tuple(known[genre.casefold()] for genre in asked)
    return replace(wanted, **spelt)


def _require_possible(wanted: Filter) -> None:
    """Refuse what no title can be, whatever the release.

    Raises:
        InvalidParameterError: two conditions contradict each other.
    """
    for least, most, plain_reason in RANGES:
        low, high = getattr(wanted, least), getattr(wanted, most)
        if low is not None and high is not None and low > high:
            raise InvalidParameterError(
                least, f"{low} is more than {most}, which is {high}", plain_reason
            )
    genres = {genre.casefold() for genre in wanted.genres}
    if not genres.isdisjoint(genre.casefold() for genre in wanted.without_genres):
        raise InvalidParameterError("without_genre", "It is given as genre, too", "is also wanted")


def _require_known(wanted: Filter, lookup: Lookup) -> None:
    """Refuse an origin that no title is known to have, and a director whom the release lacks.

    A release of schema 5 or older does not say which there are: only its lists are filtered.

    Raises:
        InvalidParameterError: it is one of these.
    """
    if not lookup.knows_people:
        return
    for name in ("country", "language"):
        asked = getattr(wanted, name)
        known = [code for code, _ in lookup.release.get(f"titles_per_{name}", ())]
        if asked and asked not in known:
            there = f"The codes are {', '.join(known)}" if known else "It is not known of any title"
            raise InvalidParameterError(name, f"No title of this release has it. {there}")
    if wanted.director:
        _, credits_ = lookup.credits_of(wanted.director) or ("", [])
        if all(role != "director" for _, role in credits_):
            raise InvalidParameterError("director", "This release has no director with this id")


# The parameters of each range, and what is wrong with one that is reversed.
RANGES = (
    ("year_min", "year_max", "must not be after “To year”"),
    ("runtime_min", "runtime_max", "must not be more than “Minutes at most”"),
)
# The fields of a filter by their parameters, where these differ: they have several values.
SEVERAL = {"genre": "genres", "without_genre": "without_genres"}
FIELDS = [name for name in signature(filters).parameters if name not in SEVERAL]


def parameters(wanted: Filter) -> list[tuple[str, str]]:
    """A filter as it stands in an address, by parameter."""
    single = [(name, getattr(wanted, name)) for name in FIELDS]
    several = [(name, value) for name, field in SEVERAL.items() for value in getattr(wanted, field)]
    return [(name, str(value)) for name, value in (*single, *several) if value is not None]


_asked = FromForm(filters)


async def known_filters(lookup: Serving, wanted: Annotated[Filter, Depends(filters)]) -> Filter:
    """The filter of a program's request."""
    return checked(wanted, lookup)


async def form_filters(request: Request, lookup: Serving) -> Filter:
    """The filter of a form, without the conditions that no title can meet."""
    wanted = await _asked(request)
    while True:
        try:
            return checked(wanted, lookup)
        except InvalidParameterError as error:
            name = error.error.parameter
            leave_out(request, so_left_out(sentence(name, error.plain_reason)))
            field = SEVERAL.get(name, name)
            wanted = replace(wanted, **{field: getattr(EVERYTHING, field)})


Wanted = Annotated[Filter, Depends(known_filters)]
WantedByForm = Annotated[Filter, Depends(form_filters)]
