# pyright: standard
"""Keywords of titles that the operator brings along: one TSV file.

Where such a file comes from is in docs/keywords.md. What keywords do for a list does not belong
here.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rec_platform.resources.own_files import OwnFiles

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["title_id", "keyword", "weight"]  # the last one may be missing
SHOWN = 60  # characters of a wrong value


class KeywordsSource(OwnFiles):
    """A TSV file, or one packed as .gz, of `title_id`, `keyword` and, optionally, `weight`."""

    kind: ClassVar[str] = "keywords"
    advice: ClassVar[str] = (
        "Correct the file or name another one (REC_KEYWORDS_SOURCE), a TSV with the header "
        "title_id, keyword and, if you like, weight: see docs/keywords.md"
    )

    def read(self, title_ids: "pd.Series[str]") -> "pd.DataFrame":
        """The keywords of these titles.

        Letters become small, and each run of blanks one space. Where a title has a keyword more
        than once, its highest weight counts.

        Args:
            title_ids: (titles,), of the catalogue.

        Returns:
            title_id, keyword, weight (in 0..1; 1 where the file has none), one row per title and
            keyword, in the order of the titles; empty if no file is named.

        Raises:
            dg.Failure: the file is missing, is not what it should be, or has no keyword for any of
                these titles.
        """
        import numpy as np
        import pandas as pd

        place = {title_id: number for number, title_id in enumerate(title_ids)}
        numbers: dict[str, int] = {}
        # Numbers, because a file may have ten million rows.
        found = np.fromiter(
            (
                (place[title_id], numbers.setdefault(keyword, len(numbers)), weight)
                for title_id, keyword, weight in (self._rows() if self.location else ())
                if title_id in place
            ),
            dtype=[("title", "int32"), ("keyword", "int32"), ("weight", "float64")],
        )
        if self.location and not len(found):
            raise self._failure(
                "none of its titles is in the catalogue. Ids are IMDb's, such as "
                f"{next(iter(place), 'tt0000001')}"
            )
        best = pd.DataFrame(found).groupby(["title", "keyword"], as_index=False).max()
        keywords = pd.Series(list(numbers), dtype="str")
        return pd.DataFrame(
            {
                "title_id": title_ids.take(best["title"]).to_numpy(),
                "keyword": keywords.take(best["keyword"]).to_numpy(),
                "weight": best["weight"],
            }
        ).astype({"title_id": "str", "keyword": "str"})

    def _paths(self) -> list[Path]:
        return [Path(self.location)]

    def _rows(self) -> Iterator[tuple[str, str, float]]:
        lines = self._lines()
        header = next(lines, [])
        if header not in (COLUMNS, COLUMNS[:2]):
            raise self._failure(f"its first line reads {_shown(' '.join(header))}, not the header")
        for number, fields in enumerate(lines, start=2):
            if not "".join(fields).strip():  # as editors leave it at the end
                continue
            if len(fields) != len(header):
                raise self._failure(
                    f"line {number:,} has {len(fields)} fields instead of {len(header)}, and "
                    f"reads {_shown(' '.join(fields))}"
                )
            keyword = " ".join(fields[1].lower().split())
            if not keyword:
                raise self._failure(f"line {number:,} has no keyword")
            weight = _weight(fields[2]) if len(fields) > 2 else 1.0
            if weight is None:
                raise self._failure(
                    f"line {number:,} has the weight {_shown(fields[2])}, which must be a number "
                    "from 0 to 1"
                )
            yield fields[0].strip(), keyword, weight

    def _lines(self) -> Iterator[list[str]]:
        """The fields of each line."""
        path = Path(self.location)
        number = 0
        try:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                for line in file:
                    number += 1
                    # Spreadsheets write a mark before the first line, and CR before LF.
                    yield line.decode("utf-8-sig").rstrip("\r\n").split("\t")
        except UnicodeDecodeError:
            raise self._failure(f"line {number:,} is not UTF-8") from None
        except (OSError, EOFError, zlib.error) as error:
            raise self._failure(f"it cannot be read beyond line {number:,} ({error})") from None


def _weight(text: str) -> float | None:
    """A number from 0 to 1, or None if it is none."""
    try:
        weight = float(text)
    except ValueError:
        return None
    return weight if 0 <= weight <= 1 else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
