"""How long a search takes in a small and a large release, by how well the query is typed.

    .venv/bin/python benchmarks/search.py ROOT_OF_FEW_TITLES ROOT_OF_MANY

Each release is searched for its own most voted titles: as they are, letter by letter as people
type, with one letter swapped, dropped, doubled or replaced, and with a space a letter too early or
too late; then for the hardest queries. Releases take turns in this process, one query at a time.
The ratio says how much longer the large one takes. For misspelt queries, the share with the title
among the first three is printed too.

Times are this thread's own, so other processes do not disturb them. A visitor waits as long if the
release is in the system's file cache, plus the cost of HTTP.
"""

import argparse
import time
from pathlib import Path
from random import Random

from measure import print_row

from rec_platform.release.lookup import Lookup
from rec_platform.release.serving import ServingRelease
from rec_platform.release.text import search_key
from rec_platform_tests.release.typos import MISTAKES, misplace_space, misspell

SHOWN = 8  # suggestions
SPACE = "space"
HARDEST = (
    "the of a in and to love my i for on story you life 2 is man",
    "the of a in and to lvoe mi i fro on sotry yu lfie 2 si mna",
    "ab cd ef gh ij kl mn op qr st uv wx yz " * 5,
    "thes whee ther than that thin this then",
    " ".join("abcdefghijklmnopqrstuvwxyz"[at % 26] for at in range(200)),
    "".join(chr(0x4E00 + at) for at in range(200)),
    "internatoinal internatoinal2 internatoinla3 interantional4 internatonial5",
    "a" * 200,
    "love stroy 2004",
    " ".join(str(year) for year in range(1980, 2003)),
    " ".join(f"love {year} stroy" for year in range(2000, 2008)),
    "watch love stroy full movie online free",
)
Queries = dict[str, list[tuple[str, str]]]  # by kind: what is typed, and the title that is meant


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("roots", nargs=2, type=Path, help="REC_ROOT of each, refreshed before")
    parser.add_argument("--titles", type=int, default=1_000, help="asked for (%(default)s)")
    arguments = parser.parse_args()
    lookups = [ServingRelease(root / "releases").lookup() for root in arguments.roots]
    queries = [_queries(lookup, arguments.titles) for lookup in lookups]
    names = [f"{lookup.release['title_count']:,} titles" for lookup in lookups]
    print_row("milliseconds", *(f"{name} {p}" for name in names for p in ("p50", "p99")), width=22)
    shares = []
    for kind in queries[0]:
        seconds: list[list[float]] = [[], []]
        hits = [0, 0]
        for pair in zip(*(each[kind] for each in queries), strict=False):
            for at, (typed, meant) in enumerate(pair):
                started = time.thread_time()
                answers = lookups[at].search(typed, SHOWN)
                seconds[at].append(time.thread_time() - started)
                hits[at] += meant in [search_key(title.title) for title in answers[:3]]
        times = [_percentile(each, share) for each in seconds for share in (50, 99)]
        print_row(kind, *times, width=22)
        print_row("  times", "", "", times[2] / times[0], times[3] / times[1], width=22)
        if kind in (*MISTAKES, SPACE):
            shares.append((kind, *(at / len(each) for at, each in zip(hits, seconds, strict=True))))
    print_row("among the first three", *names)
    for row in shares:
        print_row(*row)


def _queries(lookup: Lookup, count: int) -> Queries:
    random = Random(5)
    names = [title.title for title in lookup.numbered(range(1, count + 1))]
    names = [name for name in names if len(search_key(name)) >= 4]
    queries: Queries = {"as it is": [(name, search_key(name)) for name in names]}
    queries["as one types"] = [
        (name[:length], search_key(name))
        for name in names[: count // 4]
        for length in range(1, len(name))
    ]
    for mistake in MISTAKES:
        queries[mistake] = [(misspell(random, name, mistake), search_key(name)) for name in names]
    spaced = [name for name in names if " " in name]
    queries[SPACE] = [(misplace_space(random, name), search_key(name)) for name in spaced]
    queries["hardest"] = [(query, "") for query in HARDEST] * 20
    return queries


def _percentile(seconds: list[float], percent: int) -> float:
    """In milliseconds."""
    return sorted(seconds)[len(seconds) * percent // 100] * 1_000


if __name__ == "__main__":
    main()
