"""What the site costs on Lambda: start, warm events, memory, size.

    .venv/bin/python benchmarks/on_lambda.py --root ROOT

Installs requirements/site.txt and the code into an empty folder, as an image holds them, and runs
that folder alone with the interpreter below the virtual environment. The start (import, and open
the release) is compared with a bare `import fastapi, mangum, jinja2`, in turns, each in a fresh
process, by the clock and by processor time. The release opens in a second thread: if two processors
are free, the clock follows the main thread; on a busy machine it follows both. Then the handler
gets warm events for recommendations and title pages, and the resident memory is measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from measure import print_row

REPOSITORY = Path(__file__).parent.parent
BARE = "import fastapi, mangum, jinja2"
SITE = "import api.handler"
CLOCKS = ("perf_counter", "thread_time", "process_time")
TIMED = (
    f"import time; clocks = [getattr(time, name) for name in {CLOCKS}]; "
    "start = [clock() for clock in clocks]; {}; "
    "print(*(1000 * (clock() - t) for clock, t in zip(clocks, start)))"
)
WARM = """
import random, sys, time
from statistics import median, quantiles
from api.handler import handler
from rec_platform.release.root import serving_release
from rec_platform_tests.emulators.lambda_events import http_api

sys.stdout = open("/dev/null", "w")  # the log
import logging
logging.getLogger().handlers[0].setStream(sys.stdout)
ids = list(serving_release(sys.argv[1], {}).lookup().title_ids().values())
dice = random.Random(0)
for path in ("/api/v1/titles/{}/recommendations", "/title/{}"):
    took = []
    for number in range(2_100):
        event = http_api(path.format(dice.choice(ids)))
        started = time.perf_counter()
        answer = handler(event, None)
        took.append(1000 * (time.perf_counter() - started))
        assert answer["statusCode"] == 200
    print(median(took[100:]), quantiles(took[100:], n=100)[98], file=sys.__stdout__)
"""
MEMORY = """
import sys
from api.handler import handler
from rec_platform_tests.emulators.lambda_events import http_api

ids = sys.argv[1:]
for title_id in ids:
    for path in ("/api/v1/titles/{}/recommendations", "/title/{}", "/api/v1/search?q={}"):
        handler(http_api(path.format(title_id)), None)
status = open("/proc/self/status").read()
print(int(status.partition("VmRSS:")[2].split()[0]) / 1024, file=sys.stderr)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, required=True, help="the folder with `releases`")
    parser.add_argument("--runs", type=int, default=15, help="starts of each (%(default)s)")
    arguments = parser.parse_args()
    root = str(arguments.root.resolve())
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder)
        size = install(package)
        rows = [
            [timed(package, root, statement) for statement in (BARE, SITE)]
            for _ in range(arguments.runs + 1)
        ][1:]
        print_row(f"start, ms, median of {arguments.runs}", "bare", "site", "times")
        for at, name in enumerate(("wall", "processor, main thread", "processor, both threads")):
            bare, site = (median(row[side][at] for row in rows) for side in (0, 1))
            print_row(name, bare, site, median(row[1][at] / row[0][at] for row in rows))
        warm = run(package, root, WARM, root).splitlines()[-2:]
        print_row("warm event, ms", "p50", "p99")
        for name, line in zip(("recommendations", "title page"), warm, strict=True):
            print_row(name, *map(float, line.split()))
        print_row("unpacked, MB", size / 1e6)
        print_row("resident, MiB", memory(package, root))


def install(package: Path) -> int:
    """Install what an image holds. Returns its size in bytes, with compiled code."""
    uv = [sys.executable, "-m", "uv", "pip", "install", "-q", "--require-hashes"]
    requirements = ["-r", str(REPOSITORY / "requirements/site.txt")]
    subprocess.run([*uv, "--compile-bytecode", "--target", str(package), *requirements], check=True)
    for name in ("api", "rec_platform"):
        shutil.copytree(REPOSITORY / name, package / name)
    subprocess.run([python(), "-m", "compileall", "-q", str(package)], check=True)
    return sum(file.stat().st_size for file in package.rglob("*") if file.is_file())


def timed(package: Path, root: str, statement: str) -> list[float]:
    """Milliseconds of a statement by each clock, in a fresh process."""
    said = run(package, root, TIMED.replace("{}", statement)).splitlines()
    return list(map(float, said[-1].split()))


def python() -> str:
    """The interpreter below the virtual environment, which sees none of its packages."""
    return str(Path(sys.base_prefix) / "bin" / "python3")


def run(package: Path, root: str, program: str, *words: str) -> str:
    """The output of a program that can import the package, the events, and nothing else."""
    path = os.pathsep.join([str(package), str(REPOSITORY)])
    done = subprocess.run(
        [python(), "-s", "-c", program, *words],
        env={"PYTHONPATH": path, "REC_ROOT": root},
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr[-2_000:])
    return done.stdout + done.stderr


def memory(package: Path, root: str) -> float:
    """MiB resident after 500 titles were requested in three ways."""
    program = (
        "import sys; from rec_platform.release.root import serving_release; "
        "ids = list(serving_release(sys.argv[1], {}).lookup().title_ids().values()); "
        "print(*ids[:: max(1, len(ids) // 500)])"
    )
    ids = run(package, root, program, root).split()
    return float(run(package, root, MEMORY, *ids).splitlines()[-1])


if __name__ == "__main__":
    main()
