"""What a person sees of a command: progress and errors on stderr, results on stdout."""

import logging
import os
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from rec_platform.interrupts import raise_if_interrupted

if TYPE_CHECKING:
    from rec_platform.release.lookup import Lookup, Title
    from rec_platform.resources.prices import Receipt

TYPICAL_TITLES = 3  # of a cluster

# Text is shown as it is: titles and folders may hold [brackets] and :colons:, and a long line is
# wrapped by the terminal or, in a log, not at all.
PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False, "soft_wrap": True}


class _Output(Console):
    """Results on stdout; a reader that has seen enough, `head` say, ends the command as a success.

    Rich would end it as a failure.
    """

    def on_broken_pipe(self) -> None:
        """End the command."""
        discard_stdout()
        raise SystemExit(0)


def discard_stdout() -> None:
    """Let what is still to be flushed go nowhere: its reader has seen enough, and is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


progress = Console(stderr=True, **PLAIN)
output = _Output(**PLAIN)


def complain(text: str) -> None:
    """Print an error."""
    progress.print(text, style="red")


def fail(text: str, code: int = 1) -> typer.Exit:
    """Print an error, and return the exception that ends the command."""
    complain(text)
    return typer.Exit(code)


class ProgressHandler(logging.Handler):
    """Shows a Dagster run: one line for each step that ended, and for each warning."""

    def __init__(self) -> None:
        super().__init__()
        self._results: dict[str, str] = {}  # by step

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record of a run, and stop the run between two steps if a signal was received."""
        event = getattr(record, "dagster_event", None)
        if event is None:
            text: str = record.__dict__["dagster_meta"]["orig_message"]
            # Nobody needs to be told that what is below a failed step does not run.
            if record.levelno >= logging.WARNING and not text.endswith("Not executing."):
                progress.print(f"  ! {text}", style="yellow")
        elif event.event_type_value == "STEP_START":
            raise_if_interrupted()
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            self._results[event.step_key] = _result(event.materialization.metadata)
        elif event.is_step_success:
            seconds = event.step_success_data.duration_ms / 1000
            result = self._results.get(event.step_key, "")
            progress.print(f"  {event.step_key:<44}{seconds:>6.1f} s {result}")


def _result(metadata: Mapping[str, Any]) -> str:
    """What a step made: its rows, or nothing new."""
    is_reused = metadata.get("is_reused")
    if is_reused and is_reused.value:
        return f"{'unchanged':>17}"
    rows = metadata.get("dagster/row_count")
    return f"{rows.value:>12,} rows" if rows else ""


@contextmanager
def progress_bar(text: str, total: int) -> Generator[Callable[[int], None]]:
    """A bar that a command moves by telling how many are done; a log shows none."""
    from rich.progress import Progress

    with Progress(console=progress, disable=not progress.is_terminal, transient=True) as bar:
        task = bar.add_task(text, total=total)
        yield lambda done: bar.update(task, completed=done)


def print_summary(lookup: "Lookup") -> None:
    """Print what a release holds: its titles and its clusters."""
    release = lookup.release
    recipe = release["recipe"]
    own = ", own weights" if recipe.get("weights") else ""
    output.print(
        f"release {lookup.path.parent.name}: {release['title_count']:,} titles "
        f"({recipe['preset']}, up to {recipe['year_max']}), {recipe['clusters']} clusters "
        f"({recipe['features']}), {recipe['rule']} neighbours{own}"
    )
    if release["missing_files"]:
        output.print(f"without {', '.join(release['missing_files'])}: the source has none")
    for cluster in lookup.clusters():
        typical = lookup.titles(cluster.typical_titles[:TYPICAL_TITLES])
        output.print(
            f"  {cluster.title_count:>7,}  {cluster.name}: {'; '.join(map(with_year, typical))}"
        )


def print_examples(lookup: "Lookup") -> None:
    """Print the recommendations for the most typical title of each of the largest clusters."""
    from rec_platform.release.recommend import recommendations

    for cluster in lookup.clusters()[:3]:
        for title in lookup.titles(cluster.typical_titles[:1]):
            output.print(f"\n{with_year(title)}, {', '.join(title.genres)}")
            for similar in recommendations(lookup, title, limit=5):
                output.print(f"  {with_year(similar.title)}: {'. '.join(similar.reasons)}")


def with_year(title: "Title") -> str:
    """A title as people write it."""
    return f"{title.title} ({title.year})"


def print_releases(manifests: Iterable[Mapping[str, Any]]) -> None:
    """Print a table of releases, one line each; * marks the serving one."""
    output.print(
        f"  {'release':<25} {'titles':>9}  {'preset':<13}  {'features':<13}  {'rule':<13}  "
        f"{'weights':<7}  MB"
    )
    for manifest in manifests:
        recipe = manifest["recipe"]
        weights = "own" if recipe.get("weights") else "default"
        output.print(
            f"{'*' if manifest['is_serving'] else ' '} {manifest['release_id']:<25} "
            f"{manifest['title_count']:>9,}  {recipe['preset']:<13}  {recipe['features']:<13}  "
            f"{recipe['rule']:<13}  {weights:<7}  {manifest['bytes'] / 1e6:.1f}"
        )


def print_receipts(receipts: Iterable["Receipt"]) -> None:
    """Print a table of receipts, one line each."""
    output.print(f"{'run':<10}{'when':<27}{'outcome':<11}{'US dollars':>10}  a month")
    for receipt in receipts:
        output.print(
            f"{receipt.run_id[:8]:<10}{receipt.created_at:<27}{receipt.outcome:<11}"
            f"{receipt.total:>10.4f}  {receipt.monthly:.4f}"
        )


def print_receipt(receipt: "Receipt") -> None:
    """Print the lines of a receipt and their total."""
    for line in receipt.lines:
        price = "no price" if line.dollars is None else f"${line.dollars:.4f}"
        period = " a month" if line.is_monthly else ""
        output.print(f"{line.unit:<42}{line.quantity:>18,.0f}  {price}{period}")
    output.print(f"{'in all, prices of ' + receipt.prices_as_of:<60}  ${receipt.total:.4f}")
