"""Paging by cursor: where the next page of a list starts, as an opaque token.

A cursor belongs to its list in its release. In another one the same place holds another title, and
what was read across both would have gaps that nobody notices.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request

from rec_platform.release.lookup import Lookup

from .dependencies import LARGEST, path_below_root, release_id
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
OF_A_PAGE = ("cursor", "limit", "fields")  # parameters that may differ from page to page
LIST_DIGITS = 12  # hexadecimal


class Paged:
    """A page of the list that a request asks for.

    Args:
        request: asks for it.
        lookup: the release.
        cursor: the page's; empty for the first one.

    Attributes:
        start: the place, from 0, at which the page starts.

    Raises:
        InvalidParameterError: the cursor is none, or belongs to another release or another list.
    """

    def __init__(self, request: Request, lookup: Lookup, cursor: str) -> None:
        given = request.query_params.multi_items()
        asked = sorted(item for item in given if item[0] not in OF_A_PAGE)
        told = repr((path_below_root(request.scope), asked))
        self._list = hashlib.sha256(told.encode()).hexdigest()[:LIST_DIGITS]
        self._release = release_id(lookup)
        self.start = self._place(cursor) if cursor else 0

    def _place(self, cursor: str) -> int:
        try:
            text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
            release, list_, place = text.split(" ")
            start = int(place)
        except ValueError:
            raise InvalidParameterError("cursor", "It is not a cursor of this list") from None
        for what, owner, own in (
            ("release", release, self._release),
            ("list, with another address or other filters", list_, self._list),
        ):
            if owner != own:
                raise InvalidParameterError(
                    "cursor", f"It belongs to another {what}: start with the first page"
                )
        if not 0 <= start <= LARGEST:
            raise InvalidParameterError("cursor", "It is not a cursor of this list")
        return start

    def next(self, page: Sequence[object], total: int) -> str | None:
        """The cursor of the page after this one, or None after the last."""
        end = self.start + len(page)
        if not page or end >= total:
            return None
        text = f"{self._release} {self._list} {end}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")
