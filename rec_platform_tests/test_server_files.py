"""The files of `infra/servers`, where the default of a tool would be wrong."""

from __future__ import annotations

from rec_platform_tests.servers import SERVERS, UNITS


def test_a_run_that_is_killed_for_want_of_memory_leaves_its_unit_running():
    # Runs are processes of this unit. By default systemd would stop all of it.
    lines = UNITS["code"].read_text().splitlines()
    assert "OOMPolicy=continue" in lines


def test_caddy_is_told_how_to_compress_and_closes_metrics():
    text = (SERVERS / "Caddyfile").read_text()
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    assert ["encode", "zstd", "gzip"] in lines  # without names Caddy 2.6 compresses nothing
    assert ["respond", "/metrics*", "404"] in lines
