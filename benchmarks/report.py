"""Measures refreshes, writes benchmarks/REPORT.md: `make bench`.

    .venv/bin/python benchmarks/report.py                          # a smaller catalogue, minutes
    .venv/bin/python benchmarks/report.py --titles 12000000 --runs 1   # as many rows as IMDb has
    .venv/bin/python benchmarks/report.py --source FOLDER --preset us_release

Without --source it invents files in the shape of IMDb, of N/8, N/4, N/2 and N titles. In each run
every size is refreshed once, beside `gzip -dc` of the same files; the largest also beside the other
limits (see limits.py), again with nothing changed, and after each of three changes. What the report
shows is the median of the runs. Do not edit the code meanwhile: what has changed is made again.
"""

import argparse
import gzip
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import limits
from measure import Usage, refresh, run, served
from serving import original, titles_of

from rec_platform.choices import SampleShape
from rec_platform.release.recommend import recommendations
from rec_platform.release.root import serving_release
from rec_platform.sample.writer import write_sample

REPORT = Path(__file__).with_name("REPORT.md")
# A lower figure of the scorecard refuses no release here.
SETTINGS = {"REC_MAX_SCORE_DROP": "1", "REC_MIN_TITLE_SHARE": "0"}
OTHER_CLUSTERS = ("--clusters", "8")
STAGES = {
    "scaled_matrix": "model",
    "kmeans_model": "model",
    "title_clusters": "model",
    "similar_titles": "similar_titles",
    "scorecard": "scorecard",
    "cluster_lookup": "cluster_lookup, release",
    "release": "cluster_lookup, release",
}
LEAST_LIMIT = 0.05  # seconds; a ratio to less is noise
ORDER = ("raw", "tables", "model", "similar_titles", "scorecard", "cluster_lookup, release")
ORDER += ("checks", "outside steps")
Figures = dict[str, float]


class Run(NamedTuple):
    """What Dagster recorded of the last run: seconds of each step, and what was made again."""

    steps: Figures
    made: set[str]

    def stages(self, usage: Usage) -> Figures:
        """Seconds of each stage; outside steps are Python's start, imports, Dagster's records."""
        spent: defaultdict[str, float] = defaultdict(float)
        for step, seconds in self.steps.items():
            spent[_stage(step, self.made)] += seconds
        spent["outside steps"] = usage.seconds - sum(self.steps.values())
        return dict(spent)


def _stage(step: str, assets: set[str]) -> str:
    if step.startswith("raw_"):
        return "raw"
    return STAGES.get(step, "tables" if step in assets else "checks")


