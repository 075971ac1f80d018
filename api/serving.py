"""What the routes take from the serving release, and the parameters they share.

Each request takes the release once, so that no answer mixes two. SQL does not belong here (see
rec_platform/lookup.py).
"""

from typing import Annotated

from fastapi import Depends, HTTPException, Path, Request

from rec_platform.lookup import Cluster, Lookup, ServingRelease, Title

LARGEST = 2**31 - 1  # keeps numbers from an address within SQLite's

TitleId = Annotated[str, Path(pattern=r"^tt\d{1,12}$", examples=["tt0000001"])]
ClusterNumber = Annotated[int, Path(ge=0, le=LARGEST, examples=[0])]


async def serving_lookup(request: Request) -> Lookup:
    """The release that answers this request, from its first query to its last."""
    serving: ServingRelease = request.app.state.serving
    return serving.lookup()


Serving = Annotated[Lookup, Depends(serving_lookup)]


def release_id(lookup: Lookup) -> str:
    """The id of a release is the name of its folder."""
    return lookup.path.parent.name


def known_title(lookup: Lookup, title_id: str) -> Title:
    """The title with this id, or a 404."""
    title = lookup.title(title_id)
    if title is None:
        raise HTTPException(404, f"There is no title {title_id} in this release.")
    return title


def known_cluster(lookup: Lookup, number: int) -> Cluster:
    """The cluster with this number, or a 404."""
    cluster = lookup.cluster(number)
    if cluster is None:
        raise HTTPException(404, f"There is no cluster {number} in this release.")
    return cluster
