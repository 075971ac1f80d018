"""Lighthouse's mobile scores of home, a title and search, and what the first view of each weighs.

Serves a release on a free port with REC_INDEXING=1, runs Lighthouse (from npm, by `npx`) in the
chromium of this machine, and prints the median of each score over the runs.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import httpx

from rec_platform.lookup import Lookup
from rec_platform.serving import current_release

LIGHTHOUSE = "lighthouse@12"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROME = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"


def main() -> None:
    """Print a table: a row for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("data/demo"), help="holds `releases`")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    releases = arguments.root / "releases"
    lookup = Lookup(releases / current_release(releases) / "lookup.sqlite")
    (title,) = lookup.numbered([1])
    pages = {"home": "/", "title": f"/title/{title.title_id}"}
    pages["search"] = f"/search?q={quote(title.title.split()[-1])}"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["-m", "rec_platform.cli", "serve", "--root", str(arguments.root), "--port"]
    server = subprocess.Popen(
        [sys.executable, *command, str(port)], env=os.environ | {"REC_INDEXING": "1"}
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        for name, path in pages.items():
            runs = [audit(f"http://127.0.0.1:{port}{path}") for _ in range(arguments.runs)]
            print(f"{name:<8}", "  ".join(summary(runs)), flush=True)
    finally:
        server.terminate()
        server.wait()


def wait_for(address: str) -> None:
    """Wait until the server answers; an error after 20 s."""
    for _ in range(100):
        try:
            httpx.get(address).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"{address} does not answer")


def audit(address: str) -> dict[str, Any]:
    """What Lighthouse says of an address."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        subprocess.run(
            [
                *("npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json"),
                *(f"--output-path={report.name}", f"--chrome-flags={CHROME}"),
            ],
            env=os.environ | {"CHROME_PATH": shutil.which("chromium") or ""},
            check=True,
            timeout=300,
        )
        return json.loads(Path(report.name).read_text())


def summary(runs: list[dict[str, Any]]) -> list[str]:
    """Medians: the scores, then layout shift, bytes and requests."""
    scores = [
        f"{name} {median(100 * run['categories'][name]['score'] for run in runs):.0f}"
        for name in CATEGORIES
    ]
    audits = [run["audits"] for run in runs]
    shift = median(one["cumulative-layout-shift"]["numericValue"] for one in audits)
    size = median(one["total-byte-weight"]["numericValue"] for one in audits)
    requests = median(len(one["network-requests"]["details"]["items"]) for one in audits)
    return [*scores, f"shift {shift:.3f}", f"{size / 1000:.1f} kB", f"{requests:.0f} requests"]


if __name__ == "__main__":
    main()
