"""How time and memory of a refresh grow with the titles, on invented files of N, 2N and 4N titles.

    .venv/bin/python benchmarks/growth.py --titles 20000

Besides the whole refresh it times the `blend` rule alone, in this process, on the tables of that
release: only this step compares titles with titles. Factors say how much more the next size takes:
2 for time in proportion to the titles, 4 if all were compared with all. A refresh of few titles is
mostly Dagster's own time, so the factors of its seconds tell more from --titles 100000 on.
"""

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from measure import print_row, refresh, served

from rec_platform.assets.similar import read_catalogue
from rec_platform.modelling.neighbours import blend
from rec_platform.release.schema import NEIGHBOURS
from rec_platform.resources.warehouse import DuckDBWarehouse
from rec_platform.sample.writer import write_sample

COLUMNS = ("titles", "refresh s", "peak MiB", "blend s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--titles", type=int, default=20_000, help="the least, N (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often (%(default)s)")
    arguments = parser.parse_args()
    sizes = [arguments.titles * factor for factor in (1, 2, 4)]
    rows: dict[int, list[tuple[float, ...]]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            write_sample(Path(folder, str(size)), size)
        print_row("title.basics", *COLUMNS)
        for number in range(1, arguments.runs + 1):
            for size in sizes:
                rows[size].append(_measure(Path(folder, str(size))))
                print_row(f"run {number}, {size:,} rows", *rows[size][-1])
    medians = [[median(column) for column in zip(*rows[size], strict=True)] for size in sizes]
    for size, row in zip(sizes, medians, strict=True):
        print_row(f"median, {size:,} rows", *row)
    for size, (before, after) in zip(sizes[1:], pairwise(medians), strict=True):
        factors = [large / small for small, large in zip(before, after, strict=True)]
        print_row(f"factor to {size:,} rows", *factors)


def _measure(source: Path) -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as root:
        usage = refresh(source, Path(root))
        _, titles = served(Path(root))
        warehouse = DuckDBWarehouse(root=root)
        catalogue = read_catalogue(warehouse, warehouse.read("titles", order_by="title_id"))
    started = time.perf_counter()
    for _ in blend(catalogue, NEIGHBOURS):
        pass
    return titles, usage.seconds, usage.peak_mib, time.perf_counter() - started


if __name__ == "__main__":
    main()
