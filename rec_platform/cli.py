"""The `rec-platform` command: what a person or a script runs; every command is a thin front.

Results go to stdout, progress and complaints to stderr. Exit codes: 0 done (or nothing to do),
1 it failed and the last release goes on serving, 2 the command was misused, 130 or 143 it was
interrupted by Ctrl-C or SIGTERM.
"""

import csv
import gc
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from filelock import FileLock
from rich.console import Console
from typer.core import TyperGroup

from rec_platform.choices import (
    CLUSTERS,
    FEATURES,
    FEWEST_CLUSTERS,
    FIRST_YEAR,
    IMDB,
    LAST_YEAR,
    MOST_CLUSTERS,
    NEIGHBOURS,
    PRESET,
    ROOT,
    RULE,
    FeaturePreset,
    SelectionPreset,
    SimilarityRule,
    require_folder,
)
from rec_platform.interrupts import interruptible, raise_if_interrupted
from rec_platform.release.blend import BALANCE, CROWD_PLEASERS, HIDDEN_GEMS
from rec_platform.release.lookup import Lookup, LookupFileError, Title
from rec_platform.release.serving import serving_release

if TYPE_CHECKING:
    import dagster as dg

    from rec_platform.resources.base import DeploymentResource
    from rec_platform.resources.imdb import ImdbSource
    from rec_platform.resources.prices import PriceTable, Receipt
    from rec_platform.resources.storage import Storage
    from rec_platform.resources.warehouse import Warehouse


class _Commands(TyperGroup):
    """The commands, each ended by Ctrl-C or SIGTERM."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with interruptible():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Movie recommendations from IMDb's public files: refresh, publish, serve.",
)
# Its own, so that no real release is ever replaced by invented films.
DEMO_ROOT = Path(ROOT, "demo")

# Text is shown as it is: titles and folders may hold [brackets] and :colons:, and a long line is
# wrapped by the terminal or, in a log, not at all.
PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False, "soft_wrap": True}
progress = Console(stderr=True, **PLAIN)
output = Console(**PLAIN)

DAGSTER_YAML = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
FULL_DISK = re.compile("no space left|disk is full|disk I/O error", re.IGNORECASE)

Source = Annotated[
    str,
    typer.Option(
        "--source",
        envvar="REC_IMDB_SOURCE",
        help="IMDb's address, another base URL, or a folder of *.tsv.gz or *.tsv files.",
    ),
]
Root = Annotated[
    str,
    typer.Option(
        "--root", envvar="REC_ROOT", help="The folder, or s3://bucket/prefix, that holds all data."
    ),
]
Preset = Annotated[
    SelectionPreset,
    typer.Option("--preset", envvar="REC_PRESET", help="Which titles are selected."),
]
Features = Annotated[
    FeaturePreset,
    typer.Option("--features", envvar="REC_FEATURES", help="What describes a title."),
]
Rule = Annotated[
    SimilarityRule,
    typer.Option("--rule", envvar="REC_RULE", help="How similar titles are found."),
]
Clusters = Annotated[
    int,
    typer.Option(
        "--clusters",
        envvar="REC_CLUSTERS",
        min=FEWEST_CLUSTERS,
        max=MOST_CLUSTERS,
        help="Number of clusters.",
    ),
]
YearMax = Annotated[
    int | None,
    typer.Option(
        "--year-max",
        envvar="REC_YEAR_MAX",
        min=FIRST_YEAR,
        max=LAST_YEAR,
        help="Latest release year.",
        show_default="the year of the run",
    ),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen on.")]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=NEIGHBOURS, help="How many recommendations.")
]
Balance = Annotated[
    float,
    typer.Option(
        "--balance", min=HIDDEN_GEMS, max=CROWD_PLEASERS, help="From hidden gems to crowd-pleasers."
    ),
]


def _folder(text: Any) -> Path:
    """A folder of this machine that a command writes to."""
    try:
        return Path(require_folder(str(text)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@app.command()
def refresh(
    source: Source = IMDB,
    root: Root = ROOT,
    preset: Preset = PRESET,
    features: Features = FEATURES,
    rule: Rule = RULE,
    clusters: Clusters = CLUSTERS,
    year_max: YearMax = None,
) -> None:
    """Fetch what changed, build a release and serve it; does nothing where nothing changed."""
    choices = {
        "preset": preset.value,
        "features": features.value,
        "rule": rule.value,
        "clusters": clusters,
        "year_max": year_max,
    }
    platform = _platform(root, REC_IMDB_SOURCE=source)
    _refresh(platform, choices)
    _print_summary(_serving(platform))


@app.command()
def demo(
    root: Annotated[
        Path, typer.Option(parser=_folder, help="The folder that holds the demo's data.")
    ] = DEMO_ROOT,
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
    platform = _platform(str(root), REC_IMDB_SOURCE=str(folder), REC_DEPLOYMENT="local")
    _refresh(platform, {})
    lookup = _serving(platform)
    _print_summary(lookup)
    _print_examples(lookup)
    if serve:
        _serve_site_and_ui(
            root, str(folder), host, _free_port(host, port), _free_port(host, ui_port)
        )


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", parser=_folder, help="The folder to write to.")],
    titles: Annotated[int, typer.Option("--titles", min=1, help="Number of titles.")] = 6_000,
) -> None:
    """Write invented files in the shape of IMDb's: six *.tsv.gz, the same for the same size."""
    _write_sample(titles, out)


