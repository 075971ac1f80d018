"""Resources that take their fields from the environment, with errors a person can act on."""

import copy
import os
from collections.abc import Mapping
from typing import Annotated, Any, Self

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
    """Typed settings: each field is also an environment variable, a prefix and its upper name."""

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
            fields[name] = (field.annotation, copy.copy(field))
            fields[name][1].default = getattr(self, name)
        own: Any = create_model(
            kind.__name__, __base__=kind, __module__=kind.__module__, __doc__=kind.__doc__, **fields
        )
        return own()


def _complaint(problem: Any, prefix: str) -> str:
    field = str(problem["loc"][0])
    name = prefix + field.upper() if prefix else field
    return f"{name}={problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
