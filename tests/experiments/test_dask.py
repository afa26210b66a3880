"""A Dask cluster: the same results as in one process, also if a worker is lost on the way."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sweep_cases import QUICK, TYPES, assert_same, parts, problems_in_files, problems_of_types

import wiregrad as wg
from wiregrad.experiments import _dask_crew
from wiregrad.experiments._crew import Work

NEEDS_DASK = "dask.distributed, of the extra 'cluster', is not installed"

# Dask's own: sockets and loops that its processes close late.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two processes of one thread."""
    distributed = pytest.importorskip("distributed", reason=NEEDS_DASK)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster, set_as_default=False),
    ):
        yield cluster


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason=NEEDS_DASK)
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


def test_a_cluster_gives_the_same(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path, cluster: Any
) -> None:
    found = wg.sweep(
        network,
        problems_of_types(network),
        tmp_path / "out",
        scheduler=cluster.scheduler_address,
        **QUICK,
    )
    assert len(parts(tmp_path / "out", "members")) == 2, "a batch for each"
    assert_same(swept, found)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills as only POSIX can")
def test_a_worker_that_is_killed_loses_nothing(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path, client: Any
) -> None:
    folder = tmp_path / "out"
    victim = min(client.run(os.getpid).values())
    done_before: list[int] = []

    def kill() -> None:
        while not parts(folder, "members"):
            time.sleep(0.005)
        done_before.append(len(parts(folder, "members")))
        os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = wg.sweep(
        network, problems_of_types(network), folder, executor=client, batch_size=1, **QUICK
    )
    killer.join()
    assert done_before[0] < len(TYPES), "it was killed in between"
    assert found.n_failed == 0
    assert_same(swept, found)
    assert sorted(problems_in_files(folder)) == sorted(TYPES)
    client.wait_for_workers(2, timeout=60)
    assert victim not in client.run(os.getpid).values()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills as only POSIX can")
def test_all_workers_killed_at_once_lose_nothing(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path, client: Any
) -> None:
    """The network that was sent to them is lost too, and so are results that were announced."""
    folder = tmp_path / "out"
    victims = list(client.run(os.getpid).values())

    def kill() -> None:
        while not parts(folder, "members"):
            time.sleep(0.005)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = wg.sweep(
        network, problems_of_types(network), folder, executor=client, batch_size=1, **QUICK
    )
    killer.join()
    assert_same(swept, found)


@pytest.mark.slow
def test_a_cluster_may_start_empty(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path
) -> None:
    """As one that starts workers when it sees work."""
    distributed = pytest.importorskip("distributed", reason=NEEDS_DASK)
    with distributed.LocalCluster(
        n_workers=0, threads_per_worker=2, dashboard_address=None, silence_logs=50
    ) as cluster:
        cluster.adapt(minimum=0, maximum=1, interval="100ms")
        problems = problems_of_types(network)
        found = wg.sweep(
            network,
            problems,
            tmp_path / "out",
            scheduler=cluster.scheduler_address,
            batch_size=3,
            **QUICK,
        )
    assert_same(swept, found)


def test_what_is_known_of_the_cluster(network: wg.MultilayeredNetwork, client: Any) -> None:
    crew = _dask_crew.DaskCrew(Work(network, {}, 0, None), client)
    assert crew.sharing == 2
    assert crew.memory is not None
    assert crew.most_in_flight() == 64
    assert crew.was_lost(_dask_crew.LostError())
    assert not crew.was_lost(ValueError())
    client.close()
    with pytest.raises(ConnectionError, match="scheduler was lost: what is done is kept"):
        crew.was_lost(_dask_crew.LostError())
    with pytest.raises(ConnectionError):
        crew.most_in_flight()


def test_without_dask_a_scheduler_says_what_to_install(
    network: wg.MultilayeredNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install \"wiregrad\[cluster\]\""):
        wg.sweep(network, problems_of_types(network), tmp_path / "out", scheduler="tcp://x:1")