@app.command()
def serve(root: Root = ROOT, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the site and the API; new releases are picked up without a restart."""
    import uvicorn

    from api.app import create_app
    from api.logs import log_to_stdout

    if "://" in root and not root.startswith("s3://"):
        raise _fail(f"{root}: the site is served from a folder or from s3://bucket/prefix", code=2)
    serving = serving_release(root)
    try:
        release_id = serving.lookup().path.parent.name
    except LookupFileError as error:
        _complain(f"{error}. The site says so until then.")
    else:
        progress.print(f"release {release_id}")
    free_port = _free_port(host, port)
    if port not in (0, free_port):
        raise _fail(f"port {port} of {host} is taken: choose another with --port", code=2)
    progress.print(f"site and API on http://{host}:{free_port}/")
    log_to_stdout()
    site = create_app(serving)
    gc.freeze()  # what is imported stays: to look whether it is garbage would delay some answers
    uvicorn.run(site, host=host, port=free_port, log_level="warning")


@app.command()
def releases(root: Root = ROOT) -> None:
    """List the releases, the last published first; * marks the one that serves."""
    from rec_platform.resources.releases import list_releases

    with _failing_plainly():
        found = list_releases(_platform(root).storage)
    if not found:
        raise _fail(f"no release in {root}: run `rec-platform refresh`")
    output.print(f"  {'release':<25} {'titles':>9}  {'preset':<12}  {'features':<8}  rule     MB")
    for manifest in found:
        recipe = manifest["recipe"]
        output.print(
            f"{'*' if manifest['is_serving'] else ' '} {manifest['release_id']:<25} "
            f"{manifest['title_count']:>9,}  {recipe['preset']:<12}  {recipe['features']:<8}  "
            f"{recipe['rule']:<7}  {manifest['bytes'] / 1e6:.1f}"
        )


@app.command()
def rollback(
    release_id: Annotated[
        str | None, typer.Argument(help="The release to serve.", show_default="the one before")
    ] = None,
    root: Root = ROOT,
) -> None:
    """Serve an older release again, until a refresh finds a change."""
    from rec_platform.resources.releases import roll_back

    storage = _platform(root).storage
    with _failing_plainly(), storage.locked():
        served = roll_back(storage, release_id)
    output.print(f"release {served} serves")


@app.command()
def recommend(
    titles: Annotated[list[str], typer.Argument(help="Ids (tt...) or names of liked titles.")],
    root: Root = ROOT,
    limit: Limit = 9,
    balance: Balance = BALANCE,
) -> None:
    """Recommend to somebody who likes a title, or several at once, and say why."""
    from rec_platform.release.recommend import basket, recommendations

    lookup = _serving(_platform(root))
    liked = [_liked(lookup, text) for text in titles]
    for title in liked:
        progress.print(f"like {_named(title)}")
    if len(liked) == 1:
        for one in recommendations(lookup, liked[0], limit, balance):
            output.print(f"{one.rank:>3}  {_named(one.title)}: {'. '.join(one.reasons)}")
        return
    for found in basket(lookup, liked, limit, balance):
        output.print(f"{found.rank:>3}  {_named(found.title)}")
        for because in found.because:
            output.print(f"       like {because.title.title}: {'. '.join(because.reasons)}")


@app.command()
def export(root: Root = ROOT, limit: Limit = 9, balance: Balance = BALANCE) -> None:
    """Write every title's list as CSV: title_id,rank,recommended_id,score."""
    from rec_platform.release.recommend import lists

    lookup = _serving(_platform(root))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerow(("title_id", "rank", "recommended_id", "score"))
        writer.writerows(lists(lookup, limit, balance))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@app.command()
def costs(
    root: Root = ROOT,
    source: Source = IMDB,
    plan: Annotated[
        bool, typer.Option("--plan", help="Estimate a refresh before anything is paid for.")
    ] = False,
) -> None:
    """Show what the last refreshes cost, or what one can cost at most."""
    from rec_platform.assets import costs as costing

    platform = _platform(root, REC_IMDB_SOURCE=source)
    with _failing_plainly():
        if plan:
            used = costing.plan(platform.parts, platform.source)
            _print_receipt(platform.prices.receipt("", "at most", used))
            return
        receipts = costing.read_receipts(platform.storage)
    if not receipts:
        raise _fail(f"no receipt in {root}: a refresh leaves one")
    output.print(f"{'run':<10}{'when':<27}{'outcome':<11}{'US dollars':>10}  a month")
    for receipt in receipts:
        output.print(
            f"{receipt.run_id[:8]:<10}{receipt.created_at:<27}{receipt.outcome:<11}"
            f"{receipt.total:>10.4f}  {receipt.monthly:.4f}"
        )
    output.print()
    _print_receipt(receipts[0])


@app.command()
def scorecard(
    root: Root = ROOT,
    ratings: Annotated[
        Path | None,
        typer.Option(help="A folder of MovieLens: score the serving release by it, anew."),
    ] = None,
) -> None:
    """Show how good the serving release's lists are, beside baselines."""
    from rec_platform.assets import scorecard as scoring

    platform = _platform(root)
    release = _serving(platform).release
    if ratings is None:
        found = release.get("scorecard")
        if found is None:
            raise _fail("the serving release has no scorecard: a refresh makes one")
        output.print(scoring.to_markdown(scoring.Scorecard(**found)))
        return
    from rec_platform.resources.ratings import RatingsSource

    with _failing_plainly(), platform.storage.locked():
        if not scoring.is_made_of(platform.storage, platform.warehouse, release):
            raise _fail(
                f"the tables in {root} are no longer those of the serving release: "
                "run `rec-platform refresh` first"
            )
        source = RatingsSource(location=str(ratings))
        output.print(
            scoring.to_markdown(scoring.score(platform.storage, platform.warehouse, source))
        )


@app.command()
def doctor(root: Root = ROOT, source: Source = IMDB) -> None:
    """Look at all that a refresh needs, and say what to mend; nothing is changed or paid for."""
    platform = _platform(root, REC_IMDB_SOURCE=source)
    is_well = True
    for part in platform.parts:
        for finding in part.diagnose():
            is_well = is_well and not finding.fix
            mark = "!" if finding.fix else "ok"
            output.print(f"{mark:<3} {finding.what:<22} {finding.found}")
            if finding.fix:
                output.print(f"{'':<27}{finding.fix}", style="yellow")
    if not is_well:
        raise typer.Exit(1)


# The platform


class _Platform:
    """The resources of the deployment that the environment names."""

    def __init__(self, root: str, definitions: "dg.Definitions") -> None:
        resources: dict[str, Any] = dict(definitions.resources or {})
        self.root = root
        self.definitions = definitions
        self.source: ImdbSource = resources["source"]
        self.prices: PriceTable = resources["prices"]
        self.storage: Storage = resources["storage"]
        self.warehouse: Warehouse = resources["warehouse"]
        self.parts: list[DeploymentResource] = [
            self.storage,
            self.warehouse,
            resources["clustering"],
        ]


def _platform(root: str, **variables: str) -> _Platform:
    """The platform with its data in a root; the rest is as the environment says.

    Raises:
        typer.Exit: a variable has a value that it cannot have.
    """
    try:
        from rec_platform.definitions import define

        return _Platform(root, define(os.environ | {"REC_ROOT": root} | variables))
    except ValueError as error:
        raise _fail(str(error), code=2) from None


@contextmanager
def _failing_plainly() -> Iterator[None]:
    """Say what went wrong instead of showing where in the code."""
    import dagster as dg

    from rec_platform.resources.imdb import SourceFailedError
    from rec_platform.resources.storage import StorageConflictError, StorageLockedError

    expected = (LookupFileError, SourceFailedError, StorageConflictError, StorageLockedError)
    try:
        yield
    except expected as error:
        raise _fail(str(error)) from None
    except dg.Failure as error:
        raise _fail(str(error.description)) from None


# Refreshing


def _refresh(platform: _Platform, choices: dict[str, Any]) -> None:
    """Run the `refresh` job in this process, so that its run shows in the Dagster UI later.

    Raises:
        typer.Exit: it failed; why was said.
    """
    import dagster as dg

    from rec_platform.resources.storage import StorageLockedError

    started = time.monotonic()
    progress.print(f"refreshing {platform.root} from {platform.source.location}")
    try:
        # Before Dagster's database is created or opened: two that create it at once ruin it.
        with platform.storage.locked():
            result = _run(platform.definitions, choices, _dagster_home(platform.storage))
    except typer.Exit:
        raise
    except StorageLockedError as error:
        _explain([str(error)], platform.root)
        raise typer.Exit(1) from None
    except dg.Failure as error:  # the lock could not be asked for
        _explain([str(error.description)], platform.root)
        raise typer.Exit(1) from None
    except Exception as error:  # Dagster cannot keep its records: no rights, no room, no database
        first_line, *_ = (str(error).strip() or type(error).__name__).splitlines()
        _explain([f"the run broke off: {first_line}"], platform.root)
        raise typer.Exit(1) from None
    raise_if_interrupted()
    if not result.success:
        _explain(_reasons(result.all_events), platform.root, _is_published(result.all_events))
        raise typer.Exit(1)
    done = "nothing has changed" if _is_unchanged(result.all_events) else "done"
    progress.print(f"{done} in {time.monotonic() - started:.0f} s")


def _run(
    definitions: "dg.Definitions", choices: dict[str, Any], home: Path
) -> "dg.ExecuteInProcessResult":
    """Run the job; whether it failed is in the result."""
    import dagster as dg

    from rec_platform.recipe import Recipe

    try:
        given = {name: value for name, value in choices.items() if value is not None}
        # All of it: Dagster takes what a configuration leaves out from the class, and would forget
        # what the environment asks for.
        recipe = Recipe.checked(Recipe.from_environment().choices() | given).choices()
    except ValueError as error:
        raise _fail(str(error), code=2) from None
    # Dagster warns of each check that has nothing to check, which is how an unchanged run goes.
    logging.getLogger("dagster._core.execution.plan.active").addFilter(_is_no_skipped_check)
    chosen = {"config": {name: value for name, value in recipe.items() if value is not None}}
    config = {"resources": {"recipe": chosen}, "loggers": {"progress": {}}}
    with _creating_databases(home):
        opened = dg.DagsterInstance.get()
    with opened as instance:
        return definitions.resolve_job_def("refresh").execute_in_process(
            run_config=config, instance=instance, raise_on_error=False
        )


def _is_no_skipped_check(record: logging.LogRecord) -> bool:
    return "emitted no result" not in record.getMessage()


def _dagster_home(storage: "Storage") -> Path:
    """Where Dagster keeps its runs: with the data, unless the user keeps them elsewhere."""
    beside = storage.scratch_dir().parent / "dagster"
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(beside.resolve())))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():  # Dagster would complain of that
        (home / "dagster.yaml").write_text(DAGSTER_YAML)
    return home


