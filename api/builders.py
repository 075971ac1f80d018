"""The page for builders: the API by its own description, clients to copy, the widget, the feeds."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from .dependencies import Serving, root
from .fields import NAMES
from .rendering import render, settings_of

builders = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

# Where the description says nothing of a bound, there is none.
BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in words."""

    name: str
    description: str
    kind: str
    bounds: str
    default: str
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An address of the API, with its parameters and an example of its answer."""

    name: str
    path: str
    tag: str
    summary: str
    description: list[str]
    parameters: list[Parameter]
    example: str
    statuses: list[str]


@builders.get("/api")
async def api(request: Request, lookup: Serving) -> Response:
    """Everything that a program may ask, made from /openapi.json."""
    at, site_url = root(request), settings_of(request).site_url
    titles = lookup.numbered(range(1, 1 + min(2, lookup.release["title_count"])))
    return render(
        request,
        "api.html",
        lookup,
        # A client needs a whole address. Only the operator knows it: a request's Host is whatever
        # the client or the CDN says.
        base=site_url or f"http://127.0.0.1:8000{at}",
        is_told=bool(site_url),
        first=titles[0],
        second=titles[-1],
        operations=operations(request.app.openapi()),
        fields=NAMES,
    )


def operations(described: dict[str, Any]) -> list[Operation]:
    """The addresses in a description, in its order."""
    return [_operation(path, methods["get"]) for path, methods in described["paths"].items()]


def _operation(path: str, operation: dict[str, Any]) -> Operation:
    (content,) = operation["responses"]["200"]["content"].values()
    example = content["example"]
    return Operation(
        name=operation["operationId"],
        path=path,
        tag=operation["tags"][0],
        summary=operation["summary"],
        description=operation["description"].split("\n\n"),
        parameters=[_parameter(parameter) for parameter in operation.get("parameters", [])],
        example=example if isinstance(example, str) else _json(example, 2),
        statuses=[
            f"{status}: {answer['description']}"
            for status, answer in operation["responses"].items()
            if status[0] in "34"
        ],
    )


def _parameter(parameter: dict[str, Any]) -> Parameter:
    schema = parameter["schema"]
    each = schema.get("items", schema)
    told = [words.format(schema[bound]) for bound, words in BOUNDS.items() if bound in schema]
    if "enum" in schema:
        told.append(f"one of {', '.join(schema['enum'])}")
    unless_given = "needed" if parameter["required"] else ""
    return Parameter(
        name=parameter["name"],
        description=parameter["description"],
        kind=f"{each['type']}, repeatable" if "items" in schema else each["type"],
        bounds=", ".join(told),
        default=_json(schema["default"]) if "default" in schema else unless_given,
        example=_json(schema["examples"][0]).strip('"'),
    )


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)
