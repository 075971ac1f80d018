"""What the operator decides about the stack: one typed object, from the environment or `.env`."""

from enum import StrEnum
from typing import Self, TypeVar

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

CERTIFICATE_REGION = "us-east-1"  # where CloudFront looks for certificates
Settings = TypeVar("Settings", bound=BaseSettings)


class FrontDoor(StrEnum):
    """What stands between CloudFront and the function."""

    FUNCTION_URL = "function_url"
    HTTP_API = "http_api"


class SitePackage(StrEnum):
    """How the site's code comes to the function."""

    ZIP = "zip"
    IMAGE = "image"


class RegionSettings(BaseSettings):
    """Where the stack is, which is all that its end must know.

    Attributes:
        region: where everything is; the variable is AWS_REGION or AWS_DEFAULT_REGION.
    """

    model_config = SettingsConfigDict(
        env_prefix="REC_INFRA_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    region: str = Field(validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))


class InfraSettings(RegionSettings):
    """The settings: each field is a variable, `REC_INFRA_` and its upper name.

    Attributes:
        email: who is told of failed refreshes, alarms and the budget.
        domain: the site's host name, such as `films.example`; or empty, for CloudFront's own.
        hosted_zone: id of the Route 53 zone that the domain belongs to.
        certificate: ARN of a certificate in us-east-1; or empty, to make one in the stack.
        front_door: what stands between CloudFront and the function.
        site_package: how the site's code comes to the function.
        budget_dollars: a month; at 80 % of it, and when it will be passed, an e-mail is sent.
        refresh: more variables for the scheduled refresh, such as `{"REC_PRESET": "us_release"}`.
    """

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    domain: str = Field(default="", pattern=r"^([a-z0-9-]+\.)+[a-z]+$|^$")
    hosted_zone: str = ""
    certificate: str = Field(default="", pattern=rf"^arn:aws:acm:{CERTIFICATE_REGION}:|^$")
    front_door: FrontDoor = FrontDoor.FUNCTION_URL
    site_package: SitePackage = SitePackage.ZIP
    budget_dollars: float = Field(default=10, gt=0)
    refresh: dict[str, str] = {}

    @model_validator(mode="after")
    def _domain_is_whole(self) -> Self:
        if self.domain and not self.hosted_zone:
            raise ValueError("REC_INFRA_DOMAIN needs REC_INFRA_HOSTED_ZONE, the id of its zone")
        if self.domain and not self.certificate and self.region != CERTIFICATE_REGION:
            raise ValueError(
                f"CloudFront takes certificates of {CERTIFICATE_REGION} only: set "
                "REC_INFRA_CERTIFICATE to the ARN of one for this domain, or AWS_REGION to "
                f"{CERTIFICATE_REGION}"
            )
        return self


def read_settings() -> InfraSettings:
    """The settings of this environment.

    Raises:
        SystemExit: a variable is missing or wrong; the text names it.
    """
    return _read(InfraSettings)


def read_region() -> str:
    """The region of this environment.

    Raises:
        SystemExit: it is missing; the text names its variable.
    """
    return _read(RegionSettings).region


def _read(kind: type[Settings]) -> Settings:
    try:
        return kind()
    except ValidationError as error:
        raise SystemExit("\n".join(_complaint(problem) for problem in error.errors())) from None


def _complaint(problem: ErrorDetails) -> str:
    text = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return text
    name = str(problem["loc"][0])
    variable = name if name.startswith("AWS_") else f"REC_INFRA_{name.upper()}"
    if problem["type"] == "missing":
        where = '(see "From an empty account to the first refresh" in docs/aws.md)'
        return f"{variable} is not set: set it in the environment or in .env {where}"
    return f"{variable}={problem['input']!r}: {text[0].lower()}{text[1:]}"