def _creating_databases(home: Path) -> AbstractContextManager[Any]:
    """Keep refreshes of other roots, which may share the home, from creating them meanwhile.

    A home that cannot be written to holds no database.
    """
    return FileLock(home / "create.lock") if os.access(home, os.W_OK) else nullcontext()


def _is_unchanged(events: "Iterable[dg.DagsterEvent]") -> bool:
    return any(event.is_step_skipped and event.step_key == "release" for event in events)


def _is_published(events: "Iterable[dg.DagsterEvent]") -> bool:
    return any(event.is_step_success and event.step_key == "release" for event in events)


def _reasons(events: "Sequence[dg.DagsterEvent]") -> list[str]:
    """Why a run failed, in the words of what failed; a reason that several share is said once."""
    places: dict[str, list[str]] = {}
    for event in events:
        for place, reason in _reason(event):
            places.setdefault(reason.strip(), []).append(place)
    found = [f"{', '.join(where)}: {reason}" for reason, where in places.items()]
    return found or ["the run failed: the Dagster UI shows it"]


def _reason(event: "dg.DagsterEvent") -> Iterator[tuple[str, str]]:
    """Where it went wrong and why; nothing where it did not."""
    if event.event_type_value == "ASSET_CHECK_EVALUATION":
        check = event.asset_check_evaluation_data
        if not check.passed:
            place = f"{check.asset_key.to_user_string()}: check {check.check_name} failed"
            yield place, check.description or "no reason given"
    elif event.is_step_failure:
        failure = event.step_failure_data
        text = failure.user_failure_data and failure.user_failure_data.description
        # A failed check has said so itself.
        if failure.error and failure.error.cls_name != "DagsterAssetCheckFailedError":
            yield str(event.step_key), text or (failure.error.cause or failure.error).message
    elif event.is_resource_init_failure:
        error = event.engine_event_data.error
        if error:
            yield "refresh", error.message.removeprefix("dagster._core.definitions.events.Failure:")


