"""An interruption ends a command, also where Python, DuckDB or a library drops its exception."""

from __future__ import annotations

import signal
import threading
import weakref
from collections.abc import Callable

import pytest
import typer

from rec_platform.interrupts import interruptible, raise_if_interrupted, received


class Thing:
    """Something that a weak reference can point to."""


def test_a_signal_that_ends_nothing_is_no_interruption():
    before = signal.signal(signal.SIGWINCH, lambda *_: None)
    try:
        with interruptible():
            signal.raise_signal(signal.SIGWINCH)
            assert received() is None
    finally:
        signal.signal(signal.SIGWINCH, before)


def dropped_in_a_callback(number: signal.Signals) -> None:
    """As the garbage collector calls back: what is raised there is not passed on."""
    thing = Thing()
    reference = weakref.ref(thing, lambda _: signal.raise_signal(number))
    del thing
    threading.Event().wait(60)
    del reference


def passed_on(number: signal.Signals) -> None:
    signal.raise_signal(number)


def turned_into_another_error(number: signal.Signals) -> None:
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None


def dropped_until_it_is_asked_for(number: signal.Signals) -> None:
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt:
        raise_if_interrupted()


def in_dagsters_hands(number: signal.Signals) -> None:
    from dagster._utils.interrupts import capture_interrupts

    with capture_interrupts():
        signal.raise_signal(number)
    raise_if_interrupted()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "work",
    [
        *(passed_on, dropped_in_a_callback, turned_into_another_error),
        *(dropped_until_it_is_asked_for, in_dagsters_hands),
    ],
)
def test_what_runs_is_ended_and_the_exit_code_tells_the_signal(
    number: signal.Signals,
    work: Callable[[signal.Signals], None],
    capsys: pytest.CaptureFixture[str],
):
    went_on = False
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as caught, interruptible():
        work(number)
        went_on = True
    assert not went_on
    assert caught.value.exit_code == 128 + number
    assert capsys.readouterr().err == "interrupted\n"
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_without_a_signal_nothing_is_changed():
    with pytest.raises(ValueError, match="mine"), interruptible():
        raise_if_interrupted()
        raise ValueError("mine")
    assert received() is None
