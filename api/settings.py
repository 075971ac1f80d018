"""The site's settings, read once from the environment when the site is created."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """A variable is not set, or has a value that means nothing; the error names it."""


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What the operator decides about the site.

    Attributes:
        is_indexed: whether search engines may index the pages, which IMDb's terms do not want for
            IMDb's data.
        site_url: the site's own address, without a slash at its end, for canonical links; or empty.
        root_path: the path below which visitors see the site, such as `/films`; or empty.
    """

    is_indexed: bool = False
    site_url: str = ""
    root_path: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SiteSettings":
        """The settings in REC_INDEXING, REC_SITE_URL and REC_ROOT_PATH; empty counts as unset.

        Raises:
            SettingsError: a variable has a value that means nothing.
        """
        indexing = environment.get("REC_INDEXING", "")
        if indexing not in ("", "0", "1"):
            raise SettingsError(
                f"REC_INDEXING is {indexing!r}: set 1 to let search engines in, or leave it unset"
            )
        site_url = environment.get("REC_SITE_URL", "").rstrip("/")
        if site_url and not site_url.startswith(("https://", "http://")):
            raise SettingsError(
                f"REC_SITE_URL is {site_url!r}: set an address such as https://films.example"
            )
        root_path = environment.get("REC_ROOT_PATH", "").rstrip("/")
        if root_path and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", root_path):
            raise SettingsError(
                f"REC_ROOT_PATH is {root_path!r}: set the path that visitors see, such as /films"
            )
        return cls(is_indexed=indexing == "1", site_url=site_url, root_path=root_path)


def root_of(environment: Mapping[str, str]) -> str:
    """The folder, or `s3://bucket/prefix`, that holds `releases`.

    Raises:
        SettingsError: REC_ROOT is not set, or empty.
    """
    root = environment.get("REC_ROOT", "")
    if not root:
        raise SettingsError(
            "REC_ROOT is not set: it names the folder, or s3://bucket/prefix, that holds `releases`"
        )
    return root
