"""The site's threads share few arenas of the C library, or its memory would grow for long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

THREADS = 8
COUNT_ARENAS = f"""
import ctypes, sys, threading

from rec_platform.servers import share_arenas

if sys.argv[2] == "shared":
    share_arenas()
all_are_there = threading.Barrier({THREADS})
threads = [threading.Thread(target=all_are_there.wait) for _ in range({THREADS})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
"""


def arenas(file: Path, how: str) -> int:
    subprocess.run([sys.executable, "-c", COUNT_ARENAS, str(file), how], check=True)
    return file.read_text().count("<heap nr=")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has such arenas")
def test_threads_share_the_arenas_of_the_c_library(tmp_path: Path) -> None:
    assert arenas(tmp_path / "own.xml", "own") > 2
    assert arenas(tmp_path / "shared.xml", "shared") <= 2
