"""Servers that a command starts: the site, and for the demo the Dagster UI beside it."""

import ctypes
import gc
import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from rec_platform.progress import complain, fail, progress

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


def serve_site(root: str, host: str, port: int) -> None:
    """Serve the site and the API until a signal ends the command.

    Raises:
        typer.Exit: a variable is wrong, the port is taken, or the host is not this machine.
    """
    from uvicorn import Server

    from rec_platform.connections import site_config
    from rec_platform.release.lookup import LookupFileError
    from rec_platform.release.root import serving_release

    api = api_package()
    site_settings = import_module(f"{api}.settings")
    try:
        settings = site_settings.SiteSettings.from_environment(os.environ)
        serving = serving_release(root, os.environ)
    except (site_settings.SettingsError, LookupFileError) as error:
        raise fail(str(error), code=2) from None
    try:
        release_id = serving.lookup().path.parent.name
    except LookupFileError as error:
        complain(f"{error}. The site says so until then.")
    else:
        progress.print(f"release {release_id}")
    available_port = free_port(host, port)
    if port not in (0, available_port):
        raise fail(f"port {port} of {host} is taken: choose another with --port", code=2)
    progress.print(f"site and API on {_address(host, available_port)}{settings.root_path}/")
    import_module(f"{api}.logs").log_to_stdout()
    site = import_module(f"{api}.app").create_app(serving, settings)
    share_arenas()
    gc.freeze()  # no answer waits for the collector to look through all imported modules
    try:
        Server(site_config(site, host, available_port)).run()
    finally:
        gc.unfreeze()  # or DuckDB, which the demo has loaded, tells at exit that it is never freed


def share_arenas() -> None:
    """Have all threads take their memory from two arenas, where the C library is glibc.

    By default glibc gives each thread an arena of its own, up to eight a core, and each one keeps
    the most that it ever held. A server that renders in many threads would grow for a long time.
    """
    with suppress(AttributeError):  # another library has no such setting
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


@contextmanager
def dagster_ui(root: Path, source: str, host: str, port: int) -> Generator[None]:
    """Run the Dagster UI as a process of its own."""
    environment = os.environ | {"REC_ROOT": str(root.resolve()), "REC_IMDB_SOURCE": source}
    dagster = [sys.executable, "-m", "rec_platform.dagster_home"]
    options = ["-m", "rec_platform.definitions", "-h", host, "-p", str(port)]
    # In a group of its own: Ctrl-C ends the command, which ends it, and it would say "Aborted!".
    with subprocess.Popen(
        [*dagster, *options, "--log-level", "error"], env=environment, process_group=0
    ) as process:
        try:
            progress.print(
                f"Dagster UI on {_address(host, port)}/ (it takes some seconds to start)"
            )
            yield
        finally:
            process.terminate()


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def api_package() -> str:
    """The site's package: inside this one in a wheel, beside it in the repository."""
    return "rec_platform.api" if find_spec("rec_platform.api") else "api"


def free_port(host: str, preferred: int) -> int:
    """The preferred port, or any other if that one is taken.

    Raises:
        typer.Exit: the host is not this machine.
    """
    try:
        addresses = socket.getaddrinfo(host, preferred, type=socket.SOCK_STREAM)
        family, kind, _, _, address = addresses[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError:
                probe.bind((host, 0))
            return probe.getsockname()[1]
    except (OSError, ValueError) as error:  # Python refuses some names itself
        raise fail(f"cannot listen on {host} ({error}): set --host", code=2) from None