def _explain(reasons: list[str], root: str, is_published: bool = False) -> None:
    for reason in reasons:
        _complain(reason)
    if any(FULL_DISK.search(reason) for reason in reasons):
        place = root if Path(root).is_dir() else "."
        _complain(
            f"the disk that holds {place} has {shutil.disk_usage(place).free:,} bytes left: "
            "free some space, or use another --root (REC_ROOT)"
        )
    if is_published:
        _complain("a new release was published and serves; what comes after it failed")
    else:
        _complain("nothing was published: the last release, if any, goes on serving")


# Showing


def _serving(platform: _Platform) -> Lookup:
    from rec_platform.assets.features import open_serving

    with _failing_plainly():
        return open_serving(platform.storage)


def _print_receipt(receipt: "Receipt") -> None:
    for line in receipt.lines:
        price = "no price" if line.dollars is None else f"${line.dollars:.4f}"
        rhythm = " a month" if line.is_monthly else ""
        output.print(f"{line.unit:<42}{line.quantity:>18,.0f}  {price}{rhythm}")
    output.print(f"{'in all, prices of ' + receipt.prices_as_of:<60}  ${receipt.total:.4f}")


def _print_summary(lookup: Lookup) -> None:
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


def _liked(lookup: Lookup, text: str) -> Title:
    """The title with this id or, where it is none, the best known of this name."""
    found = [lookup.title(text)] if re.fullmatch(r"tt\d+", text) else lookup.search(text, limit=1)
    if not found or found[0] is None:
        raise _fail(f"{text}: no such title in release {lookup.path.parent.name}", code=2)
    return found[0]


