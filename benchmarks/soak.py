"""Whether the site stays as fast and as small as it was under a mixed load that goes on and on.

    .venv/bin/python benchmarks/soak.py --minutes 30

It invents a catalogue, makes two releases of it and serves them in turns from one
`rec-platform serve`. Meanwhile visitors ask for pages, lists, searches and posters, one after the
other. Others connect and say nothing, drip their request, or ask for much and hardly read it. The
server cuts those off, and they come back. Each line is a part of the time. Latency is what the
visitors see, with this process on the same machine. What the server complains of is shown, too. It
needs Linux's /proc.
"""

import argparse
import asyncio
import os
import random
import resource
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote

from measure import print_row, refresh, serving_process

from rec_platform.release.schema import Title
from rec_platform.release.serving import current_release, open_release
from rec_platform.resources.publishing import roll_back
from rec_platform.resources.storage import LocalStorage
from rec_platform.sample.writer import write_sample

PARTS = 10
VISITORS, THINK_SECONDS = 8, 0.05
SWAP_SECONDS = 10
OWN_FILES = 1_000


@dataclass
class Counts:
    """What came of the requests of the visitors since the last line, and of all connections."""

    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    cut: int = 0
    swaps: int = 0


def main() -> None:
    """Run the load, and print what became of memory, files and latency."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30, help="in all (%(default)s)")
    parser.add_argument("--titles", type=int, default=6_000, help="invented (%(default)s)")
    parser.add_argument("--silent", type=int, default=2_000, help="connections (%(default)s)")
    parser.add_argument("--slow", type=int, default=100, help="connections (%(default)s)")
    arguments = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = min(most, arguments.silent + arguments.slow + OWN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    with tempfile.TemporaryDirectory() as folder:
        root, source = Path(folder, "data"), Path(folder, "sample")
        write_sample(source, arguments.titles)
        for clusters in ("9", "8"):
            refresh(source, root, "--clusters", clusters)
        with serving_process(root) as (process, port):
            asyncio.run(soak(process.pid, port, root, arguments))


async def soak(pid: int, port: int, root: Path, arguments: argparse.Namespace) -> None:
    """Load the site for some minutes, then look whether it is as it was."""
    titles = titles_of(root)
    counts = Counts()
    for path in paths_of(titles, random.Random(0), 500):
        await ask(port, path)
    before = (memory(pid), open_files(pid))
    loads: list[Callable[[], Awaitable[None]]] = [
        *(lambda number=number: visit(port, titles, number, counts) for number in range(VISITORS)),
        lambda: swap(root, counts),
        *(lambda: silent(port, counts) for _ in range(arguments.silent)),
        *(lambda: drip(port, counts) for _ in range(arguments.slow // 2)),
        *(lambda: hardly_read(port, counts) for _ in range(arguments.slow // 2)),
    ]
    tasks = [asyncio.create_task(for_ever(load)) for load in loads]
    print_row("minute", "requests", "p50 ms", "p99 ms", "MiB", "open files", "failures", width=11)
    rows: list[tuple[float, float, float]] = []
    for part in range(PARTS):
        await asyncio.sleep(60 * arguments.minutes / PARTS)
        took, counts.milliseconds = counts.milliseconds, []
        rows.append((median(took), quantiles(took, n=100)[98], memory(pid)))
        minute = f"{arguments.minutes * (part + 1) / PARTS:.1f}"
        figures = (len(took), *rows[-1], open_files(pid), len(counts.failures))
        print_row(minute, *figures, width=11)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(15)  # by then the server has cut what was still open
    halves = rows[1 : PARTS // 2], rows[PARTS // 2 + 1 :]  # without the first line of each
    first, last = ([median(figures) for figures in zip(*half, strict=True)] for half in halves)
    print_row("second half, times the first", "p50", "p99", "MiB")
    print_row("", *(late / early for early, late in zip(first, last, strict=True)))
    print_row("", "before", "after")
    for name, at in (("MiB", 0), ("open files", 1)):
        print_row(name, before[at], (memory(pid), open_files(pid))[at])
    print_row("releases swapped", counts.swaps)
    print_row("connections cut", counts.cut)
    print_row("requests that failed", len(counts.failures))
    for failure in sorted(set(counts.failures))[:10]:
        print(f"  {failure}")


def titles_of(root: Path) -> list[Title]:
    """The titles of the serving release."""
    lookup = open_release(root / "releases", current_release(root / "releases"))
    return lookup.numbered(list(lookup.title_ids()))


def paths_of(titles: list[Title], dice: random.Random, count: int) -> list[str]:
    """What a mixed crowd asks for."""
    paths: list[str] = []
    for title in dice.choices(titles, k=count):
        paths.append(
            dice.choice(
                [
                    *("/", "/films", "/api/v1/clusters", "/about"),
                    f"/title/{title.title_id}",
                    f"/api/v1/titles/{title.title_id}/recommendations",
                    f"/api/v1/titles/{title.title_id}/recommendations?year_min=2000",
                    f"/search?q={quote(title.title[:6])}",
                    f"/api/v1/search?q={quote(title.title)}",
                    f"/poster/{title.title_id}.svg",
                ]
            )
        )
    return paths


def memory(pid: int) -> float:
    """Resident, in MiB."""
    resident = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE") / 2**20


def open_files(pid: int) -> int:
    """How many files and sockets the server has open."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


