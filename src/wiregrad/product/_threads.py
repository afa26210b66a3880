"""How many threads the library uses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

__all__ = ["PARALLEL_FROM", "n_threads", "run_on", "set_threads", "threads_for"]

#: Below this many multiplications, starting the threads costs more than the work itself.
PARALLEL_FROM = 100_000

# Layers on which two Python threads may run parallel kernels at the same time.
_THREAD_SAFE_LAYERS = ("omp", "tbb")
_lock = threading.Lock()

# What was asked for. numba keeps a number for each thread, so every other thread must be told.
_wanted: int | None = None


def set_threads(n: int) -> None:
    """Set the number of threads of the sparse kernels and of PyTorch.

    Results do not depend on it.

    Parameters
    ----------
    n : int
        At least 1, and at most the number numba was started with (the machine's cores, or
        `NUMBA_NUM_THREADS`).

    Raises
    ------
    ValueError
        If `n` is out of range.

    Examples
    --------
    >>> import wiregrad as wg
    >>> wg.set_threads(1)
    """
    import numba

    largest: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    if not 1 <= n <= largest:
        raise ValueError(f"the number of threads is 1 to {largest} here, not {n}")
    numba.set_num_threads(n)
    torch.set_num_threads(n)
    global _wanted
    _wanted = n


def n_threads() -> int:
    """Return the number of kernel threads, having given the calling thread what was set."""
    import numba

    if _wanted is not None:
        numba.set_num_threads(_wanted)
    n: int = numba.get_num_threads()
    return n


def threads_for(work: int, parts: int) -> int:
    """Return how many threads to give some work: multiplications, in parts of equal size.

    Examples
    --------
    >>> threads_for(1000, parts=16)
    1
    """
    return max(min(n_threads(), parts), 1) if work >= PARALLEL_FROM else 1


@contextmanager
def run_on(n: int) -> Iterator[None]:
    """Let the parallel kernels called within run on `n` threads, and put things back after.

    On threading layers that two threads may not enter at once, they wait for each other.
    """
    import numba

    before = n_threads()
    numba.set_num_threads(min(n, before))
    try:
        with _one_at_a_time():
            yield
    finally:
        numba.set_num_threads(before)


def _one_at_a_time() -> AbstractContextManager[Any]:
    import numba

    try:
        layer = numba.threading_layer()  # type: ignore[attr-defined]
    except ValueError:  # no parallel kernel has run yet, so the layer is not chosen
        return _lock
    return nullcontext() if layer in _THREAD_SAFE_LAYERS else _lock
