"""The files of `infra/servers`, where the default of a tool would be wrong."""

from __future__ import annotations

from rec_platform_tests.servers import UNITS


def test_a_run_that_is_killed_for_want_of_memory_leaves_its_unit_running():
    # Runs are processes of this unit. By default systemd would stop all of it.
    lines = UNITS["code"].read_text().splitlines()
    assert "OOMPolicy=continue" in lines
