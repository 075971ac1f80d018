"""The site behind a real server, on a free port of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import uvicorn

from rec_platform.connections import site_config
from rec_platform_tests.api.site import Site


@contextmanager
def site_server(releases: Path, lifespan: Literal["on", "off"] = "on") -> Generator[int]:
    """The site over a folder of releases; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = site_config(Site(releases).app)
        config.lifespan = lifespan
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()
