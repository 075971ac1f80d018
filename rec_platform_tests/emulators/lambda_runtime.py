"""The Runtime API of AWS Lambda, from which its runtime client takes events.

After https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Starts `awslambdaric`, AWS's
own client, in a process of its own with a handler of ours, as Lambda would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

ANSWER_SECONDS = 60
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:site"


class LambdaRuntime:
    """A started function: give it an event, get its answer."""

    def __init__(self) -> None:
        self.events: Queue[bytes | None] = Queue()
        self.answers: Queue[tuple[str, Any]] = Queue()
        self.process_id = 0

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        """The function's answer to an event.

        Raises:
            RuntimeError: the function or its start failed.
            queue.Empty: it did not answer in time.
        """
        self.events.put(json.dumps(event).encode())
        kind, answer = self.answers.get(timeout=ANSWER_SECONDS)
        if kind != "response":
            raise RuntimeError(f"{kind}: {answer}")
        return answer


@contextmanager
def lambda_runtime(
    handler: str, environment: dict[str, str], path: Path, python: Sequence[str] = (sys.executable,)
) -> Iterator[LambdaRuntime]:
    """Start a handler with these variables, and no other but the system's.

    Args:
        handler: `package.module.function`.
        environment: what the function is configured with.
        path: the folder that holds its code.
        python: the command of the interpreter; what it finds installed is what the function has.
    """
    runtime = LambdaRuntime()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(runtime))
    thread = Thread(target=server.serve_forever)
    thread.start()
    settings = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "site",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "PYTHONPATH": str(path),
        "PATH": os.environ["PATH"],
    }
    with subprocess.Popen(
        [*python, "-m", "awslambdaric", handler],
        env=settings | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        runtime.process_id = process.pid
        try:
            yield runtime
        finally:
            runtime.events.put(None)
            process.kill()
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(runtime: LambdaRuntime) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.path == "/2018-06-01/runtime/invocation/next"
            event = runtime.events.get()
            if event is None:
                self.close_connection = True
                return
            headers = {
                "Lambda-Runtime-Aws-Request-Id": f"{time.monotonic_ns()}",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 30) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": FUNCTION,
                "Content-Type": "application/json",
            }
            self._answer(200, event, headers)

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.path.rpartition("/")[2] if "init" not in self.path else "init error"
            self._answer(202, b"{}", {})
            runtime.answers.put((kind, json.loads(content)))

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the test tells."""

    return Handler
