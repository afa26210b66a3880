"""What the tests of the gradients room share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numba
import pytest
import torch
from question_fixtures import worm_network
from thread_fixtures import one_thread

import wiregrad as wg

__all__ = ["one_thread", "use_threads", "worm_network"]


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