# What each visitor does, again and again


async def for_ever(load: Callable[[], Awaitable[None]]) -> None:
    """Do it again and again, whatever the server thinks of it."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            await load()


async def visit(port: int, titles: list[Title], number: int, counts: Counts) -> None:
    """Read some pages with pauses."""
    for path in paths_of(titles, random.Random(number + len(counts.milliseconds)), 100):
        started = time.perf_counter()
        try:
            status = await ask(port, path)
        except (OSError, asyncio.IncompleteReadError) as error:
            counts.failures.append(f"{type(error).__name__} {path}")
            continue
        if status != 200:
            counts.failures.append(f"{status} {path}")
        counts.milliseconds.append(1000 * (time.perf_counter() - started))
        await asyncio.sleep(THINK_SECONDS)


async def swap(root: Path, counts: Counts) -> None:
    """Serve the release that does not serve."""
    await asyncio.sleep(SWAP_SECONDS)
    ids = {path.parent.name for path in (root / "releases").glob("*/manifest.json")}
    (other,) = ids - {current_release(root / "releases")}
    await asyncio.to_thread(roll_back, LocalStorage(root=str(root)), other)
    counts.swaps += 1


async def silent(port: int, counts: Counts) -> None:
    """Connect, at some time in the ten seconds that one may take, and say nothing."""
    await asyncio.sleep(random.random() * 10)
    async with connection(port) as (reader, _):
        await reader.read()
    counts.cut += 1


async def drip(port: int, counts: Counts) -> None:
    """Send a request that does not end."""
    async with connection(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: site\r\n")
        while not reader.at_eof():
            writer.write(b"A: b\r\n")
            await writer.drain()
            await asyncio.sleep(1)
    counts.cut += 1


async def hardly_read(port: int, counts: Counts) -> None:
    """Ask for more than the system keeps for a slow reader, and read a byte a second."""
    async with connection(port, receive_bytes=4_096) as (reader, writer):
        writer.write(200 * b"GET /static/style.css HTTP/1.1\r\nHost: site\r\n\r\n")
        while await reader.read(1):
            await asyncio.sleep(1)
    counts.cut += 1


async def ask(port: int, path: str) -> int:
    """Request a page on a connection of its own, as a proxy may do; the status."""
    async with connection(port) as (reader, writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.read()
        return int(head.split()[1])


@asynccontextmanager
async def connection(
    port: int, receive_bytes: int | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, with a small buffer where one is asked for, and hang up at the end."""
    plain = socket.socket()
    if receive_bytes:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    plain.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=plain, limit=receive_bytes or 1 << 16)
    except BaseException:
        plain.close()
        raise
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


if __name__ == "__main__":
    main()
