# pyright: standard
"""What people liked: a folder of MovieLens' files, for the scorecard alone.

Lists are made from IMDb's files; ratings only tell how good they are. This file reads the ratings
and splits the users. What is computed from them does not belong here (see modelling/ranking.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rec_platform.resources.own_files import OwnFiles

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

LIKED = 4  # stars of five, or twice as many of ten
IMDB_ID = r"^(?:tt)?(\d+)(?:\.0)?$"  # a spreadsheet makes 114709.0 of 0114709
MOST_USERS = 10_000  # drawn from a larger set
ROWS_AT_ONCE = 1_000_000
SEED = 0
COLUMNS = {"ratings.csv": ["userId", "movieId", "rating"], "links.csv": ["movieId", "imdbId"]}


@dataclass(frozen=True)
class Likes:
    """What users like in a catalogue, in two halves.

    Attributes:
        fingerprint: a hash of the files.
        training: one array of positions in the catalogue for each user, sorted, at least two.
        testing: the same for other users.
    """

    fingerprint: str
    training: "list[np.ndarray]"
    testing: "list[np.ndarray]"


class RatingsSource(OwnFiles):
    """A folder with MovieLens' `ratings.csv` and `links.csv`; empty if there are no ratings."""

    kind: ClassVar[str] = "ratings"
    advice: ClassVar[str] = (
        f"Name a folder of MovieLens that has {' and '.join(COLUMNS)} (REC_RATINGS_SOURCE)"
    )

    def read(self, title_ids: "pd.Series[str]") -> Likes:
        """What users like of these titles, for users who like at least two of them.

        Half of the users are for training, half for testing. They are split by id before the titles
        are looked at, so that a user is in the same half whatever the catalogue.

        Args:
            title_ids: (titles,), in the order of the catalogue.

        Raises:
            dg.Failure: a file is missing, is not what MovieLens' files are, or a half has no user
                who likes two of these titles.
        """
        import numpy as np
        import pandas as pd

        fingerprint = self.fingerprint()
        place = pd.Series(range(len(title_ids)), index=title_ids.to_numpy())
        links = pd.concat(self._chunks("links.csv", {"movieId": "int64", "imdbId": "str"}))
        imdb = "tt" + links["imdbId"].str.extract(IMDB_ID, expand=False).str.zfill(7)
        of_movie = pd.Series(imdb.map(place).to_numpy(), index=links["movieId"]).dropna()
        of_movie = of_movie[~of_movie.index.duplicated()]
        kinds = {"userId": "int64", "movieId": "int64", "rating": "float64"}
        liked, users, most = [], [], 0.0
        for chunk in self._chunks("ratings.csv", kinds):
            users.append(chunk["userId"].unique())
            most = max(most, chunk["rating"].max())
            chunk["place"] = chunk["movieId"].map(of_movie)
            liked.append(chunk[chunk["rating"] >= LIKED].dropna()[["userId", "place", "rating"]])
        if most > 10:
            raise self._failure(
                f"its ratings go up to {most:g}, and five or ten stars are the most"
            )
        likes = pd.concat(liked)
        likes = likes[likes["rating"] >= LIKED * (2 if most > 5 else 1)][["userId", "place"]]
        likes = likes.drop_duplicates().astype("int64").sort_values(["userId", "place"])
        order = np.random.default_rng(SEED).permutation(np.unique(np.concatenate(users)))
        middle = len(order) // 2
        half = MOST_USERS // 2
        training = _by_user(likes, order[:middle][:half])
        testing = _by_user(likes, order[middle:][:half])
        if not training or not testing:
            raise self._failure(
                f"of its {len(order):,} users hardly any likes two titles of this catalogue"
            )
        return Likes(fingerprint, training, testing)

    def _paths(self) -> list[Path]:
        return [Path(self.location, name) for name in COLUMNS]

    def _chunks(self, name: str, kinds: dict[str, str]) -> "Iterator[pd.DataFrame]":
        import pandas as pd

        try:
            with pd.read_csv(
                Path(self.location, name),
                usecols=COLUMNS[name],
                dtype=kinds,  # type: ignore[arg-type]
                chunksize=ROWS_AT_ONCE,
            ) as chunks:
                yield from chunks
        except (OSError, ValueError) as error:  # a missing column, or text for a number
            raise self._failure(f"{name} is not what it should be: {error}") from None


def _by_user(likes: "pd.DataFrame", users: "np.ndarray") -> "list[np.ndarray]":
    chosen = likes[likes["userId"].isin(users)]
    groups = (group.to_numpy() for _, group in chosen.groupby("userId")["place"])
    return [places for places in groups if len(places) > 1]
