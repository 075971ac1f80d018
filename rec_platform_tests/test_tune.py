"""`rec-platform tune`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from rec_platform.assets.tuning import LEFT_OUT, TUNING, Tuned
from rec_platform.release.blend import WEIGHTS
from rec_platform.release.schema import Title
from rec_platform.weights import parse_weights
from rec_platform_tests.assets.people import write_ratings
from rec_platform_tests.conftest import Platform, all_titles

ROWS = [f"{half}, {weights}" for half in (TUNING, LEFT_OUT) for weights in ("default", "tuned")]


def write_judgements(file: Path, titles: list[Title], half: int | None = None) -> None:
    """Pairs of which those are OK that are of about the same year."""
    rows = [
        (first, second, "OK" if abs(first.year - second.year) <= 2 else "NOT_OK")
        for number, first in enumerate(titles)
        for second in titles[number % 7 :: 29]
        if first != second
        if half in (None, int(hashlib.sha256(first.title_id.encode()).hexdigest(), 16) % 2)
    ]
    lines = [f"{first.title_id}\t{second.title_id}\t{rating}" for first, second, rating in rows]
    file.write_text("\n".join(["title_id_1\ttitle_id_2\trating", *lines, ""]))


@pytest.fixture
def said(released: Platform, tmp_path: Path) -> Path:
    """A folder with judgements and ratings."""
    write_judgements(tmp_path / "pairs.tsv", all_titles(released.serving()))
    write_ratings(tmp_path / "movielens")
    return tmp_path


def table(stdout: str) -> dict[str, list[str]]:
    """The rows of the table that was printed, by their name."""
    lines = [line.strip("| ") for line in stdout.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return {name: row for name, *row in cells}


def test_weights_for_own_judgements_are_fitted_to_one_half_and_told_by_the_other(
    released: Platform, said: Path
):
    out = said / "own.json"
    done = released.run(
        *("tune", "--judgements", str(said / "pairs.tsv"), "--steps", "150", "--out", str(out))
    )
    assert done.exit_code == 0, done.stderr
    rows = table(done.stdout)
    assert list(rows) == ["lists", *ROWS]
    assert rows["lists"] == ["p9", "r9", "bad9", "coverage"]
    for half in (TUNING, LEFT_OUT):
        default, tuned = (float(rows[f"{half}, {name}"][0][:5]) for name in ("default", "tuned"))
        assert tuned > default * 1.1
    assert "The tuned weights are better on the left-out half" in done.stdout
    assert f"refresh --weights {out}" in done.stderr
    weights = json.loads(out.read_text())
    assert list(weights) == list(WEIGHTS) and parse_weights(str(out)) == weights
    assert weights["era"] > 1.5 * WEIGHTS["era"]


def test_both_sources_count_and_the_same_seed_writes_the_same_file(released: Platform, said: Path):
    options = [
        "--ratings",
        str(said / "movielens"),
        "--judgements",
        str(said / "pairs.tsv"),
        "--steps",
        "5",
    ]
    files = [said / "first.json", said / "again.json"]
    shown = [released.run("tune", *options, "--out", str(file)).stdout for file in files]
    assert table(shown[0])["lists"] == ["p9", "r9", "bad9", "NDCG@9", "tail NDCG@9", "coverage"]
    assert shown[0] == shown[1]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_ratings_alone_are_enough(released: Platform, said: Path):
    done = released.run(
        *(
            "tune",
            "--ratings",
            str(said / "movielens"),
            "--steps",
            "1",
            "--out",
            str(said / "own.json"),
        )
    )
    assert done.exit_code == 0, done.stderr
    assert table(done.stdout)["lists"] == ["NDCG@9", "tail NDCG@9", "coverage"]


@pytest.mark.parametrize(
    ("own", "verdict"), [(1.2, "are better on"), (1.0, "are no better"), (0.9, "are no better")]
)
def test_it_is_said_plainly_whether_the_left_out_half_gains(own: float, verdict: str):
    figures = {(half, name): {"coverage": [0.9]} for half in (TUNING, LEFT_OUT) for name in "ab"}
    goals = {(TUNING, "default"): 1.0, (TUNING, "tuned"): 2.0, (LEFT_OUT, "default"): 1.0}
    text = Tuned(WEIGHTS, figures, goals | {(LEFT_OUT, "tuned"): own}).to_text()
    assert verdict in text and f"({own:.3f}, default 1.000)" in text


def test_with_nothing_to_tune_by_it_is_misuse(released: Platform):
    done = released.run("tune")
    assert done.exit_code == 2
    assert "--ratings, --judgements or both" in done.stderr


def test_a_file_that_cannot_be_written_is_told_before_the_search(released: Platform, said: Path):
    for out in (said / "nowhere" / "own.json", said):
        done = released.run("tune", "--ratings", str(said / "movielens"), "--out", str(out))
        assert done.exit_code == 2 and "--out" in done.stderr


@pytest.mark.parametrize("option", ["--ratings", "--judgements"])
def test_a_source_that_is_not_there_is_named(released: Platform, tmp_path: Path, option: str):
    out = tmp_path / "own.json"
    done = released.run("tune", option, "nowhere", "--out", str(out))
    assert done.exit_code == 1
    assert f"the {option[2:]} in nowhere" in done.stderr and not out.exists()


@pytest.mark.parametrize(("half", "name"), [(0, LEFT_OUT), (1, TUNING)])
def test_judgements_of_one_half_are_refused(
    released: Platform, tmp_path: Path, half: int, name: str
):
    file = tmp_path / "pairs.tsv"
    write_judgements(file, all_titles(released.serving()), half)
    out = tmp_path / "own.json"
    done = released.run("tune", "--judgements", str(file), "--out", str(out))
    assert done.exit_code == 1 and not out.exists()
    assert f"the {name} of their" in done.stderr and "judge more first titles" in done.stderr


def test_tables_of_no_release_cannot_be_tuned_on(said: Path, environment: None):
    del environment
    bare = Platform(said / "bare")
    bare.folder.mkdir()
    done = bare.run("tune", "--ratings", str(said / "movielens"))
    assert done.exit_code == 1 and "rec-platform refresh" in done.stderr
