"""The pieces of the catalogue, unpacked as a browser does."""

import gzip
import struct
from pathlib import Path

import pytest

from rec_platform.release import pieces
from rec_platform.release.lookup import Lookup
from rec_platform.release.pieces import MERGED, piece, piece_count
from rec_platform_tests.api.catalogue import publish_catalogue
from rec_platform_tests.api.site import publish


def unpacked(packed: bytes, count: int) -> list[tuple[list[str], list[int]]]:
    """Each title's fields and the numbers of its neighbours."""
    content, size = gzip.decompress(packed), MERGED * count
    low, middle, high = (content[size * place : size * (place + 1)] for place in range(3))
    numbers = [a | b << 8 | c << 16 for a, b, c in zip(low, middle, high, strict=True)]
    lines = content[3 * size :].decode().split("\n")[:-1]
    return [
        (line.split("\t"), numbers[MERGED * place : MERGED * (place + 1)])
        for place, line in enumerate(lines)
    ]


def test_the_pieces_hold_every_title_with_its_neighbours_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = Lookup(publish_catalogue(tmp_path))
    monkeypatch.setattr(pieces, "PIECE_LENGTH", 16)
    count = lookup.release["title_count"]
    assert piece_count(lookup) == 4 == -(-count // 16)
    together = [
        row
        for index in range(4)
        for row in unpacked(piece(lookup, index), min(16, count - 16 * index))
    ]
    titles = lookup.numbered(range(1, count + 1))
    assert len(together) == len(titles)
    for title, (fields, numbers) in zip(titles, together, strict=True):
        assert fields == [title.title_id[2:], str(title.year), title.title]
        stored = lookup.neighbours(title.title_id, MERGED)
        assert numbers == [neighbour.number for neighbour in stored]
    assert piece(lookup, 1) == piece(lookup, 1)


def test_a_title_with_another_original_title_or_without_neighbours_is_there_too(
    tmp_path: Path,
) -> None:
    lookup = Lookup(publish(tmp_path, "first"))
    rows = unpacked(piece(lookup, 0), lookup.release["title_count"])
    assert rows[0][0] == ["0000001", "1991", "The Silent Lantern", "L'Été Muet"]
    assert rows[1][1] == [0] * MERGED


def test_a_title_with_fewer_neighbours_than_asked_for_has_these_and_no_others(
    tmp_path: Path,
) -> None:
    lookup = Lookup(publish(tmp_path, "first"))
    ((title_id, *_, numbers),) = lookup.catalogue(0, 1, limit=30)
    stored = [near.number for near in lookup.neighbours(title_id, 30)]
    assert len(stored) == 24
    assert numbers == struct.pack("<24I", *stored)
