"""AWS on this machine: emulated services, and the settings that lead clients to them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from rec_platform_tests.emulators.faulty_proxy import FaultyProxy, faulty_proxy

REGION = "us-east-1"
BUCKET = "rec-platform"
WORKGROUP_LIMIT_BYTES = 1_000_000_000
REPOSITORY = Path(__file__).parent.parent.parent
START_SECONDS = 60


def environment(endpoint: str, **others: str) -> dict[str, str]:
    """What a process needs to take the emulators for AWS, and never to reach the real one.

    Of what AWS needs, only what docs/aws.md tells people to set.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **others,
    }


def client(endpoint: str, service: str) -> Any:
    """A client of an emulated service that needs nothing of the environment."""
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.Session(region_name=REGION, **keys).client(service, endpoint_url=endpoint)


@dataclass(frozen=True)
class Emulators:
    """The running emulators: ministack behind a proxy that can play faults.

    Attributes:
        endpoint: ministack's own address.
        proxy: all clients go through it.
        folder: where Athena reads the orders of a test (see patched_ministack.py).
    """

    endpoint: str
    proxy: FaultyProxy
    folder: Path

    def client(self, service: str) -> Any:
        """A client of the tests' own, beside the proxy, whose requests are not recorded there."""
        return client(self.endpoint, service)

    def tell_athena(self, *outcomes: str) -> None:
        """The fate of the next queries, in order."""
        (self.folder / "outcomes").write_text("\n".join(outcomes))

    def queries(self) -> list[str]:
        """All queries that were started, on one line each."""
        file = self.folder / "queries"
        return file.read_text().splitlines() if file.exists() else []


@contextmanager
def emulators(folder: Path) -> Iterator[Emulators]:
    """ministack with a bucket and a workgroup, behind the proxy."""
    with ministack(folder) as endpoint, faulty_proxy(endpoint) as proxy:
        emulators = Emulators(endpoint, proxy, folder)
        emulators.client("s3").create_bucket(Bucket=BUCKET)
        emulators.client("athena").create_work_group(
            Name="rec_platform",
            Configuration={"BytesScannedCutoffPerQuery": WORKGROUP_LIMIT_BYTES},
        )
        yield emulators


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def ministack(
    folder: Path,
    program: str = "rec_platform_tests.emulators.patched_ministack",
    **others: str,
) -> Iterator[str]:
    """ministack in a process of its own; yields its address."""
    port = free_port()
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "s3,glue,athena,sts,iam",
        "IOT_MTLS_ENABLED": "0",  # it would listen on every address
        "AUTH": "true",  # signatures of keys that IAM made are checked; "test" may do anything
        "PYTHONPATH": str(REPOSITORY),
    }
    log = folder / "ministack.log"
    with (
        log.open("w") as writer,
        subprocess.Popen(
            [sys.executable, "-m", program],
            cwd=folder,
            env=os.environ | environment(f"http://127.0.0.1:{port}") | settings | others,
            stdout=writer,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _await(f"http://127.0.0.1:{port}/_ministack/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"ministack did not start:\n{log.read_text()[-3000:]}")
