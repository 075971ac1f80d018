"""The `rec-platform` command: what a person or a script runs; every command is a thin front.

Results go to stdout, progress and errors to stderr. Exit codes: 0 done (or nothing to do), 1 it
failed and the last release goes on serving, 2 the command was misused, 130 or 143 it was
interrupted by Ctrl-C or SIGTERM.
"""

import csv
import json
import os
import sys
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rec_platform.choices import CLUSTERS, FEATURES, IMDB, PRESET, ROOT, RULE, SampleShape
from rec_platform.interrupts import interruptible
from rec_platform.misspelt import misspelt
from rec_platform.options import (
    Balance,
    Clusters,
    Features,
    Host,
    Limit,
    Port,
    Preset,
    Root,
    RootPath,
    Rule,
    Source,
    Weights,
    YearMax,
    folder_of_this_machine,
)
from rec_platform.plainly import refused_plainly
from rec_platform.progress import (
    discard_stdout,
    fail,
    output,
    print_examples,
    print_receipt,
    print_receipts,
    print_releases,
    print_summary,
    progress,
    progress_bar,
)
from rec_platform.recommended import liked, print_recommended
from rec_platform.release.blend import BALANCE
from rec_platform.release.recommend import LIST_LENGTH, lists
from rec_platform.runner import Platform, failing_plainly, run_refresh, serving_tables
from rec_platform.servers import dagster_ui, free_port, serve_site


class _Commands(TyperGroup):
    """The commands, each ended by Ctrl-C or SIGTERM."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with refused_plainly():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with interruptible():
            for warning in misspelt(os.environ):
                progress.print(warning, style="yellow")
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Movie recommendations from IMDb's public files: refresh, publish, serve.",
)
# Its own, so that no real release is ever replaced by invented films.
DEMO_ROOT = Path(ROOT, "demo")


@app.command()
def refresh(
    source: Source = IMDB,
    root: Root = ROOT,
    preset: Preset = PRESET,
    features: Features = FEATURES,
    rule: Rule = RULE,
    weights: Weights = None,
    clusters: Clusters = CLUSTERS,
    year_max: YearMax = None,
) -> None:
    """Fetch what changed, build a release and serve it; publish nothing where nothing changed."""
    choices = {
        "preset": preset.value,
        "features": features.value,
        "rule": rule.value,
        "weights": weights,
        "clusters": clusters,
        "year_max": year_max,
    }
    platform = Platform(root, REC_IMDB_SOURCE=source)
    run_refresh(platform, choices)
    print_summary(platform.serving())


@app.command()
def demo(
    root: Annotated[
        Path,
        typer.Option(parser=folder_of_this_machine, help="The folder that holds the demo's data."),
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
    platform = Platform(str(root), REC_IMDB_SOURCE=str(folder), REC_DEPLOYMENT="local")
    run_refresh(platform, {})
    lookup = platform.serving()
    print_summary(lookup)
    print_examples(lookup)
    if serve:
        with dagster_ui(root, str(folder), host, free_port(host, ui_port)):
            serve_site(str(root), host, free_port(host, port))


@app.command()
def sample(
    out: Annotated[
        Path, typer.Option("--out", parser=folder_of_this_machine, help="The folder to write to.")
    ],
    titles: Annotated[int, typer.Option("--titles", min=1, help="Number of titles.")] = 6_000,
    shape: Annotated[
        SampleShape,
        typer.Option(help="Films mostly, or IMDb's shares: of 12,000,000 titles 6 % films."),
    ] = SampleShape.films,
) -> None:
    """Write invented files like IMDb's: six *.tsv.gz, the same for the same size."""
    _write_sample(titles, out, shape)


@app.command()
def serve(
    root: Root = ROOT, host: Host = "127.0.0.1", port: Port = 8000, root_path: RootPath = ""
) -> None:
    """Serve the site and the API; new releases are picked up without a restart."""
    if "://" in root and not root.startswith("s3://"):
        raise fail(f"{root}: the site is served from a folder or from s3://bucket/prefix", code=2)
    os.environ["REC_ROOT_PATH"] = root_path
    serve_site(root, host, port)


@app.command()
def releases(root: Root = ROOT) -> None:
    """List the releases, the last published first; * marks the one that serves."""
    print_releases(Platform(root).releases())


@app.command()
def rollback(
    release_id: Annotated[
        str | None, typer.Argument(help="The release to serve.", show_default="the one before")
    ] = None,
    root: Root = ROOT,
) -> None:
    """Serve an older release again, until a refresh finds a change."""
    from rec_platform.resources.publishing import roll_back

    platform = Platform(root)
    platform.releases()  # or the lock would make the folder of a mistyped root
    with failing_plainly(), platform.storage.locked():
        served = roll_back(platform.storage, release_id)
    output.print(f"release {served} serves")


@app.command()
def recommend(
    titles: Annotated[list[str], typer.Argument(help="Ids (tt...) or names of liked titles.")],
    root: Root = ROOT,
    limit: Limit = LIST_LENGTH,
    balance: Balance = BALANCE,
) -> None:
    """Recommend to somebody who likes a title, or several at once, and say why."""
    lookup = Platform(root).serving()
    print_recommended(lookup, [liked(lookup, text) for text in titles], limit, balance)


