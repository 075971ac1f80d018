"""The `rec-platform` command: what a person or a script runs; every command is a thin front.

Results go to stdout, progress and complaints to stderr. Exit codes: 0 done (or nothing to do),
1 it failed and the last release goes on serving, 2 the command was misused.
"""

import csv
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from rec_platform.lookup import Lookup, LookupFileError, current_release, open_release

if TYPE_CHECKING:
    import dagster as dg

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Movie recommendations from IMDb's public files: refresh, publish, serve.",
)
progress = Console(stderr=True, highlight=False)
output = Console(highlight=False, soft_wrap=True)

DAGSTER_YAML = "telemetry:\n  enabled: false\n"

Source = Annotated[
    str,
    typer.Option(
        "--source",
        envvar="REC_IMDB_SOURCE",
        help="IMDb's address, another base URL, or a folder of *.tsv.gz or *.tsv files.",
    ),
]
Root = Annotated[
    Path, typer.Option("--root", envvar="REC_ROOT", help="The folder that holds all data.")
]
Preset = Annotated[
    str,
    typer.Option(
        "--preset",
        envvar="REC_PRESET",
        help="Which titles are selected: seed, us_release, english_like or world.",
    ),
]
Features = Annotated[
    str,
    typer.Option(
        "--features", envvar="REC_FEATURES", help="What describes a title: seed or balanced."
    ),
]
Rule = Annotated[
    str,
    typer.Option("--rule", envvar="REC_RULE", help="How similar titles are found: seed, nearest."),
]
Clusters = Annotated[
    int, typer.Option("--clusters", envvar="REC_CLUSTERS", help="Number of clusters, 2 to 100.")
]
YearMax = Annotated[
    int | None,
    typer.Option(
        "--year-max",
        envvar="REC_YEAR_MAX",
        help="Latest release year.",
        show_default="the year of the run",
    ),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen on.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Recommendations per title.")]

IMDB = "https://datasets.imdbws.com"
ROOT = Path("data")
CHOICES = {"preset": "english_like", "features": "balanced", "rule": "nearest", "clusters": 9}


@app.command()
def refresh(
    source: Source = IMDB,
    root: Root = ROOT,
    preset: Preset = "english_like",
    features: Features = "balanced",
    rule: Rule = "nearest",
    clusters: Clusters = 9,
    year_max: YearMax = None,
) -> None:
    """Fetch what changed, build a release and serve it; does nothing where nothing changed."""
    choices = {
        "preset": preset,
        "features": features,
        "rule": rule,
        "clusters": clusters,
        "year_max": year_max,
    }
    _refresh(source, root, choices)
    _print_summary(root)


@app.command()
def demo(
    root: Root = ROOT,
    titles: Annotated[int, typer.Option(min=100, help="Size of the invented catalogue.")] = 6_000,
    serve: Annotated[
        bool, typer.Option(help="Serve the site and the Dagster UI at the end.")
    ] = True,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    ui_port: Annotated[int, typer.Option(min=0, max=65535, help="The Dagster UI's port.")] = 3000,
) -> None:
    """Show it all on an invented catalogue: sample files, a refresh, then site and Dagster UI."""
    folder = root / "sample"
    _write_sample(titles, folder)
    _refresh(str(folder), root, {})
    _print_summary(root)
    _print_examples(root)
    if serve:
        _serve_site_and_ui(
            root, str(folder), host, _free_port(host, port), _free_port(host, ui_port)
        )


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")],
    titles: Annotated[int, typer.Option("--titles", min=1, help="Number of titles.")] = 6_000,
) -> None:
    """Write invented files in the shape of IMDb's: six *.tsv.gz, the same for the same size."""
    _write_sample(titles, out)


