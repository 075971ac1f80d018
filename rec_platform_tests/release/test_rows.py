from pathlib import Path

import pytest

from rec_platform.release import rows
from rec_platform_tests.release.small import title, write

COUNT = 12


def test_titles_come_in_the_order_asked_for_whether_kept_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third of these lookups keeps all, the first hardly any."""
    for kept in (1, 4, COUNT):
        monkeypatch.setattr(rows, "MOST_KEPT", kept)
        made = [title(f"tt{number}", f"Film {number}", "", 2000) for number in range(1, COUNT + 1)]
        lookup = write(tmp_path / f"{kept}.sqlite", ((each, "") for each in made), COUNT)
        for numbers in ([3, 1, 2], [2, 3, 9, 1], [12, 11, 10, 9, 8, 7], [3, 12, 1]):
            assert lookup.numbered(numbers) == [made[number - 1] for number in numbers]
        assert lookup.most_voted(COUNT) == made


def test_the_titles_made_last_are_kept_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_KEPT", 3)
    made = [(title(f"tt{number}", f"Film {number}", "", 2000), "") for number in range(1, 6)]
    lookup = write(tmp_path / "lookup.sqlite", made, len(made))
    first, *_ = lookup.numbered([1, 2, 3, 4])
    (last,) = lookup.numbered([4])
    assert lookup.numbered([4])[0] is last
    assert lookup.numbered([1])[0] is not first
