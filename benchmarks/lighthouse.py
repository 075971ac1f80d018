"""Lighthouse's mobile scores of the pages that visitors come to, and what a first view weighs.

Serves a release on a free port with REC_INDEXING=1, runs Lighthouse (from npm, by `npx`) in the
chromium of this machine, and prints the median of each score over the runs. Results of a search
are `noindex` even then, for there is no end of them; so their score for SEO is lower.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from measure import server

from rec_platform.release.root import serving_release

LIGHTHOUSE = "lighthouse@12"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROME = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"


def main() -> None:
    """Print a table: a row for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("data/demo"), help="holds `releases`")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    (title,) = serving_release(str(arguments.root), os.environ).lookup().numbered([1])
    pages = {"home": "/", "title": f"/title/{title.title_id}"}
    pages |= {"search": "/search", "results": f"/search?q={quote(title.title.split()[-1])}"}
    pages |= {"films": "/films", "compare": "/compare"}
    if title.credits:
        pages["person"] = f"/person/{title.credits[0].person_id}"
    with server(arguments.root, {"REC_INDEXING": "1"}) as port:
        for name, path in pages.items():
            runs = [audit(f"http://127.0.0.1:{port}{path}") for _ in range(arguments.runs)]
            print(f"{name:<8}", "  ".join(summary(runs)), flush=True)


def audit(address: str) -> dict[str, Any]:
    """Lighthouse's report on an address."""
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
    """The medians of the scores, then of layout shift, bytes and requests."""
    scores = [
        f"{name} {median(100 * run['categories'][name]['score'] for run in runs):.0f}"
        for name in CATEGORIES
    ]
    audits = [run["audits"] for run in runs]
    shift = median(findings["cumulative-layout-shift"]["numericValue"] for findings in audits)
    size = median(findings["total-byte-weight"]["numericValue"] for findings in audits)
    requests = median(len(findings["network-requests"]["details"]["items"]) for findings in audits)
    return [*scores, f"shift {shift:.3f}", f"{size / 1000:.1f} kB", f"{requests:.0f} requests"]


if __name__ == "__main__":
    main()
