"""Work that the workers of a Dask cluster do: the same bytes as without it."""

import os
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

import pytest

from replay.cli.work.pools import cluster
from replay.errors import ReplayError
from replay.workers import each
from tests.cli.test_workers import SEARCHES, run, stored  # noqa: F401 - fixtures
from tests.whole.test_workers import NUMBERS, square, square_or_die

COMMANDS = {
    "an overview": ("diff", "--all"),
    "headlines": ("diff", "--all", "--quiet"),
    "checks": ("check", "--all", "--format", "json"),
    "the smallest cover": ("cover", "--all", "--at", "with..after", "--minimal"),
    "a hunt": ("hunt", "with", "after", "--depth", "2", "--start", "chain", "--no-store"),
    "a hunt for a breach": (
        *("hunt", "after", "--check", "images_stay", "--depth", "2"),
        *("--start", "snapshot=on", "--no-store"),
    ),
}


@pytest.fixture(scope="module")
def distributed() -> Any:
    """The library; skips a test if it is missing, under CI=true it fails."""
    try:
        return import_module("distributed")
    except ImportError:
        reason = "the library distributed is missing: pip install 'replay[dask]'"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def address(distributed, tmp_path_factory) -> Iterator[str]:
    """The scheduler of a cluster of two processes on this machine."""
    place = str(tmp_path_factory.mktemp("cluster"))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=place
    ) as local:
        yield local.scheduler_address


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_cluster_changes_no_byte(run, stored, address, words):  # noqa: F811
    alone = run("--db", stored, *words, "--workers", "1")
    assert alone[1]
    assert run("--db", stored, *words, "--scheduler", address) == alone


@pytest.mark.parametrize("words", SEARCHES.values(), ids=SEARCHES.keys())
def test_what_a_cluster_tries_changes_no_byte(
    run,  # noqa: F811
    stored,  # noqa: F811
    address,
    words,
    tmp_path,
    monkeypatch,
):
    if words[0] == "shrink":
        words = (*words, "-o", tmp_path / "shorter.jsonl")
    alone = run("--db", stored, *words, "--workers", "1")
    monkeypatch.setattr("replay.workers.ENOUGH", 0)
    assert run("--db", stored, *words, "--scheduler", address) == alone


def test_a_killed_worker_of_a_cluster_loses_nothing(address, tmp_path):
    work = partial(square_or_die, tmp_path / "once")
    with cluster(address) as pool:
        assert [*each(work, NUMBERS, pool)] == [square(number) for number in NUMBERS]
    assert (tmp_path / "once").exists()


@pytest.mark.usefixtures("distributed")
def test_a_scheduler_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr("replay.cli.work.pools.CONNECTING", 1)
    with pytest.raises(ReplayError, match="no scheduler answers"), cluster("tcp://127.0.0.1:9"):
        pass
