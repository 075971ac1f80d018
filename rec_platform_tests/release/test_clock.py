"""Time that passes while the machine sleeps, or is set."""

from __future__ import annotations

from rec_platform.release.clock import Moment
from rec_platform_tests.release.conftest import Clocks


def test_a_moment_grows_older_by_the_second(clocks: Clocks):
    moment = Moment()
    assert moment.age() == 0
    clocks.go_on(5)
    assert moment.age() == 5


def test_the_time_that_a_machine_stands_still_counts(clocks: Clocks):
    moment = Moment()
    clocks.go_on(5)
    clocks.freeze(3600)
    assert moment.age() == 3605


def test_a_clock_that_is_set_back_makes_nothing_younger(clocks: Clocks):
    moment = Moment()
    clocks.go_on(5)
    clocks.set_back(3600)
    clocks.go_on(5)
    assert moment.age() == 10