@app.command()
def export(root: Root = ROOT, limit: Limit = LIST_LENGTH, balance: Balance = BALANCE) -> None:
    """Write every title's list as CSV: title_id,rank,recommended_id,score."""
    lookup = Platform(root).serving()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerow(("title_id", "rank", "recommended_id", "score"))
        writer.writerows(lists(lookup, limit, balance))
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()


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

    platform = Platform(root, REC_IMDB_SOURCE=source)
    with failing_plainly():
        if plan:
            used = costing.plan(platform.resources, platform.source)
            print_receipt(platform.prices.receipt("", "at most", used))
            return
        receipts = costing.read_receipts(platform.storage)
    if not receipts:
        raise fail(f"no receipt in {root}: a refresh leaves one")
    print_receipts(receipts)
    output.print()
    print_receipt(receipts[0])


@app.command()
def scorecard(
    root: Root = ROOT,
    ratings: Annotated[
        Path | None,
        typer.Option(help="A folder of MovieLens: score the serving release by it, anew."),
    ] = None,
    judgements: Annotated[
        Path | None,
        typer.Option(help="A TSV or CSV of judged pairs: score the serving release by it, anew."),
    ] = None,
) -> None:
    """Show how good the serving release's lists are, beside baselines."""
    from rec_platform.assets.markdown import to_markdown
    from rec_platform.modelling.scorecard import Scorecard

    platform = Platform(root)
    release = platform.serving().release
    if ratings is None and judgements is None:
        figures = release.get("scorecard")
        if figures is None:
            raise fail("the serving release has no scorecard: a refresh makes one")
        output.print(to_markdown(Scorecard.of(figures)))
        return
    from rec_platform.assets.scorecard import score
    from rec_platform.resources.judgements import JudgementsSource
    from rec_platform.resources.ratings import RatingsSource

    with serving_tables(platform):
        liked = RatingsSource(location=str(ratings or ""))
        judged = JudgementsSource(location=str(judgements or ""))
        output.print(to_markdown(score(platform.storage, platform.warehouse, liked, judged)))


@app.command()
def tune(
    root: Root = ROOT,
    ratings: Annotated[
        Path | None, typer.Option(help="A folder of MovieLens: what people like together.")
    ] = None,
    judgements: Annotated[
        Path | None, typer.Option(help="A TSV or CSV of pairs of films, each OK or NOT_OK.")
    ] = None,
    out: Annotated[
        Path,
        typer.Option(dir_okay=False, writable=True, help="A file for `refresh --weights`."),
    ] = Path("weights.json"),
    steps: Annotated[int, typer.Option(min=1, help="How many weights are tried.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search.")] = 0,
) -> None:
    """Fit the weights to people's own ratings and judgements, and say what that gains."""
    if ratings is None and judgements is None:
        raise fail("give --ratings, --judgements or both: there is nothing to tune by", code=2)
    out = out.expanduser()
    if not out.parent.is_dir():
        raise fail(f"--out {out}: there is no folder {out.parent}", code=2)
    from rec_platform.assets.tuning import fit
    from rec_platform.resources.judgements import JudgementsSource
    from rec_platform.resources.ratings import RatingsSource

    platform = Platform(root)
    liked = RatingsSource(location=str(ratings or ""))
    judged = JudgementsSource(location=str(judgements or ""))
    with serving_tables(platform), progress_bar("trying weights", steps) as told:
        tuned = fit(platform.warehouse, liked, judged, steps, seed, told)
    out.write_text(json.dumps(tuned.weights, indent=1) + "\n")
    output.print(tuned.to_text())
    progress.print(f"the weights are in {out}: `rec-platform refresh --weights {out}` uses them")


@app.command()
def doctor(
    root: Root = ROOT,
    source: Source = IMDB,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe",
            help="On AWS, use each right once too. Nothing is left; it costs less than a cent.",
        ),
    ] = False,
) -> None:
    """Look at all that a refresh needs, and say what to fix; nothing is changed or paid for."""
    platform = Platform(root, REC_IMDB_SOURCE=source)
    examined = (*platform.resources, platform.source, *platform.own_files)
    looks = [*(resource.diagnose for resource in examined), platform.find_damage]
    if probe:
        looks += [resource.probe for resource in platform.resources]
    is_well = True
    for finding in chain.from_iterable(look() for look in looks):
        is_well = is_well and not finding.fix
        mark = "!" if finding.fix else "ok"
        output.print(f"{mark:<3} {finding.what:<22} {finding.found}")
        if finding.fix:
            output.print(f"{'':<27}{finding.fix}", style="yellow")
    if not is_well:
        raise typer.Exit(1)


def _write_sample(titles: int, folder: Path, shape: SampleShape = SampleShape.films) -> None:
    from rec_platform.sample.writer import write_sample

    with progress_bar("inventing titles", titles) as told:
        try:
            rows = write_sample(folder, titles, progress=told, shape=shape)
        except FileExistsError as error:
            raise fail(str(error), code=2) from None
    progress.print(f"{titles:,} invented titles, {sum(rows.values()):,} rows in {folder}")


if __name__ == "__main__":
    app()
