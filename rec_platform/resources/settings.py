"""Resources that take their fields from the environment, with errors a person can act on."""

import copy
import os
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Self

import dagster as dg
from pydantic import AfterValidator, ValidationError, create_model

from rec_platform.choices import expand, require_folder

LocalFolder = Annotated[str, AfterValidator(require_folder)]
Location = Annotated[str, AfterValidator(expand)]


class SettingError(dg.DagsterError, ValueError):
    """A field has a value that it cannot have.

    As one of Dagster's own errors it is what a failed run shows, not the last of three causes.
    """

    def __init__(self, problems: list[Any], prefix: str = "") -> None:
        super().__init__("; ".join(_complaint(problem, prefix) for problem in problems))
        self.problems = problems


class Settings(dg.ConfigurableResource[Any]):
    """Typed settings: each field is also an environment variable, a prefix and its upper name.

    Attributes:
        fixed: fields that no run may change.
    """

    fixed: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingError(list(error.errors())) from None

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, prefix: str = "REC_", **given: Any
    ) -> Self:
        """The settings of the environment, for example `REC_CLUSTERS`; what is given comes first.

        An empty variable counts as unset.

        Raises:
            SettingError: a value is out of bounds; the text names the variable and what it takes.
        """
        values = {
            name: environment[variable]
            for name in cls.model_fields
            if name not in given and environment.get(variable := prefix + name.upper())
        }
        return cls.checked(values | given, prefix)

    @classmethod
    def checked(cls, values: Mapping[str, Any], prefix: str = "") -> Self:
        """Settings of these values.

        Raises:
            SettingError: a value is out of bounds; the text names the field and what it takes.
        """
        try:
            return cls(**values)
        except SettingError as error:
            raise SettingError(error.problems, prefix) from None

    def as_defaults(self) -> Self:
        """The same settings, as the defaults of a class of their own.

        Dagster fills the fields that a run configuration leaves out from the defaults of the class,
        whatever the resource's own values are. Its Launchpad shows these defaults too.
        """
        kind: Any = type(self)
        fields: dict[str, Any] = {}
        for name, field in kind.model_fields.items():
            own_field = copy.copy(field)
            own_field.default = getattr(self, name)
            if name in self.fixed:
                is_fixed = AfterValidator(partial(_require_same, name, own_field.default))
                own_field.metadata = [*field.metadata, is_fixed]
            fields[name] = (field.annotation, own_field)
        own: Any = create_model(
            kind.__name__, __base__=kind, __module__=kind.__module__, __doc__=kind.__doc__, **fields
        )
        return own()


def _require_same(name: str, fixed: str, value: str) -> str:
    if value != fixed:
        raise ValueError(
            f"a run cannot change it from {fixed!r}. Set REC_{name.upper()} and start Dagster again"
        )
    return value


def _complaint(problem: Any, prefix: str) -> str:
    field = str(problem["loc"][0])
    name = prefix + field.upper() if prefix else field
    return f"{name}={problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
