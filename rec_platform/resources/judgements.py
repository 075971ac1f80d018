# pyright: standard
"""What people judged alike: a file of pairs of films, each OK or NOT_OK, for the scorecard.

The file is a table with a header. It is separated by tabs if its header has one, else by commas.

| column | what it is |
|---|---|
| title_id_1, title_id_2 | IMDb's ids of the two films, such as tt0087332 |
| title_1, title_2 | their names, for rows that have no ids |
| year_1, year_2 | their release years, to tell films of one name apart |
| rating | OK if the second is a good recommendation for the first, NOT_OK if it is not |

It has the ids, the names, or both; years and all other columns may be missing. An id counts before
a name. Case, accents and punctuation of names do not count. What is computed from the judgements
does not belong here (see modelling/ranking.py).
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rec_platform.release.text import search_key
from rec_platform.resources.own_files import OwnFiles

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

RATINGS = {"OK": True, "NOT_OK": False}
Row = dict[str, str]


@dataclass(frozen=True)
class Judgements:
    """Which pairs of a catalogue's titles people judged to be alike.

    Attributes:
        fingerprint: a hash of the file.
        first: (pairs,) int, positions in the catalogue.
        second: the same of the other title, never the first one.
        is_ok: (pairs,) bool, whether the pair was judged OK.
        is_tuning: (pairs,) bool, whether the pair is of the half that weights may be tuned on.
        missing: how many more pairs the file has, of which a title is not in the catalogue.
        ambiguous: the same of which several titles of the catalogue could be meant.
    """

    fingerprint: str
    first: "np.ndarray"
    second: "np.ndarray"
    is_ok: "np.ndarray"
    is_tuning: "np.ndarray"
    missing: int
    ambiguous: int


class JudgementsSource(OwnFiles):
    """A file of pairs that people judged OK or NOT_OK; empty if there are no judgements."""

    kind: ClassVar[str] = "judgements"
    advice: ClassVar[str] = (
        "Name a TSV or CSV with title_1, year_1, title_2, year_2 (or title_id_1, title_id_2) and "
        "rating, OK or NOT_OK (REC_JUDGEMENTS_SOURCE)"
    )

    def require_files(self) -> None:
        """Check that every row of the file can be read, if one is named.

        Raises:
            dg.Failure: the file is missing or is not what it should be.
        """
        super().require_files()
        for _ in self._rows() if self.location else ():
            pass

    def read(self, titles: "pd.DataFrame") -> Judgements:
        """The judged pairs of these titles, in the order of the file.

        A pair is of the tuning half if the SHA-256 of the name of its first title, as the file
        writes it in UTF-8, is even; of its id where it has no name. So it is in the same half
        whatever the catalogue.

        Args:
            titles: title_id, title, year, in the order of the catalogue.

        Raises:
            dg.Failure: the file is missing, is not what it should be, or judges no pair of these
                titles.
        """
        import numpy as np

        fingerprint = self.fingerprint()
        places = _Places(titles)
        pairs, missing, ambiguous = [], 0, 0
        for row in self._rows():
            first, second = places.of(row, 1), places.of(row, 2)
            if len(first) > 1 or len(second) > 1:
                ambiguous += 1
            elif not first or not second or first == second:
                missing += 1
            else:
                name = row.get("title_1") or row["title_id_1"]
                is_tuning = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 0
                pairs.append((*first, *second, RATINGS[row["rating"]], is_tuning))
        if not pairs:
            raise self._failure(
                f"of its {missing + ambiguous:,} pairs none has both titles in this catalogue "
                f"({ambiguous:,} could mean several)"
            )
        first, second, is_ok, is_tuning = np.array(pairs).T
        return Judgements(
            fingerprint,
            first,
            second,
            is_ok.astype(bool),
            is_tuning.astype(bool),
            missing,
            ambiguous,
        )

    def _paths(self) -> list[Path]:
        return [Path(self.location)]

    def _rows(self) -> Iterator[Row]:
        """The rows, each of which names two films and has a rating."""
        line = 1
        try:
            with Path(self.location).open(encoding="utf-8-sig", newline="") as file:
                header = file.readline()
                file.seek(0)
                is_tsv = "\t" in header
                # In a TSV a quotation mark is one, as in IMDb's files.
                reader = csv.DictReader(
                    file,
                    delimiter="\t" if is_tsv else ",",
                    quoting=csv.QUOTE_NONE if is_tsv else csv.QUOTE_MINIMAL,
                    strict=True,
                )
                self._check_columns(reader.fieldnames or [])
                for row in reader:
                    line = reader.line_num
                    self._check_row(row, line)
                    yield row
        except OSError as error:
            raise self._unreadable(Path(self.location), error) from None
        except UnicodeDecodeError:
            raise self._failure("it is not UTF-8") from None
        except csv.Error as error:
            raise self._failure(f"what follows line {line} cannot be read: {error}") from None

    def _check_columns(self, names: Collection[str]) -> None:
        has_titles = any({f"{name}_1", f"{name}_2"} <= set(names) for name in ("title_id", "title"))
        if not has_titles or "rating" not in names:
            raise self._failure(f"it lacks columns: it has {', '.join(names)[:200] or 'none'}")

    def _check_row(self, row: Row, line: int) -> None:
        if None in row or None in row.values():
            raise self._failure(f"line {line} has more or fewer fields than the header")
        if row["rating"] not in RATINGS:
            raise self._failure(f"line {line} is rated {row['rating']!r}, not OK or NOT_OK")
        for side in (1, 2):
            if not row.get(f"title_id_{side}") and not row.get(f"title_{side}"):
                raise self._failure(f"line {line} names no film {side}")


class _Places:
    """The positions of titles by id, by name and year, and by name."""

    def __init__(self, titles: "pd.DataFrame") -> None:
        self._places = defaultdict[str | tuple[str, str], set[int]](set)
        rows = zip(titles["title_id"], titles["title"], titles["year"], strict=True)
        for place, (title_id, title, year) in enumerate(rows):
            key = search_key(title)
            self._places[title_id].add(place)
            self._places[key, str(year)].add(place)
            self._places[key, ""].add(place)

    def of(self, row: Row, side: int) -> set[int]:
        """The titles that one side of a pair can mean."""
        if title_id := row.get(f"title_id_{side}"):
            return self._places.get(title_id, set())
        key = search_key(row[f"title_{side}"]), row.get(f"year_{side}", "")
        return self._places.get(key, set()) if key[0] else set()