def last_run(root: Path) -> Run:
    """The last run in the Dagster home of a root."""
    with dg.DagsterInstance.from_config(str(root / "dagster")) as instance:
        (run_,) = instance.get_runs(limit=1)
        stats = instance.get_run_step_stats(run_.run_id)
        logs = instance.all_logs(run_.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    made = {
        made.asset_key.to_user_string()
        for log in logs
        if (made := log.asset_materialization)
        and not ((flag := made.metadata.get("is_reused")) and flag.value)
    }
    steps = {step.step_key: (step.end_time or 0) - (step.start_time or 0) for step in stats}
    return Run(steps, made - {"cost_receipt"})


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--titles", type=int, default=160_000, help="N (%(default)s)")
    parser.add_argument("--source", type=Path, help="a folder of *.tsv.gz files, instead")
    parser.add_argument("--preset", default="world", help="which titles (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often (%(default)s)")
    parser.add_argument("--out", type=Path, default=REPORT, help="the report (%(default)s)")
    parser.add_argument("--scratch", type=Path, help="a folder on a disk with enough room")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        sources = list(_sources(arguments, Path(folder)))
        runs = [_measure(sources, arguments.preset, Path(folder)) for _ in range(arguments.runs)]
    text = "\n".join(_report(arguments, sources, runs, load)) + "\n"
    arguments.out.write_text(text)
    print(text)


def _sources(arguments: argparse.Namespace, folder: Path) -> Iterator[Path]:
    """The folders of files, the largest last."""
    if arguments.source:
        yield arguments.source
        return
    for factor in (8, 4, 2, 1):
        source = folder / f"sample-{factor}"
        write_sample(source, arguments.titles // factor, shape=SampleShape.imdb)
        yield source


class Measured(NamedTuple):
    """One run: figures of each size, and of what was done with the largest."""

    sizes: list[Figures]
    stages: Figures
    limits: Figures
    changes: dict[str, tuple[Usage, Run]]
    ways: Figures


def _measure(sources: list[Path], preset: str, folder: Path) -> Measured:
    root, own = folder / "root", folder / "source"
    measured = [_refreshed(source, own, root, preset) for source in sources]
    usage, figures = measured[-1]
    stages = last_run(root).stages(usage)
    (lookup,) = (root / "build").glob("*.sqlite")
    physical = {
        "raw": figures["gzip s"],
        "tables": limits.duckdb_seconds(own),
        "similar_titles": limits.product_seconds(int(figures["titles"])),
        "cluster_lookup, release": limits.sqlite_seconds(lookup, folder),
    }
    ways = _ways(own, root, folder / "original")
    sizes = [row for _, row in measured]
    return Measured(sizes, stages, physical, _changes(own, root, preset), ways)


def _refreshed(source: Path, own: Path, root: Path, preset: str) -> tuple[Usage, Figures]:
    """Refresh a new root from a copy of the source, which may be changed."""
    for folder in (root, own):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, own)
    seconds = limits.gzip_seconds(own)
    usage = refresh(own, root, "--preset", preset, settings=SETTINGS)
    return usage, {
        "titles": served(root)[1],
        "rows": sum(_rows(Path(file)) for file in limits.files_of(own)),
        "gzip s": seconds,
        "refresh s": usage.seconds,
        "peak MiB": usage.peak_mib,
        "disk MB": _megabytes(root),
    }


def _rows(file: Path) -> int:
    with gzip.open(file) as reader:
        blocks = iter(lambda: reader.read(1 << 20), b"")
        return sum(block.count(b"\n") for block in blocks) - 1


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _ways(source: Path, root: Path, folder: Path) -> Figures:
    """What the original did beside what we do, for a refresh and for a list."""
    folder.mkdir(exist_ok=True)
    seconds, titles, size = limits.original_seconds(source, folder)
    lookup = serving_release(str(root), os.environ).lookup()
    shown = titles_of(root)
    ours = [
        limits.seconds(lambda title=title: recommendations(lookup, title)) for title in shown[:200]
    ]
    return {
        "its refresh s": seconds,
        "its titles": titles,
        "its disk MB": size / 1e6,
        "its list ms": original(shown),
        "our list ms": 1000 * statistics.median(ours),
        "import dagster s": run([sys.executable, "-W", "ignore", "-c", "import dagster"]).seconds,
    }


def _changes(source: Path, root: Path, preset: str) -> dict[str, tuple[Usage, Run]]:
    """Refresh after one change after the other: what is made again, and how long it takes."""
    changes: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
        "nothing": (lambda: None, ()),
        "ratings alone: one vote more for each title": (lambda: _edit(source, "title.ratings"), ()),
        "names alone: each hundredth person's": (lambda: _edit(source, "name.basics"), ()),
        "the number of clusters alone: 8": (lambda: None, OTHER_CLUSTERS),
    }
    measured = {}
    for name, (change, options) in changes.items():
        change()
        usage = refresh(source, root, "--preset", preset, *options, settings=SETTINGS)
        measured[name] = usage, last_run(root)
    return measured


def _edit(source: Path, table: str) -> None:
    """Change a file of the source, if it has it."""
    file = source / f"{table}.tsv.gz"
    if not file.exists():
        return
    changed = file.with_suffix(".new")
    with gzip.open(file, "rt", newline="\n") as lines, gzip.open(changed, "wt", 4) as out:
        out.write(next(lines))
        for number, line in enumerate(lines):
            fields = line.rstrip("\n").split("\t")
            if table == "title.ratings":
                fields[2] = str(int(fields[2]) + 1)
            elif number % 100 == 0:
                fields[1] += " Jr."
            out.write("\t".join(fields) + "\n")
    changed.replace(file)


# The report


