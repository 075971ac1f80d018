"""How long a whole refresh takes beside `gzip -dc` of its files, and how much memory it needs.

Run it with the folder of IMDb's *.tsv.gz files:

    .venv/bin/python benchmarks/refresh.py --source FOLDER --preset us_release

Each run decompresses the files to /dev/null, refreshes a new root, then refreshes it again with
nothing changed. The target on 84,499 titles of `us-2022-09`: at most 20 times gzip, and 3 GiB.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

from measure import print_row, refresh, run, served


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path, required=True, help="a folder of *.tsv.gz files")
    parser.add_argument("--preset", default="us_release", help="which titles (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often (%(default)s)")
    arguments = parser.parse_args()
    files = sorted(str(file) for file in arguments.source.glob("*.tsv.gz"))
    if not files:
        parser.error(f"no *.tsv.gz in {arguments.source}")
    size = sum(Path(file).stat().st_size for file in files)
    print(f"{len(files)} files, {size / 1e6:.0f} MB, preset {arguments.preset}")
    run(["gzip", "-dc", *files])  # reads them into the page cache, for all runs alike
    print_row("", "gzip s", "refresh s", "refresh/gzip", "peak MiB", "titles", "unchanged s")
    rows = []
    for number in range(1, arguments.runs + 1):
        with tempfile.TemporaryDirectory() as root:
            rows.append(_measure(files, arguments.source, Path(root), arguments.preset))
        print_row(f"run {number}", *rows[-1])
    print_row("median", *(median(column) for column in zip(*rows, strict=True)))


def _measure(files: list[str], source: Path, root: Path, preset: str) -> tuple[float, ...]:
    gzip = run(["gzip", "-dc", *files])
    first = refresh(source, root, "--preset", preset)
    release = served(root)
    second = refresh(source, root, "--preset", preset)
    if served(root) != release:
        raise SystemExit("the second refresh published again: was the code edited meanwhile?")
    ratio = first.seconds / gzip.seconds
    return gzip.seconds, first.seconds, ratio, first.peak_mib, release[1], second.seconds


if __name__ == "__main__":
    main()
