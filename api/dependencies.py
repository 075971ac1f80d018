"""What routes take from the serving release, and the parameters they share.

Each request takes the release once, so that no response mixes two. SQL belongs in
rec_platform/release/lookup.py.
"""

from asyncio import to_thread
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Request
from pydantic import StringConstraints

from rec_platform.release.compared import Comparison, compare
from rec_platform.release.lookup import Lookup
from rec_platform.release.people import Person, person
from rec_platform.release.schema import Cluster, Title
from rec_platform.release.serving import ServingRelease

TITLE_ID = "^tt[0-9]{1,12}$"
BASKET_SIZE = 20
NO_COMPARISON = "No two titles of this catalogue can be compared."
LARGEST = 2**31 - 1  # keeps numbers in an address within SQLite's range

TitleId = Annotated[str, Path(pattern=TITLE_ID, examples=["tt0000001"])]
PersonId = Annotated[str, Path(pattern="^nm[0-9]{1,12}$", examples=["nm0000001"])]
LikedId = Annotated[str, StringConstraints(pattern=TITLE_ID)]
ClusterNumber = Annotated[int, Path(ge=0, le=LARGEST, examples=[0])]


async def serving_lookup(request: Request) -> Lookup:
    """The release that answers this request, from its first query to its last.

    The request that finds the pointer moved waits while a thread opens the new release. Meanwhile,
    other requests use the old one.
    """
    serving: ServingRelease = request.app.state.serving
    if serving.has_moved():
        await to_thread(serving.follow)
    lookup = serving.current()
    request.state.release_id = release_id(lookup)  # for the log
    return lookup


Serving = Annotated[Lookup, Depends(serving_lookup)]


def release_id(lookup: Lookup) -> str:
    """The id of a release, which is the name of its folder."""
    return lookup.path.parent.name


def known_title(lookup: Lookup, title_id: str) -> Title:
    """The title with this id; answers 404 if there is none."""
    title = lookup.title(title_id)
    if title is None:
        raise HTTPException(404, f"There is no title {title_id} in this catalogue.")
    return title


def known_cluster(lookup: Lookup, number: int) -> Cluster:
    """The cluster with this number; answers 404 if there is none."""
    cluster = lookup.cluster(number)
    if cluster is None:
        raise HTTPException(404, f"There is no cluster {number} in this catalogue.")
    return cluster


def known_person(lookup: Lookup, person_id: str) -> Person:
    """The person with this id; answers 404 if there is none."""
    with_facts(lookup)
    known = person(lookup, person_id)
    if known is None:
        raise HTTPException(404, f"There is no person {person_id} in this catalogue.")
    return known


def compared_titles(lookup: Lookup, title: Title, other: Title) -> Comparison:
    """How a title compares with another."""
    with_facts(lookup)
    compared = compare(lookup, title, other)
    if compared is None:
        raise HTTPException(404, NO_COMPARISON)
    return compared


def with_facts(lookup: Lookup) -> None:
    """Answer 404 if the release was made by a version that knew no people and no facts."""
    if not lookup.knows_people:
        raise HTTPException(404, "This release is too old for this. The next one will have it.")


def path_below_root(scope: Mapping[str, Any]) -> str:
    """The path without the prefix of every address; whole where it comes without that prefix."""
    path: str = scope["path"]
    below = path.removeprefix(root(scope))
    return below if below.startswith("/") else path  # "/api" is not below "/a"


def root(scope: Mapping[str, Any]) -> str:
    """The prefix of every address, such as an API Gateway stage; usually empty."""
    # Below the static mount, `root_path` is the mount's own.
    return scope.get("app_root_path", scope.get("root_path", ""))
