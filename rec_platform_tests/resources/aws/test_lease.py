"""One lease for all that works below a root: once it is lost, none of it changes anything."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from rec_platform.resources.aws.s3 import S3Storage
from rec_platform_tests.emulators import BUCKET, Emulators
from rec_platform_tests.emulators.faulty_proxy import FaultyProxy, is_change
from rec_platform_tests.emulators.lost_lease import lose_lease
from rec_platform_tests.emulators.sagemaker_server import SageMakerServer
from rec_platform_tests.resources.aws import athena_bench, sagemaker_bench
from rec_platform_tests.resources.aws.athena_bench import RECIPE, SELECT
from rec_platform_tests.resources.aws.sagemaker_bench import MATRIX

pytestmark = pytest.mark.aws


def use_athena(name: str) -> None:
    athena = athena_bench.fresh(name)
    athena.write("recipe", [RECIPE])
    athena.create("next", SELECT)
    athena.query("SELECT preset FROM next")
    athena.query("SELECT preset FROM next WHERE next_year < 0")  # no rows: a second query


def use_sagemaker(name: str) -> None:
    sagemaker_bench.fresh(Path(name)).fit(MATRIX, 3, seed=0)


@pytest.mark.parametrize(
    ("use", "least_changes"), [(use_athena, 12), (use_sagemaker, 3)], ids=["Athena", "SageMaker"]
)
def test_a_lease_lost_at_any_change_is_the_end_of_changes(
    use: Callable[[str], None],
    least_changes: int,
    emulators: Emulators,
    server: SageMakerServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    assert server.proxy
    proxies = [emulators.proxy, server.proxy]
    for number in itertools.count(1):
        name = f"{tmp_path.name}-{number}"
        if not loses_lease(lambda: use(name), number, name, emulators, proxies):  # noqa: B023
            assert number > least_changes
            return


def loses_lease(
    use: Callable[[], None],
    number: int,
    name: str,
    emulators: Emulators,
    proxies: list[FaultyProxy],
) -> bool:
    """Lose the lease at a change of that number, and see that there are no more.

    Returns:
        Whether there were so many changes.
    """
    changes: list[str] = []

    def count(request: str) -> None:
        if not request.endswith("/refresh.lock "):
            changes.append(request)
            if len(changes) == number:
                lose_lease(emulators, root)

    root = f"s3://{BUCKET}/{name}"
    for proxy in proxies:
        proxy.reset()
        proxy.watch = count
    with S3Storage(root=root).locked():
        try:
            use()
        except dg.Failure as failure:
            assert "lost its lock" in str(failure.description), changes
    if is_lost := len(changes) >= number:
        assert not changes[number:]
        # Nor is the lock that another process holds now deleted.
        recorded = [request for proxy in proxies for request in proxy.requests]
        assert sorted(filter(is_change, recorded)) == sorted(changes)
    return is_lost
