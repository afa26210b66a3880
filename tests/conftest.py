"""What the tests share: real connectomes, random ones, and where the large data lies."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch
from scipy import sparse

import wiregrad as wg

# A shell makes what it starts in the background deaf to control-C, and children inherit that: tests
# that interrupt one would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return the folder of one of the large data sets, or skip where it is absent."""

    def find(name: str) -> Path:
        folder = SHARED_DATA / name
        if not folder.is_dir():
            pytest.skip(f"the data set {name!r} is not here: it is kept outside the package")
        return folder

    return find


@pytest.fixture(scope="session")
def processes() -> Any:
    """Make processes that need not import everything again.

    They are forked from one that has imported wiregrad and done nothing else. Where the system
    cannot do that, each starts from nothing.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["wiregrad"])
    return context


@pytest.fixture(scope="session")
def worm() -> wg.Connectome:
    return wg.datasets.celegans()


@pytest.fixture(scope="session")
def fly_column() -> wg.Connectome:
    return wg.datasets.flyvis_column()


@pytest.fixture(scope="session", name="random_weights")
def give_random_weights() -> Callable[..., sparse.csr_array]:
    return random_weights


@pytest.fixture
def use_threads() -> Iterator[Callable[[int], None]]:
    """`wg.set_threads`, undone afterwards; skips where the machine has not so many cores."""
    largest = numba.config.NUMBA_NUM_THREADS
    before = numba.get_num_threads()

    def use(n: int) -> None:
        if n > largest:
            pytest.skip(f"{n} threads asked for, but numba has {largest} on this machine")
        wg.set_threads(n)

    yield use
    wg.set_threads(before)


@pytest.fixture(scope="session")
def fly_network(fly_column: wg.Connectome) -> wg.MultilayeredNetwork:
    """The fly column's photoreceptors, five steps."""
    return wg.MultilayeredNetwork.from_connectome(fly_column, "role=input", steps=5, device="cpu")


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def random_weights(
    n_neurons: int, density: float, seed: int, inhibitory: float = 0.3
) -> sparse.csr_array:
    """Draw signed, input-normalised weights W[post, pre], as of a random connectome."""
    rng = np.random.default_rng(seed)
    counts = sparse.random_array(
        (n_neurons, n_neurons),
        density=density,
        rng=rng,
        data_sampler=lambda size: rng.integers(1, 30, size),
    ).tocsr()
    total = np.asarray(counts.sum(axis=1)).ravel()
    sign = np.where(rng.random(n_neurons) < inhibitory, -1.0, 1.0)
    share = sparse.diags_array(1 / np.maximum(total, 1)) @ counts @ sparse.diags_array(sign)
    return sparse.csr_array(share.astype(np.float32))
