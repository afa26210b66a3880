"""How many threads the library uses."""

from __future__ import annotations

import torch

__all__ = ["adopt_threads", "set_threads"]

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


def adopt_threads() -> None:
    """Give the calling thread the number of kernel threads that was set, if one was."""
    if _wanted is not None:
        import numba

        numba.set_num_threads(_wanted)
