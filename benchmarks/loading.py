"""How long the definitions of both deployments take to load, compared with `import dagster` alone.

    .venv/bin/python benchmarks/loading.py

Each loads in a fresh interpreter with none of the project's settings, in turns, after one round
that is not counted. The target is at most 1.3 times `import dagster`, for both.
"""

import argparse
import sys
from statistics import median

from measure import print_row, run

COLUMNS = {
    "import dagster": ("import dagster", {}),
    "local": ("from rec_platform.definitions import define; define()", {}),
    "aws": ("from rec_platform.definitions import define; define()", {"REC_DEPLOYMENT": "aws"}),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9, help="how often (%(default)s)")
    arguments = parser.parse_args()
    print_row("seconds", *COLUMNS)
    rows = [_measure() for _ in range(arguments.runs + 1)][1:]
    medians = [median(column) for column in zip(*rows, strict=True)]
    print_row(f"median of {arguments.runs}", *medians)
    print_row("times", *(median(row[at] / row[0] for row in rows) for at in range(len(COLUMNS))))


def _measure() -> list[float]:
    return [
        run([sys.executable, "-W", "ignore", "-c", statement], settings).seconds
        for statement, settings in COLUMNS.values()
    ]


if __name__ == "__main__":
    main()
