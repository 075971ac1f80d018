"""Paging by cursor: where the next page of a list starts, as an opaque token.

A cursor belongs to its release. In another release the same place holds another title, and a list
read across both would have gaps that nobody notices.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query

from .dependencies import LARGEST
from .problems import InvalidParameterError

Limit = Annotated[int, Query(ge=1, le=50, examples=[10], description="How many items at most.")]
Cursor = Annotated[
    str,
    Query(
        pattern="^[A-Za-z0-9_-]{0,200}$",
        description="The `next_cursor` of the previous page; empty for the first page.",
        examples=[""],
    ),
]


def start_of(cursor: str, release_id: str) -> int:
    """The place, from 0, at which the page starts.

    Raises:
        InvalidParameterError: the cursor is invalid, or belongs to another release.
    """
    if not cursor:
        return 0
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        owner, _, place = text.rpartition(" ")
        start = int(place)
    except ValueError:
        raise InvalidParameterError("cursor", "It is not a cursor of this list") from None
    if owner != release_id:
        raise InvalidParameterError(
            "cursor", "It belongs to another release: start with the first page"
        )
    if not 0 <= start <= LARGEST:
        raise InvalidParameterError("cursor", "It is not a cursor of this list")
    return start


def next_cursor(release_id: str, start: int, page: Sequence[object], total: int) -> str | None:
    """The cursor of the page after this one, or None after the last."""
    end = start + len(page)
    if not page or end >= total:
        return None
    return urlsafe_b64encode(f"{release_id} {end}".encode()).decode().rstrip("=")
