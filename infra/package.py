"""`python -m infra.package`: the folder that becomes the site's zip file.

It holds the packages that the site imports, `api/` and what `api/` imports of the platform, and
nothing else, because its size is a part of each cold start.
"""

import argparse
import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
OURS = ("api", "rec_platform/__init__.py", "rec_platform/release")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "bin", ".lock")


def package(packages: Path, out: Path, python: str) -> None:
    """Make the folder.

    Args:
        packages: a folder with what requirements/zip.txt names.
        out: the folder to make; what was there is deleted.
        python: the version of the function's Python, such as `3.13`.
    """
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(packages, out, ignore=LEFT_OUT)
    for name in OURS:
        origin, target = REPOSITORY / name, out / name
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=LEFT_OUT)
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(origin, target)
    _compile(out, python)


def _compile(folder: Path, python: str) -> None:
    """Compile for the function's Python, where this machine has one.

    A zip file keeps no times of change, so Python must not compare them. Lambda cannot keep what it
    compiles itself.
    """
    uv = REPOSITORY / ".venv" / "bin" / "uv"
    found = subprocess.run(
        [uv, "python", "find", "--no-python-downloads", "--no-project", python],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        print(
            f"no Python {python} here, so the function compiles its code at each cold start "
            f"(.venv/bin/uv python install {python})"
        )
        return
    # One process without random hashes writes the same bytes each time. Else the next deploy would
    # replace a function that has not changed.
    command = [found.stdout.strip(), "-m", "compileall", "-q", "--invalidation-mode"]
    places = ["-s", folder, "-p", "/var/task"]  # where Lambda unpacks it, for error messages
    subprocess.run(
        [*command, "unchecked-hash", *places, folder],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        check=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="of requirements/zip.txt")
    parser.add_argument("--out", type=Path, required=True, help="the folder to make")
    parser.add_argument("--python", required=True, help="version of the function's Python")
    arguments = parser.parse_args()
    package(arguments.packages, arguments.out, arguments.python)
