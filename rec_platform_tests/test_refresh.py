"""The whole graph, end to end: what it makes, what it repeats, and what it survives.

Runs are real ones of the `refresh` job on invented files; what each stage does in detail belongs to
that stage's own tests.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rec_platform.release.recommend import recommendations
from rec_platform.resources.storage import LocalStorage
from rec_platform.sample.writer import franchises
from rec_platform_tests.conftest import TITLES, Platform, clean_environment, last_run, remade

RAW = {
    *("raw_title_basics", "raw_title_akas", "raw_title_ratings"),
    *("raw_title_crew", "raw_title_principals", "raw_name_basics"),
}
OPTIONAL = ("title_crew", "title_principals", "name_basics")


def rows(file: Path) -> list[bytes]:
    return gzip.decompress(file.read_bytes()).splitlines(keepends=True)


def write_rows(file: Path, lines: list[bytes]) -> None:
    file.write_bytes(gzip.compress(b"".join(lines), 1))


def table(platform: Platform, name: str) -> Any:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(f"FROM '{platform.root}/tables/{name}.parquet'").df()


# What a refresh makes


def test_a_release_has_every_selected_title_with_its_cluster_and_its_neighbours(
    released: Platform,
):
    lookup, titles = released.serving(), table(released, "titles")
    listed = [
        title
        for cluster in lookup.clusters()
        for title in lookup.cluster_titles(cluster.cluster, limit=TITLES)
    ]
    assert {title.title_id for title in listed} == set(titles["title_id"])
    assert len(listed) == len(titles) == lookup.release["title_count"] > TITLES / 5
    assert sum(cluster.title_count for cluster in lookup.clusters()) == len(titles)
    for title in listed:
        ids = [found.title.title_id for found in recommendations(lookup, title)]
        assert len(set(ids)) == 9 and title.title_id not in ids
    assert all(title in lookup.search(title.title, limit=50) for title in listed[:50])


def test_the_people_of_a_film_are_those_of_the_files(released: Platform):
    lookup = released.serving()
    names = dict(
        line.decode().split("\t")[:2] for line in rows(released.source / "name.basics.tsv.gz")
    )
    crew = (line.decode().split("\t") for line in rows(released.source / "title.crew.tsv.gz"))
    directors = {title_id: people.split(",") for title_id, people, _ in crew}
    shown = lookup.cluster_titles(0, limit=TITLES)
    assert len(shown) > 20
    for title in shown:
        expected = [names[person] for person in directors[title.title_id] if person in names]
        assert title.people("director") == list(dict.fromkeys(expected))


def test_most_franchise_films_have_another_of_their_franchise_among_the_first_nine(
    released: Platform,
):
    lookup = released.serving()
    found = films = 0
    for franchise in franchises(TITLES):
        for film in franchise:
            (title,) = lookup.titles([film])
            others = {also.title.title_id for also in recommendations(lookup, title)}
            films += 1
            found += bool(others & (set(franchise) - {film}))
    assert films > 50
    assert found / films > 0.95


def test_the_year_ceiling_is_recorded_and_naming_it_repeats_the_run(platform: Platform):
    recorded = platform.serving().release["recipe"]["year_max"]
    published = datetime.fromisoformat(platform.serving().release["created_at"])
    assert recorded == published.year == datetime.now(UTC).year
    before = platform.files()
    done = platform.refresh("--year-max", str(recorded))
    assert (done.exit_code, platform.files()) == (0, before)
    assert "nothing has changed" in done.stderr


def test_the_same_files_make_the_same_lists_in_another_place(
    released: Platform, platform: Platform
):
    done = platform.refresh("--root", "elsewhere")
    assert done.exit_code == 0, done.stderr
    first, second = released.run("export"), platform.run("export", "--root", "elsewhere")
    assert first.stdout == second.stdout
    assert first.stdout.count("\n") == 1 + 9 * released.serving().release["title_count"]


@dataclass(frozen=True)
class Changed:
    """The released platform after another recipe, where there never were optional files."""

    platform: Platform
    before: dict[str, bytes]
    summary: str


@pytest.fixture(scope="module")
def changed(
    first_release: Platform, dagster_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Changed:
    platform = Platform(tmp_path_factory.mktemp("changed"))
    shutil.copytree(first_release.folder, platform.folder, dirs_exist_ok=True)
    for name in OPTIONAL:
        (platform.source / f"{name.replace('_', '.')}.tsv.gz").unlink()
        shutil.rmtree(platform.root / "raw" / name)
    before = platform.files()
    with clean_environment(dagster_home):
        done = platform.refresh("--clusters", "4", "--year-max", "1999", "--rule", "original_2020")
    assert done.exit_code == 0, done.stderr
    return Changed(platform, before, done.stdout)


def test_without_crew_principals_and_names_it_runs_and_says_what_is_missing(changed: Changed):
    missing = "without title_crew, title_principals, name_basics: the source has none"
    assert missing in changed.summary
    lookup = changed.platform.serving()
    assert lookup.release["missing_files"] == list(OPTIONAL)
    assert set(lookup.release["files"]) == {"title_basics", "title_akas", "title_ratings"}
    title = lookup.cluster_titles(0)[0]
    assert title.credits == [] and recommendations(lookup, title)


def test_another_recipe_makes_a_new_release_and_leaves_the_old_one_as_it_was(changed: Changed):
    lookup = changed.platform.serving()
    recipe = lookup.release["recipe"]
    assert (recipe["clusters"], recipe["year_max"], recipe["rule"]) == (4, 1999, "original_2020")
    years = [title.year for number in range(4) for title in lookup.cluster_titles(number, TITLES)]
    assert max(years) <= 1999 and len(years) == lookup.release["title_count"]
    for part in ("up to 1999", "4 clusters", "original_2020 neighbours"):
        assert part in changed.summary
    after = changed.platform.files()
    assert {name for name in changed.before if after.get(name) != changed.before[name]} == {
        "current.json"
    }


def test_what_fails_after_the_publication_does_not_deny_that_there_was_one(platform: Platform):
    shutil.rmtree(platform.root / "receipts")
    (platform.root / "receipts").write_text("a file where a folder must be")
    (platform.releases / ".DS_Store").write_bytes(b"\0")
    done = platform.refresh("--clusters", "8")
    assert done.exit_code == 1 and "cost_receipt: " in done.stderr
    assert "nothing was published" not in done.stderr
    assert "a new release was published and serves" in done.stderr.splitlines()[-1]
    assert platform.serving().release["recipe"]["clusters"] == 8


# What a refresh repeats


def test_a_second_refresh_with_nothing_changed_does_no_work_and_says_so(platform: Platform):
    before = platform.files()
    tables = {path: path.stat().st_mtime_ns for path in (platform.root / "tables").iterdir()}
    done = platform.refresh()
    assert done.exit_code == 0
    assert "nothing has changed" in done.stderr
    assert platform.files() == before
    assert {path: path.stat().st_mtime_ns for path in tables} == tables
    assert remade() == set()


def test_a_file_with_another_date_and_the_same_bytes_is_no_change(platform: Platform):
    before = platform.files()
    for file in platform.source.iterdir():
        os.utime(file, ns=(1, 1))
    assert "nothing has changed" in platform.refresh().stderr
    assert platform.files() == before


def test_an_optional_file_that_is_gone_leaves_its_last_good_copy_in_use(platform: Platform):
    before = platform.files()
    (platform.source / "title.principals.tsv.gz").unlink()
    done = platform.refresh()
    assert "stays in use" in done.stderr
    assert "nothing has changed" in done.stderr
    assert platform.files() == before


def test_a_rollback_lasts_until_something_changes(platform: Platform):
    first = platform.serving().path.parent.name
    assert platform.refresh("--clusters", "4").exit_code == 0
    assert platform.run("rollback").exit_code == 0
    assert "nothing has changed" in platform.refresh("--clusters", "4").stderr
    assert platform.serving().path.parent.name == first


def test_the_environment_reaches_what_has_no_option(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_MIN_VOTES", "300")
    monkeypatch.setenv("REC_SEED", "7")
    done = platform.refresh("--clusters", "3")
    assert done.exit_code == 0, done.stderr
    lookup = platform.serving()
    assert (lookup.release["recipe"]["seed"], lookup.release["recipe"]["min_votes"]) == (7, 300)
    assert min(found.votes for found in lookup.cluster_titles(0, TITLES)) >= 300


def test_a_serving_release_that_was_damaged_is_made_anew(platform: Platform):
    import dagster as dg

    from rec_platform.definitions import define

    lookup = platform.serving().path
    lookup.write_bytes(lookup.read_bytes()[:-1])
    root = {"config": {"root": str(platform.root)}}
    run = (
        define()
        .resolve_job_def("refresh")
        .execute_in_process(
            run_config={
                "resources": {"storage": root, "warehouse": root},
                "loggers": {"progress": {}},
            },
            asset_selection=[dg.AssetKey("recipe")],
        )
    )
    assert [str(event.step_key) for event in run.get_asset_materialization_events()] == ["recipe"]


# What a refresh refuses


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
        ("name.basics", missing_field),
        ("title.principals", not_utf8),
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


# Two at once


@contextmanager
def slow_source(folder: Path) -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """Serve a folder over HTTP, but hold each answer until told to go on.

    Yields the address, an event that is set when a request waits, and the one that lets it go on.
    """
    asked, go_on = threading.Event(), threading.Event()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            go_on.wait()
            super().do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked, go_on
        finally:
            go_on.set()
            server.shutdown()
            thread.join()


def test_a_second_refresh_at_the_same_time_gives_way_and_the_first_one_finishes(
    platform: Platform,
):
    before = platform.files()
    with (
        slow_source(platform.source) as (address, asked, go_on),
        platform.start("refresh", "--source", address) as first,
    ):
        assert asked.wait(60)
        second = platform.refresh("--clusters", "8")
        go_on.set()
        output, errors = first.communicate()
    assert second.exit_code == 1
    assert "another refresh has been working in data since" in second.stderr
    assert "--root (REC_ROOT)" in second.stderr and len(second.stderr.splitlines()) == 3
    assert first.returncode == 0, errors
    # One line for each step, and no noise of Dagster's.
    first_line, *steps, last_line = errors.splitlines()
    assert first_line.startswith("refreshing") and last_line.startswith("done")
    line = re.compile(r"  \w+ +[\d.]+ s( +[\d,]+ rows)?( +unchanged)?")
    assert all(line.fullmatch(step.rstrip()) for step in steps)
    assert output.startswith("release ")
    # The address of the files is another one, and a release says where its files came from.
    assert len(platform.files()) == len(before) + 2


def test_dagsters_database_is_not_touched_by_a_refresh_that_gives_way(
    released: Platform, tmp_path: Path
):
    bench = Platform(tmp_path)
    with LocalStorage(root=str(bench.root)).locked():
        with bench.start(
            "refresh",
            *("--source", str(released.source)),
            environment={"DAGSTER_HOME": str(tmp_path / "dagster")},
        ) as process:
            output, errors = process.communicate()
        assert not (tmp_path / "dagster").exists()
    assert (process.returncode, output) == (1, "")
    _, reason, last = errors.splitlines()
    assert reason.startswith("another refresh has been working in data since")
    assert "nothing was published" in last


@pytest.mark.parametrize("roots", [("data", "data"), ("data", "other")])
def test_two_first_refreshes_at_once_leave_a_database_that_a_third_can_use(
    released: Platform, tmp_path: Path, roots: tuple[str, str]
):
    bench, home = Platform(tmp_path), tmp_path / "dagster"
    arguments = ("refresh", "--source", str(released.source), "--root")
    environment = {"DAGSTER_HOME": str(home)}
    processes = [bench.start(*arguments, root, environment=environment) for root in roots]
    errors = [process.communicate()[1] for process in processes]
    losers = [text for process, text in zip(processes, errors, strict=True) if process.returncode]
    assert all("another refresh has been working in data since" in text for text in losers)
    assert len(losers) == (roots[0] == roots[1])
    with bench.start(*arguments, "data", environment=environment) as third:
        _, text = third.communicate()
    assert third.returncode == 0 and "nothing has changed" in text, text


# Interrupted


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("refreshing", signal.SIGTERM),
        ("  recipe", signal.SIGTERM),
        ("  similar_titles", signal.SIGINT),
    ],
)
def test_an_interrupted_refresh_says_so_and_publishes_nothing(
    released: Platform, tmp_path: Path, moment: str, number: signal.Signals
):
    arguments = ("refresh", "--source", str(released.source))
    with Platform(tmp_path).start(*arguments) as process:
        assert process.stderr
        while line := process.stderr.readline():
            if line.startswith(moment):
                break
        process.send_signal(number)
        output, errors = process.communicate()
    assert line and (process.returncode, output) == (128 + number, "")
    assert errors.splitlines()[-1] == "interrupted" and "Traceback" not in errors
    assert not (tmp_path / "data" / "releases").exists()


def test_a_download_that_is_interrupted_ends_at_once(platform: Platform):
    before = platform.files()
    with (
        slow_source(platform.source) as (address, asked, _),
        platform.start("refresh", "--source", address) as process,
    ):
        assert asked.wait(60)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
    assert process.returncode == 143 and errors.splitlines()[-1] == "interrupted"
    assert platform.files() == before
    assert "nothing has changed" in platform.refresh().stderr
