"""How fast the site answers, compared with the 2020 original, and how that grows with titles.

    .venv/bin/python benchmarks/serving.py --root ROOT --small SMALL_ROOT

Each root holds `releases`, and is served by one uvicorn worker in its own process. This process
sends HTTP requests to both in turns, so that other load on the machine affects both. Pages are
requested at a steady rate, whether or not the previous request was answered, and timed from when
they were due; other requests follow one another. Typos swap two letters in the name of a title. The
original's way is what its PHP did for each request, in Python without a server: read all titles
from a CSV, sort those of the same cluster by distance, take nine.
"""

import argparse
import asyncio
import csv
import json
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote

from measure import print_row, served, server

from rec_platform.release.root import serving_release
from rec_platform.release.schema import LIST_LENGTH, Title

COLUMNS = ("p50", "p99")
FILTERS = (
    *("genre=Documentary", "year_max=2005", "rating_min=8", "runtime_max=60"),
    "genre=Comedy&year_min=2010&rating_min=7&runtime_max=100",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, required=True, help="with the large release")
    parser.add_argument("--small", type=Path, required=True, help="with a small one, for growth")
    parser.add_argument("--rate", type=int, default=200, help="pages a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="of each (%(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often (%(default)s)")
    arguments = parser.parse_args()
    roots = (arguments.small, arguments.root)
    with server(arguments.small) as small_port, server(arguments.root) as port:
        ports = zip(roots, (small_port, port), strict=True)
        turns = [*ports] * arguments.runs
        rows = [(root, measured(root, at, arguments)) for root, at in turns]
    small, large = ([row for of, row in rows if of == root] for root in roots)
    for root, figures in zip(roots, (small, large), strict=True):
        print_row(f"{served(root)[1]:,} titles, ms", *COLUMNS)
        for name in figures[0]:
            print_row(name, *(median(row[name][at] for row in figures) for at in (0, 1)))
    print_row("growth of the median, times", "median", "least", "most")
    for name in large[0]:
        times = [many[name][0] / few[name][0] for few, many in zip(small, large, strict=True)]
        print_row(name, median(times), min(times), max(times))
    theirs = original(titles_of(arguments.root))
    ours = median(row["recommendations, one by one"][0] for row in large)
    print_row("the original's way, ms", theirs)
    print_row("times ours", theirs / ours)


def titles_of(root: Path) -> list[Title]:
    """All titles of the serving release."""
    lookup = serving_release(str(root), os.environ).lookup()
    return lookup.numbered(list(lookup.title_ids()))


def measured(
    root: Path, port: int, arguments: argparse.Namespace
) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile of each kind of request, in milliseconds."""
    dice = random.Random(0)
    lookup = serving_release(str(root), os.environ).lookup()
    ids = list(lookup.title_ids().values())
    some = [dice.choice(ids) for _ in range(arguments.rate * arguments.seconds)]
    names = [title.title for title in lookup.titles(some[:3_000]) if len(title.title) > 5]
    pages = [f"/title/{title_id}" for title_id in some]
    lists = [f"/api/v1/titles/{title_id}/recommendations" for title_id in some[:2_000]]
    typos = [f"/api/v1/search?q={quote(typo(name, dice))}" for name in names[:1_000]]
    exact = [f"/api/v1/search?q={quote(name)}" for name in names[:1_000]]
    filtered = {
        f"{query}, one by one": [f"{path}?{query}" for path in lists[:500]] for query in FILTERS
    }
    return {
        f"title page at {arguments.rate}/s": asyncio.run(steady(port, pages, arguments.rate)),
        "recommendations, one by one": asyncio.run(steady(port, lists, 0)),
        "without reasons, one by one": asyncio.run(
            steady(port, [f"{path}?explain=false" for path in lists], 0)
        ),
        **{name: asyncio.run(steady(port, paths, 0)) for name, paths in filtered.items()},
        "search, one by one": asyncio.run(steady(port, exact, 0)),
        "search with a typo, one by one": asyncio.run(steady(port, typos, 0)),
    }


def typo(name: str, dice: random.Random) -> str:
    """The name with two letters in its inside swapped."""
    at = dice.randrange(1, len(name) - 2)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


async def steady(port: int, paths: list[str], rate: int) -> tuple[float, float]:
    """Request each path when it is due (rate 0: after the previous response)."""
    idle: list[Connection] = []
    took: list[float] = []

    async def ask(path: str, due: float) -> None:
        while idle and idle[-1].reader.at_eof():  # the server closes what is idle for long
            idle.pop().writer.close()
        connection = idle.pop() if idle else await Connection.open(port)
        await connection.get(path)
        took.append(1000 * (time.perf_counter() - due))
        idle.append(connection)

    for path in paths[:50]:  # not counted
        await ask(path, 0)
    took.clear()
    started = time.perf_counter()
    tasks: list[asyncio.Task[None]] = []
    for number, path in enumerate(paths):
        if not rate:
            await ask(path, time.perf_counter())
            continue
        due = started + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(path, due)))
    await asyncio.gather(*tasks)
    for connection in idle:
        connection.writer.close()
    return median(took), quantiles(took, n=100)[98]


class Connection:
    """Just enough HTTP, so that the client does not take more time than the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def get(self, path: str) -> None:
        """Ask, and read the whole answer.

        Raises:
            SystemExit: it is an error.
        """
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: site\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = re.findall(r"(?i)content-length: (\d+)", head)[0]
        await self.reader.readexactly(int(length))
        if " 200 " not in head[:15]:
            sys.exit(f"{path}: {head[:100]}")


def original(titles: list[Title]) -> float:
    """Milliseconds of one request in the original's way; the median of five."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "movies.csv")
        with file.open("w", newline="") as writer:
            csv.writer(writer).writerows(
                [
                    *(title.title_id, "|".join(title.genres), title.rating, title.title),
                    *(title.votes, title.year, title.cluster, title.distance),
                ]
                for title in titles
            )
        took: list[float] = []
        for title in titles[:5]:
            started = time.perf_counter()
            with file.open(newline="") as reader:
                rows = list(csv.reader(reader))
            (own,) = (row for row in rows if row[0] == title.title_id)
            alike = [row for row in rows if row[6] == own[6] and row is not own]
            alike.sort(key=lambda row: abs(float(row[7]) - float(own[7])))
            json.dumps(alike[:LIST_LENGTH])
            took.append(1000 * (time.perf_counter() - started))
    return median(took)


if __name__ == "__main__":
    main()