def _report(
    arguments: argparse.Namespace, sources: list[Path], runs: list[Measured], load: float
) -> Iterator[str]:
    sizes = [_median([run.sizes[place] for run in runs]) for place in range(len(sources))]
    largest = sizes[-1]
    files = arguments.source.name if arguments.source else f"invented, {arguments.titles:,} titles"
    yield from (
        "# Refreshes, measured",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}. Medians of {len(runs)} run(s). "
        "Each does all of it side by side; trust the ratios more than the seconds.",
        "",
        f"Files: {files}, {largest['rows']:,.0f} rows; preset `{arguments.preset}`, "
        f"{largest['titles']:,.0f} titles in the release; without ratings and judgements.",
        "",
        f"Machine: {_machine()}; load {load:.1f} at the start, of which nothing is this report's.",
        "",
        "## Growth",
        "",
    )
    yield from _table(("", *sizes[0], "refresh / gzip", "rows a second"), _growth(sizes))
    if len(sizes) > 1:
        factors = [
            [f"{before['rows']:,.0f} to {after['rows']:,.0f} rows"]
            + [f"{after[name] / before[name]:.2f}" for name in ("refresh s", "peak MiB", "disk MB")]
            for before, after in pairwise(sizes)
        ]
        yield ""
        yield from _table(("times as much", "seconds", "peak", "disk"), factors)
    yield from ("", "## Stages, beside what no refresh can be faster than", "")
    yield from _table(("stage", "s", "share", "limit", "s", "times"), _stages(runs))
    ways = _median([run.ways for run in runs])
    yield from (
        "",
        "Dagster's own share is what is outside steps: Python's start, imports and the records of "
        f"a run. `import dagster` alone takes {ways['import dagster s']:.2f} s.",
        "",
        "## What a change makes again",
        "",
    )
    yield from _table(("changed", "s", "of it in steps made again", "made again"), _made(runs))
    yield from (
        "",
        "## Beside the 2020 original's way",
        "",
        "Its refresh: all files unpacked to the disk, one query, 14 columns, K-Means, a CSV. It "
        "verifies nothing and has no people, names, series or lists. Its list: the CSV read and "
        "sorted for each request.",
        "",
    )
    rows = [
        ("refresh, s", ways["its refresh s"], largest["refresh s"]),
        ("titles", ways["its titles"], largest["titles"]),
        ("disk, MB", ways["its disk MB"], largest["disk MB"]),
        ("a list, ms", ways["its list ms"], ways["our list ms"]),
    ]
    texts = [[name, _text(its), _text(ours), f"{its / ours:.2g}"] for name, its, ours in rows]
    yield from _table(("", "its way", "ours", "times"), texts)


def _median(rows: list[Figures]) -> Figures:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: statistics.median(row.get(name, 0.0) for row in rows) for name in names}


def _growth(sizes: list[Figures]) -> Iterator[list[str]]:
    names = [f"N/{2**place}" if place else "N" for place in reversed(range(len(sizes)))]
    for name, size in zip(names, sizes, strict=True):
        ratio, speed = size["refresh s"] / size["gzip s"], size["rows"] / size["refresh s"]
        yield [name, *map(_text, size.values()), f"{ratio:.1f}", _text(speed)]


def _stages(runs: list[Measured]) -> Iterator[list[str]]:
    names = {
        "raw": "`gzip -dc` of all files",
        "tables": "one pass of DuckDB over the same columns",
        "similar_titles": f"a product of matrices, {limits.COMPARED:,} others a title",
        "cluster_lookup, release": "inserts into SQLite",
    }
    stages, least = _median([run.stages for run in runs]), _median([run.limits for run in runs])
    total = sum(stages.values())
    for stage in ORDER:
        spent = stages.get(stage, 0.0)
        row = [stage, f"{spent:.2f}", f"{spent / total:.0%}"]
        limit = least.get(stage)
        if not limit:
            yield [*row, "", "", ""]
            continue
        times = _text(spent / limit) if limit >= LEAST_LIMIT else ""
        yield [*row, names[stage], f"{limit:.2f}", times]


def _made(runs: list[Measured]) -> Iterator[list[str]]:
    for name in runs[0].changes:
        usages, made = zip(*(run.changes[name] for run in runs), strict=True)
        seconds = statistics.median(usage.seconds for usage in usages)
        steps = statistics.median(sum(run.steps[asset] for asset in run.made) for run in made)
        assets = ", ".join(f"`{asset}`" for asset in run_order(made[0])) or "nothing"
        yield [name, f"{seconds:.1f}", f"{steps:.1f}", assets]


def run_order(run: Run) -> list[str]:
    """What was made again, in the order of the run."""
    return [step for step in run.steps if step in run.made]


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _table(heads: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _machine() -> str:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores of {model or platform.processor()}, {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
