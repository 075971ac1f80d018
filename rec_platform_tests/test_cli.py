"""The command as people and scripts meet it: its help, its words, its exit codes, its signals."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from rec_platform.release.recommend import basket, recommendations
from rec_platform.release.root import serving_release
from rec_platform.release.schema import Title
from rec_platform_tests.conftest import REPOSITORY, Platform, last_run, publish_many
from rec_platform_tests.waiting import PATIENCE_SECONDS

COMMANDS = ("refresh", "demo", "sample", "serve", "releases", "rollback", "recommend", "export")
ROOT_OPTION = ("--root", "REC_ROOT", "[default: data]")


@pytest.fixture
def bench(tmp_path: Path, environment: None) -> Platform:
    """A working folder with nothing in it yet."""
    del environment
    return Platform(tmp_path)


# Help


def test_help_names_every_command(bench: Platform):
    done = bench.run("--help")
    assert done.exit_code == 0
    assert all(re.search(rf"│ {command} ", done.stdout) for command in COMMANDS)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("refresh", ROOT_OPTION),
        ("refresh", ("--source", "REC_IMDB_SOURCE", "[default: https://datasets.imdbws.com]")),
        (
            "refresh",
            (
                "<original_2020|us_release|english_like|world>",
                "REC_PRESET",
                "[default: english_like]",
            ),
        ),
        ("refresh", ("<original_2020|balanced>", "REC_FEATURES", "[default: balanced]")),
        ("refresh", ("<original_2020|nearest|blend>", "REC_RULE", "[default: blend]")),
        ("refresh", ("--weights", "<file>", "REC_WEIGHTS", "(built in)")),
        ("refresh", ("2<=x<=100", "REC_CLUSTERS", "[default: 9]")),
        ("refresh", ("--year-max", "REC_YEAR_MAX", "(the year of the run)")),
        ("demo", ("--titles", "6000", "--no-serve", "--host", "8000", "3000", "data/demo")),
        ("sample", ("--titles", "6000", "--out", "[required]")),
        ("serve", ("--host", "[default: 127.0.0.1]", "--port", "[default: 8000]", *ROOT_OPTION)),
        ("releases", ROOT_OPTION),
        ("rollback", ("[default: (the one before)]", *ROOT_OPTION)),
        ("recommend", ("titles", "--limit", "--balance", "[default: 0.5]", *ROOT_OPTION)),
        ("export", ("--limit", "[default: 9]", *ROOT_OPTION)),
    ],
)
def test_a_commands_help_shows_its_options_defaults_and_variables(
    bench: Platform, monkeypatch: pytest.MonkeyPatch, command: str, shown: tuple[str, ...]
):
    monkeypatch.setenv("COLUMNS", "160")
    done = bench.run(command, "--help")
    text = " ".join(done.stdout.replace("│", " ").split())
    assert done.exit_code == 0
    assert [words for words in shown if words not in text] == []


def test_the_commands_defaults_are_those_of_the_dagster_ui(environment: None):
    from rec_platform import choices
    from rec_platform.definitions import DEPLOYMENTS
    from rec_platform.recipe import Recipe
    from rec_platform.resources.imdb import ImdbSource
    from rec_platform.resources.storage import LocalStorage
    from rec_platform.resources.warehouse import DuckDBWarehouse

    recipe = Recipe()
    assert (recipe.preset, recipe.features, recipe.rule, recipe.clusters, recipe.year_max) == (
        *(choices.PRESET, choices.FEATURES, choices.RULE, choices.CLUSTERS),
        None,
    )
    assert ImdbSource().location == choices.IMDB
    assert LocalStorage().root == DuckDBWarehouse().root == choices.ROOT
    assert set(DEPLOYMENTS) == {"local", "aws"}


def test_the_command_answers_before_anything_heavy_is_imported():
    program = (
        "import sys, rec_platform.cli; print(*(name for name in sys.modules if name in "
        "('dagster', 'pandas', 'numpy', 'duckdb', 'fastapi', 'uvicorn', 'matplotlib', 'requests')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


# Exit codes


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["refresh", "--preset", "everything"], "--preset"),
        (["refresh", "--features", "all"], "--features"),
        (["refresh", "--rule", "random"], "--rule"),
        (["refresh", "--weights", "nowhere.json"], "--weights"),
        (["refresh", "--weights", '{"fame": -1}'], "--weights"),
        (["refresh", "--clusters", "1"], "--clusters"),
        (["refresh", "--clusters", "101"], "--clusters"),
        (["refresh", "--clusters", "nine"], "--clusters"),
        (["refresh", "--year-max", "99999"], "--year-max"),
        (["serve", "--port", "70000"], "--port"),
        (["export", "--limit", "0"], "--limit"),
        (["recommend"], "titles"),
        (["recommend", "tt1", "--balance", "1.5"], "--balance"),
        (["sample", "--titles", "5"], "--out"),
        (["sample", "--titles", "0", "--out", "x"], "--titles"),
        (["publish"], "publish"),
    ],
)
def test_misuse_is_told_by_its_option_and_exit_code_2(
    bench: Platform, arguments: list[str], named: str
):
    done = bench.run(*arguments)
    assert done.exit_code == 2
    assert named in done.stderr and "Traceback" not in done.stderr
    assert not done.stdout and not list(bench.folder.iterdir())


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REC_PRESET", "wrold"),
        ("REC_FEATURES", "al"),
        ("REC_RULE", "neaerst"),
        ("REC_WEIGHTS", "nowhere.json"),
        ("REC_CLUSTERS", "many"),
        ("REC_CLUSTERS", "1"),
        ("REC_YEAR_MAX", "soon"),
    ],
)
def test_a_misspelled_variable_is_told_by_its_name_and_exit_code_2(
    bench: Platform, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
):
    monkeypatch.setenv(variable, value)
    done = bench.refresh()
    assert done.exit_code == 2
    assert variable in done.stderr and not list(bench.folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (["--preset", "seed", "--rule", "seed", "--features", "seed"], {}),
        ([], {"REC_PRESET": "seed", "REC_RULE": "seed"}),
    ],
)
def test_a_choice_is_accepted_by_its_former_name_with_one_warning(
    bench: Platform, options: list[str], environment: dict[str, str]
):
    with bench.start("refresh", "--source", "nowhere", *options, environment=environment) as run:
        _, errors = run.communicate()
    warning, begun, *_ = errors.splitlines()
    assert warning == "`seed` is now called `original_2020`: change the setting"
    assert begun == "refreshing data from nowhere"
    assert run.returncode == 1 and "raw_" in errors  # it went on to the files


def test_a_misspelled_variable_without_an_option_of_its_own_is_told_in_one_line(bench: Platform):
    with bench.start("refresh", environment={"REC_MIN_TITLE_SHARE": "a lot"}) as process:
        output, errors = process.communicate()
    assert process.returncode == 2 and not output
    (line,) = errors.splitlines()
    assert line.startswith("REC_MIN_TITLE_SHARE='a lot': ")


@pytest.mark.parametrize("command", ["export", "releases", "rollback"])
def test_without_a_release_a_command_that_needs_one_says_so_with_exit_code_1(
    bench: Platform, command: str
):
    done = bench.run(command)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1 and "release" in done.stderr
    assert not done.stdout


def test_a_source_that_is_away_is_one_complaint_and_not_one_for_each_file(bench: Platform):
    done = bench.run("refresh", "--source", "nowhere")
    assert done.exit_code == 1
    *_, reason, last = done.stderr.splitlines()
    assert "nowhere" in reason and "--source (REC_IMDB_SOURCE)" in reason
    assert reason.count("raw_") == 6 and "nothing was published" in last


def test_a_root_that_is_no_folder_is_told_in_a_line(bench: Platform):
    (bench.folder / "data").write_text("a file")
    done = bench.refresh()
    assert done.exit_code == 1
    assert "data" in done.stderr.splitlines()[1] and len(done.stderr.splitlines()) == 3


WITH_A_ROOT = [
    *("refresh", "serve", "releases", "rollback", "recommend tt1", "export"),
    *("costs", "scorecard", "doctor", "demo"),
]


WITHOUT_OUTPUT = [name for name in WITH_A_ROOT if name not in ("refresh", "serve", "demo")]


@pytest.mark.parametrize("command", [*WITHOUT_OUTPUT, "costs --plan"])
def test_a_command_that_makes_nothing_makes_no_folder(bench: Platform, command: str):
    before = [*bench.folder.iterdir()]
    done = bench.run(*command.split(), "--root", "data/new")
    assert "Traceback" not in done.stderr and [*bench.folder.iterdir()] == before


@pytest.mark.parametrize("command", WITH_A_ROOT)
@pytest.mark.parametrize("root", ["s3://bucket/prefix", "file:///data", "http://host/data"])
def test_a_root_that_is_an_address_is_refused_where_a_folder_is_needed(
    bench: Platform, command: str, root: str
):
    if command == "serve" and root.startswith("s3"):
        pytest.skip("the site is served from S3 too")
    done = bench.run(*command.split(), "--root", root)
    assert done.exit_code == 2
    # Typer frames what it refuses itself.
    text = " ".join(done.stderr.replace("│", " ").split())
    assert root in text and "folder" in text and "Traceback" not in text
    assert ("REC_DEPLOYMENT=aws" in text) == root.startswith("s3")
    assert not list(bench.folder.iterdir())


def test_a_root_that_is_given_counts_before_an_address_in_the_environment(
    bench: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REC_ROOT", "s3://bucket/prefix")
    assert bench.run("releases").exit_code == 2
    with bench.start("releases", "--root", "data") as process:
        _, errors = process.communicate()
    assert (process.returncode, errors) == (
        1,
        "no release in data: run `rec-platform refresh`\n",
    )


def test_a_tilde_is_the_users_home_in_every_path(bench: Platform, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(bench.folder / "home"))
    assert bench.run("sample", "--out=~/s", "--titles", "100").exit_code == 0
    files = {
        "REC_IMDB_SOURCE": "~/s",
        "REC_RATINGS_SOURCE": "~/r",
        "REC_JUDGEMENTS_SOURCE": "~/judged.tsv",
        "REC_KEYWORDS_SOURCE": "~/keywords.tsv",
    }
    for variable, path in files.items():
        monkeypatch.setenv(variable, path)
    home = bench.folder / "home"
    (home / "r").mkdir()
    for file in ("judged.tsv", "keywords.tsv", "r/ratings.csv", "r/links.csv"):
        (home / file).touch()
    done = bench.run("doctor", "--root=~/d")
    assert [line for line in done.stdout.splitlines() if "~" in line or "cannot" in line] == []
    monkeypatch.setenv("REC_JUDGEMENTS_SOURCE", "")
    monkeypatch.setenv("REC_KEYWORDS_SOURCE", "")
    monkeypatch.setenv("REC_RATINGS_SOURCE", "")
    (home / "w.json").write_text("{}")
    done = bench.run("refresh", "--root=~/d", "--weights=~/w.json", "--preset", "world")
    assert done.exit_code == 0, done.stderr
    assert bench.run("recommend", "--root=~/d", "tt0000001").exit_code == 0
    assert serving_release("~/d", {}).lookup().path.is_relative_to(home / "d")
    assert not (bench.folder / "~").exists()


def test_a_sample_is_not_written_to_a_folder_that_is_named_like_an_address(bench: Platform):
    assert bench.run("sample", "--titles", "1", "--out", "s3://bucket/sample").exit_code == 2
    assert not list(bench.folder.iterdir())


# Recommendations


def popular(platform: Platform, count: int) -> list[Title]:
    """The best known titles of a release."""
    return platform.serving().numbered([*range(1, count + 1)])


def test_a_liked_title_has_a_list_with_reasons(released: Platform):
    (liked,) = popular(released, 1)
    done = released.run("recommend", liked.title_id)
    assert done.exit_code == 0
    assert done.stderr == f"like {liked.title} ({liked.year})\n"
    expected = [
        f"{similar.rank:>3}  {similar.title.title} ({similar.title.year}): "
        + ". ".join(similar.reasons)
        for similar in recommendations(released.serving(), liked)
    ]
    assert done.stdout.splitlines() == expected and len(expected) == 9


def test_a_title_may_be_called_by_its_name(released: Platform):
    (liked,) = popular(released, 1)
    by_id, by_name = (
        released.run("recommend", text) for text in (liked.title_id, liked.title.upper())
    )
    assert by_name.stdout == by_id.stdout != ""


def test_words_that_no_title_has_are_named(released: Platform):
    (liked,) = popular(released, 1)
    done = released.run("recommend", f"{liked.title} zzqq movie")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        f"{liked.title} zzqq movie: no title has all of these words; left out: zzqq, movie",
        f"like {liked.title} ({liked.year})",
    ]


def test_what_a_misspelt_name_was_read_as_is_told(released: Platform):
    done = released.run("recommend", "accidnetal caterer")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[0] == (
        "accidnetal caterer: no title has these words; read as: accidental caterer"
    )


def test_an_id_may_be_written_in_capitals_and_without_zeros(released: Platform):
    (liked,) = popular(released, 1)
    short = f"tt{int(liked.title_id[2:])}"
    told = {
        released.run("recommend", text).stdout for text in (liked.title_id, short, short.upper())
    }
    assert len(told) == 1
    done = released.run("recommend", "tt99999999")
    assert done.exit_code == 2 and "tt99999999: no such title" in done.stderr


def test_the_knob_and_the_limit_are_obeyed(released: Platform):
    (liked,) = popular(released, 1)
    shown = set()
    for balance in (0, 0.5, 1):
        done = released.run("recommend", liked.title_id, "--limit", "5", "--balance", str(balance))
        expected = recommendations(released.serving(), liked, 5, balance)
        assert [line.split("): ")[0][5:] + ")" for line in done.stdout.splitlines()] == [
            f"{similar.title.title} ({similar.title.year})" for similar in expected
        ]
        shown.add(done.stdout)
    assert len(shown) > 1


def test_several_liked_titles_have_one_list_that_says_which_each_is_like(released: Platform):
    liked = popular(released, 3)
    done = released.run("recommend", *(title.title_id for title in liked), "--limit", "4")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [f"like {title.title} ({title.year})" for title in liked]
    expected = []
    for merged in basket(released.serving(), liked, 4):
        expected.append(f"{merged.rank:>3}  {merged.title.title} ({merged.title.year})")
        assert merged.because
        for because in merged.because:
            reasons = ". ".join(because.reasons)
            expected.append(f"       like {because.title.title}: {reasons}")
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize("unknown", ["tt99999999", "No Such Film Anywhere", "", "!?"])
def test_a_title_that_is_not_there_is_named_with_exit_code_2(released: Platform, unknown: str):
    (liked,) = popular(released, 1)
    done = released.run("recommend", liked.title_id, unknown)
    assert done.exit_code == 2 and not done.stdout
    release_id = released.serving().path.parent.name
    assert done.stderr == f"{unknown}: no such title in release {release_id}\n"


# Export


def test_export_writes_every_titles_list_in_order_of_rank(released: Platform):
    done = released.run("export")
    assert done.exit_code == 0 and not done.stderr
    header, *lines = list(csv.reader(done.stdout.splitlines()))
    assert header == ["title_id", "rank", "recommended_id", "score"]
    count = released.serving().release["title_count"]
    assert [int(line[1]) for line in lines] == [*range(1, 10)] * count
    assert [line[0] for line in lines] == sorted(line[0] for line in lines)
    assert len({line[0] for line in lines}) == count
    assert {line[2] for line in lines} <= {line[0] for line in lines}
    for line in lines:  # ranked by what is alike and appeals; the score is how alike alone
        assert 0 <= float(line[3]) <= 1 and line[0] != line[2]
    lookup = released.serving()
    served = recommendations(lookup, lookup.titles([lines[0][0]])[0])
    assert [(similar.title.title_id, similar.score) for similar in served] == [
        (line[2], float(line[3])) for line in lines[:9]
    ]


def test_export_writes_as_many_as_asked_for(released: Platform):
    nine, three = released.run("export"), released.run("export", "--limit", "3")
    first = [line for line in csv.reader(nine.stdout.splitlines()) if line[1] in {"rank", *"123"}]
    assert list(csv.reader(three.stdout.splitlines())) == first


def test_export_ends_quietly_when_its_reader_has_seen_enough(released: Platform):
    with released.start("export", "--limit", "24") as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "title_id,rank,recommended_id,score\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("command", [["recommend", "the"], ["releases"]])
def test_a_command_is_a_success_when_its_reader_has_seen_enough(
    released: Platform, command: list[str]
):
    with released.start(*command) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode == 0 and "Error" not in told


# Releases


def test_releases_are_shown_whole_on_any_terminal_and_rolled_back_by_id(
    bench: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "30")
    first, second, third = publish_many(bench.root, 3)

    def shown() -> list[list[str]]:
        return [line.split() for line in bench.run("releases").stdout.splitlines()[1:]]

    assert [line[:2] for line in shown()] == [["*", third], [second, "1"], [first, "1"]]
    done = bench.run("rollback")
    assert (done.exit_code, done.stdout) == (0, f"release {second} serves\n")
    assert [line[:2] for line in shown()] == [[third, "1"], ["*", second], [first, "1"]]
    assert bench.run("rollback", first).exit_code == 0
    none_older = bench.run("rollback")
    assert none_older.exit_code == 1 and "no older release" in none_older.stderr
    unknown = bench.run("rollback", "yesterday")
    assert unknown.exit_code == 1 and third in unknown.stderr
    assert bench.serving().path.parent.name == first


# Sample and demo


def test_a_sample_of_the_same_size_has_the_same_bytes_and_says_that_it_is_invented(
    bench: Platform,
):
    folders = [bench.folder / name for name in ("[red] :boom:", "again")]
    for folder in folders:
        done = bench.run("sample", "--titles", "500", "--out", str(folder))
        assert done.exit_code == 0 and not done.stdout
        assert "500 invented titles" in done.stderr and str(folder) in done.stderr
    first, second = ({path.name: path.read_bytes() for path in f.iterdir()} for f in folders)
    assert first == second and len(first) == 7
    assert b"invented" in first["SAMPLE.txt"]


@pytest.mark.parametrize(
    ("arguments", "folder"),
    [(("sample", "--out", "imdb"), "imdb"), (("demo", "--no-serve", "--root", "."), "sample")],
)
def test_a_sample_is_not_written_over_files_that_are_none(
    bench: Platform, arguments: tuple[str, ...], folder: str
):
    file = bench.folder / folder / "title.basics.tsv.gz"
    file.parent.mkdir()
    file.write_bytes(b"IMDb's own")
    done = bench.run(*arguments, "--titles", "100")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{folder} holds files that are no sample: choose an empty")
    assert [path.read_bytes() for path in file.parent.iterdir()] == [b"IMDb's own"]
    assert [path.name for path in bench.folder.iterdir()] == [folder]


def test_a_sample_in_place_of_a_file_is_misuse(bench: Platform):
    (bench.folder / "file").write_text("mine")
    done = bench.run("sample", "--titles", "1", "--out", "file")
    assert (done.exit_code, done.stderr) == (2, "file is a file: choose a folder\n")


def test_the_demo_shows_a_summary_and_recommendations_of_an_invented_catalogue(
    bench: Platform, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.setenv("TERM", "xterm-256color")
    done = bench.run("demo", "--no-serve", "--titles", "600", "--root", "data")
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    lookup = bench.serving()
    summary, *lines = done.stdout.splitlines()
    assert summary.startswith(f"release {lookup.path.parent.name}: ")
    assert f"{lookup.release['title_count']:,} titles (english_like" in summary
    for cluster in lookup.clusters():
        typical = "; ".join(
            f"{title.title} ({title.year})" for title in lookup.titles(cluster.typical_titles[:3])
        )
        assert f"  {cluster.title_count:>7,}  {cluster.name}: {typical}" in lines
    title = lookup.titles(lookup.clusters()[0].typical_titles[:1])[0]
    place = lines.index(f"{title.title} ({title.year}), {', '.join(title.genres)}")
    assert lines[place + 1 : place + 6] == [
        f"  {similar.title.title} ({similar.title.year}): {'. '.join(similar.reasons)}"
        for similar in recommendations(lookup, title, limit=5)
    ]
    # The site tells its visitors by this.
    assert lookup.release["source_kind"] == "sample"
    # The run is kept with the data, and nothing is told to Dagster's makers.
    assert os.environ["DAGSTER_HOME"] == str(bench.root / "dagster")
    assert "enabled: false" in (bench.root / "dagster" / "dagster.yaml").read_text()
    assert last_run()[0].job_name == "refresh"


# Serving


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_site_is_served_until_it_is_asked_to_stop(
    released: Platform, host: str, stop: signal.Signals
):
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with released.start("serve", "--host", host, "--port", "0") as process:
        assert process.stderr
        first, second = process.stderr.readline(), process.stderr.readline()
        try:
            # It listens a moment after it says so.
            with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as client:
                answer = client.get(second.split()[-1] + "readyz")
        finally:
            process.send_signal(stop)
        _, errors = process.communicate(timeout=20)
    release_id = released.serving().path.parent.name
    assert first == f"release {release_id}\n"
    assert (answer.status_code, answer.json()["release_id"]) == (200, release_id)
    assert (process.returncode, errors) == (128 + stop, "interrupted\n")


def test_what_the_server_itself_has_to_say_is_json_like_the_rest_of_the_log(released: Platform):
    with released.start("serve", "--port", "0") as process:
        assert process.stdout and process.stderr
        address = [process.stderr.readline() for _ in range(2)][-1].split()[-1]
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as client:
                client.get(f"{address}healthz")
            here = ("127.0.0.1", httpx.URL(address).port or 0)
            with socket.create_connection(here, PATIENCE_SECONDS) as visitor:
                visitor.sendall(b"nonsense\r\n\r\n")
                assert visitor.recv(100).startswith(b"HTTP/1.1 400 ")
        finally:
            process.terminate()
        log, errors = process.communicate(timeout=20)
    asked, told = map(json.loads, log.splitlines())
    assert asked["route"] == "/healthz"
    assert told["message"] == "Invalid HTTP request received."
    assert (told["level"], told["logger"]) == ("warning", "uvicorn.error") and told["time"]
    assert errors == "interrupted\n"


def test_a_port_that_is_taken_is_told_with_exit_code_2(released: Platform):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = released.run("serve", "--port", str(port))
    assert done.exit_code == 2
    assert f"port {port} of 127.0.0.1 is taken: choose another with --port" in done.stderr


def test_an_address_of_another_machine_is_told_with_exit_code_2(released: Platform):
    done = released.run("serve", "--host", "192.0.2.1")
    assert done.exit_code == 2
    assert "cannot listen on 192.0.2.1" in done.stderr and "--host" in done.stderr


@pytest.mark.slow
def test_a_demo_that_is_stopped_leaves_no_complaint_of_a_library(bench: Platform):
    options = ("--titles", "100", "--port", "0", "--ui-port", "0")
    with bench.start("demo", *options) as demo:
        assert demo.stderr
        try:
            told = next(line for line in demo.stderr if "site and API on" in line)
            with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as client:
                assert client.get(told.split()[-1] + "readyz").status_code == 200
        finally:
            demo.terminate()
        _, errors = demo.communicate(timeout=60)
    assert demo.returncode == 128 + signal.SIGTERM
    assert "leaked" not in errors and "interrupted" in errors
