"""The version of the code behind an asset, so that changed code makes its output again."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any, cast

PACKAGE = Path(__file__).parents[1]
PACKAGES = (
    *("rec-platform", "dagster", "duckdb", "numpy", "pandas", "scikit-learn", "scipy", "sqlglot"),
)
LEFT_OUT = frozenset({__name__, f"{__package__}.made_of", f"{__package__}.notes"})


def code_version(*modules: str, text: str = "") -> str:
    """A hash of the code behind an asset: modules, and all of the platform that they import.

    Comments and blank lines do not count. Another version of Python is other code.

    Args:
        modules: names of modules of this package, `rec_platform.modelling.series` say.
        text: what else belongs to the code, such as SQL.
    """
    digest = hashlib.sha256(text.encode())
    for name in sorted(_imported(modules)):
        digest.update(_compiled(name)[0].encode())
    return digest.hexdigest()[:16]


def package_versions() -> dict[str, str]:
    """The versions of the packages that a release depends on."""
    return {name: _version(name) for name in PACKAGES}


_version = cache(version)  # it parses a file, and many steps ask


def _imported(modules: Iterable[str]) -> set[str]:
    """These modules and all modules of this package that they import, directly or not.

    Left out is what decides when an output is made, not what is in it.
    """
    waiting, seen = list(modules), set(LEFT_OUT)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(_compiled(name)[1])
    return seen - LEFT_OUT


@cache
def _compiled(module: str) -> tuple[str, set[str]]:
    """A module's code as text without line numbers, and the modules of ours that it imports.

    Python has compiled the module already, so this costs a tenth of parsing it.
    """
    code = SourceFileLoader(module, str(_modules()[module])).get_code(module)
    parts = list(_parts(code))
    names = {name for part in parts if isinstance(part, CodeType) for name in part.co_names}
    # `from package import name` may mean a module of that package.
    packages = [name for name in names if name.split(".")[0] == PACKAGE.name]
    imports = names.union(*({f"{package}.{name}" for name in names} for package in packages))
    text = "\n".join(map(_text, parts))
    return text, imports & _modules().keys()


def _parts(value: Any) -> Iterator[Any]:
    """A code object, what is compiled inside it, and its constants, in an order that stays."""
    if isinstance(value, CodeType):
        yield value
        for constant in value.co_consts:
            yield from _parts(constant)
    elif isinstance(value, frozenset):
        yield sorted(map(repr, cast("frozenset[Any]", value)))
    else:
        yield value


def _text(part: Any) -> str:
    if not isinstance(part, CodeType):
        return repr(part)
    arguments = (part.co_argcount, part.co_posonlyargcount, part.co_kwonlyargcount)
    names = (part.co_names, part.co_varnames, part.co_freevars)
    return repr((part.co_code, part.co_exceptiontable, part.co_flags, arguments, names))


@cache
def _modules() -> dict[str, Path]:
    """The files of this package's modules."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in PACKAGE.rglob("*.py")
    }