def _named(title: Title) -> str:
    return f"{title.title} ({title.year})"


def _print_examples(lookup: Lookup) -> None:
    from rec_platform.release.recommend import recommendations

    for cluster in lookup.clusters()[:3]:
        for title in lookup.titles(cluster.popular_titles[:1]):
            output.print(f"\n{_named(title)}, {', '.join(title.genres)}")
            for found in recommendations(lookup, title, limit=5):
                output.print(f"  {_named(found.title)}: {'. '.join(found.reasons)}")


def _complain(text: str) -> None:
    progress.print(text, style="red")


def _fail(text: str, code: int = 1) -> typer.Exit:
    _complain(text)
    return typer.Exit(code)


# Sample and servers


def _write_sample(titles: int, folder: Path) -> None:
    from rich.progress import Progress

    from rec_platform.sample.writer import write_sample

    with Progress(console=progress, disable=not progress.is_terminal, transient=True) as bar:
        task = bar.add_task("inventing titles", total=titles)
        try:
            rows = write_sample(
                folder, titles, progress=lambda done: bar.update(task, completed=done)
            )
        except FileExistsError as error:
            raise _fail(str(error), code=2) from None
    progress.print(f"{titles:,} invented titles, {sum(rows.values()):,} rows in {folder}")


def _serve_site_and_ui(root: Path, source: str, host: str, port: int, ui_port: int) -> None:
    environment = os.environ | {"REC_ROOT": str(root.resolve()), "REC_IMDB_SOURCE": source}
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "dagster",
        "dev",
        "-m",
        "rec_platform.definitions",
    ]
    command += ["-h", host, "-p", str(ui_port), "--log-level", "warning"]
    with _process(command, environment):
        progress.print(f"Dagster UI on http://{host}:{ui_port}/ (it takes some seconds to start)")
        serve(str(root), host, port)


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield
        finally:
            process.terminate()


def _free_port(host: str, preferred: int) -> int:
    """The preferred port, or any other where that one is taken."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, preferred, type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError:
                probe.bind((host, 0))
            return probe.getsockname()[1]
    except OSError as error:
        raise _fail(f"cannot listen on {host} ({error}): set --host", code=2) from None


class ProgressHandler(logging.Handler):
    """One line on stderr for each step that ended, and for each warning."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record of a Dagster run."""
        event = getattr(record, "dagster_event", None)
        if event is None:
            text = record.dagster_meta["orig_message"]  # type: ignore[attr-defined]
            # That nothing below a failed step runs goes without saying.
            if record.levelno >= logging.WARNING and not text.endswith("Not executing."):
                progress.print(f"  ! {text}", style="yellow")
        elif event.event_type_value == "STEP_START":
            raise_if_interrupted()
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            rows = event.materialization.metadata.get("dagster/row_count")
            self._rows[event.step_key] = f"{rows.value:>12,} rows" if rows else ""
        elif event.is_step_success:
            seconds = event.step_success_data.duration_ms / 1000
            rows = self._rows.get(event.step_key, "")
            progress.print(f"  {event.step_key:<44}{seconds:>6.1f} s {rows}")


if __name__ == "__main__":
    app()
