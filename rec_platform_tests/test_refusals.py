"""What a refresh refuses: bad files, too few titles; what is served stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rec_platform_tests.conftest import Platform, last_run, rows, write_rows

RAW = {
    *("raw_title_basics", "raw_title_akas", "raw_title_ratings"),
    *("raw_title_crew", "raw_title_principals", "raw_name_basics"),
}


def test_a_year_ceiling_that_would_fall_by_itself_is_refused_before_anything_is_built(
    platform: Platform,
):
    (manifest,) = platform.releases.glob("*/manifest.json")
    content = json.loads(manifest.read_text())
    content["recipe"]["year_max"] = 2199  # beside which this machine's clock is far behind
    manifest.write_text(json.dumps(content))
    before = platform.files()
    tables = {path: path.stat().st_mtime_ns for path in (platform.root / "tables").iterdir()}
    done = platform.refresh()
    year = datetime.now(UTC).year
    assert done.exit_code == 1
    assert f"clock says {year}" in done.stderr and "titles up to 2199" in done.stderr
    assert f"correct the clock or, if it is right, set --year-max {year}" in done.stderr
    assert platform.files() == before
    assert tables == {
        path: path.stat().st_mtime_ns for path in (platform.root / "tables").iterdir()
    }
    assert platform.refresh("--year-max", str(year)).exit_code == 0


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2000])


def web_page(file: Path) -> None:
    file.write_bytes(b"<!DOCTYPE html><html><body>Please log in</body></html>")


def header_only(file: Path) -> None:
    write_rows(file, rows(file)[:1])


def repeated_row(file: Path) -> None:
    lines = rows(file)
    write_rows(file, [*lines, lines[7]])


def text_for_a_number(file: Path) -> None:
    lines = rows(file)
    lines[5] = b"\t".join((lines[5].split(b"\t")[0], b"good", b"12\n"))
    write_rows(file, lines)


def renamed_column(file: Path) -> None:
    lines = rows(file)
    write_rows(file, [lines[0].replace(b"tconst", b"title_id"), *lines[1:]])


def missing_field(file: Path) -> None:
    lines = rows(file)
    lines[9] = lines[9].rpartition(b"\t")[0] + b"\n"
    write_rows(file, lines)


def not_utf8(file: Path) -> None:
    lines = rows(file)
    lines[3] = lines[3].replace(b"\t", b"\t\xff", 1)
    write_rows(file, lines)


def gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("title.basics", cut),
        ("title.ratings", web_page),
        ("title.akas", header_only),
        ("title.basics", repeated_row),
        ("title.ratings", text_for_a_number),
        ("title.crew", renamed_column),
        ("title.ratings", missing_field),
        ("title.basics", not_utf8),
        ("title.akas", gone),
    ],
)
def test_a_bad_file_stops_the_refresh_and_what_is_served_stays(
    platform: Platform, name: str, spoil: Callable[[Path], None]
):
    spoil(platform.source / f"{name}.tsv.gz")
    before = platform.files()
    good_copy = next(platform.root.glob(f"raw/*/{name}.tsv.gz"))
    content = good_copy.read_bytes()
    done = platform.refresh("--clusters", "8")  # which would make a new release
    assert done.exit_code == 1
    *steps, reason, last = done.stderr.splitlines()
    assert reason.startswith(f"raw_{name.replace('.', '_')}: {name}.tsv.gz is ")
    assert "sample" in reason  # where to look
    assert last == "nothing was published: the last release, if any, goes on serving"
    assert not any("cluster_lookup" in step or "release" in step for step in steps)
    assert not done.stdout
    assert platform.files() == before
    assert good_copy.read_bytes() == content
    assert platform.serving().release["title_count"] > 0


def shrink(platform: Platform) -> None:
    """As if nine tenths of the titles had vanished at the source."""
    basics = platform.source / "title.basics.tsv.gz"
    header, *lines = rows(basics)
    write_rows(basics, [header, *lines[: len(lines) // 10]])


def test_far_fewer_titles_than_before_are_not_published_unless_asked_for(platform: Platform):
    from rec_platform import runner

    shrink(platform)
    before, count = platform.files(), platform.serving().release["title_count"]
    done = platform.refresh()
    assert done.exit_code == 1
    reason = done.stderr.splitlines()[-2]
    assert "titles_are_enough" in reason and f"the serving release has {count:,}" in reason
    assert "REC_MIN_TITLE_SHARE=0" in reason
    assert platform.files() == before

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(platform.folder)
        runner.run_refresh(
            runner.Platform("data", REC_IMDB_SOURCE="sample"), {"min_title_share": 0}
        )
    assert 18 <= platform.serving().release["title_count"] < count / 5
    _, materialised = last_run()
    assert RAW | {"recipe", "titles", "kmeans_model", "cluster_lookup", "release"} < materialised
    # That it was asked for once is no reason to build it again.
    assert "nothing has changed" in platform.refresh().stderr


@pytest.mark.parametrize("options", [["--clusters", "100"], ["--year-max", "1874"]])
def test_too_few_titles_for_the_clusters_are_an_error_that_says_what_to_turn(
    platform: Platform, options: list[str]
):
    shrink(platform)
    before = platform.files()
    done = platform.refresh(*options)
    assert done.exit_code == 1
    reasons = [line for line in done.stderr.splitlines() if "failed" in line]
    assert len(reasons) == 1 and "too few for" in reasons[0]
    assert "--clusters (REC_CLUSTERS)" in reasons[0] and "--preset (REC_PRESET)" in reasons[0]
    assert platform.files() == before
