"""The catalogue in pieces that a browser fetches whole, so that no request says what it looks up.

What a visitor has seen and rated stays in the browser. The browser finds these titles by id or by
name, and merges their lists, by itself. It needs all titles for that, with their nearest
neighbours. How it merges them is in api/static/library.js, the same way as recommend.py.
"""

import gzip

from rec_platform.release.lookup import Lookup

# Titles in a piece. Lambda answers with 6 MB at most; a piece is about a tenth of that.
PIECE_LENGTH = 16_384
# Neighbours of each title. Merging more of them makes the pieces larger and the list no better:
# see benchmarks/library.py.
MERGED = 12
BYTES = 3  # of a number; 16 million titles


def piece_count(lookup: Lookup) -> int:
    """How many pieces a release has."""
    return -(-lookup.release["title_count"] // PIECE_LENGTH)


def piece(lookup: Lookup, index: int) -> bytes:
    """A piece, counted from 0: titles in the order of their numbers, as a gzip file.

    It begins with the numbers of the neighbours, best first, 12 for each title, 0 if there are
    fewer: the lowest bytes of all numbers, then the middle ones, then the highest, because bytes
    of one kind compress better. A line for each title follows: what is behind the "tt" of its id,
    its year, its title and, if it is another one, its original title, with tabs between.
    """
    numbers = bytearray()
    lines: list[str] = []
    for title_id, year, title, original, own in lookup.catalogue(
        PIECE_LENGTH * index, PIECE_LENGTH, MERGED
    ):
        numbers += own.ljust(4 * MERGED, b"\0")
        names = title if original == title else f"{title}\t{original}"
        lines.append(f"{title_id[2:]}\t{year}\t{names}\n")
    planes = b"".join(numbers[place::4] for place in range(BYTES))
    return gzip.compress(planes + "".join(lines).encode(), mtime=0)