@app.command()
def serve(root: Root = ROOT, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the site and the API; new releases are picked up without a restart."""
    import uvicorn

    from api.app import create_app

    try:
        release_id = current_release(root / "releases")
    except LookupFileError as error:
        _complain(f"{error}. The site says so until then.")
    else:
        progress.print(f"release {release_id}")
    if port and _free_port(host, port) != port:
        raise _fail(f"port {port} of {host} is taken: choose another with --port", code=2)
    progress.print(f"site and API on http://{host}:{port}/")
    uvicorn.run(create_app(root / "releases"), host=host, port=port, log_level="warning")


@app.command()
def releases(root: Root = ROOT) -> None:
    """List the releases, the newest first; * marks the one that serves."""
    from rec_platform.publish import list_releases
    from rec_platform.storage import LocalStorage

    found = list_releases(LocalStorage(root=str(root)))
    if not found:
        raise _fail(f"no release in {root}: run `rec-platform refresh`")
    table = Table("", "release", "titles", "preset", "features", "rule", "MB", box=None)
    for manifest in found:
        recipe = manifest["recipe"]
        table.add_row(
            "*" if manifest["is_serving"] else "",
            manifest["release_id"],
            f"{manifest['title_count']:,}",
            recipe["preset"],
            recipe["features"],
            recipe["rule"],
            f"{manifest['bytes'] / 1e6:.1f}",
        )
    output.print(table)


@app.command()
def rollback(
    release_id: Annotated[
        str | None, typer.Argument(help="The release to serve.", show_default="the one before")
    ] = None,
    root: Root = ROOT,
) -> None:
    """Serve an older release again; the next refresh that finds a change publishes anew."""
    from rec_platform.publish import roll_back
    from rec_platform.storage import LocalStorage

    try:
        served = roll_back(LocalStorage(root=str(root)), release_id)
    except LookupFileError as error:
        raise _fail(str(error)) from None
    output.print(f"release {served} serves")


@app.command()
def export(root: Root = ROOT, limit: Limit = 9) -> None:
    """Write every title's list as CSV: title_id,rank,recommended_id,score."""
    lookup = _serving(root)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerow(("title_id", "rank", "recommended_id", "score"))
        writer.writerows(lookup.lists(limit))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# Refreshing


def _refresh(source: str, root: Path, choices: dict[str, Any]) -> None:
    """Run the `refresh` job in this process, so that its run shows in the Dagster UI later.

    Raises:
        typer.Exit: it failed; why was said.
    """
    _use_dagster_home(root)
    started = time.monotonic()
    progress.print(f"refreshing {root} from {source}")
    try:
        import dagster as dg

        from rec_platform.definitions import defs
        from rec_platform.recipe import Recipe

        Recipe.checked(choices)
    except ValueError as error:
        raise _fail(str(error), code=2) from None
    roots = {"config": {"root": str(root)}}
    resources = {
        "source": {"config": {"location": source}},
        "storage": roots,
        "warehouse": roots,
        "recipe": {"config": {name: value for name, value in choices.items() if value is not None}},
    }
    config = {"resources": resources, "loggers": {"progress": {}}}
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def("refresh").execute_in_process(
            run_config=config, instance=instance, raise_on_error=False
        )
    if not result.success:
        for reason in _reasons(result.all_events):
            _complain(reason)
        _complain("nothing was published: the last release, if any, goes on serving")
        raise typer.Exit(1)
    done = "nothing has changed" if _is_unchanged(result.all_events) else "done"
    progress.print(f"{done} in {time.monotonic() - started:.0f} s")


def _use_dagster_home(root: Path) -> None:
    """Keep Dagster's runs with the data, unless the user keeps them elsewhere."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str((root / "dagster").resolve())))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(DAGSTER_YAML)


def _is_unchanged(events: "Iterable[dg.DagsterEvent]") -> bool:
    return any(event.is_step_skipped and event.step_key == "release" for event in events)


def _reasons(events: "Iterable[dg.DagsterEvent]") -> Iterator[str]:
    """Why a run failed: each step's own words, and each failed check."""
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            if not check.passed:
                yield f"{check.asset_key.to_user_string()}: check {check.check_name} failed: " + (
                    check.description or ""
                )
        elif event.is_step_failure:
            failure = event.step_failure_data
            error = failure.error.cause if failure.error and failure.error.cause else failure.error
            text = failure.user_failure_data.description if failure.user_failure_data else None
            yield f"{event.step_key}: {text or (error.message.strip() if error else 'failed')}"
        elif event.is_failure and event.event_type_value == "RUN_FAILURE":
            error = event.job_failure_data.error
            if error:
                yield (error.cause or error).message.strip()


# Showing


def _serving(root: Path) -> Lookup:
    try:
        return open_release(root / "releases", current_release(root / "releases"))
    except LookupFileError as error:
        raise _fail(str(error)) from None


def _print_summary(root: Path) -> None:
    lookup = _serving(root)
    release = lookup.release
    recipe = release["recipe"]
    output.print(
        f"release {lookup.path.parent.name}: {release['title_count']:,} titles "
        f"({recipe['preset']}, up to {recipe['year_max']}), {recipe['clusters']} clusters "
        f"({recipe['features']}), {recipe['rule']} neighbours"
    )
    if release["missing_files"]:
        output.print(f"without {', '.join(release['missing_files'])}: the source has none")
    for cluster in lookup.clusters():
        output.print(f"  {cluster.title_count:>7,}  {cluster.name}")


def _print_examples(root: Path) -> None:
    lookup = _serving(root)
    for cluster in lookup.clusters()[:3]:
        for title in lookup.titles(cluster.popular_titles[:1]):
            output.print(f"\n{title.title} ({title.year}, {', '.join(title.genres)})")
            for found in lookup.recommendations(title.title_id, limit=5):
                also = found.title
                output.print(f"  {found.score:.2f}  {also.title} ({also.year})")


def _complain(text: str) -> None:
    progress.print(text, style="red", markup=False)


def _fail(text: str, code: int = 1) -> typer.Exit:
    _complain(text)
    return typer.Exit(code)


# Sample and servers


def _write_sample(titles: int, folder: Path) -> None:
    from rich.progress import Progress

    from rec_platform.sample import write_sample

    with Progress(console=progress, disable=not progress.is_terminal, transient=True) as bar:
        task = bar.add_task("inventing titles", total=titles)
        rows = write_sample(folder, titles, progress=lambda done: bar.update(task, completed=done))
    progress.print(f"{titles:,} invented titles, {sum(rows.values()):,} rows in {folder}")


def _serve_site_and_ui(root: Path, source: str, host: str, port: int, ui_port: int) -> None:
    environment = os.environ | {"REC_ROOT": str(root.resolve()), "REC_IMDB_SOURCE": source}
    command = [sys.executable, "-m", "dagster", "dev", "-m", "rec_platform.definitions"]
    command += ["-h", host, "-p", str(ui_port), "--log-level", "warning"]
    with _process(command, environment):
        progress.print(f"Dagster UI on http://{host}:{ui_port}/ (it takes some seconds to start)")
        serve(root, host, port)


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield
        finally:
            process.terminate()


def _free_port(host: str, preferred: int) -> int:
    """The preferred port, or any other where that one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, preferred))
        except OSError:
            probe.bind((host, 0))
        return probe.getsockname()[1]


class ProgressHandler(logging.Handler):
    """One line on stderr for each step that ended, and for each warning."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record of a Dagster run."""
        event = getattr(record, "dagster_event", None)
        if event is None:
            if record.levelno >= logging.WARNING:
                progress.print(f"  ! {record.dagster_meta['orig_message']}", style="yellow")  # type: ignore[attr-defined]
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            rows = event.materialization.metadata.get("dagster/row_count")
            self._rows[event.step_key] = f"{rows.value:>12,} rows" if rows else ""
        elif event.is_step_success:
            seconds = event.step_success_data.duration_ms / 1000
            rows = self._rows.get(event.step_key, "")
            progress.print(f"  {event.step_key:<44}{seconds:>6.1f} s {rows}")


if __name__ == "__main__":
    app()
