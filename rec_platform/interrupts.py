"""Ctrl-C and SIGTERM: a command stops, says "interrupted", and exits with 130 or 143.

A signal raises an exception in the main thread, so that cleanup runs: a training job is stopped, a
lock is released. That alone is not enough. Python drops an exception raised in a callback
of the garbage collector, DuckDB turns one into an error of its own, and Dagster sets handlers of
its own while a run lasts. So each signal is also noted in a pipe, which no handler can prevent, and
a dropped exception is raised again.
"""

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import typer

SIGNALS = (signal.SIGINT, signal.SIGTERM)
RAISE_AGAIN_SECONDS = 0.01
PIPE_BYTES = 4_096

_pipe: int | None = None  # the reading end, while a command runs
_received: int | None = None


def received() -> int | None:
    """The number of the first signal that this command received, or None."""
    global _received
    if _received is None and _pipe is not None:
        with suppress(BlockingIOError):  # the pipe takes every signal that has a handler
            numbers = os.read(_pipe, PIPE_BYTES)
            _received = next((number for number in numbers if number in SIGNALS), None)
    return _received


def raise_if_interrupted() -> None:
    """Stop here, if a signal was received and its exception was dropped.

    Raises:
        KeyboardInterrupt: a signal was received.
    """
    if received():
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Generator[None]:
    """End the block on Ctrl-C or SIGTERM, even if it swallows the exception.

    Raises:
        typer.Exit: a signal was received; the code is 128 and its number, as shells have it.
    """
    global _received
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    try:
        with _noting_signals():
            yield
    except BaseException:
        if received() is None:
            raise
    number, _received = received(), None
    if number is not None:
        sys.stderr.write("interrupted\n")
        raise typer.Exit(128 + number)


@contextmanager
def _noting_signals() -> Generator[None]:
    global _pipe, _received
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    _pipe, _received = reader, None
    # A shell's `&` has SIGINT ignored, and Dagster gives SIGTERM the handler of SIGINT: both are
    # set here, or Dagster would ignore both.
    handlers = {number: signal.signal(number, _raise) for number in SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, _raise_again
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)
        received()  # keeps it when the pipe is closed
        _pipe = None
        os.close(reader)
        os.close(writer)


def _raise(number: int, frame: FrameType | None) -> None:
    global _received
    del frame
    _received = _received or number  # an event loop may have taken the pipe's place
    raise KeyboardInterrupt


def _raise_again(unraisable: Any) -> None:
    """Send the signal again, a moment later, if the dropped exception was an interruption."""
    number = received()
    if number is None or issubclass(unraisable.exc_type, Exception):
        sys.__unraisablehook__(unraisable)
        return
    main = threading.main_thread().ident
    threading.Timer(RAISE_AGAIN_SECONDS, signal.pthread_kill, (main, number)).start()
