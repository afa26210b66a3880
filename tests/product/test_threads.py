"""The number of threads, and kernels on threads and threading layers of every kind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numba
import pytest
import torch
from network_cases import run

import wiregrad as wg
from wiregrad.product import _threads
from wiregrad.product._threads import n_threads

# Under the layer workqueue numba ends the process when two threads enter it at once.
GUARDED_RUN = """
import numba, torch
from concurrent.futures import ThreadPoolExecutor
import wiregrad as wg
network = wg.MultilayeredNetwork.from_connectome(
    wg.datasets.celegans(), "role=sensory", steps=3, unknown_sign=1, device="cpu"
)
stimulus = torch.rand(40, 83, 3)
alone = network(stimulus)
with ThreadPoolExecutor(4) as pool:
    together = list(pool.map(lambda _: network(stimulus), range(40)))
print(numba.threading_layer(), all(torch.equal(alone, other) for other in together))
"""


@pytest.mark.parametrize("n", [1, 2])
def test_sets_numba_and_torch(use_threads: Callable[[int], None], n: int) -> None:
    use_threads(n)
    assert (numba.get_num_threads(), torch.get_num_threads()) == (n, n)


def test_holds_on_threads_other_than_the_one_that_set_it(
    use_threads: Callable[[int], None], fly_network: wg.MultilayeredNetwork
) -> None:
    use_threads(2)  # numba starts other threads with all cores: 1 must be told apart from that
    use_threads(1)

    def threads_after_a_kernel() -> int:
        fly_network(torch.ones(len(fly_network.sensory_indices), 5))
        return numba.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(threads_after_a_kernel).result() == 1


def test_without_a_request_numba_keeps_its_own_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiregrad.product._threads._wanted", None)
    before = numba.get_num_threads()
    n_threads()
    assert numba.get_num_threads() == before


@pytest.mark.parametrize("n", [0, -1, 100_000])
def test_refuses_what_the_machine_has_not(n: int) -> None:
    largest = numba.config.NUMBA_NUM_THREADS
    with pytest.raises(ValueError, match=rf"threads is 1 to {largest} here, not {n}"):
        wg.set_threads(n)


def test_networks_run_on_several_threads_at_once(
    worm: wg.Connectome, generator: torch.Generator
) -> None:
    stimuli = torch.rand(12, 40, 83, 3, generator=generator)

    def fresh() -> wg.MultilayeredNetwork:
        return wg.MultilayeredNetwork.from_connectome(
            worm, "role=sensory", 3, unknown_sign=1, device="cpu"
        )

    one = fresh()
    alone = [run(one, stimulus) for stimulus in stimuli]
    shared = fresh()  # all its threads meet where the layout for the gradient is first made
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda stimulus: run(shared, stimulus), stimuli))
    for (activations, gradient), expected in zip(together, alone, strict=True):
        assert torch.equal(activations, expected[0])
        assert torch.equal(gradient, expected[1])


def test_a_layer_that_is_not_thread_safe_is_entered_by_one_thread_at_a_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GUARDED_RUN],
        env={**os.environ, "NUMBA_THREADING_LAYER": "workqueue"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["workqueue", "True"]), done.stderr


@pytest.mark.parametrize("layer", ["omp", "tbb", "workqueue", None])
def test_only_thread_safe_layers_go_unguarded(
    monkeypatch: pytest.MonkeyPatch, layer: str | None
) -> None:
    def threading_layer() -> str:
        if layer is None:
            raise ValueError("Threading layer is not initialized.")
        return layer

    monkeypatch.setattr(numba, "threading_layer", threading_layer)
    guard = _threads._one_at_a_time()
    assert isinstance(guard, nullcontext) == (layer in ("omp", "tbb"))
