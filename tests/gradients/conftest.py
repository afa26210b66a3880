"""What the tests of the gradients room share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numba
import pytest
import torch

import wiregrad as wg


@pytest.fixture(scope="session")
def worm_network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    """The worm's 83 sensory neurons, three steps."""
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=3, device="cpu")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Problems as small as these are quicker on one thread, by far where other programs run too."""
    numba.get_num_threads()  # starts numba's threads, which sets PyTorch's number too
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def use_threads() -> Iterator[Callable[[int], None]]:
    """`wg.set_threads`, undone afterwards; skips where the machine has not so many cores."""
    largest = numba.config.NUMBA_NUM_THREADS
    before = numba.get_num_threads(), torch.get_num_threads()

    def use(n: int) -> None:
        if n > largest:
            pytest.skip(f"{n} threads asked for, but numba has {largest} on this machine")
        wg.set_threads(n)

    yield use
    wg.set_threads(before[0])
    torch.set_num_threads(before[1])
