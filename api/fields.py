"""`fields=`: which fields of each title an answer holds, for programs that need few of them.

Answers are written here, by pydantic, and not checked once more by FastAPI: they are the release's
own objects.
"""

from dataclasses import fields as fields_of
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from pydantic import TypeAdapter
from pydantic.json_schema import SkipJsonSchema

from rec_platform.release.schema import Title

from .parameters import IfGiven
from .problems import InvalidParameterError

NAMES = tuple(field.name for field in fields_of(Title))
ALL = frozenset(NAMES)
ALWAYS = "title_id"
REVALIDATED = "public, no-cache"
ONE_OF = "|".join(NAMES)

FieldNames = Annotated[
    str | SkipJsonSchema[None],
    Query(
        description="The fields of each title that the answer holds, with commas between them; "
        f"all of them if it is not given. `{ALWAYS}` is always there.",
        examples=["title,year,rating"],
        # For the description alone: its error would show this expression.
        json_schema_extra={"pattern": f"^({ONE_OF})(,({ONE_OF}))*$"},
    ),
]


async def wanted_fields(fields: FieldNames = None) -> frozenset[str]:
    """The fields of a title that are asked for; all if none are named.

    Raises:
        InvalidParameterError: a name is none of a title's fields.
    """
    if fields is None:
        return ALL
    names = frozenset(fields.split(","))
    if not names <= ALL:
        raise InvalidParameterError("fields", f"A title's fields are {', '.join(NAMES)}")
    return names | {ALWAYS}


Fields = Annotated[tuple[frozenset[str]], Depends(IfGiven(wanted_fields))]


def answer(body: Any, titles: tuple[str, ...], fields: frozenset[str]) -> Response:
    """An answer as JSON.

    Args:
        body: one of the API's dataclasses.
        titles: where it holds titles, `recommendations.*.title` for example; `*` is each of a list,
            and an empty text the body itself.
        fields: of a title that are wanted.
    """
    left_out = ALL - fields
    exclude = _exclude(titles, left_out) if left_out else None
    content = _adapter(body.__class__).dump_json(body, exclude=exclude)
    # Its cursor leads on in its own release alone. A cache that kept it would lead a program that
    # has to start again, because another release serves, to the same page.
    headers = {"Cache-Control": REVALIDATED} if getattr(body, "next_cursor", None) else None
    return Response(content, media_type="application/json", headers=headers)


@lru_cache(maxsize=64)
def _exclude(titles: tuple[str, ...], left_out: frozenset[str]) -> Any:
    """What pydantic leaves out, as it wants to be told: nested by name, `__all__` for a list."""
    if titles == ("",):
        return set(left_out)
    tree: dict[str, Any] = {}
    for place in titles:
        *way, last = place.replace("*", "__all__").split(".")
        branch = tree
        for name in way:
            branch = branch.setdefault(name, {})
        branch[last] = set(left_out)
    return tree


@lru_cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
